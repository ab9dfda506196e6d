"""How different samples are from each other, in pixels: small when a generator repeats itself."""

import numpy as np

MOST = 2000  # samples that are compared, each with each
ROWS = 256  # of the table of distances, held at once


def pairwise_distance(samples: np.ndarray) -> float:
    """Mean Euclidean distance between two different ones of the first `MOST` samples N ....

    In the unit of the samples; pixels in [0, 1] give at most √D. ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b,
    in float64 and around the mean, so that near repetitions keep their digits.  N is at least 2.
    """
    x = samples[:MOST].reshape(len(samples[:MOST]), -1).astype(np.float64)
    x = x - x.mean(0)
    square = (x**2).sum(1)
    total = 0.0
    for i in range(0, len(x), ROWS):
        rows = slice(i, i + ROWS)
        table = square[rows, None] + square - 2 * x[rows] @ x.T
        table[np.arange(len(table)), np.arange(len(x))[rows]] = 0  # with itself: exactly
        total += np.sqrt(table.clip(0)).sum()
    return float(total / (len(x) * (len(x) - 1)))
