"""Bounds on the likelihood against what mathematics knows: closed forms, exact sums, formulas."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import blobs, small
from scipy.stats import multivariate_normal, norm

from explorer import densities
from explorer.chain_bound import chain_bound, gaussian_last, levels, noised, prior, starts, step
from explorer.checkpoints import build
from explorer.errors import InputError
from explorer.exact import Exact
from explorer.importance import (
    decoder_scale,
    importance_bound,
    log_weights,
    scale_of_beta,
)
from explorer.likelihood import Bound, likelihood, why_not
from explorer.recipe import recipe
from explorer.schedules import schedule

EVERY = (torch.arange(256) / 255)[:, None]


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# The probability of a stored pixel ------------------------------------------------------------


@pytest.mark.parametrize("width", [1e-3, 0.01, 0.12, 5.0])
@pytest.mark.parametrize("density", [densities.gaussian, densities.laplace])
def test_the_256_probabilities_add_up_to_one(density, width):
    mean = torch.tensor([[0.0, 0.003, 0.2, 0.999, 1.0]])
    torch.testing.assert_close(density(EVERY, mean, width).exp().sum(0), torch.ones(5).double())


def test_so_do_those_of_cross_entropy_and_even_odds_are_uniform():
    logits = torch.tensor([[-40.0, -3.0, 0.0, 1e-4, 7.0, 300.0]])
    found = densities.continuous_bernoulli(EVERY, logits)
    torch.testing.assert_close(found.exp().sum(0), torch.ones(6).double())
    torch.testing.assert_close(found[:, 2], torch.full((256,), -math.log(256)).double())


def test_a_bin_is_a_difference_of_distribution_functions_with_open_ends():
    mean, width = 0.3, 0.05
    edges = (np.arange(257) - 0.5) / 255
    edges[[0, -1]] = -np.inf, np.inf
    wanted = np.diff(norm.cdf(edges, mean, width))
    centre = torch.tensor([[mean]], dtype=torch.float64)
    found = densities.gaussian(EVERY, centre, width)[:, 0].exp()
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_far_from_the_mean_it_stays_finite():
    found = densities.gaussian(EVERY, torch.tensor([[0.0]]), 1e-3)
    assert found.isfinite().all()
    assert found[-1] < -100_000


def test_uniform_dequantisation_never_says_more():
    x, mean, width = torch.tensor([[0.2], [0.4]]).mul(255).round() / 255, 0.25, 0.004
    u = (torch.arange(2000) + 0.5) / 2000 - 0.5
    log_density = torch.distributions.Normal(mean, width).log_prob(x + u / 255)
    dequantised = log_density.mean(1) - math.log(255)
    exact = densities.gaussian(x, torch.full_like(x, mean), width)[:, 0]
    assert (dequantised < exact).all()


# A VAE whose likelihood is known --------------------------------------------------------------

SIGMA, PIXELS = 0.1, 6


class Linear:
    """x = ½ + W z + σ ε with orthogonal columns, so that the posterior is diagonal."""

    config = SimpleNamespace(loss="l2")

    def __init__(self, shift: float = 0.0, wide: float = 1.0):
        basis, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(PIXELS, 2)))
        self.w = torch.tensor(basis * [0.08, 0.05]).float()
        self.shift, self.wide = shift, wide

    def posterior(self, x):
        precision = 1 + self.w.square().sum(0) / SIGMA**2
        mean = (x.flatten(1) - 0.5) @ self.w / SIGMA**2 / precision
        return mean + self.shift, (self.wide / precision.sqrt()).expand_as(mean)

    def decode(self, z):
        return (0.5 + z @ self.w.T).reshape(-1, 1, 2, 3)

    def exact(self, x) -> np.ndarray:
        """log p(x) of the bin that x lies in."""
        covariance = self.w @ self.w.T + SIGMA**2 * torch.eye(PIXELS)
        density = multivariate_normal(np.full(PIXELS, 0.5), covariance.double().numpy())
        return density.logpdf(x.flatten(1)) - PIXELS * math.log(255)


@pytest.fixture(scope="module")
def grey() -> torch.Tensor:
    """Eight pictures of the linear model, on 256 values."""
    z = torch.randn(8, 2, generator=chance(1))
    x = Linear().decode(z) + SIGMA * torch.randn(8, 1, 2, 3, generator=chance(2))
    return (x * 255).round() / 255


def test_with_the_true_posterior_every_weight_is_the_likelihood(grey):
    model = Linear()
    weights = log_weights(model, grey, 5, SIGMA, chance())
    assert weights.shape == (5, 8)
    np.testing.assert_allclose(weights, np.tile(model.exact(grey), (5, 1)), atol=2e-3)


def test_the_bound_rises_with_the_samples_and_converges(grey):
    model = Linear(shift=0.5, wide=1.4)
    weights = log_weights(model, grey, 4096, SIGMA, chance())
    exact = model.exact(grey).mean()

    def bound(k: int) -> float:
        groups = weights.reshape(4096 // k, k, 8)
        return float(torch.stack([importance_bound(w).mean() for w in groups]).mean())

    elbo, few, many, all_ = (bound(k) for k in (1, 8, 64, 4096))
    assert elbo < few < many < exact + 2e-3
    assert exact - elbo > 0.1
    assert abs(all_ - exact) < 0.01


def test_a_model_that_knows_nothing_takes_eight_bits():
    class Nothing:
        config = SimpleNamespace(loss="bce")

        def posterior(self, x):
            return torch.zeros(len(x), 3), torch.ones(len(x), 3)

        def decoder(self, z):
            return torch.zeros(len(z), 1, 2, 3)

    weights = log_weights(Nothing(), torch.rand(4, 1, 2, 3), 7, 1.0, chance())
    bits = -importance_bound(weights) / PIXELS / math.log(2)
    torch.testing.assert_close(bits, torch.full((4,), 8.0).double())


def test_the_width_of_the_decoder_is_its_error():
    model = Linear()
    model.posterior = lambda x: (torch.zeros(len(x), 2), torch.zeros(len(x), 2))
    x = torch.rand(50, 1, 2, 3)
    assert decoder_scale(model, x, chance()) == pytest.approx(
        float((x - 0.5).square().mean() ** 0.5)
    )
    model.config = SimpleNamespace(loss="l1")
    assert decoder_scale(model, x, chance()) == pytest.approx(float((x - 0.5).abs().mean()))


def test_beta_stands_for_a_width():
    beta = 0.3
    config = SimpleNamespace(loss="l2", beta=beta, beta_unit="sum")
    sigma = scale_of_beta(SimpleNamespace(config=config, pixels=784, latent=32))
    x, a, b = torch.rand(3, 20).double()
    log_p = [torch.distributions.Normal(m, sigma).log_prob(x).sum() for m in (a, b)]
    error = [(x - m).square().sum() for m in (a, b)]
    gap = -(2 * sigma**2) * (log_p[0] - log_p[1])
    assert float(gap) == pytest.approx(float(error[0] - error[1]))  # and the KL's weight is 2σ² = β
    assert 2 * sigma**2 == pytest.approx(beta)
    config.loss = "l1"
    assert scale_of_beta(SimpleNamespace(config=config, pixels=784, latent=32)) == beta


# A chain whose bound is known -----------------------------------------------------------------

TAU, SIZE = 0.7, 3
KNOWN = Exact(torch.zeros(1, SIZE), torch.ones(1), TAU)
ENTROPY = SIZE * 0.5 * math.log(2 * math.pi * math.e * TAU**2)


def gaussian(n: int) -> torch.Tensor:
    return TAU * torch.randn(n, SIZE, generator=chance(3))


@pytest.mark.parametrize("name", ["linear", "cosine", "sigmoid", "flow"])
def test_each_step_of_a_gaussian_costs_what_theory_says(name):
    s = schedule(name, 40, 1e-3, 0.3)
    x0, random = gaussian(40_000), chance()
    for k in (2, 11, 25, 40):
        a, sigma = s.at(k)
        error = TAU**2 * sigma**2 / (a**2 * TAU**2 + sigma**2)
        wanted = 0.5 * (s.snr[k - 1] - s.snr[k]) * SIZE * error
        found = step(KNOWN.denoiser(s), s, x0, k, random)
        assert (found >= 0).all()
        assert float(found.mean()) == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("name", ["cosine", "flow"])
def test_the_bound_approaches_the_entropy_as_the_chain_gets_finer(name):
    gaps = []
    for T in (20, 100, 500):
        s, start = schedule(name, T), max(1, T // 20)  # a chain down to one and the same noise
        terms = chain_bound(KNOWN.denoiser(s), s, gaussian(2000), start, gaussian_last, chance())
        assert (terms["prior"] >= 0).all()
        gaps.append(float(sum(terms.values()).mean()) - ENTROPY)
    assert gaps[0] > gaps[1] > gaps[2] > -0.05
    assert gaps[2] < 0.15


def test_what_is_left_at_the_last_level_is_a_divergence_of_gaussians():
    s = schedule("linear", 100, 1e-4, 0.02)
    a, sigma = s.at(100)
    x0 = gaussian(5)
    q = torch.distributions.Normal(a * x0, sigma)
    wanted = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(prior(s, x0).float(), wanted, rtol=1e-4, atol=1e-5)


def test_it_is_the_formula_of_ddpm():
    """Ho et al. 2020, eq. 12: β_t² / (2 σ_t² α_t (1 − ᾱ_t)) ‖ε − ε_θ‖², σ_t² the posterior's."""
    s = schedule("linear", 50, 1e-3, 0.1)
    beta, alpha_bar = s.beta, s.alpha_bar
    x0 = gaussian(4)

    def denoise(x, k):
        return (x - s.sigma[k] * 0.3 * x) / s.alpha[k]  # a network that says ε = 0.3 x

    for t in (2, 17, 50):
        random = chance(t)
        found = step(denoise, s, x0, t, random)
        x = noised(s, x0, t, chance(t))
        eps = (x - s.alpha[t] * x0) / s.sigma[t]
        b, ab, before = beta[t - 1], alpha_bar[t], alpha_bar[t - 1]
        variance = (1 - before) / (1 - ab) * b
        weight = b**2 / (2 * variance * (1 - b) * (1 - ab))
        wanted = weight * (eps - 0.3 * x).square().sum(1).double()
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-8)


