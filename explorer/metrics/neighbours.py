"""Distances from many rows to many others, in blocks, by ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b.

Products of matrices are what a processor does best, but that formula loses the digits of small
distances.  So rows are taken around a common centre, and where it matters the formula only says
which rows cannot be nearest.
"""

from dataclasses import dataclass

import numpy as np

from explorer.metrics import checks

ROWS = 256  # of a table of distances, and
COLUMNS = 8192  # of it, held at once
SPARE = 8  # candidates beyond those asked for


@dataclass(frozen=True, eq=False)
class Cloud:
    """Rows N D around a centre, and their squared lengths N."""

    x: np.ndarray
    square: np.ndarray

    def __getitem__(self, part: slice) -> "Cloud":
        return Cloud(self.x[part], self.square[part])


def cloud(rows: np.ndarray, centre: np.ndarray, kind: type = np.float32) -> Cloud:
    """Rows N D around a centre D."""
    x = (rows - centre).astype(kind)
    return Cloud(x, np.einsum("nd,nd->n", x, x))


def squared(a: Cloud, b: Cloud, less: float = 0.0) -> np.ndarray:
    """Squared distances N M, around the same centre, less that share of ‖a‖² + ‖b‖²."""
    table = a.x @ b.x.T
    table *= -2 / (1 - less)
    table += a.square[:, None]
    table += b.square
    table *= 1 - less
    return table


def margin(size: int, kind: type) -> float:
    """More than ‖a‖² + ‖b‖² − 2 a·b of ``size`` values can be off, as a share of ‖a‖² + ‖b‖²."""
    return 2 * (size + 8) * float(np.finfo(kind).eps)


def nearest(queries: np.ndarray, table: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Which ``k`` rows of ``table`` M ... are nearest to each query N ...: int N k, nearest first.

    And how far away they are, Euclidean, float64 N k, in the unit of the rows; uint8 pictures count
    as pixels in [0, 1].  Exact: float32 finds candidates, and where their true distances do not
    prove that nothing else is nearer, as among many repetitions, float64 looks again.
    """
    q = checks.rows(queries, 1, "a search")
    t = checks.rows(table, k, "a search", "pictures to search")
    checks.alike(q, t)
    found, away, sure = _search(q, t, k, np.float32)
    if not sure.all():
        found[~sure], away[~sure], _ = _search(q[~sure], t, k, np.float64)
    return found, away / 255 if q.dtype == t.dtype == np.uint8 else away


def _search(q: np.ndarray, t: np.ndarray, k: int, kind: type) -> tuple[np.ndarray, ...]:
    """The nearest, their distances, and which queries they are proven for."""
    some = min(k + SPARE, len(t))
    bounds = np.full((len(q), some), np.inf, kind)  # no true squared distance is below
    found = np.zeros((len(q), some), np.int64)
    centre = q.mean(0, dtype=np.float64).astype(kind)
    less = margin(q.shape[1], kind)
    a = cloud(q, centre, kind)
    for j in range(0, len(t), COLUMNS):
        b = cloud(t[j : j + COLUMNS], centre, kind)
        for i in range(0, len(q), ROWS):
            here = slice(i, i + ROWS)
            low = squared(a[here], b, less)
            bounds[here], found[here] = _kept(bounds[here], found[here], low, j)
    return _proven(q, t, found, bounds, k)


def _kept(bounds: np.ndarray, found: np.ndarray, low: np.ndarray, start: int) -> tuple:
    """The smallest bounds R S among those so far and a table of new ones, and whose they are."""
    some = bounds.shape[1]
    new = np.argpartition(low, min(some, low.shape[1]) - 1, axis=1)[:, :some]
    bounds = np.concatenate([bounds, np.take_along_axis(low, new, 1)], 1)
    found = np.concatenate([found, new + start], 1)
    best = np.argpartition(bounds, some - 1, axis=1)[:, :some]
    return np.take_along_axis(bounds, best, 1), np.take_along_axis(found, best, 1)


def _proven(
    q: np.ndarray, t: np.ndarray, found: np.ndarray, bounds: np.ndarray, k: int
) -> tuple[np.ndarray, ...]:
    """True distances of the candidates; all other rows are at least as far as the last bound."""
    away = np.empty(found.shape)
    for i in range(0, len(q), ROWS):
        here = slice(i, i + ROWS)
        gap = t[found[here]].astype(np.float64)
        gap -= q[here, None]
        away[here] = np.sqrt(np.einsum("nsd,nsd->ns", gap, gap))
    order = np.lexsort((found, away))[:, :k]
    found, away = (np.take_along_axis(x, order, 1) for x in (found, away))
    sure = away[:, -1] ** 2 <= bounds.max(1)
    return found, away, sure if bounds.shape[1] < len(t) else np.ones_like(sure)
