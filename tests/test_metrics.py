"""What is measured of classes, modes and distances, against closed forms and slower ways."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import entropy

from explorer import data
from explorer.metrics.classes import class_shares, condition_accuracy
from explorer.metrics.diversity import MOST, ROWS, pairwise_distance
from explorer.metrics.modes import mode_shares

# --- classes


@pytest.mark.parametrize("k", [1, 2, 10, 40])
def test_equal_shares_have_the_entropy_log_k(k):
    found = class_shares(np.arange(40 * k) % k, k)
    assert found.shares == pytest.approx(np.full(k, 1 / k))
    assert found.entropy == pytest.approx(math.log(k))
    assert found.effective == pytest.approx(k)
    assert found.hit == k


def test_a_single_class_is_one_effective_class():
    found = class_shares(np.full(30, 4), 10)
    assert str(found.entropy) == "0.0"  # and not −0
    assert found.effective == 1
    assert found.hit == 1


def test_entropy_against_scipy():
    predicted = np.random.default_rng(0).integers(0, 7, 500) ** 2 % 7
    found = class_shares(predicted, 7)
    assert found.entropy == pytest.approx(entropy(np.bincount(predicted, minlength=7)))


def test_a_class_is_hit_from_a_tenth_of_its_fair_share_on():
    """Of 1,000 samples in 10 classes, 10 are a tenth of a fair share."""
    counts = [931, 10, 9, 50, 0, 0, 0, 0, 0, 0]
    assert class_shares(np.repeat(np.arange(10), counts), 10).hit == 3


def test_condition_accuracy_is_a_share():
    assert condition_accuracy(np.array([0, 1, 2, 3]), np.array([0, 1, 1, 3])) == 0.75


# --- modes

RING = data.mixture("ring")


def test_the_true_distribution_covers_every_mode():
    """Within three standard deviations lie 1 − exp(−9/2) of a round Gaussian in the plane."""
    for name in ("ring", "grid"):
        modes = data.mixture(name)
        found = mode_shares(modes.draw(200_000, np.random.default_rng(0))[0], modes)
        assert found.covered == len(modes.means)
        assert found.near == pytest.approx(1 - math.exp(-4.5), abs=1e-3)
        assert found.shares == pytest.approx(modes.weights * found.near, abs=3e-3)


def test_points_on_two_modes_and_between_them():
    points = np.concatenate([RING.means[[0, 0, 3]], [[0, 0]], RING.means[[5]] + [0.19, 0]])
    found = mode_shares(points, RING)
    assert found.shares == pytest.approx(np.array([0.4, 0, 0, 0.2, 0, 0, 0, 0]))
    assert (found.near, found.covered) == (pytest.approx(0.6), 2)


@pytest.mark.parametrize(("away", "near"), [(2.99, 1.0), (3.01, 0.0)])
def test_near_ends_at_three_standard_deviations(away, near):
    points = RING.means + away * RING.std * np.array([math.cos(1), math.sin(1)])
    assert mode_shares(points, RING).near == near


@pytest.mark.parametrize(("count", "covered"), [(9, 1), (10, 2)])
def test_a_mode_is_covered_from_a_tenth_of_its_fair_share_on(count, covered):
    """Of 800 points on 8 modes, 10 are a tenth of a fair share; far ones count as points too."""
    few = np.repeat(RING.means[[1]], count, axis=0)
    most = np.repeat(RING.means[[0]], 600, axis=0)
    far = np.full((800 - 600 - count, 2), 9.0)
    assert mode_shares(np.concatenate([few, most, far]), RING).covered == covered


def test_points_that_are_no_numbers_are_near_nothing():
    found = mode_shares(np.full((5, 2), np.nan), RING)
    assert (found.near, found.covered) == (0, 0)


# --- distances


@pytest.mark.parametrize("n", [2, 3, ROWS, ROWS + 1, 700])
def test_pairwise_distance_against_scipy(n):
    samples = np.random.default_rng(n).random((n, 1, 6, 5), np.float32)
    expected = pdist(samples.reshape(n, -1).astype(np.float64)).mean()
    assert pairwise_distance(samples) == pytest.approx(expected, rel=1e-12)


def test_repetitions_have_no_distance_and_near_ones_keep_theirs():
    one = np.random.default_rng(0).random((1, 784))
    assert pairwise_distance(np.repeat(one, 20, axis=0)) == 0
    near = np.concatenate([one, one + 1e-6])
    assert pairwise_distance(near) == pytest.approx(1e-6 * math.sqrt(784), rel=1e-7)


def test_no_more_than_the_first_are_compared():
    samples = np.random.default_rng(0).random((MOST + 50, 3))
    samples[MOST:] = 1e6
    assert pairwise_distance(samples) == pairwise_distance(samples[:MOST]) < 2
