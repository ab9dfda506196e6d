r"""Probabilities of 8-bit pixels: a density around the drawn value, added up over each of 256 bins.

    log P(x) = log [ F(x + ½ · 1/255) − F(x − ½ · 1/255) ],    x ∈ {0, 1/255, … 1}

with all that lies below black or above white added to black and white (Ho et al. 2020, eq. 13).
The 256 probabilities add up to 1, so bits per dimension of any two models are about the same thing:
the picture as it is stored.  The log density of uniformly dequantised pixels, the usual stand-in,
is never above it, by Jensen's inequality (Theis et al. 2016, eq. 5).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

VALUES = 256
HALF = 0.5 / (VALUES - 1)  # half a bin of pixels in [0, 1]


def gaussian(x: Tensor, mean: Tensor, std: float) -> Tensor:
    """Log-probability of pixels ``x``, one each in nats: a Gaussian, what squared error means."""
    return _binned(torch.special.log_ndtr, x, mean, std)


def laplace(x: Tensor, mean: Tensor, scale: float) -> Tensor:
    """The same for a Laplace density of mean absolute deviation ``scale``: absolute error."""
    return _binned(_log_laplace_cdf, x, mean, scale)


def continuous_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """The same for cross-entropy: a density ∝ exp(x · logit) on [0, 1].

    Cross-entropy of pixels between 0 and 1 leaves out the factor that makes it a density
    (Loaiza-Ganem & Cunningham 2019).  Here [0, 1] is cut into 256 equal bins.
    """
    k = _exact(x) * (VALUES - 1)
    eta = logits.double()
    within = _log_sinhc(eta / (2 * VALUES)) - _log_sinhc(eta / 2) - math.log(VALUES)
    return eta * ((k + 0.5) / VALUES - 0.5) + within


def _exact(x: Tensor) -> Tensor:
    """Pixels in [0, 1] as float64, exactly on the 256 values, so that bins meet without gaps."""
    return (x.double() * (VALUES - 1)).round() / (VALUES - 1)


def _binned(log_cdf: Callable[[Tensor], Tensor], x: Tensor, mean: Tensor, scale: float) -> Tensor:
    """log of F(high) − F(low) of a symmetric density, taken on the side where F is small."""
    x, mean = _exact(x), mean.double()
    low = ((x - HALF - mean) / scale).masked_fill(x < HALF, -torch.inf)
    high = ((x + HALF - mean) / scale).masked_fill(x > 1 - HALF, torch.inf)
    right = low > 0
    low, high = torch.where(right, -high, low), torch.where(right, -low, high)
    below, above = log_cdf(low), log_cdf(high)
    return above + torch.log(-torch.expm1(below - above))


def _log_laplace_cdf(u: Tensor) -> Tensor:
    """log F of the standard Laplace density."""
    return torch.where(u < 0, u - math.log(2), torch.log1p(-0.5 * torch.exp(-u.clamp(min=0))))


def _log_sinhc(u: Tensor) -> Tensor:
    """log (sinh u / u), 0 at 0."""
    u = u.abs()
    small = u < 1e-3
    far = u.masked_fill(small, 1.0)
    return torch.where(small, u**2 / 6, far + torch.log(-torch.expm1(-2 * far) / (2 * far)))
