"""Are samples among the real pictures, and are real pictures among the samples?  By neighbours.

A ball around each picture, as far as its k-th nearest of the same kind, stands for where such
pictures are.  Improved precision and recall (Kynkäänniemi et al. 2019, k = 3) ask whether any ball
holds a picture of the other kind; density and coverage (Naeem et al. 2020, k = 5) count balls
around real pictures only, which a single odd sample cannot enlarge.
"""

from dataclasses import dataclass

import numpy as np

from explorer.errors import InputError
from explorer.metrics import checks
from explorer.metrics.neighbours import ROWS, cloud, squared

NEIGHBOURS = (3, 5)  # of precision and recall; of density and coverage
LEAST = NEIGHBOURS[1] + 1
# Of a squared radius: a picture at just this distance lies on the ball, despite rounding.
SLACK = 1e-5
NAME = "precision and recall"


@dataclass(frozen=True)
class Manifold:
    """Shares from 0 to 1, but for ``density``, which 1 is expected of at best and which may exceed.

    ``precision``: samples inside any real ball.  ``recall``: real pictures inside any sample's.
    ``density``: real balls a sample lies in, over k.  ``coverage``: real balls that hold a sample.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(
    samples: np.ndarray, real: np.ndarray, around_real: np.ndarray | None = None
) -> Manifold:
    """Of features N D and M D, at least 6 each; ``around_real`` is `radii` of ``real`` if known.

    InputError if all real pictures are equal.  Equal samples have balls of radius 0, thus recall 0
    wherever no real picture equals them.  Precision and recall are torch-fidelity's.
    """
    x = checks.rows(samples, LEAST, NAME)
    y = _varied(real)
    checks.alike(x, y)
    wide = (radii(y) if around_real is None else around_real).T
    own = radii(x)[:, :1]
    precise, counted = 0, 0
    recalled, covered = np.zeros((2, len(y)), bool)
    centre = y.mean(0, dtype=np.float64).astype(np.float32)
    a, b = cloud(x, centre), cloud(y, centre)
    for i in range(0, len(x), ROWS):
        here = slice(i, i + ROWS)
        away = squared(a[here], b)
        precise += (away <= wide[0] * (1 + SLACK)).any(1).sum()
        recalled |= (away <= own[here] * (1 + SLACK)).any(0)
        inside = away < wide[1] * (1 - SLACK)
        counted += inside.sum()
        covered |= inside.any(0)
    shares = precise / len(x), recalled.mean(), counted / len(x) / NEIGHBOURS[1], covered.mean()
    return Manifold(*map(float, shares))


def radii(features: np.ndarray) -> np.ndarray:
    """Squared distances N 2 from each row of N D to its third and fifth nearest other one."""
    x = checks.rows(features, LEAST, NAME)
    a = cloud(x, x.mean(0, dtype=np.float64).astype(np.float32))
    found = np.empty((len(x), 2), np.float32)
    for i in range(0, len(x), ROWS):
        here = slice(i, i + ROWS)
        away = squared(a[here], a)
        np.fill_diagonal(away[:, here], -1)  # before all others, which rounding may take below 0
        found[here] = np.partition(away, NEIGHBOURS, axis=1)[:, NEIGHBOURS]
    return found.clip(0)


def _varied(real: np.ndarray) -> np.ndarray:
    y = checks.rows(real, LEAST, NAME, "real pictures")
    if (y == y[0]).all():
        raise InputError(
            "All real pictures are equal, so nothing lies around them. Choose other data."
        )
    return y
