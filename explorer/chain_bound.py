r"""The variational bound of a diffusion, for any schedule and any denoiser.

    −log p(x_0) ≤ KL( q(x_T | x_0) ‖ N(0, I) )
                + Σ_{k > s} ½ (SNR_{k−1} − SNR_k) E‖x_0 − x̂_0(x_k, k)‖²
                − E log p(x_0 | x_s),                             SNR_k = α_k² / σ_k²

in nats (Ho et al. 2020, eq. 5 and 13; Kingma et al. 2021, eq. 13, for any schedule).  The chain may
end at any level s: another s is another way to sample, and another bound.  Networks are poor at
noise finer than the grey values, which would cost a nat for each e-fold of it.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explorer.sampling import Denoiser
from explorer.schedules import Schedule

GREY = 2 / 255  # one grey value where pixels run from -1 to 1
STARTS = (1, 2, 4, 8)  # grey values of noise at which a chain may end

Last = Callable[[Tensor, Tensor, float], Tensor]  # x_0, x̂_0, σ_s / α_s -> −log p(x_0 | x_s), B


def chain_bound(
    denoise: Denoiser,
    schedule: Schedule,
    x0: Tensor,
    start: int,
    last: Last,
    chance: torch.Generator,
    draws: int | None = None,
) -> dict[str, Tensor]:
    """The three terms for x_0 (B ...), B each: "prior", "chain" and "last step".

    ``draws`` levels stand for all above ``start``, the same for the whole batch: an estimate
    without bias.  None: all of them.
    """
    chain = torch.zeros(len(x0), dtype=torch.float64)
    for k, weight in levels(schedule, start, draws, chance):
        chain += weight * step(denoise, schedule, x0, k, chance)
    guess = denoise(noised(schedule, x0, start, chance), start)
    a, s = schedule.at(start)
    return {"prior": prior(schedule, x0), "chain": chain, "last step": last(x0, guess, s / a)}


def prior(schedule: Schedule, x0: Tensor) -> Tensor:
    """KL(N(α_T x_0, σ_T²) ‖ N(0, 1)), summed: B; what is left of the picture at the last level."""
    a, s = schedule.at(schedule.T)
    return 0.5 * (s**2 + (a * _flat(x0)).square() - 1 - 2 * math.log(s)).sum(1)


def step(
    denoise: Denoiser, schedule: Schedule, x0: Tensor, k: int, chance: torch.Generator
) -> Tensor:
    """KL(q(x_{k−1} | x_k, x_0) ‖ p(x_{k−1} | x_k)) at one draw of x_k: B, never negative."""
    error = _flat(x0) - _flat(denoise(noised(schedule, x0, k, chance), k))
    snr = schedule.snr
    return 0.5 * float(snr[k - 1] - snr[k]) * error.square().sum(1)


def noised(schedule: Schedule, x0: Tensor, k: int, chance: torch.Generator) -> Tensor:
    """α_k x_0 + σ_k ε for new noise ε."""
    a, s = schedule.at(k)
    return a * x0 + s * torch.randn(x0.shape, generator=chance)


def levels(
    schedule: Schedule, start: int, draws: int | None, chance: torch.Generator
) -> list[tuple[int, float]]:
    """Levels above ``start`` and their weights, so that weighted terms add up to all, on average.

    A level is drawn as often as its term would be large for Gaussian data of variance 1, whose
    steps cost ½ log((1 + SNR_{k−1}) / (1 + SNR_k)) a number; all draws share one random offset.
    """
    every = np.arange(start + 1, schedule.T + 1)
    if draws is None or draws >= len(every):
        return [(int(k), 1.0) for k in every]
    cost = np.log1p(schedule.snr[every - 1]) - np.log1p(schedule.snr[every])
    share = cost / cost.sum()
    u = (np.arange(draws) + float(torch.rand((), generator=chance))) / draws
    found = np.searchsorted(share.cumsum(), u).clip(max=len(every) - 1)
    return [(int(every[i]), float(1 / (draws * share[i]))) for i in found]


def starts(schedule: Schedule) -> list[int]:
    """Levels at which a chain may end: the first ones with noise of 1, 2, 4 and 8 grey values."""
    noise = schedule.sigma[1:-1] / schedule.alpha[1:-1]
    found = (int((noise < grey * GREY).sum()) + 1 for grey in STARTS)
    return sorted({min(k, schedule.T - 1) for k in found})


def gaussian_last(x0: Tensor, guess: Tensor, noise: float) -> Tensor:
    """−log N(x_0; x̂_0, (σ_s / α_s)²) for numbers that are not rounded: B."""
    error = (_flat(x0) - _flat(guess)) / noise
    volume = math.log(noise * math.sqrt(2 * math.pi))
    return (0.5 * error.square() + volume).sum(1)


def _flat(x: Tensor) -> Tensor:
    return x.flatten(1).double()
