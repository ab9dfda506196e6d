"""Precision and recall against torch-fidelity, density and coverage against what was proved."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch_fidelity.metric_prc import prc_features_to_metric

from explorer.errors import InputError
from explorer.metrics.manifold import Manifold, manifold, radii
from explorer.metrics.neighbours import ROWS


def normal(n: int, size: int, seed: int, mean: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, scale, (n, size)).astype(np.float32)


@pytest.mark.parametrize(("n", "m"), [(300, ROWS), (ROWS + 3, 700)])
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.1])
def test_precision_and_recall_are_those_of_torch_fidelity(n, m, scale):
    a, b = normal(n, 12, 0, 0.2, scale), normal(m, 12, 1)
    its = prc_features_to_metric(torch.tensor(a), torch.tensor(b), verbose=False)
    found = manifold(a, b)
    assert 0.1 < found.precision < 1
    assert (found.precision, found.recall) == pytest.approx((its["precision"], its["recall"]))


def test_all_four_against_the_definitions():
    """A table of every distance; Naeem et al. 2020 write < where Kynkäänniemi et al. write ≤."""
    a, b = normal(90, 5, 2, 0.3), normal(120, 5, 3)
    own, real, both = (cdist(*x) for x in ((a, a), (b, b), (b, a)))
    near, five = np.sort(own)[:, 3], np.sort(real)[:, [3, 5]].T
    inside = both < five[1][:, None]
    expected = Manifold(
        precision=(both <= five[0][:, None]).any(0).mean(),
        recall=(both <= near).any(1).mean(),
        density=inside.sum(0).mean() / 5,
        coverage=inside.any(1).mean(),
    )
    assert manifold(a, b) == expected
    assert radii(b) == pytest.approx(five.T**2, rel=1e-5)


def test_known_radii_change_nothing():
    a, b = normal(60, 5, 2), normal(80, 5, 3)
    assert manifold(a, b, radii(b)) == manifold(a, b)


def test_equal_laws_have_the_density_and_coverage_that_was_proved():
    """E density = 1 and E coverage = 1 − Π (M − i) / (N + M − i), i = 1 ... k (lemma 2)."""
    n, m = 300, 200
    found = [manifold(normal(n, 6, i), normal(m, 6, 1000 + i)) for i in range(12)]
    expected = 1 - np.prod([(m - i) / (n + m - i) for i in range(1, 6)])
    assert np.mean([one.density for one in found]) == pytest.approx(1, abs=0.05)
    assert np.mean([one.coverage for one in found]) == pytest.approx(expected, abs=0.02)


def test_samples_that_are_the_real_pictures():
    """Each ball holds its own picture and four more; the fifth lies on it, not inside."""
    real = normal(500, 40, 0) + 3
    assert manifold(real.copy(), real) == Manifold(1, 1, 1, 1)
    shuffled = np.random.default_rng(0).permutation(real)
    assert manifold(shuffled, real) == Manifold(1, 1, 1, 1)


def test_an_odd_real_picture_fools_precision_but_not_density():
    """Section 3.1 and figure 3 of Naeem et al. 2020, in 64 dimensions."""
    fake = normal(500, 64, 0, 1.0)
    real = normal(500, 64, 1)
    odd = np.concatenate([real, np.full((1, 64), 1.5, np.float32)])
    before, after = manifold(fake, real), manifold(fake, odd)
    assert before.precision < 0.1
    assert after.precision > 0.9
    assert before.density < 0.02
    assert after.density < 0.25


def test_an_odd_sample_fools_recall_but_not_coverage():
    real, fake = normal(500, 64, 0), normal(500, 64, 1, 1.0)
    odd = np.concatenate([fake, np.full((1, 64), -1.5, np.float32)])
    before, after = manifold(fake, real), manifold(odd, real)
    assert before.recall < 0.1
    assert after.recall > 0.9
    assert after.coverage - before.coverage < 0.02


def test_samples_far_away_have_none_and_dropped_modes_show():
    real = np.concatenate([normal(200, 8, 0), normal(200, 8, 1, 30.0)])
    assert manifold(normal(100, 8, 2, -50.0), real) == Manifold(0, 0, 0, 0)
    half = manifold(normal(400, 8, 3), real)
    assert half.precision > 0.8
    assert 0.4 < half.recall <= 0.5
    assert 0.4 < half.coverage <= 0.5


def test_a_generator_of_one_picture_has_no_recall():
    real = normal(300, 10, 0)
    found = manifold(np.repeat(real.mean(0)[None], 50, 0), real)
    assert (found.precision, found.recall) == (1, 0)
    assert found.coverage < 0.9


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (normal(5, 3, 0), normal(9, 3, 0), "There are 5 samples, but .* at least 6"),
        (normal(9, 3, 0), normal(5, 3, 0), "There are 5 real pictures"),
        (normal(9, 3, 0) * np.nan, normal(9, 3, 0), "not finite"),
        (normal(9, 3, 0), normal(9, 4, 0), "3 and 4 values"),
        (normal(9, 3, 0), np.ones((9, 3)), "All real pictures are equal"),
    ],
)
def test_what_has_no_manifold_says_why(a, b, said):
    with pytest.raises(InputError, match=said):
        manifold(a, b)
