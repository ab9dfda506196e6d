"""KID against torch-fidelity, torchmetrics and closed forms; its error against what happens."""

from math import comb

import numpy as np
import pytest
import torch
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.kid import poly_mmd

from explorer.errors import InputError
from explorer.metrics.kernel import BLOCK, kid


def positive(n: int, size: int, seed: int, scale: float = 1.0) -> np.ndarray:
    """Features like those of a network: none negative, of mean 0.28."""
    return np.random.default_rng(seed).gamma(0.5, 0.56 * scale, (n, size)).astype(np.float32)


@pytest.mark.parametrize("scale", [1.0, 1.05, 3.0])
def test_value_and_deviation_are_those_of_torch_fidelity(scale):
    a, b = positive(330, 96, 0, scale), positive(BLOCK + 90, 96, 1)
    found = kid(a, b, subsets=12, size=150)
    its = kid_features_to_metric(
        *(torch.tensor(x).double() for x in (a, b)),
        kid_subsets=12,
        kid_subset_size=150,
        verbose=False,
    )
    assert found.value == pytest.approx(its["kernel_inception_distance_mean"], rel=1e-6)
    assert found.deviation == pytest.approx(its["kernel_inception_distance_std"], rel=1e-6)
    assert found.size == 150


def test_all_samples_at_once_are_the_unbiased_estimate_of_torchmetrics():
    a, b = positive(300, 64, 0, 1.02), positive(300, 64, 1)
    its = poly_mmd(torch.tensor(b).double(), torch.tensor(a).double()).item()
    assert kid(a, b, subsets=3, size=50).full == pytest.approx(its, rel=1e-6)


def test_fewer_samples_than_a_subset_are_all_taken():
    a, b = positive(40, 16, 0), positive(60, 16, 1, 1.5)
    found = kid(a, b)
    assert found.size == 40
    again = kid(a, b, size=40)
    assert found == again
    equal = kid(a, b[:40])
    assert equal.value == pytest.approx(equal.full, rel=1e-12)
    assert equal.deviation == pytest.approx(0, abs=1e-12)
    assert equal.error > 0


def test_the_very_same_array_twice_is_two_sets():
    a = positive(50, 16, 0)
    assert kid(a, a).full == pytest.approx(kid(a, a.copy()).full, rel=1e-6)


# --- closed forms


def raw_moments(mean: float, std: float) -> list[float]:
    """E xᵖ of a normal law, p = 0 ... 3."""
    return [1, mean, mean**2 + std**2, mean**3 + 3 * mean * std**2]


def test_in_one_dimension_it_compares_three_moments():
    """(x y + 1)³ = Σ (3 choose p) xᵖ yᵖ, so MMD² = Σ (3 choose p) (E xᵖ − E yᵖ)²."""
    pairs = zip(raw_moments(0.7, 0.5), raw_moments(0.5, 0.5), strict=True)
    exact = sum(comb(3, p) * (a - b) ** 2 for p, (a, b) in enumerate(pairs))
    random = np.random.default_rng(0)
    found = [
        kid(random.normal(0.7, 0.5, (150, 1)), random.normal(0.5, 0.5, (200, 1)), subsets=1)
        for _ in range(200)
    ]
    values, errors = (np.array([getattr(one, of) for one in found]) for of in ("full", "error"))
    assert values.mean() == pytest.approx(exact, abs=3 * values.std() / np.sqrt(200))
    assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(), rel=0.2)
    assert (abs(values - exact) < 2 * errors).mean() > 0.87


@pytest.mark.parametrize("size", [16, 64])
def test_real_against_real_lies_within_its_error_of_zero_as_often_as_it_should(size):
    """Two thirds of the time within one, nearly always within two and a half."""
    random = np.random.default_rng(size)
    draws = (random.normal(0.3, 1, (2, 80, size)) for _ in range(300))
    found = [kid(a, b, subsets=1) for a, b in draws]
    away = np.array([one.full / one.error for one in found])
    assert 0.62 < (abs(away) < 1).mean() < 0.82
    assert (abs(away) < 2.5).mean() > 0.95
    values = np.array([one.full for one in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(300)


@pytest.mark.parametrize(("n", "m"), [(12, 200), (200, 12)])
def test_the_error_of_few_against_many_is_that_of_the_few(n, m):
    random = np.random.default_rng(n)
    draws = ((random.normal(size=(n, 16)), random.normal(size=(m, 16))) for _ in range(200))
    found = [kid(a, b, subsets=1) for a, b in draws]
    ratio = np.mean([one.error**2 for one in found]) / np.var([one.full for one in found])
    assert 0.8 < ratio < 2.2  # a negative part that counts as zero leaves too much


def test_the_variance_is_unbiased_where_both_its_parts_count():
    random = np.random.default_rng(5)
    found = [
        kid(random.normal(0.9, 0.5, (12, 3)), random.normal(0.5, 0.5, (30, 3)), subsets=1)
        for _ in range(400)
    ]
    expected = np.var([one.full for one in found])
    assert np.mean([one.error**2 for one in found]) == pytest.approx(expected, rel=0.15)


def test_equal_samples_have_a_distance_and_no_error():
    a, b = np.full((20, 8), 0.5, np.float32), np.full((30, 8), 0.25, np.float32)
    found = kid(a, b)
    exact = (0.25 + 1) ** 3 + (0.0625 + 1) ** 3 - 2 * (0.125 + 1) ** 3
    assert (found.value, found.full) == pytest.approx((exact, exact), rel=1e-12)
    assert found.error == pytest.approx(0, abs=1e-7)
    assert kid(a, a.copy()).full == pytest.approx(0, abs=1e-14)


# --- what cannot be


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (np.ones((1, 4)), np.ones((9, 4)), "There are 1 samples, but KID needs at least 4."),
        (np.ones((9, 4)), np.ones((0, 4)), "There are 0 real pictures"),
        (np.full((9, 4), np.nan), np.ones((9, 4)), "Some samples are not finite numbers"),
        (np.ones((9, 4)), np.full((9, 4), np.inf), "Some real pictures are not finite numbers"),
        (np.ones((9, 4)), np.ones((9, 5)), "has 4 and 5 values each"),
    ],
)
def test_what_has_no_distance_says_why(a, b, said):
    with pytest.raises(InputError, match=said):
        kid(a, b)
