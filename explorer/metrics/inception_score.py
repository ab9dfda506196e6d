"""Are samples of a clear class each, and of all classes together?  The score of a classifier.

    exp(E KL(p(y|x) ‖ p(y)))

from 1 (it cannot tell, or always sees the same) to K (certain each time, all classes as often).
This is the formula of the Inception Score (Salimans et al. 2016), whose p(y|x) comes from the 1,000
classes of ImageNet.  With another classifier it is another number: it is called the classifier
score, and never compared with Inception Scores.  It sees no real picture, so it cannot tell whether
samples look like any, nor how much samples of a class differ.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from explorer.errors import InputError
from explorer.metrics import checks

NAME = "the classifier score"


@dataclass(frozen=True)
class ClassifierScore:
    """Mean ``value`` and standard ``deviation`` over equal parts of the samples.

    Each part has too few samples for all classes to show, so the score of few samples is too low.
    """

    value: float
    deviation: float


def classifier_score(
    probabilities: np.ndarray, splits: int = 10, seed: int = 2020
) -> ClassifierScore:
    """Of class probabilities N K, at least two samples a part (InputError).

    Order and parts are torch-fidelity's, and so is the result for the same probabilities.
    """
    p = checks.rows(probabilities, 2 * splits, NAME).astype(np.float64)
    if (p < 0).any() or abs(p.sum(1) - 1).max() > 1e-3:
        raise InputError(
            "Class probabilities are negative or do not sum to 1. Take a softmax of the logits."
        )
    p = p[np.random.RandomState(seed).permutation(len(p))]
    edges = np.arange(splits + 1) * len(p) // splits
    scores = [_score(p[a:b]) for a, b in pairwise(edges)]
    return ClassifierScore(float(np.mean(scores)), float(np.std(scores)))


def _score(p: np.ndarray) -> float:
    ratio = np.divide(p, p.mean(0), out=np.ones_like(p), where=p > 0)  # 0 ln 0 = 0
    return float(np.exp((p * np.log(ratio)).sum(1).mean()))
