"""Diffusion in the plane: points to learn, and a small network that learns them in seconds.

Training is deterministic, so a learned model is only kept to save time: it is found by what was
asked for, and whoever asks after it was forgotten has it trained again.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer import data
from explorer.answers import Curve, Film, Plane
from explorer.checkpoints import build
from explorer.config import Setting, describe
from explorer.data import Data, Mixture, Spec, toys
from explorer.device import one_core, own_randomness
from explorer.errors import InputError
from explorer.exact import Exact, of_examples
from explorer.models.base import last
from explorer.models.diffusing import PREVIEW
from explorer.models.diffusion import Config, Diffusion
from explorer.recipe import Recipe, TrainSettings, recipe
from explorer.training import Trainer

FAMILY = "diffusion"
SPEC = Spec((2,))
FEWEST, MOST = 20, 20_000  # points that can be learned
FARTHEST = 3.0  # from the middle, along either axis
TAKEN = 4000  # points of a toy or of a picture
TILED = 4096  # fewer points are repeated, so that a batch of them still sees many noises
EXTENT = 2.1  # half the side of what is shown: 93 % of N(0, I)
SHOWN = 600  # samples in a frame of the training's film
LOOKS = 40  # frames of that film
QUICK = 10  # steps of such a sample; every T is at least that
TOLD = 50  # steps between two reports, at most
KEPT = 24  # learned models

# What this page asks for, where it differs from training on pictures; a highest value bounds work.
USUAL = {"width": 24, "blocks": 1, "steps": 1500, "batch_size": 512, "learning_rate": 5e-3}
USUAL |= {"times": "uniform"}
FIXED = {"conditional": False, "ema": 0.99, "device": "cpu", "precision": "float32"}
HIGHEST = {"width": 128, "blocks": 4, "steps": 20_000, "batch_size": 2048, "learning_rate": 1}
PROCESS = ("schedule", "T", "beta_start", "beta_end", "target", "times", "min_snr")
TRAINING = ("steps", "batch_size", "learning_rate", "seed")


class Learning(TypedDict):
    """How far a training is: ``loss`` since the last report, ``points`` N 2 now and then."""

    step: int
    total: int
    loss: float
    rate: float  # steps a second
    points: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points to learn and points held out, float32 N 2; ``exact`` is the perfect denoiser."""

    name: str
    train: np.ndarray
    held: np.ndarray
    exact: Exact
    modes: Mixture | None


@dataclass(frozen=True, eq=False)
class Learned:
    """A trained model (averaged weights, no gradients) and what was seen of it on the way."""

    model: Diffusion
    steps: tuple[int, ...]
    samples: np.ndarray  # F N 2, from the same noise
    losses: tuple[float, ...]  # between two frames; the first is not a number


# Settings -------------------------------------------------------------------------------------


def point_settings() -> tuple[Setting, ...]:
    """The settings that matter in the plane, with the values to begin with and their bounds."""
    family = {s.name: s for s in describe(Config, **USUAL)}
    training = {s.name: s for s in describe(TrainSettings, **USUAL)}
    names = [*PROCESS, "width", "blocks"]
    return tuple(map(_bounded, [*(family[n] for n in names), *(training[n] for n in TRAINING)]))


def _bounded(one: Setting) -> Setting:
    if one.name not in HIGHEST:
        return one
    hint = replace(one.hint, log=one.name != "blocks", advanced=False)
    return replace(one, high=HIGHEST[one.name], hint=hint)


def chosen(name: str, values: dict[str, Any]) -> Recipe:
    """The recipe behind ``values`` for points called ``name``.  Raises InputError."""
    for one in point_settings():
        if one.name in values and one.kind in ("integer", "number"):
            one.read(str(values[one.name]))
    return recipe(FAMILY, name, {**Diffusion.training_defaults, **USUAL, **FIXED, **values})


# Points ---------------------------------------------------------------------------------------


def cloud(name: str, points: np.ndarray | None = None) -> Cloud:
    """The toy called ``name``, or own ``points`` N 2, of which a fifth is held out."""
    if points is not None:
        points = _checked(points)
        held = np.arange(len(points)) % 5 == 0
        train = points[~held]
        return Cloud(name, train, points[held], of_examples(torch.tensor(train)), None)
    train, held = data.load(name).x[:TAKEN], data.load(name, "test").x
    if name not in toys.MIXTURES:
        return Cloud(name, train, held, of_examples(torch.tensor(train)), None)
    modes = data.mixture(name)
    means, weights = (torch.tensor(a, dtype=torch.float32) for a in (modes.means, modes.weights))
    return Cloud(name, train, held, Exact(means, weights, modes.std), modes)


