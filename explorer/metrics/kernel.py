"""The kernel distance between two sets of features: the KID of Bińkowski et al. 2018.

    MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y),    k(x, y) = (x·y / D + 1)³

It compares means, second and third moments, and its estimate is unbiased at any number of samples:
around 0, on either side, if both sets follow one law.
"""

from dataclasses import dataclass

import numpy as np

from explorer.metrics import checks

LEAST = 4  # samples of each kind: the fewest whose standard error can be estimated
BLOCK = 256  # rows of the table of kernel values, held at once


@dataclass(frozen=True)
class Kid:
    """``value`` and ``deviation``: mean and standard deviation over subsets of ``size`` samples.

    That is what tools print.  Subsets share samples, so the deviation is no error of the value: it
    is that of one subset, and 0 if ``size`` takes all.  ``full`` is the unbiased estimate from all
    samples at once, and ``error`` its standard error.
    """

    value: float
    deviation: float
    full: float
    error: float
    size: int


def kid(
    samples: np.ndarray, real: np.ndarray, subsets: int = 100, size: int = 1000, seed: int = 2020
) -> Kid:
    """Of features N D and M D, at least 4 each (InputError).

    Subsets and random numbers are torch-fidelity's, and so are ``value`` and ``deviation``.  Where
    it refuses fewer than ``size`` samples, subsets take as many as the smaller set has.  Equal
    samples are no obstacle: a kernel needs no spread.
    """
    x = checks.rows(samples, LEAST, "KID")
    y = checks.rows(real, LEAST, "KID", "real pictures")
    checks.alike(x, y)
    size = min(size, len(x), len(y))
    u, v = _members(len(x), len(y), subsets, size, seed)
    xx, yy, xy = _Sums(x, x, u, u), _Sums(y, y, v, v), _Sums(x, y, u, v)
    n = np.array([size] * subsets + [len(x)])
    m = np.array([size] * subsets + [len(y)])
    mmd = xx.total / (n * (n - 1)) + yy.total / (m * (m - 1)) - 2 * xy.total / (n * m)
    several, full = mmd[:-1], mmd[-1]
    error = np.sqrt(_variance(xx, yy, xy))
    return Kid(float(several.mean()), float(several.std()), float(full), float(error), size)


def _members(n: int, m: int, subsets: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Who is in each subset, as columns of 0 and 1, n S + 1 and m S + 1; in the last one, all."""
    random = np.random.RandomState(seed)
    u, v = np.zeros((n, subsets + 1)), np.zeros((m, subsets + 1))
    u[:, -1] = v[:, -1] = 1
    for i in range(subsets):
        u[random.choice(n, size, replace=False), i] = 1
        v[random.choice(m, size, replace=False), i] = 1
    return u, v


class _Sums:
    """Sums over the table n m of kernel values, without its diagonal if ``x`` is ``y``.

    ``total`` S + 1 over the members of each subset, so that one table serves them all; ``row`` n
    and ``column`` m; ``square`` of the squares.  Products are float32, whose rounding averages out
    over millions of them; everything after is float64.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, u: np.ndarray, v: np.ndarray):
        self.total, self.square = np.zeros(u.shape[1]), 0.0
        self.row, self.column = np.zeros(len(x)), np.zeros(len(y))
        columns = np.asarray(y, np.float32).T
        for i in range(0, len(x), BLOCK):
            here = slice(i, i + BLOCK)
            k = _kernel(np.asarray(x[here], np.float32), columns)
            if x is y:
                np.fill_diagonal(k[:, here], 0)
            sums = k @ v
            self.total += (u[here] * sums).sum(0)
            self.row[here] = sums[:, -1]
            self.column += k.sum(0)
            self.square += np.vdot(k, k)


def _kernel(x: np.ndarray, columns: np.ndarray) -> np.ndarray:
    k = (x @ columns).astype(np.float64)
    k /= len(columns)
    k += 1
    return k * k * k


def _variance(xx: _Sums, yy: _Sums, xy: _Sums) -> float:
    """Of the estimate from all samples: an unbiased one, but for parts that it finds negative.

    The estimate is a U-statistic.  By Hoeffding's decomposition its parts are uncorrelated: what
    each x and each y adds alone (of order 1/n, none if both laws are equal), and what only pairs
    add (of order 1/n², all that is left then).
    """
    n, m = len(xy.row), len(xy.column)
    pairs_x, pairs_y, pairs = _within(xx), _within(yy), _between(xy)
    alone_x = (xx.row / (n - 2) - xy.row / m).var(ddof=1) - pairs_x / (n - 2) - pairs / m
    alone_y = (yy.row / (m - 2) - xy.column / n).var(ddof=1) - pairs_y / (m - 2) - pairs / n
    first = 4 * max(0.0, alone_x) / n + 4 * max(0.0, alone_y) / m
    second = 2 * pairs_x / (n * (n - 1)) + 2 * pairs_y / (m * (m - 1)) + 4 * pairs / (n * m)
    return first + second


def _within(k: _Sums) -> float:
    """Variance of what a pair of one set adds: U-centring (Székely & Rizzo 2014, prop. 1)."""
    n, all_ = len(k.row), k.row.sum()
    left = k.square - 2 * (k.row @ k.row) / (n - 2) + all_**2 / ((n - 1) * (n - 2))
    return max(0.0, left / (n * (n - 3)))


def _between(k: _Sums) -> float:
    """Variance of what a pair of two sets adds: the residual of rows and columns."""
    n, m = len(k.row), len(k.column)
    left = k.square - (k.row @ k.row) / m - (k.column @ k.column) / n + k.row.sum() ** 2 / (n * m)
    return max(0.0, left / ((n - 1) * (m - 1)))
