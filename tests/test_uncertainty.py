"""Bands that hold what they promise to hold, and lines that end where they should."""

import numpy as np
import pytest

from explorer.errors import InputError
from explorer.metrics.frechet import Statistics, frechet, statistics
from explorer.metrics.uncertainty import at_infinity, bootstrap, half_sampling

SIZE = 4
STANDARD = Statistics(np.zeros(SIZE), np.eye(SIZE), 10**9)
BIAS = SIZE + SIZE * (SIZE + 1) / 4  # times 1/n: of the mean, and of the covariance (delta method)


def distance(x: np.ndarray) -> float:
    """To the standard normal law; of draws around ``mean`` it is 4 · mean² at last."""
    return frechet(statistics(x), STANDARD)


def draws(times: int, n: int, mean: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, (times, n, SIZE))


def coverage(bands: list, truth: float) -> float:
    return float(np.mean([one.low <= truth <= one.high for one in bands]))


# --- bands


@pytest.mark.parametrize("band", [bootstrap, half_sampling])
def test_the_band_of_a_mean_holds_it_and_its_error_is_that_of_a_mean(band):
    found = [band(np.mean, x[:, 0], 100, seed=i) for i, x in enumerate(draws(300, 80, 2.0))]
    assert 0.9 < coverage(found, 2.0) < 0.98
    errors = np.array([one.error for one in found])
    assert np.sqrt((errors**2).mean()) == pytest.approx(1 / np.sqrt(80), rel=0.03)


@pytest.mark.parametrize("band", [bootstrap, half_sampling])
def test_another_level_makes_another_band(band):
    x = draws(1, 60, 0.0)[0, :, 0]
    wide, narrow = (band(np.mean, x, 200, level=level) for level in (0.95, 0.5))
    assert wide.value == narrow.value == x.mean()
    assert wide.error == narrow.error
    ratio = (wide.high - wide.low) / (narrow.high - narrow.low)
    assert ratio == pytest.approx(1.96 / 0.6745, rel=0.25)


def test_the_bootstrap_of_a_distance_misses_where_half_sampling_does_not():
    """Near the floor: the distance is bias, which resamples double and halves only share."""
    expected = BIAS / 200
    parts = draws(60, 200, 0.0)
    assert np.mean([distance(x) for x in draws(400, 200, 0.0, 9)]) == pytest.approx(
        expected, rel=0.1
    )
    naive = [bootstrap(distance, x, 60, seed=i) for i, x in enumerate(parts)]
    honest = [half_sampling(distance, x, 30, seed=i) for i, x in enumerate(parts)]
    assert coverage(naive, expected) < 0.8
    assert coverage(honest, expected) > 0.95
    assert np.mean([one.low > one.value for one in naive]) > 0.2  # not even its own value


def test_half_sampling_holds_the_expected_distance_away_from_the_floor():
    expected = SIZE * 0.5**2 + BIAS / 200
    found = [half_sampling(distance, x, 40, seed=i) for i, x in enumerate(draws(100, 200, 0.5))]
    assert 0.88 < coverage(found, expected) <= 1
    actual = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(actual, rel=0.2)


def test_an_odd_number_of_samples_is_halved_as_well():
    x = draws(1, 5, 0.0)[0, :, 0]
    errors = [half_sampling(np.mean, x, 4000, seed=i).error for i in range(2)]
    assert errors == pytest.approx([x.std(ddof=1) / np.sqrt(5)] * 2, rel=0.05)


def test_bands_follow_the_seed():
    x = draws(1, 50, 0.0)[0]
    assert half_sampling(distance, x, 9, 1) == half_sampling(distance, x, 9, 1)
    assert half_sampling(distance, x, 9, 1) != half_sampling(distance, x, 9, 2)


# --- lines


@pytest.mark.parametrize("nested", [False, True])
def test_a_line_is_found_exactly(nested):
    ns = [500, 1000, 2000, 5000]
    found = at_infinity(ns, [3 + 7000 / n for n in ns], nested)
    assert (found.value, found.slope) == pytest.approx((3, 7000))
    assert found.error == pytest.approx(0, abs=1e-6)


NS = (100, 130, 160, 200, 250, 300, 350, 400)


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_separate_samples_extrapolate_to_the_true_distance(mean):
    """Its slope is that of the known bias, its value unbiased, its error what it says."""
    random = np.random.default_rng(1)
    found = [
        at_infinity(NS, [distance(random.normal(mean, 1, (n, SIZE))) for n in NS])
        for _ in range(150)
    ]
    values, errors, slopes = (
        np.array([getattr(one, of) for one in found]) for of in ("value", "error", "slope")
    )
    truth = SIZE * mean**2
    assert values.mean() == pytest.approx(truth, abs=3 * values.std() / np.sqrt(150))
    assert slopes.mean() == pytest.approx(BIAS, abs=3 * slopes.std() / np.sqrt(150))
    assert errors.mean() == pytest.approx(values.std(), rel=0.2)
    assert (abs(values - truth) < 2 * errors).mean() > 0.85


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_a_growing_sample_is_not_surer_than_it_is(mean):
    parts = draws(150, NS[-1], mean)
    curves = [[distance(x[:n]) for n in NS] for x in parts]
    honest, naive = (
        np.array([abs(one.value - SIZE * mean**2) < 2 * one.error for one in found]).mean()
        for found in ([at_infinity(NS, y, nested) for y in curves] for nested in (True, False))
    )
    assert honest > 0.85
    assert naive < 0.6


@pytest.mark.parametrize(
    ("ns", "values", "said"),
    [
        ([100, 200], [1.0, 2.0], "three different numbers of samples"),
        ([100, 100, 200], [1.0, 2.0, 3.0], "three different numbers of samples"),
        ([100, 200, 300], [1.0, 2.0], "three different numbers of samples"),
        ([0, 200, 300], [1.0, 2.0, 3.0], "three different numbers of samples"),
        ([100, 200, 300], [1.0, np.nan, 3.0], "not finite"),
        ([], [], "three different numbers of samples"),
    ],
)
def test_what_no_line_fits_says_why(ns, values, said):
    with pytest.raises(InputError, match=said):
        at_infinity(ns, values)


def test_a_growing_sample_has_each_size_once():
    with pytest.raises(InputError, match="three different numbers"):
        at_infinity([100, 200, 200, 300], [4.0, 2.0, 2.0, 1.0], nested=True)
    assert at_infinity([100, 200, 200, 300], [4.0, 3.0, 2.0, 2.0]).error > 0


def test_too_few_samples_have_no_band():
    with pytest.raises(InputError, match="There are 1 samples, but a bootstrap needs at least 2"):
        bootstrap(np.mean, np.ones(1))
    with pytest.raises(InputError, match="There are 3 samples, but half-sampling needs"):
        half_sampling(np.mean, np.ones(3))
