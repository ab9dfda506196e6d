"""The collapse clinic: a GAN made to collapse beside its healthy twin, and forks that may cure it.

On points everything happens here, in seconds; of pictures, which are runs of their own, a
checkpoint is examined.  Training is deterministic: a state that was forgotten is made again.
"""

from collections import OrderedDict
from collections.abc import Generator, Iterator
from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer import catalog, checkpoints, data, probes
from explorer.adversarial import LOSSES
from explorer.answers import Checkup, PictureCheckup
from explorer.checkpoints import build
from explorer.collapse import POINTS
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.metrics.classes import class_shares
from explorer.metrics.classifier import classifier
from explorer.metrics.diversity import pairwise_distance
from explorer.metrics.modes import mode_shares
from explorer.models.base import Decodes
from explorer.models.gan import GAN
from explorer.pictures import to_uint8
from explorer.plane_games import picture, places, relative
from explorer.points import SPEC
from explorer.probes import quietly
from explorer.recipe import recipe
from explorer.training import Trainer

SHOWN = 512  # points of a checkup
PIXELS = 48  # of D's surface, a side
EXTENT = 1.8  # half the side of what is shown
LOOKS = 40  # checkups of a training
FEWEST, MOST = 10, 5000  # steps
WIDEST = 512  # numbers of noise; a model takes the first that it needs
KEPT = 16  # collapsed states
EXAMINED, DRAWN = 1000, 64  # pictures that are classified; that are shown

State = dict[str, Tensor]


class Told(TypedDict):
    """How far a training is, and the newest checkup of each that trains."""

    step: int
    total: int
    checkups: tuple[Checkup, ...]


# On points ------------------------------------------------------------------------------------

_kept: OrderedDict[tuple, State] = OrderedDict()


def collapse(
    name: str, ingredients: tuple[str, ...], seed: int, steps: int = POINTS.steps
) -> Iterator[Told | tuple[tuple[Checkup, ...], ...]]:
    """The healthy twin and the one with these parts of the recipe learn ``name`` side by side.

    Ends with all checkups of the one and of the other.  Raises InputError, NonFinite.
    """
    healthy = _trainer(name, POINTS.healthy, seed, steps)
    sick = _trainer(name, POINTS.sick(ingredients), seed, steps)
    seen = []
    for pair in zip(_watched(healthy, name), _watched(sick, name), strict=True):
        seen.append(pair)
        yield Told(step=pair[0].step, total=steps, checkups=pair)
    _keep((name, ingredients, seed, steps), sick.state())
    yield tuple(zip(*seen, strict=True))


def treat(
    name: str, ingredients: tuple[str, ...], cure: str, seed: int, steps: int = POINTS.steps
) -> Iterator[Told | tuple[Checkup, ...]]:
    """The collapsed one goes on with one thing changed, for ``steps`` steps after `collapse`.

    Ends with all checkups of the fork, the first before its first step.  Raises InputError,
    NonFinite.
    """
    fork = _trainer(name, POINTS.treated(ingredients, cure), seed, 2 * steps)
    fork.inherit((yield from _state(name, ingredients, seed, steps)))
    seen = []
    for checkup in _watched(fork, name):
        seen.append(checkup)
        yield Told(step=checkup.step - steps, total=steps, checkups=(checkup,))
    yield tuple(seen)


def _trainer(name: str, values: dict[str, Any], seed: int, steps: int) -> Trainer:
    """A GAN of the mixture called ``name``, which has learned nothing yet."""
    data.mixture(name)
    if not FEWEST <= steps <= 2 * MOST:
        raise InputError(f"{steps:,} steps are asked for, but it takes {FEWEST} to {MOST:,}.")
    made = recipe("gan", name, values | {"seed": seed, "steps": steps})
    return Trainer(build(made, SPEC), made.training, data.load(name), data.load(name, "test"))


def _state(
    name: str, ingredients: tuple[str, ...], seed: int, steps: int
) -> Generator[Told, None, State]:
    """Where the collapsed one stands; it trains again, and tells, unless that is kept."""
    key = (name, ingredients, seed, steps)
    if key not in _kept:
        sick = _trainer(name, POINTS.sick(ingredients), seed, steps)
        for checkup in _watched(sick, name):
            yield Told(step=checkup.step - steps, total=steps, checkups=())
        _keep(key, sick.state())
    return _kept[key]


def _keep(key: tuple, state: State) -> None:
    _kept[key] = {name: tensor.clone() for name, tensor in state.items()}
    _kept.move_to_end(key)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)


def _watched(trainer: Trainer, name: str) -> Iterator[Checkup]:
    """Train to the end; a checkup before the first step, at even distances, and at the end."""
    z = noise(SHOWN, trainer.model.latent, trainer.settings.seed)
    modes = data.mixture(name)
    every = max(1, (trainer.total - trainer.step) // LOOKS)
    yield checkup(trainer.model, z, modes, trainer.step)
    while trainer.step < trainer.total:
        trainer.advance()
        if trainer.step % every == 0 or trainer.step == trainer.total:
            yield checkup(trainer.model, z, modes, trainer.step)


def noise(n: int, latent: int, seed: int) -> Tensor:
    """Always the same noise, n ``latent``: a larger latent has more of it beside the same."""
    return torch.randn(n, WIDEST, generator=own_randomness(seed, "clinic"))[:, :latent]


@quietly
def checkup(model: GAN, z: Tensor, modes: data.Mixture, step: int) -> Checkup:
    """What the latest weights make of ``z``, and how varied that is."""
    model.eval()
    points = model.decode(z).numpy()
    found = mode_shares(points, modes)
    distance = pairwise_distance(points)
    return Checkup(step, points, found.shares, found.covered, found.near, distance, _surface(model))


def _surface(model: GAN) -> np.ndarray:
    """D over the plane from its lowest value to its highest: uint8 PIXELS², the top row first."""
    d = model.judge(places(EXTENT, PIXELS))
    likely = LOSSES[model.config.loss].probability
    return picture(torch.sigmoid(d) if likely else relative(d), PIXELS)


# On pictures ----------------------------------------------------------------------------------


@quietly
def examine(checkpoint: str, seed: int = 0) -> PictureCheckup:
    """Which classes a generator's pictures fall into, and how different they are.

    Raises InputError for what draws no pictures from latents or has no classifier.
    """
    found = catalog.entry(checkpoint)
    model, judge = checkpoints.load(found.path), classifier(found.header.recipe["data"])
    if judge is None or not isinstance(model, Decodes):
        raise InputError("Only GANs of FashionMNIST and MNIST are examined. Choose one of those.")
    z = noise(EXAMINED, model.latent, seed)
    x = probes.decode(model, z, probes.classes_of(model, EXAMINED))
    predicted = judge.logits(torch.from_numpy(x)).argmax(1).numpy()
    shares = class_shares(predicted, len(judge.classes))
    return PictureCheckup(
        step=int(found.header.facts["step"]),
        pictures=to_uint8(x[:DRAWN]),
        classes=judge.classes,
        shares=shares.shares,
        effective=shares.effective,
        hit=shares.hit,
        entropy=shares.entropy,
        distance=pairwise_distance(x),
    )
