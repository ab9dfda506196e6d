"""Which modes of a known mixture of Gaussians generated points reach, and how many lie between.

A point is near a mode if it lies within three of its standard deviations, as 98.9 % of the true
points do in the plane (1 − exp(−9/2)); so counted by Srivastava et al. 2017 (VEEGAN).
"""

from dataclasses import dataclass

import numpy as np

from explorer.data import Mixture
from explorer.metrics.classes import LEAST

NEAR = 3.0  # standard deviations


@dataclass(frozen=True, eq=False)
class ModeShares:
    """``shares`` K: of all points, those near each mode; they sum to at most 1."""

    shares: np.ndarray
    weights: np.ndarray  # K, the fair shares

    @property
    def near(self) -> float:
        """Share of points within three standard deviations of their nearest mode, 0 to 1."""
        return float(self.shares.sum())

    @property
    def covered(self) -> int:
        """How many modes have at least a tenth of their fair share of all points near them."""
        return int((self.shares >= LEAST * self.weights).sum())


def mode_shares(points: np.ndarray, modes: Mixture) -> ModeShares:
    """Of at least one point, N 2."""
    away = np.linalg.norm(points[:, None] - modes.means, axis=-1)  # N K
    nearest = away.argmin(1)
    near = away.min(1) <= NEAR * modes.std
    counts = np.bincount(nearest[near], minlength=len(modes.means))
    return ModeShares(counts / len(points), modes.weights)
