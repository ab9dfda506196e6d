"""How well classes can be told from a representation: every test picture asks its neighbours.

The k nearest labelled training pictures vote (Cover & Hart 1967); nothing is trained, so the score
is the representation's own.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from explorer.errors import InputError
from explorer.metrics import checks
from explorer.metrics.neighbours import ROWS, cloud, squared

K = 10
NAME = "a vote of neighbours"


@dataclass(frozen=True)
class Accuracy:
    """Share of test pictures whose neighbours voted for their class, and its standard error."""

    value: float
    error: float


def knn_accuracy(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, wanted: np.ndarray, k: int = K
) -> Accuracy:
    """Of features N D and M D with classes from 0 (int N, M), by Euclidean distance.

    Raises InputError for fewer than ``k`` training pictures or features that are not finite.  The
    standard error is that of a share of M.
    """
    right = knn_classes(train, labels, test, k) == wanted
    share = float(right.mean())
    return Accuracy(share, sqrt(share * (1 - share) / len(right)))


def knn_classes(train: np.ndarray, labels: np.ndarray, test: np.ndarray, k: int = K) -> np.ndarray:
    """The class that most of the ``k`` nearest training pictures have; of equal ones the first."""
    if k < 1:
        raise InputError(f"k is {k}, but at least one neighbour has to vote.")
    t = checks.rows(train, k, NAME, "training pictures")
    q = checks.rows(test, 1, NAME)
    checks.alike(t, q)
    centre = t.mean(0)
    known, asked = cloud(t, centre), cloud(q, centre)
    found = np.empty(len(q), np.int64)
    for i in range(0, len(q), ROWS):
        away = squared(asked[i : i + ROWS], known)
        near = np.argpartition(away, k - 1, axis=1)[:, :k]
        found[i : i + ROWS] = _votes(labels[near])
    return found


def _votes(labels: np.ndarray) -> np.ndarray:
    """Of classes N k the most frequent in each row."""
    counts = (labels[:, :, None] == np.arange(labels.max() + 1)).sum(1)
    return counts.argmax(1)
