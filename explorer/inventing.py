"""Questions to a model that only invents: truncated samples, paths and planes through its latents.

Latents are drawn as `probes.sample` draws them, so one seed means the same pictures everywhere.
"""

import math
from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from explorer.answers import Condition, Paths, Styles
from explorer.denoising import slerp
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.layers import draw
from explorer.metrics.classifier import Classifier
from explorer.models.base import Decodes
from explorer.models.gan import GAN
from explorer.pictures import to_uint8
from explorer.probes import decode, quietly

SHIFT = 0.1  # how far a latent is moved to see what it does


def latents(model: Decodes, n: int, seed: int) -> Tensor:
    """The ``n`` latents from N(0, I) that samples of one seed begin with: n Z."""
    return draw(n, (model.latent,), own_randomness(seed, "sample"))


def truncated(z: Tensor, threshold: float) -> Tensor:
    r"""Latents of N(0, I) -> the same, of N(0, I) truncated to [−τ, τ].

    erf(z'/√2) = erf(z/√2) · erf(τ/√2): every number keeps its quantile.  Brock et al. 2019
    (BigGAN, section 3.1) draw anew what lies outside, so a picture would change at random as τ is
    moved; this has the same distribution and moves smoothly.
    """
    root = math.sqrt(2)
    inside = torch.erf(z.double() / root) * math.erf(threshold / root)
    return (root * torch.erfinv(inside)).to(z.dtype)


def spread(x: np.ndarray, classes: int = 1) -> float:
    """Root mean square difference a pixel of two pictures of one class: how diverse they are.

    The ``classes`` of the pictures N C H W come in turn, each at least twice.  The mean squared
    difference of all pairs is twice the (unbiased) variance.
    """
    groups = [x[i::classes].var(axis=0, ddof=1).mean() for i in range(classes)]
    return float(np.sqrt(2 * np.mean(groups)))


# Along paths --------------------------------------------------------------------------------------


def line(a: Tensor, b: Tensor, steps: int, straight: bool) -> Tensor:
    """``steps`` latents from ``a`` to ``b``: a straight line, or an arc of a sphere (Shoemake)."""
    t = torch.linspace(0, 1, steps).reshape(-1, *[1] * a.dim())
    return (1 - t) * a + t * b if straight else slerp(a, b, t)


def along(model: Decodes, z: Tensor, y: Tensor | None = None) -> Paths:
    """Rows of latents (rows columns Z; classes rows columns) as pictures, and how even each is."""
    rows, columns = z.shape[:2]
    x = decode(model, z.flatten(0, 1), None if y is None else y.flatten())
    step, jump = smoothness(x.reshape(rows, columns, *x.shape[1:]))
    shown = to_uint8(x)
    return Paths(shown.reshape(rows, columns, *shown.shape[1:]), step, jump)


