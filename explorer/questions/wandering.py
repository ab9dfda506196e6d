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
from explorer.attributes import verdicts
from explorer.errors import InputError
from explorer.inventing import latents
from explorer.metrics.classifier import classifier
from explorer.models.base import Model
from explorer.models.gan import GAN
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.questions import looking
from explorer.questions.coders import few, images
from explorer.questions.subjects import fitted, images_of, model_of
from explorer.wandering import finished

OWN = -1  # the class of a picture that is no test image
MOST = 8  # checkpoints in one answer
TRAINED = 5000  # training images whose latents say where a model's latents are
SHOWN = 1500  # of them, and as many of N(0, I), in a plane
EDGES = np.linspace(-8, 8, 97)  # of histograms
LOOKING = "Looking where the training latents are"
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
    return _faded(data_name, a, b, steps)


def faded_way(data_name: str, x: np.ndarray, steps: int) -> Ways:
    """Any two uint8 pictures 2 C H W faded into each other."""
    few(steps)
    return _faded(data_name, x[:1], x[1:], steps)


def _faded(data_name: str, a: np.ndarray, b: np.ndarray, steps: int) -> Ways:
    return wandering.judged(wandering.faded(a, b, steps), classifier(data_name))


def way_scores(
    checkpoints: tuple[str, ...], data_name: str, pairs: Pairs, steps: int, straight: bool = True
) -> Iterator[Told | dict[str, WayScores]]:
    """How far the ways of each of some checkpoints lead off its training latents."""
    _rows(pairs, steps)

    def one(checkpoint: str) -> Iterator[float | WayScores]:
        model = _encoder(checkpoint)
        where = yield from finished(_support(checkpoint))
        yield _scores(model, _places(model, data_name, pairs, steps, straight), where)

    yield from _each(checkpoints, LOOKING, one)


def _scores(model: Model, z: torch.Tensor, where: holes.Support) -> WayScores:
    """How far latents rows columns Z are off those of the training images."""
    flat = z.flatten(0, 1)
    found = holes.off(flat.numpy(), where), wandering.round_trip(model, flat) / where.usual
    return WayScores(*(one.reshape(z.shape[:2]) for one in found))


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


def wander(checkpoint: str, **asked: Any) -> Iterator[float | Ways]:
    """The way between two pictures, or a grid between four; without any, between ``seeds``.

    ``asked`` as in `_wandered`.  Yields how much is done (0 to 1), then the pictures, one row or as
    many as columns.
    """
    model = model_of(checkpoint)
    ends = yield from finished(_wandered(model, **asked), 0.5)
    way = {name: asked[name] for name in ("steps", "straight")}
    x = yield from finished(wandering.drawn(model, ends, **way), 0.5, 0.5)
    yield wandering.judged(x, classifier(asked["data_name"]))


def wander_now(**asked: Any) -> Ways:
    """What `wander` finds, for models that take no time."""
    *_, found = wander(**asked)
    return found


def wander_scores(
    checkpoints: tuple[str, ...], **asked: Any
) -> Iterator[Told | dict[str, WayScores]]:
    """How far what lies on such ways is off the training latents, for models that have any."""
    way = {name: asked[name] for name in ("steps", "straight")}

    def one(checkpoint: str) -> Iterator[float | WayScores]:
        model = model_of(checkpoint)
        where = yield from finished(_support(checkpoint), 0.5)
        ends = yield from finished(_wandered(model, **asked), 0.25, 0.5)
        z = yield from finished(wandering.passed(model, ends, **way), 0.25, 0.75)
        yield _scores(_encoder(checkpoint), z, where)

    yield from _each(checkpoints, LOOKING, one)


def _wandered(
    model: Model,
    data_name: str,
    x: np.ndarray | None,
    y: tuple[int, ...],
    seeds: tuple[int, ...],
    steps: int,
    straight: bool,
) -> Iterator[float | wandering.Ends]:
    """How much is done, then the ends: two or four uint8 pictures N C H W, or noises of seeds.

    ``y`` are the classes of pictures, none if there are no labels; `OWN` is a person's picture.
    """
    count = len(seeds) if x is None else len(x)
    few(steps**2 if count == 4 else steps)
    if not model.spec.is_image:
        raise InputError("This model is of points. Choose a model of pictures.")
    if x is None:
        yield wandering.of_noise(model, seeds)
        return
    x = fitted(x, model)
    knows = isinstance(model, GAN) and model.classes
    classes = _told_classes(data_name, x, y) if knows else None
    yield from wandering.of_images(model, x, classes)


def _told_classes(data_name: str, x: np.ndarray, y: tuple[int, ...]) -> np.ndarray:
    """The class of each picture; of a person's own that which a classifier sees in it."""
    told = np.array(y or [OWN] * len(x), np.int64)
    if (own := told == OWN).any():
        if (judge := classifier(data_name)) is None:
            raise InputError(
                "This model draws by class, and nothing tells the class of a picture of yours. "
                "Choose test images, or a model without classes."
            )
        told[own] = verdicts(judge, x[own] / np.float32(255))[0]
    return told


# What may be asked --------------------------------------------------------------------------------


def _encoder(checkpoint: str) -> Model:
    """What turns pictures into latents and back: the model, or a latent diffusion's autoencoder."""
    model = model_of(checkpoint)
    if isinstance(model, LatentDiffusion):
        return model.autoencoder
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
