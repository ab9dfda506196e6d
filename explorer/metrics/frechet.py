"""The Fréchet distance between two Gaussians, and the cheapest features to use it with.

    d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)

(Dowson & Landau 1982; the "FID" of Heusel et al. 2017 uses features of an Inception network.)
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from explorer.errors import InputError

AXES = 64  # principal pixel directions: enough for 9/10 of the variance of small pictures


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean D and covariance D D of features of ``n`` examples."""

    mean: np.ndarray
    covariance: np.ndarray
    n: int

    @classmethod
    def factored(cls, mean: np.ndarray, factor: np.ndarray, n: int) -> "Statistics":
        """Of a covariance that is kept as its ``factor`` D D, which is not computed again."""
        found = cls(mean, _product(factor, factor.T), n)
        vars(found)["factor"] = factor
        return found

    @cached_property
    def factor(self) -> np.ndarray:
        """F D D with F Fᵀ the covariance; computed once.

        By Cholesky, a tenth of the time of the eigenvectors that a singular covariance needs.
        """
        covariance = torch.from_numpy(self.covariance)
        lower, failed = torch.linalg.cholesky_ex(covariance)
        if not failed:
            return lower.numpy()
        values, vectors = torch.linalg.eigh(covariance)
        return (vectors * values.clip(0).sqrt()).numpy()


class Moments:
    """Statistics of features that arrive in parts; nothing but two sums is kept.

    Sums are taken around the first part's mean, in float64, so that no digits are lost to a mean
    that is large beside the spread (the shifted data algorithm).
    """

    def __init__(self):
        self.n = 0

    def update(self, features: np.ndarray) -> None:
        """Features N D, N at least 1; a part that is not finite is refused (InputError)."""
        x = features.astype(np.float64)
        if not np.isfinite(x).all():
            raise InputError(
                "Some features are not finite numbers, so no distance would mean anything. "
                "Choose an earlier checkpoint."
            )
        if not self.n:
            self._around = x.mean(0)
            self._sum = np.zeros_like(self._around)
            self._square = np.zeros((x.shape[1],) * 2)
        x -= self._around
        self.n += len(x)
        self._sum += x.sum(0)
        self._square += _product(x.T, x)

    def compute(self) -> Statistics:
        """Of all parts; at least two examples (InputError)."""
        if self.n < 2:
            raise InputError(
                f"There are {self.n} examples, and one alone has no spread. Take at least 2."
            )
        offset = self._sum / self.n
        spread = self._square - self.n * np.outer(offset, offset)
        return Statistics(self._around + offset, spread / (self.n - 1), self.n)


def statistics(features: np.ndarray) -> Statistics:
    """Of features N D, in float64."""
    moments = Moments()
    moments.update(features)
    return moments.compute()


def frechet(a: Statistics, b: Statistics) -> float:
    """The squared Fréchet distance; 0 for equal Gaussians.

    With Σ₂ = F Fᵀ, the trace of (Σ₁ Σ₂)^½ is that of (Fᵀ Σ₁ F)^½, which is symmetric and has the
    same eigenvalues; F is kept with ``b``, so that a distance takes one eigenproblem.
    """
    inner = _spectrum(_product(_product(b.factor.T, a.covariance), b.factor))
    return _distance(a.mean, np.trace(a.covariance), b, np.sqrt(inner).sum())


def frechet_of(features: np.ndarray, b: Statistics) -> float:
    """The same for features N D of few examples, 2 ≤ N: an N x N problem where N < D.

    With Σ₁ = XᵀX / (N − 1), the trace of (Σ₁ Σ₂)^½ is the sum of the singular values of X F,
    over √(N − 1).
    """
    n, size = features.shape
    if n >= size or n < 2:
        return frechet(statistics(features), b)
    x = features.astype(np.float64)
    mean = x.mean(0)
    x -= mean
    y = _product(x, b.factor)
    trace = np.sqrt(_spectrum(_product(y, y.T)) / (n - 1)).sum()
    return _distance(mean, (x**2).sum() / (n - 1), b, trace)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """By torch, whose threads wait as this process was told to: numpy's spin, and starve others."""
    return (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()


def _spectrum(matrix: np.ndarray) -> np.ndarray:
    """Eigenvalues of a symmetric matrix, none below 0."""
    return torch.linalg.eigvalsh(torch.from_numpy(matrix)).clip(0).numpy()


def _distance(mean: np.ndarray, spread: float, b: Statistics, trace: float) -> float:
    gap = ((mean - b.mean) ** 2).sum()
    return float(gap + spread + np.trace(b.covariance) - 2 * trace)


@dataclass(frozen=True, eq=False)
class PixelAxes:
    """The leading principal directions D K of real pictures and their mean D, pixels in [0, 1]."""

    mean: np.ndarray
    axes: np.ndarray

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 pictures N ... -> N K."""
        return (flat(pictures) - self.mean) @ self.axes


def pixel_axes(pictures: np.ndarray) -> PixelAxes:
    """Fitted to real uint8 pictures N ..., of which there should be more than `AXES`."""
    x = flat(pictures)
    mean = x.mean(0)
    _, vectors = np.linalg.eigh(np.cov(x - mean, rowvar=False))
    return PixelAxes(mean, vectors[:, ::-1][:, :AXES])


def flat(pictures: np.ndarray) -> np.ndarray:
    """uint8 N ... -> float64 N D in [0, 1]."""
    return pictures.reshape(len(pictures), -1) / 255