def test_the_last_step_is_that_of_ddpm():
    """Ho et al. 2020, eq. 13, in [-1, 1]: bins of ± 1/255 around each value, open at the ends."""
    x = torch.tensor([[0, 3, 128, 255]]) / 255
    guess = torch.tensor([[-0.99, -0.9, 0.02, 0.7]])
    noise, scaled = 0.05, 2 * x - 1
    low = np.where(x == 0, -np.inf, scaled - 1 / 255)
    high = np.where(x == 1, np.inf, scaled + 1 / 255)
    wanted = np.log(norm.cdf(high, guess, noise) - norm.cdf(low, guess, noise))
    found = densities.gaussian(x, (guess + 1) / 2, noise / 2)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_drawn_levels_stand_for_all_of_them():
    s = schedule("flow", 200)
    every = np.arange(6, 201)
    cost = np.log1p(s.snr[every - 1]) - np.log1p(s.snr[every])
    for seed in range(5):  # where terms are as large as expected, there is no chance at all
        told = levels(s, 5, 12, chance(seed))
        assert sum(w * cost[k - 6] for k, w in told) == pytest.approx(cost.sum())
    other = np.sqrt(every)
    random = chance()
    found = [sum(w * other[k - 6] for k, w in levels(s, 5, 12, random)) for _ in range(400)]
    assert np.mean(found) == pytest.approx(other.sum(), abs=4 * np.std(found) / 20)
    assert levels(s, 195, 12, random) == [(k, 1.0) for k in range(196, 201)]


