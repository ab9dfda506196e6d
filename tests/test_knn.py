"""The vote of neighbours against scikit-learn's, and what it refuses."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from explorer.errors import InputError
from explorer.metrics.knn import knn_accuracy, knn_classes


def clouds(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping clouds of four classes, 12 features each, far from the origin."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, n)
    centres = np.random.default_rng(0).normal(size=(4, 12))
    return (100 + centres[labels] + random.normal(size=(n, 12))).astype(np.float32), labels


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("n", [40, 900])
def test_it_is_that_of_scikit_learn(k, n):
    train, labels = clouds(n, 1)
    test, wanted = clouds(700, 2)
    theirs = KNeighborsClassifier(k, algorithm="brute").fit(train, labels)
    np.testing.assert_array_equal(knn_classes(train, labels, test, k), theirs.predict(test))
    found = knn_accuracy(train, labels, test, wanted, k)
    assert found.value == pytest.approx(theirs.score(test, wanted))
    assert found.error == pytest.approx(np.sqrt(found.value * (1 - found.value) / 700))
    assert 0.3 < found.value < 0.95


def test_it_works_with_a_label_a_class():
    x = np.eye(3, dtype=np.float32)
    found = knn_accuracy(x, np.arange(3), x + 0.1, np.arange(3), k=1)
    assert (found.value, found.error) == (1.0, 0.0)


def test_of_equally_many_votes_the_first_class_wins():
    train = np.array([[0.0], [1.0], [2.0], [3.0]])
    assert knn_classes(train, np.array([2, 1, 2, 1]), np.array([[1.4]]), k=4) == [1]


def test_pictures_may_be_asked_for_directly():
    x = np.zeros((4, 1, 2, 2), np.float32)
    x[2:] = 1
    assert knn_accuracy(x, np.array([0, 0, 1, 1]), x, np.array([0, 0, 1, 1]), k=2).value == 1


@pytest.mark.parametrize(
    ("train", "k", "sentence"),
    [
        (np.zeros((3, 2)), 4, "3 training pictures, but a vote of neighbours needs at least 4"),
        (np.full((5, 2), np.nan), 1, "not finite"),
        (np.zeros((5, 2)), 0, "at least one neighbour"),
        (np.zeros((5, 7)), 1, "2 and 7 values"),
    ],
)
def test_what_it_refuses(train, k, sentence):
    with pytest.raises(InputError, match=sentence):
        knn_classes(train, np.zeros(len(train), int), np.zeros((2, 2)), k)