def _checked(points: np.ndarray) -> np.ndarray:
    points = np.asarray(points, np.float32)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError("Points have two coordinates each. Give an array of N x 2 numbers.")
    if not FEWEST <= len(points) <= MOST:
        raise InputError(
            f"There are {len(points):,} points, but it takes between {FEWEST} and {MOST:,}. "
            "Add or remove some."
        )
    if not (np.abs(points) <= FARTHEST).all():  # which a NaN is not either
        raise InputError(f"Every coordinate must be a number from -{FARTHEST:g} to {FARTHEST:g}.")
    return points


def picture_points(content: bytes, dark: bool) -> np.ndarray:
    """An uploaded picture as points N 2 within ±1.3: dense where it is ``dark``, or bright."""
    side = 128
    grey = data.read_image(content, size=side, colour=False)[0] / 255.0
    ink = (1 - grey if dark else grey) - (1 - grey if dark else grey).min()
    if ink.max() < 0.05:
        raise InputError("This picture is the same everywhere. Choose one with more contrast.")
    random = np.random.default_rng(0)
    weight = (ink**2).ravel()
    row, column = np.divmod(random.choice(side**2, TAKEN, p=weight / weight.sum()), side)
    at = np.stack([column, side - 1 - row], axis=1) + random.uniform(size=(TAKEN, 2))
    return (1.3 * (2 * at / side - 1)).astype(np.float32)


# Learning -------------------------------------------------------------------------------------

_kept: OrderedDict[str, Learned] = OrderedDict()


def train_points(
    name: str, values: dict[str, Any], points: np.ndarray | None = None
) -> Iterator[Learning]:
    """Learn the points and tell how it goes; at once, if they were learned before."""
    found = yield from learn(cloud(name, points), values)
    total = found.steps[-1]
    yield Learning(
        step=total, total=total, loss=found.losses[-1], rate=0.0, points=found.samples[-1]
    )


def training_film(
    name: str, values: dict[str, Any], points: np.ndarray | None = None
) -> Iterator[Learning | tuple[Film, Curve]]:
    """The samples of the same noise while it learned, and the loss over steps."""
    found = yield from learn(cloud(name, points), values)
    labels = tuple(f"step {step:,}" for step in found.steps)
    film = Film((Plane("Samples from the same noise", found.samples, extent=EXTENT),), labels)
    losses = np.array(found.losses[1:])
    yield film, Curve("loss", np.array(found.steps[1:]), losses)


def learn(cloud: Cloud, values: dict[str, Any]) -> Generator[Learning, None, Learned]:
    """The model that learned the cloud; trains it, and tells, unless it is kept."""
    made = chosen(cloud.name, values)
    key = _key(cloud, made)
    with one_core():
        found = _kept.get(key) or (yield from _train(cloud, made))
    _kept[key] = found
    _kept.move_to_end(key)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def _key(cloud: Cloud, made: Recipe) -> str:
    told = json.dumps(made.model_dump(), sort_keys=True, allow_nan=False)
    return blake2b(cloud.train.tobytes() + told.encode(), digest_size=16).hexdigest()


def _train(cloud: Cloud, made: Recipe) -> Generator[Learning, None, Learned]:
    trainer = Trainer(build(made, SPEC), made.training, *unlabelled(cloud))
    noise = trainer.model.start(SHOWN, own_randomness(made.training.seed, "preview"))
    looks = {round(trainer.total * (i / LOOKS) ** 2) for i in range(LOOKS + 1)}
    frames, losses, loss, began = {}, [], float("nan"), time.perf_counter()
    while True:
        step = trainer.step
        if step in looks or step % TOLD == 0:
            loss = trainer.window.flush()["loss"] if step else loss
            drawn = _samples(trainer, noise) if step in looks else None
            if drawn is not None:
                frames[step] = drawn
                losses.append(loss)
            rate = step / (time.perf_counter() - began)
            yield Learning(step=step, total=trainer.total, loss=loss, rate=rate, points=drawn)
        if step == trainer.total:
            return _learned(trainer, frames, losses)
        trainer.advance()


def unlabelled(cloud: Cloud, least: int = TILED) -> tuple[Data, Data]:
    """Training and held-out points without labels; fewer than ``least`` are repeated."""
    train = np.tile(cloud.train, (-(-least // len(cloud.train)), 1))
    return Data(cloud.name, "train", train, None), Data(cloud.name, "test", cloud.held, None)


def _samples(trainer: Trainer, noise: Tensor) -> np.ndarray:
    """What the averaged weights make of ``noise``: float32 N 2."""
    trainer.model.eval()
    with trainer.average.applied():
        quick = PREVIEW.changed(steps=QUICK)
        return last(trainer.model.walk(noise, quick)).numpy()


def _learned(trainer: Trainer, frames: dict[int, np.ndarray], losses: list[float]) -> Learned:
    model = trainer.model.eval()
    with trainer.average.applied():
        averaged = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(averaged)
    model.requires_grad_(False)
    return Learned(model, tuple(frames), np.stack(list(frames.values())), tuple(losses))