def test_a_chain_ends_where_its_noise_is_some_grey_values():
    assert starts(schedule("flow", 1000)) == [8, 16, 31, 60]
    assert starts(schedule("linear", 1000))[0] == 1  # as Ho et al. have it
    assert starts(schedule("linear", 10, 0.2, 0.9)) == [1]


# Whole models ---------------------------------------------------------------------------------


def made(family: str, **values):
    data = blobs(48, (1, 12, 12), 0, "train"), blobs(40, (1, 12, 12), 1, "test")
    settings = recipe(family, "fashion-mnist", small(family, **values) | {"seed": 0})
    return build(settings, data[0].spec).eval().requires_grad_(False), *data


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("vae", {"loss": "l2"}),
        ("vae", {"loss": "l1"}),
        ("vae", {"loss": "bce"}),
        ("diffusion", {"T": 20}),
        ("diffusion", {"T": 20, "schedule": "linear", "target": "eps", "conditional": False}),
        ("latent-diffusion", {"T": 20}),
    ],
)
def test_a_model_has_a_bound_whose_terms_add_up(family, values):
    model, train, test = made(family, **values)
    *progress, found = likelihood(model, train, test, n=33, samples=3)
    assert progress == sorted(progress)
    assert progress[-1] == pytest.approx(1.0)
    assert isinstance(found, Bound)
    assert found.facts["images"] == 32  # whole chunks only
    assert found.nats == pytest.approx(sum(found.terms.values()), rel=1e-6)
    assert found.bits == pytest.approx(found.nats / 144 / math.log(2))
    assert 0 < found.error < found.nats


def test_a_class_that_is_told_is_paid_for():
    *_, found = likelihood(*made("diffusion", T=10), n=16)
    assert found.terms["class"] == pytest.approx(math.log(4))


def test_the_same_seed_gives_the_same_figure():
    model, train, test = made("vae")
    one, same = (list(likelihood(model, train, test, n=16, samples=2, seed=5))[-1] for _ in "ab")
    assert one == same


def test_why_others_have_none():
    for family, reason in (
        ("autoencoder", "how likely a latent is"),
        ("gan", "a surface of 4 dimensions among 144"),
    ):
        model, train, test = made(family)
        assert reason in why_not(model)
        with pytest.raises(InputError, match="Choose a VAE or a diffusion"):
            next(likelihood(model, train, test))
    model, _, _ = made("latent-diffusion", T=10, coder="autoencoder")
    assert "one point" in why_not(model)
    assert why_not(made("vae")[0]) == ""
