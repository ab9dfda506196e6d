r"""A plane through a latent space, decoded once so finely that a browser can point anywhere in it.

    z(s, t) = c + s u + t v,    u, v orthonormal

Between the pictures of the grid the browser blends four neighbours; `looked` decodes the very place
and says how far off the blend was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from explorer import catalog, checkpoints, data, inventing, mapping
from explorer.answers import LatentPlane, LatentSight
from explorer.errors import InputError
from explorer.metrics.neighbours import nearest
from explorer.models.base import Decodes, Model
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.pictures import to_uint8
from explorer.probes import classes_of, decode, encode

SEEN = 2000  # test images whose latents lie over the plane
WIDE = 3.0  # standard deviations along the wider axis that the plane reaches
FAR = 5.0  # how far it reaches where latents are N(0, I): one of many says little
NEAR = 6
KINDS = ("widest", "chosen", "steepest", "random")


@dataclass(frozen=True, eq=False)
class _Plane:
    """A decoder, a plane c + s u + t v of its latents, and latents N Z of images above it."""

    model: Model
    centre: Tensor
    axes: Tensor
    reach: float
    z: np.ndarray
    marks: np.ndarray
    label: int | None

    def flat(self, z: np.ndarray) -> np.ndarray:
        return ((z - self.centre.numpy()) @ self.axes.numpy().T).astype(np.float32)

    def pictures(self, z: Tensor) -> np.ndarray:
        """float32 N C H W of latents N Z."""
        return decode(self.model, z, classes_of(self.model, len(z), self.label))


def decoder(checkpoint: str) -> Model:
    """What turns latents into pictures in a model.  Raises InputError if nothing does."""
    model = checkpoints.load(catalog.resolve(checkpoint))
    model = model.autoencoder if isinstance(model, LatentDiffusion) else model
    if not (isinstance(model, Decodes) and model.spec.is_image):
        raise InputError(
            "This model has no decoder from a few numbers to a picture: its noise is as large as "
            "the picture. Choose an autoencoder, a VAE, a GAN or a latent diffusion."
        )
    if model.latent < 2:
        raise InputError("This model has a single latent, and a plane needs two. Choose another.")
    return model


@lru_cache(maxsize=8)
def _plane(
    checkpoint: str, name: str, kind: str, chosen: tuple[int, ...], seed: int, label: int | None
) -> _Plane:
    model = decoder(checkpoint)
    if kind not in KINDS:
        raise InputError(f"There is no plane {kind!r}. Choose one of {', '.join(KINDS)}.")
    if kind in ("steepest", "random"):
        return _around(model, kind, seed, label)
    if "Encodes" not in model.capabilities:
        raise InputError(
            "This model cannot encode, so no real picture lies in its latent space. "
            "Choose a plane of random directions, or where most changes."
        )
    images = data.load(name, "test")
    z = mapping.sound(encode(model, images.x[:SEEN]).mean)
    centre, axes = _through(model, images.x, z, chosen) if kind == "chosen" else _widest(z)
    spread = ((z - centre) @ axes.T).std(0).max()
    marked = encode(model, images.x[list(chosen)]).mean if kind == "chosen" else z[:0]
    marks = ((marked - centre) @ axes.T).astype(np.float32)
    reach = float(max(WIDE * spread, 1.3 * np.abs(marks).max(initial=0.0))) or 1.0
    centre, axes = (torch.tensor(x, dtype=torch.float32) for x in (centre, axes))
    return _Plane(model, centre, axes, reach, z, marks, label)


def _widest(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    axes = mapping.principal(z, 2)
    return axes.mean, axes.directions


def _through(
    model: Model, x: np.ndarray, z: np.ndarray, chosen: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The plane through the mean of latents N Z and those of two chosen images."""
    if len(chosen) != 2 or not all(0 <= i < len(x) for i in chosen):
        raise InputError(f"Two test images from 0 to {len(x) - 1:,} are needed for this plane.")
    mean = z.mean(0, dtype=np.float64)
    first, second = encode(model, x[list(chosen)]).mean - mean
    u = first / np.linalg.norm(first)
    v = second - (second @ u) * u
    if np.linalg.norm(v) < 1e-6 * np.linalg.norm(second):
        raise InputError(
            "Both images have their latents in one direction, and a plane needs two. "
            "Choose two different images."
        )
    return mean, np.stack([u, v / np.linalg.norm(v)])


def _around(model: Model, kind: str, seed: int, label: int | None) -> _Plane:
    """A plane around one latent of N(0, I)."""
    (z,) = inventing.latents(model, 1, seed)
    if kind == "random":
        axes = inventing.random_axes(model.latent, seed)
    else:
        axes = inventing.steepest(model, z, classes_of(model, 1, label))
    centre = z - (z @ axes.T) @ axes
    empty = np.empty((0, model.latent), np.float32)
    return _Plane(model, centre, axes, FAR, empty, (axes @ z).numpy()[None], label)


def plane(
    checkpoint: str,
    name: str,
    kind: str,
    chosen: tuple[int, ...],
    seed: int,
    side: int,
    label: int | None = None,
) -> Iterator[float | LatentPlane]:
    """Shares done, then ``side`` x ``side`` pictures of a plane and the latents above it.

    ``kind`` is widest (the principal axes of test images), chosen (through the mean and two test
    images), steepest or random (around the latent of ``seed``).
    """
    if not 2 <= side <= 65:
        raise InputError(f"The plane has {side} pictures a side, but 2 to 65 can be.")
    yield 0.0
    found = _plane(checkpoint, name, kind, chosen, seed, label)
    u, v = found.axes
    grid = inventing.over(torch.zeros_like(u), torch.stack([u, -v]), found.reach, side)
    rows = []
    for row in grid:
        rows.append(to_uint8(found.pictures(found.centre + row)))
        yield len(rows) / side
    yield LatentPlane(np.stack(rows), found.reach, found.flat(found.z), found.marks)


def looked(
    checkpoint: str,
    name: str,
    kind: str,
    chosen: tuple[int, ...],
    seed: int,
    side: int,
    at: tuple[float, float],
    label: int | None = None,
) -> LatentSight:
    """The picture at one place of a plane, decoded itself, and how far off its blend is."""
    found = _plane(checkpoint, name, kind, chosen, seed, label)
    s, t = (float(np.clip(x, -found.reach, found.reach)) for x in at)
    z = _at(found, np.array([[s, t]]))
    (true,) = found.pictures(z)
    corners, weights = around(np.array([s, t]), found.reach, side)
    blend = np.tensordot(weights, found.pictures(_at(found, corners)), 1)
    off = float(np.sqrt(np.square(blend - true, dtype=float).mean()))
    near, away = np.empty(0, int), np.empty(0)
    if len(found.z):
        near, away = (one[0] for one in nearest(z.numpy(), found.z, NEAR))
    return LatentSight(to_uint8(true[None])[0], off, near, away)


def _at(found: _Plane, places: np.ndarray) -> Tensor:
    return found.centre + torch.tensor(places, dtype=torch.float32) @ found.axes


def around(at: np.ndarray, reach: float, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The four places of the grid around a place (2), 4 2, and their bilinear weights 4."""
    cell = 2 * reach / (side - 1)
    low = np.clip(np.floor((at + reach) / cell), 0, side - 2)
    s, t = (at + reach) / cell - low
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    weights = np.array([(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t])
    return (low + corners) * cell - reach, weights