def smoothness(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures rows columns C H W -> each row's mean step, and its largest step over the mean.

    A step is the root mean square difference a pixel of two neighbours.  The ratio is 1 for a row
    that changes evenly and columns − 1 for one jump; 1 too for a row that never changes.
    """
    steps = np.sqrt(np.square(np.diff(x, axis=1), dtype=float).mean(axis=(2, 3, 4)))
    mean = steps.mean(axis=1)
    return mean, np.divide(steps.max(axis=1), mean, out=np.ones_like(mean), where=mean > 0)


# In planes ----------------------------------------------------------------------------------------


def plane(
    model: Decodes, z: Tensor, axes: Tensor, reach: float, side: int, y: Tensor | None = None
) -> Paths:
    """Latents where ``axes`` (2 Z, orthonormal) run from −reach to reach and the rest is ``z``'s.

    The first axis runs to the right and the second downwards, ``side`` pictures each.
    """
    return along(model, over(z, axes, reach, side), y)


def over(z: Tensor, axes: Tensor, reach: float, side: int) -> Tensor:
    """The latents of such a plane: side side Z."""
    across, down = axes
    at = torch.linspace(-reach, reach, side)[:, None]
    rest = z - (z @ axes.T) @ axes
    return rest + (at * across)[None] + (at * down)[:, None]


def coordinates(size: int, first: int, second: int) -> Tensor:
    """Two axes of a latent space of ``size`` numbers, counted from 0: 2 Z."""
    if first == second or not 0 <= min(first, second) <= max(first, second) < size:
        raise InputError(
            f"Two different latents from 1 to {size} are needed, not {first + 1} and {second + 1}."
        )
    return torch.eye(size)[[first, second]]


def random_axes(size: int, seed: int) -> Tensor:
    """Two random directions at a right angle, each of length 1: 2 Z."""
    u, v = draw(2, (size,), own_randomness(seed, "directions"))
    u = u / u.norm()
    v = v - (v @ u) * u
    return torch.stack([u, v / v.norm()])


def steepest(model: Decodes, z: Tensor, y: Tensor | None = None) -> Tensor:
    """The two directions in which the picture of ``z`` (Z; class, 1) changes most: 2 Z.

    The first two right singular vectors of the Jacobian of the decoder at ``z``, by central
    differences.
    """
    shifts = SHIFT * torch.eye(len(z))
    told = None if y is None else y.expand(2 * len(z))
    ends = decode(model, torch.cat([z + shifts, z - shifts]), told).reshape(2, len(z), -1)
    jacobian = (ends[0] - ends[1]).astype(float) / (2 * SHIFT)  # Z pixels
    _, vectors = np.linalg.eigh(jacobian @ jacobian.T)  # the largest last, of either sign
    found = vectors[:, :-3:-1].T
    signs = np.sign(found[np.arange(2), np.abs(found).argmax(axis=1)])
    return torch.tensor(found * signs[:, None], dtype=torch.float32)


# With classes -------------------------------------------------------------------------------------


def styles(model: GAN, n: int, measured: int, seed: int) -> Styles:
    """Every class from the same ``n`` latents, and what classes and latents each decide.

    The shares are measured on ``measured`` latents.
    """
    count = len(model.classes)
    z = latents(model, measured, seed).repeat(count, 1)
    x = decode(model, z, torch.arange(count).repeat_interleave(measured))
    x = x.reshape(count, measured, *x.shape[1:])
    shown = to_uint8(x[:, :n].reshape(-1, *x.shape[2:]))
    return Styles(shown.reshape(count, n, *shown.shape[1:]), *shares(x))


def shares(x: np.ndarray) -> tuple[float, float, float]:
    """Of the variance of pictures classes N C H W: by the class, by the column, by the pair.

    A two-way analysis of variance, summed over pixels: variance of the rows' means, of the columns'
    means, and the rest.  The three add up to 1 (all 0 if nothing varies).
    """
    flat = x.reshape(*x.shape[:2], -1).astype(float)
    whole = flat.var(axis=(0, 1)).sum()
    if whole == 0:
        return 0.0, 0.0, 0.0
    rows = float(flat.mean(axis=1).var(axis=0).sum() / whole)
    columns = float(flat.mean(axis=0).var(axis=0).sum() / whole)
    return rows, columns, 1 - rows - columns


def between_classes(model: GAN, z: Tensor, first: int, second: int, steps: int) -> Paths:
    """Each of latents N Z, a row each, while its class goes from one embedding to another."""
    classes = model.generator.label.weight
    mixed = with_classes(model, line(classes[first], classes[second], steps, straight=True))
    return along(mixed, z[:, None].expand(-1, steps, -1), torch.arange(steps).expand(len(z), -1))


def with_classes(model: GAN, embeddings: Tensor) -> GAN:
    """The same model with other classes, K E: a copy, since models are shared."""
    mixed = deepcopy(model)
    mixed.generator.label = nn.Embedding.from_pretrained(embeddings)
    return mixed


def condition(
    model: GAN, classifier: Classifier, each: int, seed: int
) -> Iterator[float | Condition]:
    """Ask for every class ``each`` times and see what a classifier takes the pictures for.

    Yields how much is done (0 to 1), then the counts.
    """
    count = len(model.classes)
    z = latents(model, each, seed)
    counts, examples = np.zeros((count, count), dtype=np.int64), []
    for asked in range(count):
        x = decode(model, z, torch.full((each,), asked))
        seen = seen_by(classifier, x)
        counts[asked] = np.bincount(seen, minlength=count)
        examples.append(_firsts(to_uint8(x), seen, count))
        yield (asked + 1) / count
    yield Condition(counts, np.stack(examples), classifier.accuracy)


def _firsts(x: np.ndarray, seen: np.ndarray, count: int) -> np.ndarray:
    """The first picture of each class seen, black where there is none: count H W [3]."""
    found = np.zeros((count, *x.shape[1:]), np.uint8)
    classes, first = np.unique(seen, return_index=True)
    found[classes] = x[first]
    return found


@quietly
def seen_by(classifier: Classifier, x: np.ndarray) -> np.ndarray:
    """The class that a classifier finds likeliest for each of float pictures N C H W: int N."""
    return classifier.logits(torch.from_numpy(x)).argmax(1).numpy()
