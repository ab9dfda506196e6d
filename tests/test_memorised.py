"""Nearest neighbours against slower ways; copies are found, and the innocent are not accused."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu, norm

from explorer.errors import InputError
from explorer.metrics import neighbours
from explorer.metrics.memorised import mann_whitney, memorised
from explorer.metrics.neighbours import nearest


def normal(n: int, size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, size)).astype(np.float32)


# --- the nearest


@pytest.mark.parametrize("k", [1, 3, 20])
@pytest.mark.parametrize("offset", [0, 1000])
def test_nearest_against_a_table_of_all_distances(k, offset, monkeypatch):
    monkeypatch.setattr(neighbours, "COLUMNS", 64)
    q, t = normal(neighbours.ROWS + 9, 30, 0) + offset, normal(500, 30, 1) + offset
    table = cdist(q.astype(float), t.astype(float))
    found, away = nearest(q, t, k)
    order = np.argsort(table, 1)[:, :k]
    assert (found == order).all()
    assert away == pytest.approx(np.take_along_axis(table, order, 1), rel=1e-9)


def test_pictures_are_compared_in_pixels_from_0_to_1():
    random = np.random.default_rng(0)
    t = random.integers(0, 256, (200, 5, 6), np.uint8)
    q = t[[7, 150]].copy()
    q[1, 0, 0] ^= 255
    found, away = nearest(q, t)
    assert found[:, 0].tolist() == [7, 150]
    assert away[0, 0] == 0
    assert away[1, 0] == pytest.approx(abs(float(q[1, 0, 0]) - float(t[150, 0, 0])) / 255)


def test_differences_that_float32_cannot_see_are_seen(monkeypatch):
    """Two tight clouds far apart: by the formula alone, any row of one might be nearest."""
    t = 1e-4 * np.random.default_rng(0).normal(size=(300, 40))
    t += np.repeat([[100], [-100]], 150, 0)
    q = t[::10] + 1e-6
    kinds = []
    search = neighbours._search
    monkeypatch.setattr(neighbours, "_search", lambda *a: (kinds.append(a[3]), search(*a))[1])
    found, away = nearest(q, t)
    assert found[:, 0].tolist() == list(range(0, 300, 10))
    assert away == pytest.approx(1e-6 * np.sqrt(40), rel=1e-4)
    assert kinds == [np.float32, np.float64]


def test_bounds_stay_below_the_true_distances():
    """The formula alone exceeds them: rows are 1e-3 apart, and 1,000 from the centre."""
    x = (1000 + 1e-3 * np.random.default_rng(0).normal(size=(60, 20))).astype(np.float32)
    true = cdist(x.astype(float), x.astype(float)) ** 2
    a = neighbours.cloud(x, np.zeros(20, np.float32))
    assert (neighbours.squared(a, a) > true).any()
    assert (neighbours.squared(a, a, neighbours.margin(20, np.float32)) <= true).all()


def test_repetitions_are_all_at_distance_zero():
    one = normal(1, 20, 0)
    found, away = nearest(one, np.repeat(one, 50, 0), 4)
    assert (away == 0).all()
    assert len(set(found[0])) == 4


def test_a_table_smaller_than_what_is_asked_says_so():
    with pytest.raises(InputError, match="There are 2 pictures to search"):
        nearest(normal(4, 3, 0), normal(2, 3, 0), 3)
    with pytest.raises(InputError, match="Bytes are to be compared"):
        nearest(normal(4, 3, 0), np.zeros((4, 3), np.uint8))


# --- Mann and Whitney


@pytest.mark.parametrize(("n", "m"), [(30, 50), (200, 40)])
@pytest.mark.parametrize("shift", [-0.6, 0, 0.4])
@pytest.mark.parametrize("digits", [8, 0])
def test_z_against_scipy(n, m, shift, digits):
    """With ties, too; scipy tells p only, which says how far z is but not on which side."""
    random = np.random.default_rng(n + digits)
    a, b = np.round(random.normal(shift, 1, n), digits), np.round(random.normal(0, 1, m), digits)
    its = mannwhitneyu(a, b, alternative="less", method="asymptotic", use_continuity=False)
    assert mann_whitney(a, b) == pytest.approx(norm.ppf(its.pvalue), abs=1e-9)


def test_z_of_values_that_do_not_overlap():
    """U = 0: minus half its range, over √(n m (n + m + 1) / 12)."""
    n, m = 12, 20
    expected = -n * m / 2 / np.sqrt(n * m * (n + m + 1) / 12)
    assert mann_whitney(np.arange(n), 100 + np.arange(m)) == pytest.approx(expected)
    assert mann_whitney(100 + np.arange(m), np.arange(n)) == pytest.approx(-expected)
    assert mann_whitney(np.ones(n), np.ones(m)) == 0


# --- memorised


def test_training_pictures_are_found_out():
    train, test = normal(400, 10, 0), normal(300, 10, 1)
    found = memorised(train[:200], train, test)
    assert found.copied == 1
    assert found.nearer > 0.85  # some are left out of the random subset
    assert found.nearer - 0.5 > 5 * found.error
    assert found.z < -15
    assert (found.nearest[:, 0] == np.arange(200)).all()
    assert (found.away[:, 0] == 0).all()
    assert found.compared == 300


def test_copies_with_a_little_noise_are_found_out_too():
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (300, 6, 6), np.uint8)
    test = random.integers(0, 256, (300, 6, 6), np.uint8)
    noise = random.integers(-9, 10, train.shape)
    found = memorised((train + noise).clip(0, 255).astype(np.uint8), train, test)
    assert (found.copied, found.nearer) == (1, 1)
    assert found.z < -15


def test_one_copy_in_four_is_told_as_such():
    train, test, fresh = normal(400, 30, 0), normal(400, 30, 1), normal(300, 30, 2)
    found = memorised(np.concatenate([train[:100], fresh]), train, test)
    assert found.copied == 0.25
    assert found.nearer == pytest.approx(0.25 + 0.75 * 0.5, abs=4 * found.error)
    assert found.z < -3


@pytest.mark.parametrize(("trained", "size"), [(400, 5), (100, 40)])
def test_fresh_samples_are_not_accused(trained, size):
    """Within one error of ½ two times in three, although some pictures are nearest to many."""
    found = [
        memorised(*(normal(n, size, 3 * i + j) for j, n in enumerate((300, trained, 200))))
        for i in range(80)
    ]
    away = np.array([(one.nearer - 0.5) / one.error for one in found])
    assert 0.55 < (abs(away) < 1).mean() < 0.8
    assert (abs(away) < 2).mean() > 0.9
    z = np.array([one.z for one in found])
    assert abs(z.mean()) < 0.4
    assert 0.8 < z.std() < 1.25
    assert np.mean([one.copied for one in found]) < 0.02


def test_poor_samples_are_farther_from_training_pictures_than_unseen_ones():
    found = memorised(2 * normal(200, 10, 2), normal(300, 10, 0), normal(300, 10, 1))
    assert found.z > 10
    assert found.copied < 0.02
    assert found.nearer == pytest.approx(0.5, abs=3 * found.error)


def test_a_copy_of_a_repeated_picture_is_a_copy():
    train = np.concatenate([normal(50, 10, 0)] * 2)
    assert memorised(train[:20], train, normal(60, 10, 1)).copied == 1


def test_random_subsets_follow_the_seed():
    parts = normal(50, 4, 0), normal(90, 4, 1), normal(60, 4, 2)
    a, b, c = (memorised(*parts, seed=seed) for seed in (0, 0, 1))
    assert (a.to_train == b.to_train).all()
    assert not (a.to_train == c.to_train).all()
    assert (a.away == c.away).all()


@pytest.mark.parametrize(
    ("x", "train", "test", "said"),
    [
        (normal(1, 3, 0), normal(9, 3, 0), normal(9, 3, 0), "There are 1 samples"),
        (normal(9, 3, 0), normal(1, 3, 0), normal(9, 3, 0), "There are 1 training pictures"),
        (normal(9, 3, 0), normal(9, 3, 0), normal(1, 3, 0), "There are 1 test pictures"),
        (np.full((9, 3), np.inf), normal(9, 3, 0), normal(9, 3, 0), "Some samples are not finite"),
        (normal(9, 3, 0), normal(9, 4, 0), normal(9, 3, 0), "3 and 4 values"),
    ],
)
def test_what_cannot_be_compared_says_why(x, train, test, said):
    with pytest.raises(InputError, match=said):
        memorised(x, train, test)
