"""The Fréchet distance against closed forms and scipy's matrix square root."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from explorer.errors import InputError
from explorer.metrics.frechet import (
    AXES,
    Moments,
    Statistics,
    frechet,
    frechet_of,
    pixel_axes,
    statistics,
)


def gaussian(mean, covariance) -> Statistics:
    return Statistics(np.array(mean, float), np.array(covariance, float), 100)


def test_in_one_dimension_it_is_the_distance_of_means_and_deviations():
    found = frechet(gaussian([1], [[4]]), gaussian([3], [[0.25]]))
    assert found == pytest.approx((1 - 3) ** 2 + (2 - 0.5) ** 2)


def test_equal_gaussians_have_no_distance():
    one = statistics(np.random.default_rng(0).normal(size=(500, 20)))
    assert frechet(one, one) == pytest.approx(0, abs=1e-8)


def test_against_the_matrix_square_root_and_symmetric():
    random = np.random.default_rng(1)
    a, b = (statistics(random.normal(size=(400, 8)) @ random.normal(size=(8, 8))) for _ in "ab")
    root = sqrtm(a.covariance @ b.covariance).real
    expected = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance + b.covariance - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet(b, a) == pytest.approx(expected, rel=1e-6)


def test_singular_covariances_are_no_problem():
    flat = gaussian([0, 0], [[1, 0], [0, 0]])
    assert frechet(flat, gaussian([0, 0], [[0, 0], [0, 1]])) == pytest.approx(2)


def test_a_factor_gives_the_covariance_back_singular_or_not():
    random = np.random.default_rng(5)
    for n in (400, 8):  # eight examples span seven of the twenty directions
        one = statistics(random.normal(size=(n, 20)))
        assert np.allclose(one.factor @ one.factor.T, one.covariance, atol=1e-12)


def test_statistics_of_a_factor_are_those_of_its_covariance():
    random = np.random.default_rng(6)
    whole = statistics(random.normal(size=(400, 20)) * 3)
    kept = Statistics.factored(whole.mean, np.linalg.cholesky(whole.covariance), whole.n)
    other = statistics(random.normal(size=(400, 20)))
    assert np.allclose(kept.covariance, whole.covariance, rtol=1e-12)
    assert frechet(other, kept) == pytest.approx(frechet(other, whole), rel=1e-9)


def test_pixel_features_keep_distances_along_the_leading_directions(images):
    axes = pixel_axes(images[0].x)
    assert axes.axes.shape == (784, AXES)
    assert np.allclose(axes.axes.T @ axes.axes, np.eye(AXES), atol=1e-8)
    features = axes.features(images[0].x)
    assert np.allclose(features.mean(0), 0, atol=1e-8)
    whole = images[0].x.reshape(200, -1) / 255
    assert features.var(0).sum() > 0.6 * whole.var(0).sum()


def test_moments_of_parts_are_those_of_the_whole():
    x = np.random.default_rng(2).normal(1000, 1, size=(500, 6))
    moments = Moments()
    for part in np.array_split(x, [1, 50, 51, 300]):
        moments.update(part)
    found = moments.compute()
    assert found.n == 500
    assert np.allclose(found.mean, x.mean(0), rtol=1e-12)
    assert np.allclose(found.covariance, np.cov(x, rowvar=False), rtol=1e-9)


def test_moments_refuse_what_is_not_finite_and_a_single_example():
    with pytest.raises(InputError, match="not finite"):
        Moments().update(np.array([[1.0, np.nan]]))
    moments = Moments()
    moments.update(np.ones((1, 3)))
    with pytest.raises(InputError, match="at least 2"):
        moments.compute()


@pytest.mark.parametrize("n", [2, 7, 29, 30, 200])
def test_few_features_give_the_same_distance_in_low_rank(n):
    random = np.random.default_rng(3)
    real = statistics(random.normal(size=(400, 30)) @ random.normal(size=(30, 30)))
    x = random.normal(0.5, 2, size=(n, 30))
    assert frechet_of(x, real) == pytest.approx(frechet(statistics(x), real), rel=1e-6)


def test_gaussian_samples_come_as_near_as_their_closed_form_says():
    random = np.random.default_rng(4)
    real = Statistics(np.zeros(5), np.eye(5), 0)
    x = random.normal(size=(200_000, 5)) * 2 + 1
    assert frechet_of(x, real) == pytest.approx(5 * (1 + (2 - 1) ** 2), rel=0.02)
