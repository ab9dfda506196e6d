r"""The importance-weighted bound of a VAE, with the density that its reconstruction loss means.

    log P(x) ≥ E log 1/K Σ_k w_k,    w_k = P(x | z_k) p(z_k) / q(z_k | x),    z_k ~ q(z | x)

(Burda et al. 2016, eq. 8): K = 1 is the evidence lower bound, and with K it rises to log P(x).
Squared error means a Gaussian, absolute error a Laplace density, cross-entropy a continuous
Bernoulli.  β says how wide the first two were while training, and rarely is that how wide they are:
the width is one more number to be learned, and any width gives a bound of its own model.
"""

import math

import torch
from torch import Tensor

from explorer import densities
from explorer.models.vae import VAE, in_sum_units
from explorer.probes import quietly

AT_ONCE = 64  # images


def importance_bound(log_weights: Tensor) -> Tensor:
    """log 1/K Σ_k w_k for log-weights K B: B, a lower bound on log P(x) (Burda et al., eq. 8)."""
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))


@quietly
def log_weights(
    model: VAE, x: Tensor, samples: int, scale: float, chance: torch.Generator
) -> Tensor:
    """log P(x | z) p(z) / q(z | x) of ``samples`` latents z ~ q(z | x): K B for x B C H W."""
    mean, std = model.posterior(x)
    found = []
    for _ in range(samples):
        z, log_q = drawn(mean, std, chance)
        log_p = -0.5 * z.double().square().sum(1) - _constant(z)
        found.append(log_pixels(model, x, z, scale) + log_p - log_q)
    return torch.stack(found)


def drawn(mean: Tensor, std: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """z ~ N(mean, std²), B Z, and the log of its density, B."""
    eps = torch.randn(mean.shape, generator=chance)
    log_q = -(0.5 * eps.double().square() + std.double().log()).sum(1) - _constant(mean)
    return mean + std * eps, log_q


def _constant(z: Tensor) -> float:
    return 0.5 * z.shape[1] * math.log(2 * math.pi)


def log_pixels(model: VAE, x: Tensor, z: Tensor, scale: float) -> Tensor:
    """log P(x | z) of 8-bit images x B C H W: the density that the reconstruction loss means."""
    if model.config.loss == "bce":
        pixels = densities.continuous_bernoulli(x, model.decoder(z).float())
    else:
        density = densities.gaussian if model.config.loss == "l2" else densities.laplace
        pixels = density(x, model.decode(z), scale)
    return pixels.flatten(1).sum(1)


@quietly
def decoder_scale(model: VAE, x: Tensor, chance: torch.Generator) -> float:
    """The width of the decoder's density that suits images x B C H W best.

    σ² is the mean squared error under q (Rybkin et al. 2021, "σ-VAE"), a Laplace density's scale
    the mean absolute error.  Cross-entropy has none, so 1.
    """
    if model.config.loss == "bce":
        return 1.0
    errors = []
    for some in x.split(AT_ONCE):
        z, _ = drawn(*model.posterior(some), chance)
        errors.append((model.decode(z) - some).abs())
    found = torch.cat(errors)
    return float(found.square().mean().sqrt() if model.config.loss == "l2" else found.mean())


def scale_of_beta(model: VAE) -> float:
    """The width that β stands for: ‖x − x̂‖² + β KL is −2σ² times the bound for σ² = β / 2.

    Up to a constant; with the absolute error β is the Laplace scale itself.
    """
    c = model.config
    beta = c.beta * in_sum_units(c.beta_unit, model.pixels, model.latent)
    return math.sqrt(beta / 2) if c.loss == "l2" else beta
