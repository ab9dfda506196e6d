r"""Samplers: generators that walk from noise to data and show every step on the way.

A *denoiser* guesses x_0 from (x_k, k); the noise it thereby sees is ε = (x_k − α_k x_0) / σ_k.
Every sampler walks down a list of levels.  The probability-flow ODE of any schedule is

    dx = x_0(x, k) dα + ε(x, k) dσ

whose Euler step is DDIM with η = 0 and whose trapezoid rule is Heun's method.

Ho et al. 2020 (DDPM), Song et al. 2021 (DDIM, eq. 12 and 16; the ODE, eq. 14), Karras et al. 2022
(Heun), Lu et al. 2022 (DPM-Solver++(2M), alg. 2), Ho & Salimans 2022 (guidance).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from explorer.config import Settings, setting
from explorer.errors import NonFinite
from explorer.schedules import Schedule, Spacing

if TYPE_CHECKING:  # samplers are arithmetic: the web process reads their settings without torch
    from torch import Tensor

Denoiser = Callable[["Tensor", int], "Tensor"]  # x_k (B ...) and its level k -> x_0 (B ...)
Noise = Callable[["Tensor"], "Tensor"]  # standard normal noise in the shape of its argument


class Step(NamedTuple):
    """One moment of sampling: ``x`` at time ``t`` (1 is noise, 0 data) and the guess ``x0``."""

    t: float
    x: Tensor  # N ...
    x0: Tensor  # N ...


class SampleSettings(Settings):
    """How a diffusion model is sampled."""

    sampler: Literal["ddim", "euler", "heun", "dpm"] = setting(
        "dpm",
        "Sampler",
        "How a step is made. DDIM with η = 1 is DDPM. Euler on the probability-flow ODE is DDIM "
        "with η = 0. Heun looks twice a step, DPM-Solver++ also uses the step before.",
        labels={
            "ddim": "DDPM / DDIM",
            "euler": "Euler",
            "heun": "Heun",
            "dpm": "DPM-Solver++(2M)",
        },
        group="Sampling",
    )
    steps: int = setting(
        20,
        "Steps",
        "How many times x changes on its way from noise to data; at most the model's T.",
        ge=1,
        le=1000,
        log=True,
        group="Sampling",
    )
    spacing: Spacing = setting(
        "uniform",
        "Spacing",
        "Where the steps lie: evenly in time, denser near the data, or evenly in log-SNR.",
        labels={"uniform": "Even in t", "quadratic": "Denser near data", "log-snr": "Even log-SNR"},
        group="Sampling",
        advanced=True,
    )
    eta: float = setting(
        0.0,
        "η (fresh noise)",
        "0: no noise is added, the same start always ends in the same picture (DDIM). "
        "1: all that DDPM adds.",
        ge=0,
        le=1,
        group="Sampling",
        when=("sampler", ("ddim",)),
    )
    guidance: float = setting(
        1.0,
        "Guidance",
        "How far beyond its class a sample is pushed: 0 ignores the class, 1 asks for it, "
        "more exaggerates it (classifier-free guidance).",
        ge=0,
        le=10,
        group="Sampling",
    )
    label: int | None = setting(
        None,
        "Class",
        "The number of the class to draw; not set: all of them in turn.",
        ge=0,
        le=10_000,
        group="Sampling",
    )

    @property
    def calls(self) -> int:
        """How often the network is asked; guidance other than 0 and 1 asks twice each time."""
        looks = 2 * self.steps - 1 if self.sampler == "heun" else self.steps
        return looks * (1 if self.guidance in (0, 1) else 2)


USUAL = {"sampler": "heun", "steps": 10}  # what models are measured with, unless told otherwise


def walk(
    denoise: Denoiser,
    schedule: Schedule,
    x: Tensor,
    levels: list[int],
    settings: SampleSettings,
    noise: Noise,
) -> Iterator[Step]:
    """From ``x`` at the first of ``levels`` down to data, as the settings say (NonFinite)."""
    if settings.sampler == "ddim":
        return reverse(denoise, schedule, x, levels, settings.eta, noise)
    solver = {"euler": reverse, "heun": heun, "dpm": dpm_solver}[settings.sampler]
    return solver(denoise, schedule, x, levels)


def reverse(
    denoise: Denoiser,
    schedule: Schedule,
    x: Tensor,
    levels: list[int],
    eta: float = 0.0,
    noise: Noise | None = None,
) -> Iterator[Step]:
    """DDPM (eta 1), DDIM (eta 0) and everything between them."""
    for k, to in pairwise(levels):
        x0 = yield from _look(denoise, schedule, x, k)
        (a, s), (a_to, s_to) = schedule.at(k), schedule.at(to)
        fresh = eta * s_to * math.sqrt(max(0.0, 1 - (a * s_to / (a_to * s)) ** 2))
        x = a_to * x0 + math.sqrt(s_to**2 - fresh**2) * _eps(schedule, x, x0, k)
        if fresh > 0:  # never at the last step, where s_to is 0
            x = x + fresh * noise(x)
    yield Step(0.0, x, x)


def heun(denoise: Denoiser, schedule: Schedule, x: Tensor, levels: list[int]) -> Iterator[Step]:
    """The trapezoid rule on the probability-flow ODE; Euler's at the last step."""
    for k, to in pairwise(levels):
        x0 = yield from _look(denoise, schedule, x, k)
        eps = _eps(schedule, x, x0, k)
        (a, s), (a_to, s_to) = schedule.at(k), schedule.at(to)
        if to > 0:
            ahead = a_to * x0 + s_to * eps
            x0_ahead = _checked(denoise(ahead, to), to, schedule)
            x0 = (x0 + x0_ahead) / 2
            eps = (eps + _eps(schedule, ahead, x0_ahead, to)) / 2
        x = x + (a_to - a) * x0 + (s_to - s) * eps
    yield Step(0.0, x, x)


