"""A model that invents pictures from latents: truncation, paths, planes, classes asked for."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer import catalog, charting, inventing
from explorer.answers import Condition, Paths, Samples, Styles
from explorer.errors import InputError
from explorer.metrics.classifier import classifier, problem
from explorer.models.base import Decodes, Judges, Model
from explorer.pictures import to_uint8
from explorer.probes import CHUNK, as_input, decode
from explorer.questions.subjects import fitted, model_of

MOST = 256  # pictures in an answer
MEASURED = 48  # latents that shares of variance are measured on


def truncated(checkpoint: str, n: int, seed: int, threshold: float) -> tuple[Samples, float]:
    """Samples of latents truncated to [−threshold, threshold], and their `inventing.spread`."""
    model = _inventor(checkpoint)
    if not 0 < threshold <= 10:
        raise InputError(f"The threshold is {threshold:g}, but must be above 0 and at most 10.")
    classes = max(1, len(getattr(model, "classes", ())))
    if n < 2 * classes:
        raise InputError(f"{n} pictures are asked for, but {classes} classes need two of each.")
    z = inventing.truncated(inventing.latents(model, _few(n), seed), threshold)
    x = decode(model, z)
    return Samples(to_uint8(x), "truncated", seed), inventing.spread(x, classes)


def paths_by_epoch(
    checkpoint: str, seeds: tuple[int, int], steps: int, straight: bool, label: int | None = None
) -> Iterator[float | tuple]:
    """The way from one latent to another in every checkpoint of a run, the oldest first.

    Yields how much is done (0 to 1) and (epoch, step, Paths of one row).  Of a shipped model there
    is one checkpoint.
    """
    keys = charting.run_keys(checkpoint)
    for i, key in enumerate(keys):
        model = _inventor(key)
        a, b = (inventing.latents(model, 1, seed)[0] for seed in seeds)
        z = inventing.line(a, b, _few(steps), straight)[None]
        facts = catalog.entry(key).header.facts
        y = _classes(model, label, 1, steps)
        yield facts["epoch"], facts["step"], inventing.along(model, z, y)
        yield (i + 1) / len(keys)


def latent_plane(
    checkpoint: str,
    kind: str,
    axes: tuple[int, int],
    seed: int,
    reach: float,
    side: int,
    label: int | None = None,
) -> Paths:
    """Pictures over two directions of the latent space.

    ``kind`` is axes (those two latents, counted from 0), random, or steepest; all other latents
    stay those of ``seed``.
    """
    model = _inventor(checkpoint)
    _few(side * side)
    (z,) = inventing.latents(model, 1, seed)
    y = _classes(model, label, side, side)
    if model.latent < 2:
        raise InputError("This model has a single latent, and a plane needs two. Choose another.")
    if kind == "axes":
        found = inventing.coordinates(model.latent, *axes)
    elif kind == "random":
        found = inventing.random_axes(model.latent, seed)
    elif kind == "steepest":
        found = inventing.steepest(model, z, None if y is None else y[0, :1])
    else:
        raise InputError(f"There are no directions {kind!r}. Choose axes, random or steepest.")
    return inventing.plane(model, z, found, reach, side, y)


def styles(checkpoint: str, n: int, seed: int) -> Styles:
    """Every class from the same ``n`` latents."""
    return inventing.styles(_conditional(checkpoint), min(_few(n), MEASURED), MEASURED, seed)


def class_paths(checkpoint: str, first: int, second: int, n: int, seed: int, steps: int) -> Paths:
    """``n`` latents, each while its class goes from one to another in ``steps`` pictures."""
    model = _conditional(checkpoint)
    _few(n * steps)
    for label in (first, second):
        _known(model, label)
    z = inventing.latents(model, n, seed)
    return inventing.between_classes(model, z, first, second, steps)


def condition(checkpoint: str, each: int, seed: int) -> Iterator[float | Condition | str]:
    """What our classifier sees where each class is asked for ``each`` times.

    Yields how much is done (0 to 1), then the counts; or a sentence if there is no classifier.
    """
    model = _conditional(checkpoint)
    if not 1 <= each <= 1000:
        raise InputError(f"{each} pictures of each class are asked for, but 1 to 1,000 can be.")
    name = catalog.entry(checkpoint).header.recipe["data"]
    judge = classifier(name)
    if judge is None:
        yield problem(name)
    else:
        yield from inventing.condition(model, judge, each, seed)


@torch.no_grad()
def judged(checkpoint: str, x: np.ndarray) -> np.ndarray:
    """The logits N that the discriminator gives to pictures uint8 N C H W."""
    model = model_of(checkpoint)
    if not isinstance(model, Judges) or getattr(model, "classes", ()):
        raise InputError("Choose a GAN without classes: its discriminator judges any picture.")
    return torch.cat(
        [model.judge(some) for some in as_input(model, fitted(x, model)).split(CHUNK)]
    ).numpy()


def real_distance(checkpoint: str) -> float | None:
    """The classifier distance of real test pictures, which no generator needs to beat."""
    judge = classifier(catalog.entry(checkpoint).header.recipe["data"])
    return judge and judge.floor


# What may be asked --------------------------------------------------------------------------------


def _inventor(checkpoint: str) -> Model:
    model = model_of(checkpoint)
    if not (isinstance(model, Decodes) and model.spec.is_image):
        raise InputError("This model does not draw pictures from latents. Choose a GAN of images.")
    return model


def _conditional(checkpoint: str) -> Model:
    model = _inventor(checkpoint)
    if not getattr(model, "classes", ()):
        raise InputError("This model was not told any classes. Choose a conditional GAN.")
    return model


def _few(n: int) -> int:
    if not 2 <= n <= MOST:
        raise InputError(f"{n} pictures are asked for, but must be between 2 and {MOST}.")
    return n


def _known(model: Model, label: int) -> int:
    count = len(model.classes)
    if not 0 <= label < count:
        raise InputError(f"The class is {label}, but this model knows 0 to {count - 1}.")
    return label


def _classes(model: Model, label: int | None, rows: int, columns: int) -> Tensor | None:
    """One class for a whole picture, the first unless named; None for a model that knows none."""
    if not getattr(model, "classes", ()):
        return None
    return torch.full((rows, columns), _known(model, label or 0))
