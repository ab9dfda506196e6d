r"""Two models' latents of the same images laid over each other, to see which images moved.

    min over rotations Q and s > 0 of  ‖A − s B Q‖²,    B^T A = U Σ V^T,   Q = U V^T,   s = tr Σ

for centred A, B of length 1 (orthogonal Procrustes, Schönemann 1966; Gower 1975).  No coordinate of
one model means anything in another, but who is near whom does: a rotation (or reflection) and one
scale cost nothing, and what is left over is a real difference.
"""

from dataclasses import dataclass

import numpy as np

from explorer.errors import InputError
from explorer.mapping import principal, widened

KEPT = 64  # principal axes of each model that are compared


@dataclass(frozen=True, eq=False)
class Fit:
    """``first`` and ``second`` N D, centred, of root mean square radius 1, the second turned.

    ``disparity`` in [0, 1] is the share of the first one's variance that the second does not
    explain: 0 if they differ by nothing but a rotation, a scale and a shift.
    """

    first: np.ndarray
    second: np.ndarray
    disparity: float

    @property
    def moved(self) -> np.ndarray:
        """How far each image lies from its twin, float64 N, in radii of the whole cloud."""
        return np.linalg.norm(self.first - self.second, axis=1)


def procrustes(a: np.ndarray, b: np.ndarray) -> Fit:
    """Turn, scale and shift ``b`` N D onto ``a`` N E; zeros widen the narrower one.

    Raises InputError if one of them is a single point.
    """
    wide = max(a.shape[1], b.shape[1])
    a, b = (_unit(widened(x, wide)) for x in (a, b))
    u, s, v = np.linalg.svd(b.T @ a, full_matrices=False)
    scale = float(s.sum())  # at most 1
    radius = np.sqrt(len(a))
    return Fit(radius * a, radius * scale * (b @ (u @ v)), max(0.0, 1 - scale**2))


def _unit(x: np.ndarray) -> np.ndarray:
    """Centred and of length 1."""
    x = x - x.mean(0, dtype=np.float64)
    length = np.linalg.norm(x)
    if not length > 0:
        raise InputError(
            "All latents of one model are the same, so there is nothing to align. "
            "Choose another model."
        )
    return x / length


def aligned(a: np.ndarray, b: np.ndarray) -> tuple[Fit, tuple[float, float]]:
    """Latents N D and N E of the same images, along their first `KEPT` principal axes each.

    And what share of each one's variance those hold.
    """
    axes = [principal(z, KEPT) for z in (a, b)]
    fit = procrustes(*(one.of(z) for one, z in zip(axes, (a, b), strict=True)))
    return fit, tuple(float(one.share.sum()) for one in axes)
