"""The exact denoiser: right by Bayes' rule, and every sampler gives its distribution back."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from explorer import sampling
from explorer.data.toys import mixture
from explorer.device import own_randomness
from explorer.exact import Exact, of_examples
from explorer.models.base import last
from explorer.sampling import heun, reverse
from explorer.schedules import Schedule, schedule

NAMES = ("linear", "cosine", "sigmoid", "flow")


def toy(name: str) -> Exact:
    known = mixture(name)
    return Exact(torch.tensor(known.means), torch.tensor(known.weights), known.std)


def uneven() -> Exact:
    """Three modes of different weight, all different distances apart."""
    means = torch.tensor([[-1.0, 0.2], [0.9, 0.8], [0.5, -1.1]], dtype=torch.float64)
    return Exact(means, torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64), 0.15)


def noised(exact: Exact, a: float, s: float) -> MixtureSameFamily:
    """The density of α x_0 + σ ε, from torch.distributions."""
    std = np.sqrt(a**2 * exact.std**2 + s**2) * torch.ones_like(exact.means)
    parts = Independent(Normal(a * exact.means, std), 1)
    return MixtureSameFamily(Categorical(exact.weights), parts)


def points(n: int = 200) -> Tensor:
    return 1.5 * torch.randn(n, 2, generator=own_randomness(0), dtype=torch.float64)


# Bayes' rule ----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 20, 60, 100])
@pytest.mark.parametrize("name", NAMES)
def test_the_density_is_that_of_torch(name, level):
    a, s = schedule(name, 100).at(level)
    for exact in (toy("ring"), toy("grid"), uneven()):
        expected = noised(exact, a, s).log_prob(points())
        assert torch.allclose(exact.log_density(points(), a, s), expected, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("level", [1, 20, 60, 100])
@pytest.mark.parametrize("name", NAMES)
def test_the_score_is_the_slope_of_the_density(name, level):
    """Tweedie's formula: ∇ log p(x) = (α E[x_0 | x] − x) / σ²."""
    ours = schedule(name, 100)
    a, s = ours.at(level)
    for exact in (toy("ring"), toy("grid"), uneven()):
        x = points().requires_grad_()
        (slope,) = torch.autograd.grad(noised(exact, a, s).log_prob(x).sum(), x)
        score = (a * exact.denoiser(ours)(x.detach(), level) - x.detach()) / s**2
        assert torch.allclose(score, slope, rtol=1e-5, atol=1e-5)


def test_the_denoiser_is_the_mean_of_the_pictures_that_fit():
    """E[x_0 | x] by drawing x_0 and weighing each by how well it explains x."""
    exact, (a, s) = uneven(), schedule("cosine", 100).at(50)
    rng = np.random.default_rng(0)
    modes = rng.choice(3, 400_000, p=exact.weights.numpy())
    x0 = exact.means.numpy()[modes] + exact.std * rng.standard_normal((400_000, 2))
    for x in ([0.0, 0.0], [0.4, -0.2], [-0.8, 0.6]):
        weights = np.exp(-np.square(x - a * x0).sum(1) / (2 * s**2))
        expected = weights @ x0 / weights.sum()
        found = exact.clean(torch.tensor([x], dtype=torch.float64), a, s)[0]
        assert found.numpy() == pytest.approx(expected, abs=0.01)


def test_from_pure_noise_the_best_guess_is_the_mean():
    exact = uneven()
    found = exact.denoiser(schedule("flow", 10))(points(), 10)
    assert torch.allclose(found, (exact.weights @ exact.means).expand_as(found))


def test_float32_and_float64_agree():
    exact, ours = uneven(), schedule("linear", 1000)
    single = Exact(exact.means.float(), exact.weights.float(), exact.std)
    for level in (1, 10, 300, 1000):
        found = single.denoiser(ours)(points().float(), level)
        assert found.dtype == torch.float32
        assert (found - exact.denoiser(ours)(points(), level)).abs().max() < 2e-3


# Every sampler gives the distribution back ----------------------------------------------------

