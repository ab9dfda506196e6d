"""Where two-dimensional Gaussians have their mass: ellipses to be drawn.

The squared Mahalanobis distance of a two-dimensional Gaussian follows a χ² with two degrees of
freedom, whose distribution is 1 − exp(−r²/2): so r² = −2 ln(1 − p) holds the mass p.
"""

import math

import numpy as np

from explorer.errors import InputError

CORNERS = 72  # of the line that stands for an ellipse


def radius(mass: float) -> float:
    """How many standard deviations around its mean hold this mass of a 2-D Gaussian."""
    if not 0 < mass < 1:
        raise InputError(f"The mass is {mass:g}, but an ellipse holds more than 0 and less than 1.")
    return math.sqrt(-2 * math.log1p(-mass))


def ellipse(mean: np.ndarray, covariance: np.ndarray, mass: float) -> np.ndarray:
    """The line, closed, that holds ``mass`` of N(mean 2, covariance 2 2): `CORNERS` + 1 points."""
    variances, directions = np.linalg.eigh(covariance)
    root = directions * np.sqrt(np.maximum(variances, 0))  # a flat one is a line
    angle = np.linspace(0, 2 * math.pi, CORNERS + 1)
    return mean + radius(mass) * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ root.T


def inside(points: np.ndarray, mean: np.ndarray, covariance: np.ndarray, mass: float) -> np.ndarray:
    """Which of N 2 points lie within that ellipse: bool N."""
    away = points - mean
    squares = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    return squares <= radius(mass) ** 2
