r"""What a denoising network may predict, and how each turns into the clean picture x_0.

    x = α x_0 + σ ε:   ε        the noise                           (Ho et al. 2020)
                       x_0      the picture
                       v        α ε − σ x_0                          (Salimans & Ho 2022)
                       velocity ε − x_0, where a straight path leads (Liu et al. 2023)

All four say the same, since x is known: each is linear in x_0, with the gain below.
"""

from typing import Literal

import torch
from torch import Tensor

Target = Literal["eps", "x0", "v", "velocity"]
TITLES = {
    "eps": "ε · the noise",
    "x0": "x₀ · the picture",
    "v": "v · a mixture of both",
    "velocity": "velocity · noise − picture",
}


def target(kind: Target, x0: Tensor, eps: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """What the network should say about ``alpha * x0 + sigma * eps``."""
    if kind == "eps":
        return eps
    if kind == "x0":
        return x0
    return alpha * eps - sigma * x0 if kind == "v" else eps - x0


def clean(kind: Target, said: Tensor, x: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x_0 from what the network ``said`` about ``x``."""
    if kind == "eps":
        return (x - sigma * said) / alpha
    if kind == "x0":
        return said
    if kind == "v":
        return (alpha * x - sigma * said) / (alpha**2 + sigma**2)
    return (x - sigma * said) / (alpha + sigma)


def gain(kind: Target, alpha: Tensor, sigma: Tensor) -> Tensor:
    """|d target / d x_0| at a fixed x: an error of 1 in x_0 is an error of this in the target."""
    if kind == "eps":
        return alpha / sigma
    if kind == "x0":
        return torch.ones_like(alpha)
    return (alpha**2 + sigma**2) / sigma if kind == "v" else (alpha + sigma) / sigma


def min_snr_weight(kind: Target, alpha: Tensor, sigma: Tensor, ceiling: float = 5.0) -> Tensor:
    """Weight that makes a squared error min(SNR, γ) times that of x_0 (Hang et al. 2023)."""
    snr = (alpha / sigma) ** 2
    return snr.clamp(max=ceiling) / gain(kind, alpha, sigma) ** 2
