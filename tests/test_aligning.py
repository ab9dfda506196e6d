"""Two clouds of the same images laid over each other."""

import numpy as np
import pytest
from scipy.spatial import procrustes as known
from scipy.stats import ortho_group

from explorer import aligning
from explorer.errors import InputError

CHANCE = np.random.default_rng(1)
A = CHANCE.normal(size=(80, 6)) @ CHANCE.normal(size=(6, 6))


def test_a_rotation_a_scale_and_a_shift_cost_nothing():
    b = 0.3 * A @ ortho_group.rvs(6, random_state=2) + 11
    fit = aligning.procrustes(A, b)
    assert fit.disparity == pytest.approx(0, abs=1e-12)
    assert np.allclose(fit.first, fit.second, atol=1e-9)
    assert np.sqrt(np.square(fit.first).sum(1).mean()) == pytest.approx(1)


def test_the_disparity_is_that_of_scipy():
    b = A + CHANCE.normal(size=A.shape)
    first, second, disparity = known(A, b)
    fit = aligning.procrustes(A, b)
    assert fit.disparity == pytest.approx(disparity)
    assert np.allclose(fit.first, first * np.sqrt(len(A)))
    assert np.allclose(fit.second, second * np.sqrt(len(A)))


def test_whoever_moved_is_found():
    b = A @ ortho_group.rvs(6, random_state=3)
    b[17] += 30
    fit, kept = aligning.aligned(A, b)
    assert fit.moved.argmax() == 17
    assert kept == pytest.approx((1, 1))


def test_spaces_of_different_size_are_compared():
    wide = np.pad(A, ((0, 0), (0, 40))) @ ortho_group.rvs(46, random_state=4)
    fit, _ = aligning.aligned(A, wide)
    assert fit.disparity == pytest.approx(0, abs=1e-9)
    assert fit.first.shape == fit.second.shape


def test_a_single_point_is_no_cloud():
    with pytest.raises(InputError, match="are the same"):
        aligning.procrustes(A, np.ones_like(A))
