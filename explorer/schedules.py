r"""Noise schedules: how much picture and how much noise there is at each level of a diffusion.

    x_k = α_k x_0 + σ_k ε,   ε ~ N(0, I),   k = 0 (the data) … T (the noise)

A schedule is the two tables α and σ.  The first three are variance preserving (α² + σ² = 1), where
ᾱ_k = α_k² = Π (1 − β_i); rectified flow goes straight from one end to the other.

Ho et al. 2020 (linear), Nichol & Dhariwal 2021 (cosine, eq. 17), Chen 2023, "On the Importance of
Noise Scheduling" (sigmoid, alg. 1), Liu et al. 2023 (rectified flow).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer.errors import InputError

Name = Literal["linear", "cosine", "sigmoid", "flow"]
TITLES = {
    "linear": "Linear β (DDPM)",
    "cosine": "Cosine",
    "sigmoid": "Sigmoid",
    "flow": "Straight path (rectified flow)",
}
Spacing = Literal["uniform", "quadratic", "log-snr"]
LARGEST_BETA = 0.999  # Nichol & Dhariwal: the last steps would otherwise remove everything


@dataclass(frozen=True, eq=False)
class Schedule:
    """``alpha`` and ``sigma`` are float64 tables of T + 1 levels; level 0 is (1, 0)."""

    name: Name
    alpha: np.ndarray
    sigma: np.ndarray

    @property
    def T(self) -> int:
        """Number of levels above the data."""
        return len(self.alpha) - 1

    def at(self, level: int) -> tuple[float, float]:
        """α and σ of one level."""
        return float(self.alpha[level]), float(self.sigma[level])

    @property
    def alpha_bar(self) -> np.ndarray:
        """ᾱ = α², the share of the picture's variance that is left: T + 1 values."""
        return self.alpha**2

    @property
    def beta(self) -> np.ndarray:
        """β_k = 1 − ᾱ_k / ᾱ_{k−1}, the noise that step k adds: T values."""
        return 1 - self.alpha_bar[1:] / self.alpha_bar[:-1]

    @property
    def snr(self) -> np.ndarray:
        """Signal-to-noise ratio α² / σ²: T + 1 values, infinite at the data."""
        with np.errstate(divide="ignore"):
            return self.alpha**2 / self.sigma**2

    @property
    def log_snr(self) -> np.ndarray:
        """λ = log(α / σ), half the logarithm of the SNR (Lu et al. 2022); ±∞ at pure ends."""
        with np.errstate(divide="ignore"):
            return np.log(self.alpha) - np.log(self.sigma)

    def levels(
        self, steps: int, spacing: Spacing = "uniform", start: int | None = None
    ) -> list[int]:
        """``steps`` + 1 falling levels from T to 0.  Raises InputError unless 1 <= steps <= T.

        Uniform in k; quadratic, denser near the data (Song et al. 2021, app. D.2); or even in λ.
        With ``start`` only the part of the way below that level.
        """
        whole = self._levels(steps, spacing)
        return whole if start is None else [start, *(k for k in whole if k < start)]

    def _levels(self, steps: int, spacing: Spacing) -> list[int]:
        if not 1 <= steps <= self.T:
            raise InputError(
                f"Steps is {steps}, but this model has {self.T} noise levels: it must be a whole "
                f"number between 1 and {self.T}."
            )
        wished = np.round(self._wished(steps, spacing)).astype(int)
        order = np.arange(steps + 1)  # strictly rising whatever the rounding did
        wished = np.maximum.accumulate(wished - order) + order
        return np.minimum(wished, self.T - steps + order)[::-1].tolist()

    def _wished(self, steps: int, spacing: Spacing) -> np.ndarray:
        even = np.linspace(0, 1, steps + 1)
        if spacing == "uniform":
            return self.T * even
        if spacing == "quadratic":
            return self.T * even**2
        if steps == 1:
            return self.T * even
        inner = self.log_snr[1:-1]  # T itself may be infinitely far away
        aims = np.linspace(inner[0], inner[-1], steps)[:-1]
        nearest = np.abs(inner[:, None] - aims).argmin(0) + 1
        return np.concatenate([[0], nearest, [self.T]])


def schedule(name: Name, T: int, beta_start: float = 1e-4, beta_end: float = 0.02) -> Schedule:
    """The schedule called ``name`` with T levels; the betas belong to ``linear`` alone."""
    if name == "linear" and beta_end < beta_start:
        raise InputError(
            f"β at the last step is {beta_end:g}, below β at the first step "
            f"({beta_start:g}). Noise has to grow: exchange them."
        )
    t = np.arange(T + 1) / T
    if name == "flow":
        return Schedule(name, 1 - t, t)
    if name == "linear":
        return _from_betas(name, np.linspace(beta_start, beta_end, T))
    alpha_bar = _cosine(t) if name == "cosine" else _sigmoid(t)
    return _from_betas(name, 1 - alpha_bar[1:] / alpha_bar[:-1])


def _from_betas(name: Name, beta: np.ndarray) -> Schedule:
    alpha_bar = np.concatenate([[1.0], np.cumprod(1 - np.minimum(beta, LARGEST_BETA))])
    return Schedule(name, np.sqrt(alpha_bar), np.sqrt(1 - alpha_bar))


def _cosine(t: np.ndarray, offset: float = 0.008) -> np.ndarray:
    return np.cos((t + offset) / (1 + offset) * np.pi / 2) ** 2


def _sigmoid(t: np.ndarray, start: float = -3, end: float = 3, tau: float = 1.0) -> np.ndarray:
    low, high, now = (1 / (1 + np.exp(-v / tau)) for v in (start, end, t * (end - start) + start))
    return np.clip((high - now) / (high - low), 1e-9, 1)
