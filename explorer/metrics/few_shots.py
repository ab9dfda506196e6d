"""How well classes can be told from a representation when only few labels are known.

Of each class 1, 2, 5 … labelled training pictures are chosen by chance, several times; then their
neighbours vote, or a line is drawn between the classes: logistic regression on frozen features, the
linear probe (Alain & Bengio 2017).  Neither changes the representation.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explorer.errors import InputError
from explorer.metrics import checks
from explorer.metrics.knn import knn_accuracy

LABELS = (1, 2, 5, 10, 50, 100)  # a class
CHOICES = 5  # of which pictures have a label
SEVERAL = 5  # neighbours that vote, as soon as a class has so many
ROUNDS = 1000  # of the solver, at most


@dataclass(frozen=True, eq=False)
class LabelCurve:
    """Share right with ``labels`` K a class: mean and standard error over choices, each K."""

    labels: tuple[int, ...]
    mean: np.ndarray
    error: np.ndarray


def few_shots(
    train: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray,
    wanted: np.ndarray,
    counts: tuple[int, ...] = LABELS,
    choices: int = CHOICES,
) -> Iterator[float | tuple[LabelCurve, LabelCurve]]:
    """How much is done (0 to 1), then the curves of the vote and of the probe.

    Of features N D and M D with classes from 0 (int N, M).  Counts that a class has too few
    pictures for are left out.  Raises InputError if that leaves none, or features are not finite.
    """
    counts = _possible(labels, counts)
    both = _centred(train, test)
    shares = np.empty((2, len(counts), choices))
    for i, n in enumerate(counts):
        for seed in range(choices):
            some = chosen(labels, n, seed)
            vote = knn_accuracy(train[some], labels[some], test, wanted, neighbours(n))
            told = labels[some], both[1], wanted
            shares[:, i, seed] = vote.value, probe_accuracy(both[0][some], *told)
            yield (i * choices + seed + 1) / (len(counts) * choices)
    means, errors = shares.mean(2), shares.std(2, ddof=1) / np.sqrt(choices)
    vote, probe = (LabelCurve(counts, m, e) for m, e in zip(means, errors, strict=True))
    yield vote, probe


def chosen(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Places of ``n`` pictures of each class of int N, by chance; fewer are part of more."""
    order = np.random.RandomState(seed).permutation(len(labels))  # its stream never changes
    return np.concatenate([order[labels[order] == c][:n] for c in np.unique(labels)])


def neighbours(n: int) -> int:
    """How many vote where ``n`` pictures of each class have labels: one, or `SEVERAL`."""
    return SEVERAL if n >= SEVERAL else 1


def probe_accuracy(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, wanted: np.ndarray
) -> float:
    """Share of test features M D that a linear classifier of N D puts into their class.

    Multinomial logistic regression with scikit-learn's usual penalty, C = 1.
    """
    from sklearn.linear_model import LogisticRegression  # takes a second

    found = LogisticRegression(max_iter=ROUNDS).fit(train, labels)
    return float((found.predict(test) == wanted).mean())


def _possible(labels: np.ndarray, counts: tuple[int, ...]) -> tuple[int, ...]:
    """The counts of labels a class that there are pictures for."""
    sizes = np.unique(labels, return_counts=True)[1]
    if len(sizes) < 2 or sizes.min() < min(counts):
        raise InputError(
            "Telling classes apart needs at least two of them, each with labelled pictures. "
            "Choose other data."
        )
    return tuple(n for n in counts if n <= sizes.min())


def _centred(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both around the training features' mean, in units of their mean deviation.

    One unit for all numbers: to blow up each to a deviation of 1 would make the latents that a VAE
    has given up as loud as the others.
    """
    rows = [checks.rows(x, 1, "a linear probe", "features") for x in (train, test)]
    checks.alike(*rows)
    mean, deviation = rows[0].mean(0), np.sqrt(rows[0].var(0).mean())
    return tuple((x - mean) / (deviation or 1) for x in rows)
