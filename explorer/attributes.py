"""Directions in a latent space that mean something: differences between means of latents.

The vector of an attribute is the mean of the latents of images that have it less the mean of those
that do not (Larsen et al. 2016, section 4.1; White 2016, "Sampling Generative Networks").  Added
to any image's latents it gives the attribute, subtracted it takes it away, as far as the space is
straight; what else changes is measured by a classifier.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer.errors import InputError
from explorer.inventing import seen_by
from explorer.metrics.classifier import Classifier
from explorer.models.base import Decodes
from explorer.probes import decode, quietly


def vector(z: np.ndarray, has: np.ndarray, lacks: np.ndarray) -> np.ndarray:
    """The attribute's vector Z, from latents N Z of which some have it and some lack it (bool N).

    Raises InputError where either is none.
    """
    return mean_of(z, has) - mean_of(z, lacks)


def mean_of(z: np.ndarray, these: np.ndarray) -> np.ndarray:
    """The mean Z of some of latents N Z (bool N); InputError if there are none."""
    if not these.any():
        raise InputError("No image has this label, so it has no mean. Choose another one.")
    return z[these].mean(0, dtype=float).astype(np.float32)


def added(z: np.ndarray, direction: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Latents N Z, each with a direction Z added S times: N S Z."""
    return z[:, None] + strengths[None, :, None].astype(z.dtype) * direction


def off_effects(
    model: Decodes, judge: Classifier | None, z: np.ndarray, direction: np.ndarray, s: np.ndarray
) -> Iterator[float | tuple[np.ndarray | None, np.ndarray]]:
    """What a direction does to latents N Z at strengths ``s`` (S): how much is done, then figures.

    The share of their pictures that the classifier takes for each class, S K (None without one),
    and how far pictures move from where they were: root mean square a pixel, S.
    """
    before, seen, moved = decode(model, z), [], []
    for i, strength in enumerate(s):
        x = decode(model, z + np.float32(strength) * direction)
        moved.append(np.sqrt(np.square(x - before, dtype=float).mean()))
        if judge:
            found = np.bincount(seen_by(judge, x), minlength=len(judge.classes))
            seen.append(found / len(x))
        yield (i + 1) / len(s)
    yield np.array(seen) if judge else None, np.array(moved)


@quietly
def verdicts(judge: Classifier, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest class of float pictures N C H W, int N, and its probability, float N."""
    sure: Tensor = judge.logits(torch.from_numpy(x)).double().softmax(1)
    best = sure.max(1)
    return best.indices.numpy(), best.values.numpy()
