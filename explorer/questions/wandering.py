"""Ways between pictures or noises, and where the latents are that they lead through.

What is measured of several checkpoints is a stream: (text, share done, 1) meanwhile, and after each
of them a dict of all that is known, by checkpoint.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from explorer import catalog, data, holes, probes, wandering
from explorer.answers import Aggregate, Samples, Ways, WayScores
from explorer.errors import InputError
from explorer.inventing import latents
from explorer.metrics.classifier import classifier
from explorer.models.base import Model
from explorer.questions import looking
from explorer.questions.coders import few, images
from explorer.questions.subjects import images_of, model_of
from explorer.wandering import finished

MOST = 8  # checkpoints in one answer
TRAINED = 5000  # training images whose latents say where a model's latents are
SHOWN = 1500  # of them, and as many of N(0, I), in a plane
EDGES = np.linspace(-8, 8, 97)  # of histograms
CURVES = 32  # histograms in an answer
KEPT = 6  # models whose latents are kept

Told = tuple[str, float, int]  # what is being done, which share of it, of 1
Pairs = tuple[tuple[int, int], ...]  # indices of test images


# Ways ---------------------------------------------------------------------------------------------


def latent_ways(
    checkpoint: str, data_name: str, pairs: Pairs, steps: int, straight: bool = True
) -> Ways:
    """A row for each pair of test images: the way between their latents, decoded."""
    model = _encoder(checkpoint)
    _rows(pairs, steps)
    x = probes.decode(model, _places(model, data_name, pairs, steps, straight).flatten(0, 1))
    return wandering.judged(x.reshape(len(pairs), steps, *x.shape[1:]), classifier(data_name))


def faded_ways(data_name: str, pairs: Pairs, steps: int) -> Ways:
    """The same pairs faded into each other pixel by pixel: what a double exposure is."""
    _rows(pairs, steps)
    x = data.load(data_name, "test").x
    a, b = (x[_known(side, len(x))] for side in zip(*pairs, strict=True))
    return wandering.judged(wandering.faded(a, b, steps), classifier(data_name))


def way_scores(
    checkpoints: tuple[str, ...], data_name: str, pairs: Pairs, steps: int, straight: bool = True
) -> Iterator[Told | dict[str, WayScores]]:
    """How far the ways of each of some checkpoints lead off its training latents."""
    _rows(pairs, steps)

    def one(checkpoint: str) -> Iterator[float | WayScores]:
        model = _encoder(checkpoint)
        where = yield from finished(_support(checkpoint))
        z = _places(model, data_name, pairs, steps, straight).flatten(0, 1)
        off = holes.off(z.numpy(), where)
        trip = wandering.round_trip(model, z) / where.usual
        yield WayScores(off.reshape(len(pairs), steps), trip.reshape(len(pairs), steps))

    yield from _each(checkpoints, "Looking where the training latents are", one)


def _places(model: Model, data_name: str, pairs: Pairs, steps: int, straight: bool) -> torch.Tensor:
    """The latents along the ways: pairs steps Z."""
    x = images_of(data_name, model).x
    places = _known(tuple(np.ravel(pairs)), len(x))
    ends = wandering.encoded(model, x[places]).unflatten(0, (-1, 2))
    return torch.cat([wandering.way(pair, steps, straight) for pair in ends])


# Where latents are --------------------------------------------------------------------------------


def aggregates(checkpoints: tuple[str, ...]) -> Iterator[Told | dict[str, Aggregate]]:
    """The training latents of each of some checkpoints beside N(0, I)."""
    yield from _each(checkpoints, "Comparing latents with N(0, I)", _aggregate)


def _aggregate(checkpoint: str) -> Iterator[float | Aggregate]:
    model = _encoder(checkpoint)
    where = yield from finished(_support(checkpoint), 0.6)
    n = len(where.z)
    normal = latents(model, n, 0).numpy()
    hole = holes.beyond(normal[: holes.ASKED], where)
    yield 0.8
    missed = holes.beyond(where.z[: holes.ASKED], holes.support(normal))
    mean, axes = holes.widest(where.z)
    which = np.argsort(-holes.unlike_normal(where.z), kind="stable")[:CURVES]
    y = images(checkpoint, model, "train").y
    flat = [((z[:SHOWN] - mean) @ axes.T).astype(np.float32) for z in (where.z, normal)]
    shares = [(found.value, found.error) for found in map(holes.share, (hole, missed))]
    yield Aggregate(
        *shares,
        holes.matched_kl(where.z),
        flat[0],
        None if y is None else y[:SHOWN],
        flat[1],
        hole[:SHOWN],
        holes.densities(where.z[:, which], EDGES),
        EDGES,
        which,
        model.latent,
        n,
    )


_supports: OrderedDict[str, holes.Support] = OrderedDict()


def _support(checkpoint: str) -> Iterator[float | holes.Support]:
    """How much is done, then the training latents of a checkpoint, kept for the next question."""
    key = catalog.entry(checkpoint).exact
    if key not in _supports:
        model, found = _encoder(checkpoint), []
        x = images(checkpoint, model, "train").x[:TRAINED]
        for drawn in probes.aggregate_posterior(model, x):
            found.append(drawn)
            yield 0.9 * sum(map(len, found)) / len(x)
        _supports[key] = holes.support(torch.cat(found).numpy())
        while len(_supports) > KEPT:
            _supports.popitem(last=False)
    yield _supports[key]


def cures(checkpoints: tuple[str, ...], n: int, seed: int) -> Iterator[Told | dict[str, Samples]]:
    """``n`` samples of each of some checkpoints, from a mixture fitted to its latents."""
    few(n)

    def one(checkpoint: str) -> Iterator[float | Samples]:
        _encoder(checkpoint)
        yield from looking.fit_prior(checkpoint, "mixture")
        yield looking.sample(checkpoint, n, seed, "mixture")

    yield from _each(checkpoints, "Fitting ten Gaussians to the latents", one)


# Through any model --------------------------------------------------------------------------------


def wander(
    checkpoint: str,
    data_name: str,
    images: tuple[int, ...],
    seeds: tuple[int, ...],
    steps: int,
    straight: bool,
) -> Iterator[float | Ways]:
    """The way between two test images, or a grid between four; without any, between ``seeds``.

    Yields how much is done (0 to 1), then the pictures, one row or as many as columns.
    """
    model = model_of(checkpoint)
    few(steps**2 if len(images or seeds) == 4 else steps)
    if not model.spec.is_image:
        raise InputError("This model is of points. Choose a model of pictures.")
    if images:
        real = images_of(data_name, model)
        real = real.take(_known(images, len(real)))
        ends = yield from finished(wandering.of_images(model, real.x, real.y), 0.5)
    else:
        ends = wandering.of_noise(model, seeds)
    x = yield from finished(wandering.drawn(model, ends, steps, straight), 0.5, 0.5)
    yield wandering.judged(x, classifier(data_name))


def wander_now(**asked: Any) -> Ways:
    """What `wander` finds, for models that take no time."""
    *_, found = wander(**asked)
    return found


# What may be asked --------------------------------------------------------------------------------


def _encoder(checkpoint: str) -> Model:
    model = model_of(checkpoint)
    if not {"Encodes", "Decodes"} <= set(model.capabilities) or not model.spec.is_image:
        raise InputError(
            "This model does not turn pictures into latents and back. Choose an autoencoder or a "
            "VAE of pictures; for a GAN or a diffusion see the page Interpolate."
        )
    return model


def _rows(pairs: Pairs, steps: int) -> None:
    if not pairs or steps < 2:
        raise InputError(
            f"{len(pairs)} ways of {steps} pictures are asked for, but at least one of two is "
            "needed. Choose some."
        )
    few(len(pairs) * steps)


def _known(places: tuple[int, ...], count: int) -> np.ndarray:
    wrong = [i for i in places if not 0 <= i < count]
    if wrong:
        raise InputError(
            f"There is no test image {wrong[0]}: there are 0 to {count - 1}. Choose one of them."
        )
    return np.asarray(places)


def _each(
    checkpoints: tuple[str, ...], text: str, one: Callable[[str], Iterator[Any]]
) -> Iterator[Told | dict[str, Any]]:
    """Ask for one after the other: how much is done meanwhile, and all so far after each."""
    if not 1 <= len(checkpoints) <= MOST:
        raise InputError(f"{len(checkpoints)} checkpoints are named, but 1 to {MOST} can be.")
    found: dict[str, Any] = {}
    count = len(checkpoints)
    for i, checkpoint in enumerate(checkpoints):
        for told in one(checkpoint):
            if isinstance(told, float):
                yield f"{text}: model {i + 1} of {count}", (i + told) / count, 1
            else:
                found[checkpoint] = told
        yield dict(found)
