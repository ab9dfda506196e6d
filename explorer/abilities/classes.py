"""Which classes can be told from what a model makes of a picture on its way.

No model was trained for that, and none is told the class here, also those that could be.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from explorer import data
from explorer.abilities.subject import Measure, Subject, first
from explorer.capabilities import Cell
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.evaluation import as_input as from_tiles
from explorer.levels import decibel
from explorer.metrics.classifier import classifier
from explorer.metrics.knn import K, knn_accuracy
from explorer.models.base import Model
from explorer.models.diffusing import Diffusing
from explorer.models.diffusion import Diffusion
from explorer.models.gan import GAN
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.pictures import tiles
from explorer.probes import as_input, quietly

LABELLED, ASKED = 5000, 2000  # training images that vote, and test images that ask them
CHUNK = 100  # pictures
LOUDNESS = 20.0  # dB of picture over noise: the noise has a tenth of the picture's amplitude


def represent(of: Subject) -> Measure:
    """Share of test images whose neighbours among labelled training images vote right."""
    if of.train.y is None:
        raise InputError("These data have no labels, so no vote can be right or wrong.")
    train, test = first(of.train, LABELLED), first(of.test, ASKED)
    text = representation(of.model)
    rows, done = np.empty((0, 0), np.float32), 0
    for chunk in features(of.model, np.concatenate([train.x, test.x])):
        if not done:
            rows = np.empty((len(train) + len(test), chunk.shape[1]), np.float32)
        rows[done : done + len(chunk)] = chunk
        done += len(chunk)
        yield 0.9 * done / len(rows)
    found = knn_accuracy(rows[: len(train)], train.y, rows[len(train) :], test.y)
    facts = {"k": K, "labelled": len(train), "images": len(test), "numbers": rows.shape[1]}
    yield Cell("represent", found.value, found.error, text, facts | _lines(of.train.name))


@lru_cache(maxsize=8)
def _lines(name: str) -> dict[str, float]:
    """The same vote on raw pixels, and on the features of a classifier that was told the labels."""
    train, test = first(data.load(name), LABELLED), first(data.load(name, "test"), ASKED)
    spaces = {"pixels": [x.reshape(len(x), -1) / np.float32(255) for x in (train.x, test.x)]}
    if judge := classifier(name):
        both = (from_tiles(tiles(x)) for x in (train.x, test.x))
        spaces["classifier"] = [judge.features(x).numpy() for x in both]
    return {k: knn_accuracy(a, train.y, b, test.y).value for k, (a, b) in spaces.items()}


def representation(model: Model) -> str:
    """Which numbers stand for a picture, in a few words.  Raises InputError if there are none."""
    if isinstance(model, LatentDiffusion):
        return "its autoencoder's latents"
    if isinstance(model, Diffusion) and model.spec.is_image:
        level = quiet_level(model)
        return f"the U-Net's middle, noise level {level:,} of {model.schedule.T:,}"
    if isinstance(model, GAN):
        return "what D's last layer sees"
    if "Encodes" in model.capabilities:
        return "means of q(z | x)" if "KL" in model.units() else "its latents"
    raise InputError("This model makes no numbers of a picture. Choose another one.")


def features(model: Model, x: np.ndarray, seed: int = 0) -> Iterator[np.ndarray]:
    """The numbers of uint8 pictures N C H W, chunk by chunk: n F each."""
    representation(model)  # or say why not
    if isinstance(model, Diffusion):
        yield from _middle(model, x, seed)
        return
    for start in range(0, len(x), CHUNK):
        yield _seen(model, as_input(model, x[start : start + CHUNK])).flatten(1).float().numpy()


@quietly
def _seen(model: Model, x: Tensor) -> Tensor:
    if isinstance(model, GAN):
        return model.discriminator.features(model.from_data(x))
    return model.from_data(x) if isinstance(model, Diffusing) else model.posterior(x)[0]


def quiet_level(model: Diffusing) -> int:
    """The noise level whose picture is nearest to `LOUDNESS` above the noise.

    Fixed beforehand: little noise suits classes best (Xiang et al. 2023), and how little matters
    less.
    """
    return int(np.abs(decibel(model.schedule)[1:] - LOUDNESS).argmin()) + 1


def _middle(model: Diffusion, x: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """What the U-Net's lowest block says about slightly noisy pictures of no named class."""
    own = deepcopy(model)  # models are shared, and what is heard of this one must be its own
    heard: list[Tensor] = []
    own.net.middle.register_forward_hook(lambda _, args, out: heard.append(out))
    level = quiet_level(own)
    a, s = own.schedule.at(level)
    for start in range(0, len(x), CHUNK):
        x0 = own.from_data(as_input(own, x[start : start + CHUNK]))
        noise = torch.randn(x0.shape, generator=own_randomness(seed, "represent", start))
        with torch.no_grad():
            own.denoise(a * x0 + s * noise, level)
        yield heard.pop().flatten(1).numpy()
