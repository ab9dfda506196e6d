"""Which classes generated pictures fall into: shares, entropy, and how many are left out.

A generator that has collapsed shows one class again and again.  Entropy is in nats (Shannon 1948);
its exponential is the effective number of classes: as many equally frequent ones would be as
uncertain (Hill 1973, "Diversity and Evenness", order 1).
"""

from dataclasses import dataclass

import numpy as np

LEAST = 0.1  # of its fair share, for a class or a mode to count as reached


@dataclass(frozen=True, eq=False)
class ClassShares:
    """How samples spread over K classes; ``shares`` K sums to 1."""

    shares: np.ndarray

    @property
    def entropy(self) -> float:
        """−Σ p ln p in nats: 0 for a single class, ln K for equal shares."""
        p = self.shares[self.shares > 0]
        return float(abs(-(p * np.log(p)).sum()))  # never −0

    @property
    def effective(self) -> float:
        """Effective number of classes, exp(entropy), from 1 to K."""
        return float(np.exp(self.entropy))

    @property
    def hit(self) -> int:
        """How many classes have at least a tenth of their fair share 1/K."""
        return int((self.shares >= LEAST / len(self.shares)).sum())


def class_shares(predicted: np.ndarray, classes: int) -> ClassShares:
    """Of at least one predicted class index (int N, from 0 to ``classes`` − 1)."""
    return ClassShares(np.bincount(predicted, minlength=classes) / len(predicted))


def condition_accuracy(asked: np.ndarray, predicted: np.ndarray) -> float:
    """Share of samples (int N each) that show the class that was asked for, from 0 to 1."""
    return float((asked == predicted).mean())
