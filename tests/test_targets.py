"""What a network may predict: each target holds the picture, and errors mean what is said."""

import pytest
import torch
from diffusers import DDPMScheduler
from diffusers.training_utils import compute_snr

from explorer import targets
from explorer.schedules import schedule

KINDS = ("eps", "x0", "v", "velocity")
NAMES = ("linear", "cosine", "sigmoid", "flow")


def coefficients(name: str, T: int = 1000) -> tuple[torch.Tensor, torch.Tensor]:
    """α and σ of levels 1 … T as columns, without an end where nothing of the picture is left."""
    made = schedule(name, T)
    kept = made.alpha[1:] > 1e-4
    return tuple(torch.tensor(table[1:][kept])[:, None] for table in (made.alpha, made.sigma))


def pair(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(n, 7, generator=generator, dtype=torch.float64) for _ in range(2))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_is_found_again(kind, name):
    alpha, sigma = coefficients(name)
    x0, eps = pair(len(alpha))
    said = targets.target(kind, x0, eps, alpha, sigma)
    found = targets.clean(kind, said, alpha * x0 + sigma * eps, alpha, sigma)
    assert torch.allclose(found, x0, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["x0", "v", "velocity"])
def test_the_picture_is_found_in_pure_noise_too(kind):
    """At α = 0, where x says nothing about x_0 and only the network can."""
    x0, eps = pair(3)
    alpha, sigma = torch.zeros(3, 1), torch.ones(3, 1)
    said = targets.target(kind, x0, eps, alpha, sigma)
    assert torch.allclose(targets.clean(kind, said, eps, alpha, sigma), x0)


def test_v_is_that_of_diffusers():
    reference = DDPMScheduler(num_train_timesteps=100)
    alpha, sigma = coefficients("linear", 100)
    x0, eps = (part.float() for part in pair(100))
    expected = reference.get_velocity(x0, eps, torch.arange(100))
    assert torch.allclose(targets.target("v", x0, eps, alpha, sigma).float(), expected, atol=1e-5)


def test_velocity_is_where_a_straight_path_leads():
    """d/dt ((1 − t) x_0 + t ε), by autograd."""
    x0, eps = pair(1)
    t = torch.tensor(0.3, dtype=torch.float64)
    along = torch.autograd.functional.jacobian(lambda t: (1 - t) * x0 + t * eps, t)
    assert torch.allclose(targets.target("velocity", x0, eps, 1 - t, t), along)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_gain_is_the_slope_of_the_target(kind, name):
    """With x held fixed, ε follows from x_0; the slope by autograd."""
    alpha, sigma = coefficients(name)
    x0, eps = pair(len(alpha))
    x0 = x0[:, :1].requires_grad_()
    x = (alpha * x0 + sigma * eps[:, :1]).detach()
    said = targets.target(kind, x0, (x - alpha * x0) / sigma, alpha, sigma)
    (slope,) = torch.autograd.grad(said.sum(), x0)
    assert torch.allclose(slope.abs(), targets.gain(kind, alpha, sigma), rtol=1e-9)


@pytest.mark.parametrize("T", [100, 1000])
def test_min_snr_weights_are_those_of_the_paper(T):
    """Hang et al. 2023: min(SNR, γ) for x_0, over SNR for ε, over SNR + 1 for v."""
    reference = DDPMScheduler(num_train_timesteps=T)
    snr = compute_snr(reference, torch.arange(T)).double()[:, None]
    alpha, sigma = coefficients("linear", T)
    table = {
        "x0": snr.clamp(max=5),
        "eps": snr.clamp(max=5) / snr,
        "v": snr.clamp(max=5) / (snr + 1),
    }
    for kind, expected in table.items():
        found = targets.min_snr_weight(kind, alpha, sigma)
        assert torch.allclose(found, expected, rtol=1e-3), kind  # theirs is float32


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_weighted_error_is_the_same_in_every_target(kind, name):
    """Weight times squared error of the target = min(SNR, γ) times that of x_0."""
    alpha, sigma = coefficients(name)
    x0, eps = pair(len(alpha))
    x = alpha * x0 + sigma * eps
    guess = x0 + 0.1
    said = targets.target(kind, guess, (x - alpha * guess) / sigma, alpha, sigma)
    error = (said - targets.target(kind, x0, eps, alpha, sigma)).square().mean(1, keepdim=True)
    weighted = targets.min_snr_weight(kind, alpha, sigma, ceiling=3.0) * error
    expected = (alpha / sigma).square().clamp(max=3.0) * 0.01
    assert torch.allclose(weighted, expected, rtol=1e-6)
