"""The scores of a competitor, by name, from its pictures and their features; each with its error.

What cannot be measured honestly is left out: a figure is here because it means something.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from explorer.answers import Score
from explorer.device import own_randomness
from explorer.metrics.classes import class_shares
from explorer.metrics.classifier import Classifier
from explorer.metrics.diversity import pairwise_distance
from explorer.metrics.frechet import Statistics, frechet_of
from explorer.metrics.inception_score import classifier_score
from explorer.metrics.kernel import kid
from explorer.metrics.manifold import manifold
from explorer.metrics.memorised import memorised
from explorer.metrics.sharpness import sharpness
from explorer.metrics.uncertainty import at_infinity

SOME = 2000  # real pictures, and samples, among which neighbours are looked for
HALVES = 8  # random halves for the error of a distance

ENOUGH = 4  # points of a curve through which a line to infinitely many samples is drawn

Scores = Iterator[tuple[str, Score] | None]  # None: still at work


def of_pictures(pictures: np.ndarray, real: np.ndarray) -> Scores:
    """Diversity and sharpness of uint8 N H W [3]; the sharpness of real ones is 1."""
    yield "pairwise distance", Score(pairwise_distance(pictures / np.float32(255)))
    yield "sharpness", Score(sharpness(pictures, real[:SOME]).ratio)


def of_classes(features: np.ndarray, judge: Classifier) -> Scores:
    """What the classifier's features N 128 tell: its distance, and which classes there are."""
    found = judge.distance(torch.tensor(features))
    half = [judge.distance(torch.tensor(features[rows])) for rows in halves(len(features))]
    yield "classifier distance", Score(found, float(np.std(half)))
    probabilities = judge.read(torch.tensor(features)).double().softmax(1).numpy()
    shares = class_shares(probabilities.argmax(1), len(judge.classes))
    yield "effective classes", Score(shares.effective)
    told = classifier_score(probabilities)
    yield "classifier score", Score(told.value, told.deviation)


def of_features(
    features: np.ndarray,
    real: np.ndarray,
    against: Statistics,
    curve: Sequence[tuple[int, float]],
) -> Scores:
    """What the Inception features N 2048 tell, beside those of some real pictures M 2048.

    ``curve``: the FID of the first n of them, for several n.
    """
    half = []
    for rows in halves(len(features)):
        half.append(frechet_of(features[rows], against))
        yield None
    yield "FID", Score(curve[-1][1], float(np.std(half, ddof=1)))
    if len(curve) >= ENOUGH:
        beyond = at_infinity(*zip(*curve, strict=True), nested=True)
        yield "FID at infinity", Score(beyond.value, beyond.error)
    kernel = kid(features, real)
    yield "KID", Score(kernel.full, kernel.error)
    yield None
    near = manifold(features[:SOME], real[:SOME])
    for name in ("precision", "recall", "density", "coverage"):
        yield name, Score(getattr(near, name))


def of_copies(features: np.ndarray, train: np.ndarray, test: np.ndarray) -> Scores:
    """Whether samples N D lie nearer to training pictures than to test pictures, M D each."""
    found = memorised(features[:SOME], train, test)
    yield "nearer to training", Score(found.nearer, found.error)
    yield "copies", Score(found.copied)


def halves(n: int) -> Iterator[np.ndarray]:
    """Indices of random halves of ``n``.

    The standard deviation of a smooth statistic over them is its standard error on all ``n`` (the
    delete-d jackknife of Shao & Wu 1989 with d = n / 2, whose factor (n − d) / d is 1).
    """
    for i in range(HALVES):
        yield torch.randperm(n, generator=own_randomness(0, "half", i))[: n // 2].numpy()
