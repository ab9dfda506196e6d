"""The Fréchet distance between two Gaussians, and the cheapest features to use it with.

    d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)

(Dowson & Landau 1982; the "FID" of Heusel et al. 2017 uses features of an Inception network.)
"""

from dataclasses import dataclass

import numpy as np

AXES = 64  # principal pixel directions: enough for 9/10 of the variance of small pictures


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean D and covariance D D of features of ``n`` examples."""

    mean: np.ndarray
    covariance: np.ndarray
    n: int


def statistics(features: np.ndarray) -> Statistics:
    """Of features N D, in float64."""
    x = features.astype(np.float64)
    return Statistics(x.mean(0), np.cov(x, rowvar=False).reshape(x.shape[1], -1), len(x))


def frechet(a: Statistics, b: Statistics) -> float:
    """The squared Fréchet distance; 0 for equal Gaussians.

    The trace of (Σ₁ Σ₂)^½ is that of (Σ₁^½ Σ₂ Σ₁^½)^½, which is symmetric: two eigenproblems.
    """
    root = _root(a.covariance)
    inner = np.linalg.eigvalsh(root @ b.covariance @ root)
    trace = np.sqrt(np.clip(inner, 0, None)).sum()
    gap = ((a.mean - b.mean) ** 2).sum()
    return float(gap + np.trace(a.covariance) + np.trace(b.covariance) - 2 * trace)


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


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