N = 3000
SAMPLERS = {
    "DDIM": (200, lambda *a: reverse(*a, 0.0)),
    "DDPM": (400, lambda *a: reverse(*a, 1.0, fresh(own_randomness(2)))),
    "Heun": (60, heun),
    "DPM": (100, sampling.dpm_solver),
}


def fresh(generator: torch.Generator) -> sampling.Noise:
    return lambda x: torch.randn(x.shape, generator=generator, dtype=x.dtype)


def start(n: int = N, size: int = 2) -> Tensor:
    return torch.randn(n, size, generator=own_randomness(1), dtype=torch.float64)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    ("which", "name"), [("ring", "flow"), ("grid", "flow"), ("uneven", "cosine")]
)
def test_samplers_recover_means_weights_and_spread(which, name, sampler):
    """Each within four standard errors of what n points of the mixture itself would show."""
    exact = uneven() if which == "uneven" else toy(which)
    ours, (steps, walk) = schedule(name, 1000), SAMPLERS[sampler]
    levels = ours.levels(steps, "quadratic")
    x = last(walk(exact.denoiser(ours), ours, start(), levels))
    mode = torch.cdist(x, exact.means).argmin(1)
    off = x - exact.means[mode]
    for i, weight in enumerate(exact.weights.tolist()):
        share = (mode == i).double().mean()
        assert abs(share - weight) < 4 * np.sqrt(weight * (1 - weight) / N)
        assert off[mode == i].mean(0).abs().max() < 4 * exact.std / np.sqrt(N * weight)
    spread = off.square().mean().sqrt()
    assert abs(spread / exact.std - 1) < 4 / np.sqrt(4 * N) + 0.02  # 2 % for finitely many steps


def test_the_whole_covariance_is_recovered():
    exact, ours = uneven(), schedule("flow", 1000)
    x = last(heun(exact.denoiser(ours), ours, start(), ours.levels(60)))
    mean = exact.weights @ exact.means
    off = exact.means - mean
    covariance = (exact.weights * off.T) @ off + exact.std**2 * torch.eye(2)
    deviation = covariance.diagonal().sqrt()
    assert ((x.mean(0) - mean).abs() < 4 * deviation / np.sqrt(N)).all()
    # Var[xy] is at most E[x²y²], which modes this close to a circle keep below 3 σ_x² σ_y².
    allowed = 4 * np.sqrt(3 / N) * deviation[:, None] * deviation
    assert ((torch.cov(x.T) - covariance).abs() < allowed).all()


# A finite data set ----------------------------------------------------------------------------


def examples() -> Tensor:
    """Eleven tiny pictures."""
    return torch.rand(11, 1, 4, 4, generator=own_randomness(3)) * 2 - 1


def ends(exact: Exact, ours: Schedule, sampler: str) -> Tensor:
    x = torch.randn(60, 1, 4, 4, generator=own_randomness(4))
    return last(SAMPLERS[sampler][1](exact.denoiser(ours), ours, x, ours.levels(30)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_finite_data_set_is_all_that_is_ever_drawn(sampler, name):
    x = ends(of_examples(examples()), schedule(name, 1000), sampler)
    apart = torch.cdist(x.flatten(1), examples().flatten(1))
    assert x.shape == (60, 1, 4, 4)
    assert apart.min(1).values.max() < 1e-3
    assert len(apart.argmin(1).unique()) >= 9  # 60 draws leave out more than two of 11 once in 1e3


def test_one_class_draws_only_its_own_examples():
    labels = torch.arange(11) % 3
    exact = of_examples(examples()).of_class(labels, 1)
    assert exact.weights.sum() == pytest.approx(1)
    x = ends(exact, schedule("cosine", 1000), "Heun")
    apart = torch.cdist(x.flatten(1), examples().flatten(1))
    assert set(labels[apart.argmin(1)].tolist()) == {1}
    assert set(apart.argmin(1).tolist()) == {1, 4, 7, 10}


def test_one_class_of_an_uneven_mixture_keeps_its_proportions():
    exact = uneven().of_class(torch.tensor([5, 7, 5]), 5)
    assert exact.weights.tolist() == pytest.approx([0.4, 0.6])
    assert torch.equal(exact.means, uneven().means[[0, 2]])
    assert exact.std == uneven().std
