"""Few-shot accuracy against scikit-learn, and against what is known beforehand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from test_knn import clouds

from explorer.errors import InputError
from explorer.metrics import few_shots


def test_the_choice_takes_so_many_of_each_class_and_fewer_are_part_of_more():
    labels = np.random.default_rng(0).integers(0, 4, 300)
    some, more = few_shots.chosen(labels, 3, 7), few_shots.chosen(labels, 9, 7)
    assert np.bincount(labels[some]).tolist() == [3] * 4
    assert np.bincount(labels[more]).tolist() == [9] * 4
    assert set(some) < set(more)
    assert set(few_shots.chosen(labels, 3, 8)) != set(some)
    assert np.array_equal(some, few_shots.chosen(labels, 3, 7))


def test_both_curves_are_those_of_scikit_learn():
    train, labels = clouds(600, 1)
    test, wanted = clouds(300, 2)
    *shares, (vote, probe) = few_shots.few_shots(train, labels, test, wanted, (1, 5, 20), 3)
    assert shares[-1] == 1
    unit = np.sqrt(train.var(0).mean())
    scaler = StandardScaler(with_std=False).fit(train / unit)
    for i, n in enumerate((1, 5, 20)):
        scores = np.empty((2, 3))
        for seed in range(3):
            some = few_shots.chosen(labels, n, seed)
            theirs = KNeighborsClassifier(5 if n >= 5 else 1).fit(train[some], labels[some])
            scores[0, seed] = theirs.score(test, wanted)
            line = LogisticRegression(max_iter=1000).fit(
                scaler.transform(train[some] / unit), labels[some]
            )
            scores[1, seed] = line.score(scaler.transform(test / unit), wanted)
        for curve, own in zip((vote, probe), scores, strict=True):
            assert curve.mean[i] == pytest.approx(own.mean(), abs=0.004)
            assert curve.error[i] == pytest.approx(own.std(ddof=1) / 3**0.5, abs=0.004)
    assert vote.labels == (1, 5, 20)


def test_classes_that_lie_apart_need_one_label_and_noise_helps_nobody():
    random, labels = np.random.default_rng(0), np.arange(400) % 4
    apart = np.eye(4)[labels] * 10 + random.normal(size=(400, 4)) * 0.1
    *_, (vote, probe) = few_shots.few_shots(apart, labels, apart, labels, (1, 10))
    assert (vote.mean == 1).all()
    assert (probe.mean == 1).all()
    assert (vote.error == 0).all()
    noise = random.normal(size=(400, 4))
    *_, (vote, probe) = few_shots.few_shots(noise[:200], labels[:200], noise[200:], labels[200:])
    assert vote.labels == (1, 2, 5, 10, 50)  # no class has a hundred
    assert vote.mean == pytest.approx(0.25, abs=0.06)


def test_numbers_that_hardly_change_do_no_harm():
    train, labels = clouds(200, 1)
    *_, (_, alone) = few_shots.few_shots(train, labels, train, labels, (10,), 2)
    quiet = np.random.default_rng(0).normal(size=(200, 100)) * 1e-4
    more = np.concatenate([train, quiet], axis=1)
    *_, (_, both) = few_shots.few_shots(more, labels, more, labels, (10,), 2)
    assert both.mean == pytest.approx(alone.mean, abs=0.05)
    still = np.zeros((200, 3))
    *_, (_, nothing) = few_shots.few_shots(still, labels, still, labels, (10,), 2)
    assert nothing.mean == pytest.approx(0.25, abs=0.1)


@pytest.mark.parametrize(
    ("train", "labels", "sentence"),
    [
        (np.zeros((6, 2)), np.zeros(6, int), "at least two of them"),
        (np.zeros((0, 2)), np.zeros(0, int), "at least two of them"),
        (np.full((6, 2), np.inf), np.arange(6) % 2, "not finite"),
        (np.zeros((6, 3)), np.arange(6) % 2, "2 and 3 values"),
    ],
)
def test_what_it_refuses(train, labels, sentence):
    with pytest.raises(InputError, match=sentence):
        list(few_shots.few_shots(train, labels, np.zeros((2, 2)), np.zeros(2, int), (1, 2)))
