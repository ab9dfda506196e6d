"""The command ``classifier``: train the small classifier that samples are measured with.

It is what it is at the last step: nothing is chosen by looking at test images, which are read
once, at the end, for the accuracy that its file carries.
"""

import argparse
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from explorer import data, files
from explorer.config import SEED_LIMIT
from explorer.data import Data
from explorer.errors import InputError
from explorer.flags import output, whole

if TYPE_CHECKING:
    from explorer.metrics.classifier import Classifier, Network
    from explorer.recipe import TrainSettings
    from explorer.training import Trainer

MIRRORED = ("fashion-mnist", "cifar10", "celeba")  # digits and letters are not what they were
REFERENCE = 10_000  # training images
FLOOR = 2000  # test images, as many as samples are measured
FEWEST = 20  # images of either kind
TOLD = 100  # steps between two reports


def classifier(asked: argparse.Namespace) -> None:
    """Train the small classifier that generated pictures are measured with."""
    epochs = whole("--epochs", asked.epochs, 1, 200)
    seed = whole("--seed", asked.seed, 0, SEED_LIMIT)
    out = output(asked.out)
    if out.suffix != ".safetensors":
        raise InputError(f"--out is {out.name[:80]!r}, but must end in .safetensors.")
    train, test = (data.load(asked.data, split) for split in ("train", "test"))
    _check(train, test)
    settings = _settings(epochs, seed)
    found = measured(_trained(train, test, settings), train, test)
    packed = _packed(found, train, settings)
    files.publish(out, packed)
    print(
        f"{asked.out}: {len(packed) / 1e6:.2f} MB · {found.accuracy:.2%} of {len(test):,} test "
        f"images right · classifier distance of test images {found.floor:.3f}"
    )


def _check(train: Data, test: Data) -> None:
    if not train.spec.is_image or train.y is None or len(train.classes) < 2:
        raise InputError(
            "A classifier needs pictures of at least two classes, and these data are not that. "
            "Choose data with labels, as fashion-mnist."
        )
    if min(len(train), len(test)) < FEWEST:
        raise InputError(
            f"There are {len(train):,} training and {len(test):,} test images, but it takes "
            f"{FEWEST} of each. Choose a larger data set."
        )


def _settings(epochs: int, seed: int) -> "TrainSettings":
    from explorer.recipe import TrainSettings

    return TrainSettings(
        epochs=epochs,
        seed=seed,
        batch_size=128,
        optimizer="adamw",
        learning_rate=3e-3,
        weight_decay=0.05,
        warmup=200,
        ema=0.998,
    )


def _trained(train: Data, test: Data, settings: "TrainSettings") -> "Network":
    """The network with averaged weights after the last step."""
    import torch

    from explorer.metrics.learning import Config, Pupil
    from explorer.training import Trainer

    mirrored = train.name.removesuffix("-full") in MIRRORED
    with torch.random.fork_rng(devices=[]):  # initialisers draw from the global generator
        torch.manual_seed(settings.seed)
        model = Pupil(Config(mirrored=mirrored), train.spec)
    trainer = Trainer(model, settings, train, test)
    began = time.perf_counter()
    while trainer.step < trainer.total:
        trainer.advance()
        if trainer.step % TOLD == 0 or trainer.step == trainer.total:
            _tell(trainer, time.perf_counter() - began)
    with trainer.average.applied():
        averaged = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(averaged)
    return model.network


def _tell(trainer: "Trainer", seconds: float) -> None:
    terms = trainer.window.flush()
    told = f"cross-entropy {terms['cross-entropy']:.3f} · accuracy {terms['accuracy']:.2%}"
    speed = trainer.step * trainer.settings.batch_size / seconds
    head = f"step {trainer.step:,} of {trainer.total:,} · epoch {trainer.epoch:.2f}"
    print(f"{head} · {told} · {speed:,.0f} images/s", flush=True)


def measured(network: "Network", train: Data, test: Data) -> "Classifier":
    """A classifier with what it measures of real pictures, as its file will hold it."""
    import numpy as np
    import torch

    from explorer.metrics.classifier import Classifier, ready
    from explorer.metrics.frechet import statistics

    nothing = np.zeros(0), np.zeros((0, 0))
    one = Classifier(ready(network), train.classes, nothing, accuracy=0.0, floor=0.0)
    bundled = data.load(train.name.removesuffix("-full"))  # so that anyone can check
    real = statistics(one.features(torch.tensor(bundled.x[:REFERENCE]) / 255).numpy())
    one = replace(one, reference=(real.mean, real.covariance))
    features = one.features(torch.tensor(test.x) / 255)
    right = one.read(features).argmax(1).numpy() == test.y
    return replace(one, accuracy=float(right.mean()), floor=one.distance(features[:FLOOR]))


def _packed(found: "Classifier", train: Data, settings: "TrainSettings") -> bytes:
    from explorer.metrics.classifier import pack

    recipe: dict[str, Any] = {"family": "classifier", "data": train.name}
    recipe |= {"training": settings.model_dump()}
    asked = f"--data {train.name} --epochs {settings.epochs:g} --seed {settings.seed}"
    command = f"python -m explorer classifier {asked}"
    return pack(found, train.spec, recipe=recipe, command=command)