def dpm_solver(
    denoise: Denoiser, schedule: Schedule, x: Tensor, levels: list[int]
) -> Iterator[Step]:
    """DPM-Solver++(2M): the guess is extrapolated along λ; first order at both ends."""
    log_snr = schedule.log_snr.tolist()
    before, h_before = None, math.inf
    for k, to in pairwise(levels):
        x0 = yield from _look(denoise, schedule, x, k)
        h = log_snr[to] - log_snr[k]
        guess = x0
        if before is not None and to > 0:
            guess = x0 + (x0 - before) * h / (2 * h_before)
        (_, s), (a_to, s_to) = schedule.at(k), schedule.at(to)
        x = (s_to / s) * x - a_to * math.expm1(-h) * guess
        before, h_before = x0, h
    yield Step(0.0, x, x)


def _look(denoise: Denoiser, schedule: Schedule, x: Tensor, k: int) -> Iterator[Step]:
    """Ask the denoiser, show the step, and hand the guess on."""
    x0 = _checked(denoise(x, k), k, schedule)
    yield Step(k / schedule.T, x, x0)
    return x0


def _checked(x0: Tensor, k: int, schedule: Schedule) -> Tensor:
    if x0.isfinite().all():
        return x0
    raise NonFinite(
        f"The denoiser's answer at noise level {k} of {schedule.T} is not a number. Choose another "
        "checkpoint, or fewer or more steps."
    )


def _eps(schedule: Schedule, x: Tensor, x0: Tensor, k: int) -> Tensor:
    """The noise that a guess x_0 implies."""
    a, s = schedule.at(k)
    return (x - a * x0) / s


def eps_of(schedule: Schedule, step: Step) -> Tensor:
    """The predicted noise of a step; none is left at t = 0."""
    k = round(step.t * schedule.T)
    return _eps(schedule, step.x, step.x0, k) if k else 0 * step.x


def guided(conditional: Denoiser, unconditional: Denoiser, scale: float) -> Denoiser:
    """Classifier-free guidance: x_0 = x_0(∅) + w (x_0(y) − x_0(∅)), a denoiser again.

    ``scale`` w: 0 unconditional, 1 conditional, more exaggerates the class.  It is the same in
    every target, since all are linear in x_0.
    """
    if scale in (0, 1):
        return conditional if scale else unconditional

    def denoise(x: Tensor, k: int) -> Tensor:
        without = unconditional(x, k)
        return without + scale * (conditional(x, k) - without)

    return denoise


def inpainted(denoise: Denoiser, known: Tensor, mask: Tensor) -> Denoiser:
    """A denoiser that is sure of x_0 where ``mask`` is 1: the rest grows to fit ``known``.

    The known part of x then follows its own noise exactly (Song et al. 2021, app. I.2).
    """
    return lambda x, k: mask * known + (1 - mask) * denoise(x, k)


def clipped(denoise: Denoiser, low: float = -1.0, high: float = 1.0) -> Denoiser:
    """A denoiser whose guesses stay where pictures are."""
    return lambda x, k: denoise(x, k).clamp(low, high)
