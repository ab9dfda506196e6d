"""Walks through a latent space: where they begin, one latent at a time, grids, one posterior."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer import traversing
from explorer.abilities.copies import inverted
from explorer.answers import Cloud2D, LatentAxes, Paths
from explorer.errors import InputError
from explorer.inventing import latents
from explorer.metrics import checks
from explorer.models.base import Model
from explorer.models.gan import GAN
from explorer.pictures import to_uint8
from explorer.probes import classes_of, decode
from explorer.questions.coders import MOST, code, coder, encodes, few, images, picked

AXES = 1000  # test images whose latents the axes are measured on
CLOUD = 2000  # in a plane of two latents

Start = tuple[np.ndarray, np.ndarray | None]  # latents N Z, and classes N if the model knows any


def latent_axes(checkpoint: str) -> Iterator[float | LatentAxes]:
    """What each latent is like: how much is done, then the axes, over the first test images."""
    model = coder(checkpoint)
    x = images(checkpoint, model).x[:AXES] if encodes(model) else None
    yield from traversing.axes(model, x)


def latent_start(
    checkpoint: str, kind: str, index: int = 0, n: int = 1, seed: int = 0
) -> Iterator[float | Start]:
    """Where a walk begins: how much is done, then latents.

    ``kind`` is images (``n`` test images from ``index`` on; a GAN's latents are searched for),
    samples (``n`` from N(0, I)), or mean (of the encoded images; zero where nothing is encoded).
    """
    model = coder(checkpoint)
    if kind == "images":
        yield from _of_images(checkpoint, model, index, few(n))
    elif kind == "samples":
        y = classes_of(model, few(n))
        yield latents(model, n, seed).numpy(), None if y is None else y.numpy()
    elif kind == "mean":
        yield _mean(checkpoint, model), None if (y := classes_of(model, 1)) is None else y.numpy()
    else:
        raise InputError(f"There is no start {kind!r}. Choose images, samples or mean.")


def latent_moved(
    checkpoint: str,
    z: np.ndarray,
    y: np.ndarray | None,
    which: tuple[int, ...],
    by: tuple[float, ...],
) -> np.ndarray:
    """Pictures of latents N Z, those called ``which`` moved ``by`` so much: uint8 N H W [3]."""
    model = coder(checkpoint)
    z = _checked(model, z)
    _known(model, which)
    out = traversing.moved(z, torch.tensor(which, dtype=torch.long), torch.tensor(by))
    return to_uint8(decode(model, out, y))


def latent_rows(
    checkpoint: str,
    z: np.ndarray,
    y: np.ndarray | None,
    which: tuple[int, ...],
    by: np.ndarray,
) -> Paths:
    """One latent a row, moved ``by`` (K S) from where the first of ``z`` has it."""
    model = coder(checkpoint)
    few(by.size)
    _known(model, which)
    z = _checked(model, z)[0]
    by = torch.tensor(by, dtype=z.dtype)
    return traversing.traversals(model, z, torch.tensor(which), by, _class(y))


def latent_grid(
    checkpoint: str,
    z: np.ndarray,
    y: np.ndarray | None,
    pair: tuple[int, int],
    across: np.ndarray,
    down: np.ndarray,
) -> Paths:
    """Pictures over the values of two latents; all others stay those of the first of ``z``."""
    model = coder(checkpoint)
    few(len(across) * len(down))
    z = _checked(model, z)[0]
    values = (torch.tensor(side, dtype=z.dtype) for side in (across, down))
    return traversing.grid(model, z, pair, *values, _class(y))


def latent_quantiles(n: int) -> np.ndarray:
    """The middles of ``n`` equal shares of N(0, 1)."""
    return traversing.quantiles(few(n)).numpy()


def latent_cloud(checkpoint: str, pair: tuple[int, int]) -> Cloud2D:
    """Where the first test images lie in two latents."""
    model = coder(checkpoint)
    _known(model, pair)
    real = images(checkpoint, model)
    found = code(checkpoint, model, "test", CLOUD)
    sides = (np.ascontiguousarray(side[:, list(pair)]) for side in (found.mean, found.std))
    return Cloud2D(*sides, None if real.y is None else real.y[:CLOUD])


def latent_draws(checkpoint: str, index: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A test image, and ``n`` pictures of draws from its posterior: uint8 H W, n H W ([3])."""
    model = coder(checkpoint)
    x = picked(images(checkpoint, model), index, 1).x
    found = traversing.codes(model, x)
    mean, std = torch.from_numpy(found.mean[0]), torch.from_numpy(found.std[0])
    drawn = traversing.draws(model, mean, std, few(n), seed)
    return to_uint8(x / np.float32(255))[0], to_uint8(drawn)


# Where it begins ----------------------------------------------------------------------------------


def _of_images(checkpoint: str, model: Model, index: int, n: int) -> Iterator[float | Start]:
    some = picked(images(checkpoint, model), index, n)
    if encodes(model):
        yield traversing.codes(model, some.x).mean, None
        return
    if not isinstance(model, GAN):
        raise InputError("This model finds no latents of a picture. Begin with random ones.")
    for told in inverted(model, some.x, some.y):
        if isinstance(told, float):
            yield told
    yield told.numpy(), some.y if model.classes else None


def _mean(checkpoint: str, model: Model) -> np.ndarray:
    if not encodes(model):
        return np.zeros((1, model.latent), np.float32)
    return code(checkpoint, model, "test", CLOUD).mean.mean(0, keepdims=True)


# What may be asked --------------------------------------------------------------------------------


def _checked(model: Model, z: np.ndarray) -> Tensor:
    """Latents as a tensor N Z."""
    if z.ndim != 2 or not 1 <= len(z) <= MOST or z.shape[1] != model.latent:
        raise InputError(
            f"Latents are asked for as N x {model.latent}, with N up to {MOST}. Choose a start."
        )
    checks.rows(z, 1, "a walk along them", "latents")
    return torch.tensor(z, dtype=torch.float32)


def _known(model: Model, which: tuple[int, ...]) -> None:
    wrong = [i for i in which if not 0 <= i < model.latent]
    if wrong:
        raise InputError(
            f"There is no latent {wrong[0] + 1}: this model has {model.latent}. Choose one of them."
        )


def _class(y: np.ndarray | None) -> Tensor | None:
    """The class of the first latents, if the model knows any: int 1."""
    return None if y is None else torch.tensor(y[:1])
