"""Sharpness against scipy's Laplacian and closed forms."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, laplace

from explorer.errors import InputError
from explorer.metrics.sharpness import AT_ONCE, LUMA, laplacian_variance, sharpness


def pictures(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)


@pytest.mark.parametrize("shape", [(28, 28), (2, 2), (5, 9)])
def test_grey_pictures_against_scipy(shape):
    """Its mode "mirror" is OpenCV's default border, and so is ours."""
    x = pictures(7, *shape)
    expected = [laplace(one.astype(float), mode="mirror").var() for one in x]
    assert laplacian_variance(x) == pytest.approx(np.array(expected), rel=1e-6, abs=1e-9)


def test_colours_are_weighed_as_seen():
    x = pictures(3, 8, 8, 3)
    expected = [laplace(one @ LUMA.astype(float), mode="mirror").var() for one in x]
    assert laplacian_variance(x) == pytest.approx(np.array(expected), rel=1e-5)
    grey = pictures(3, 8, 8)
    same = np.repeat(grey[..., None], 3, -1)
    assert laplacian_variance(same) == pytest.approx(laplacian_variance(grey), rel=1e-5)


def test_a_chessboard_has_the_most():
    """Each Laplacian is ± 4 · 255."""
    board = (np.indices((8, 8)).sum(0) % 2 * 255).astype(np.uint8)
    assert laplacian_variance(np.stack([board, board])) == pytest.approx((4 * 255) ** 2)


def test_blurred_pictures_are_less_sharp_than_real_ones():
    real = pictures(50, 16, 16)
    blurred = np.stack([gaussian_filter(one, 1) for one in real])
    assert sharpness(real, real).ratio == 1
    assert sharpness(blurred, real).ratio < 0.1


def test_the_error_of_the_ratio_is_what_new_pictures_show():
    random = np.random.default_rng(0)

    def drawn(n, most):  # some pictures have more contrast than others
        contrast = random.uniform(0.2, 1, (n, 1, 1))
        return (random.random((n, 6, 6)) * contrast * most).astype(np.uint8)

    found = [sharpness(drawn(60, 200), drawn(90, 255)) for _ in range(300)]
    ratios = np.array([one.ratio for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(ratios.std(), rel=0.12)


def test_many_pictures_are_taken_in_parts():
    x = pictures(AT_ONCE + 3, 4, 4)
    assert (laplacian_variance(x)[-3:] == laplacian_variance(x[-3:])).all()


@pytest.mark.parametrize(
    ("samples", "real", "said"),
    [
        (pictures(1, 4, 4), pictures(9, 4, 4), "There are 1 samples"),
        (pictures(9, 4, 4), pictures(1, 4, 4), "There are 1 real pictures"),
        (pictures(9, 4, 4), np.full((9, 4, 4), 7, np.uint8), "nothing but plain areas"),
        (pictures(9, 16), pictures(9, 4, 4), "samples are no pictures"),
        (pictures(9, 1, 4), pictures(9, 4, 4), "samples are no pictures"),
    ],
)
def test_what_has_no_sharpness_says_why(samples, real, said):
    with pytest.raises(InputError, match=said):
        sharpness(samples, real)


def test_plain_samples_have_none():
    found = sharpness(np.full((9, 4, 4), 7, np.uint8), pictures(9, 4, 4))
    assert (found.value, found.ratio, found.error) == (0, 0, 0)
