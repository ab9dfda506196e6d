"""What a model makes of real images: its latents, and what is known of each image.

What costs seconds stands on a shelf, under the hash of the weights, of the images and of the
settings, so that a second look is instant, also after a restart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from explorer import catalog, checkpoints, data, mapping, runs
from explorer.abilities.classes import CHUNK, features, representation
from explorer.abilities.copies import copies
from explorer.answers import LatentPoints
from explorer.catalog import Entry
from explorer.data import Data
from explorer.errors import InputError
from explorer.models.base import Model
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.probes import as_input, encode, kl_to_prior, quietly
from explorer.shelf import Shelf, key_of

NEAR = 10  # neighbours of each image
MOST = 20_000  # images on a map
VALUE = "value "  # what begins the name of a statistic there
VERSION = 1  # of what stands on the shelf


@dataclass(frozen=True)
class Cut:
    """Which images a model is shown: ``n`` stratified ones of a split of the set ``name``."""

    checkpoint: str
    name: str
    split: str
    n: int
    seed: int
    entry: Entry = field(init=False, repr=False)

    def __post_init__(self):
        if not 1 <= self.n <= MOST:
            raise InputError(f"{self.n:,} images are asked for, but a map holds 1 to {MOST:,}.")
        object.__setattr__(self, "entry", catalog.entry(self.checkpoint))

    @cached_property
    def model(self) -> Model:
        """The model, which must take such images and make numbers of them."""
        model = checkpoints.load(self.entry.path)
        if not model.spec.is_image:
            raise InputError(
                "This model is of points in the plane, which are a map already. "
                "Choose a model of pictures."
            )
        representation(model)  # or say why not
        if model.spec.shape != self.images.spec.shape:
            raise InputError(
                f"{self.name} has images of another size than this model takes. Choose another set."
            )
        return model

    @cached_property
    def images(self) -> Data:
        """The whole split."""
        return data.load(self.name, self.split)

    @cached_property
    def places(self) -> np.ndarray:
        """The places of the images in the split, in a random order that no model changes."""
        return mapping.stratified(self.images.y, len(self.images), self.n, self.seed)

    @cached_property
    def key(self) -> str:
        """The name of the shelf of the latents."""
        asked = {"n": len(self.places), "seed": self.seed, "map": VERSION}
        return key_of(asked | {"weights": self.entry.digest, "images": self.images.digest})


# Latents ------------------------------------------------------------------------------------------


def latents(cut: Cut) -> Iterator[float | np.ndarray]:
    """Shares done, then the latents float32 N D, from the shelf if they are there."""
    kept = Shelf(cut.key).get("latents")
    if kept is not None:
        yield kept["z"]
        return
    some, parts = cut.images.take(cut.places), []
    for part in features(cut.model, some.x):
        parts.append(part)
        yield min(1.0, len(parts) * CHUNK / len(some))
    z = mapping.sound(np.concatenate(parts).astype(np.float32))
    Shelf(cut.key).put("latents", z=z)
    yield z


def points(cut: Cut) -> Iterator[float | LatentPoints]:
    """Shares done, then the images as the model sees them."""
    shelf = Shelf(cut.key)
    z = yield from passed(latents(cut), 0.0, 0.5)
    kept = shelf.get("points")
    if kept is None:
        kept = yield from passed(_points(cut, z), 0.5, 1.0)
        shelf.put("points", **kept)
    shelf.used()
    values = {k.removeprefix(VALUE): v for k, v in sorted(kept.items()) if k.startswith(VALUE)}
    told = {k: kept[k] for k in ("flat", "share", "near", "away")}
    about = len(cut.images), representation(cut.model), z.shape[1]
    yield LatentPoints(cut.places, *about, **told, values=values)


def _points(cut: Cut, z: np.ndarray) -> Iterator[float | dict[str, np.ndarray]]:
    axes = mapping.principal(z, 3)
    share = np.zeros(3)
    share[: len(axes.share)] = axes.share
    near, away = mapping.neighbours(z, NEAR)
    yield 0.3
    some = cut.images.take(cut.places)
    values = {"distance from the origin": np.linalg.norm(z, axis=1)}
    if some.y is not None:
        values["label purity of its neighbours"] = mapping.purity(near, some.y)
    yield from passed(_opinions(cut.model, some, values), 0.3, 1.0)
    told = {VALUE + name: v.astype(np.float32) for name, v in values.items()}
    flat = mapping.widened(axes.of(z), 3)
    yield {"flat": flat, "share": share, "near": near, "away": away, **told}


def _opinions(model: Model, some: Data, values: dict[str, np.ndarray]) -> Iterator[float | None]:
    """What the model itself says of each image, by name, into ``values``."""
    told: dict[str, list[np.ndarray]] = {}
    for start in range(0, len(some), CHUNK):
        for name, value in _opinion(
            model, some.take(np.arange(start, min(start + CHUNK, len(some))))
        ):
            told.setdefault(name, []).append(value)
        yield min(1.0, (start + CHUNK) / len(some))
    values |= {name: np.concatenate(parts) for name, parts in told.items()}
    yield None


@quietly
def _opinion(model: Model, some: Data) -> list[tuple[str, np.ndarray]]:
    told = []
    if "Judges" in model.capabilities and not getattr(model, "classes", ()):
        told.append(("what D says of it", model.judge(as_input(model, some.x)).float().numpy()))
    if copies_at_once(model):
        *_, made = copies(model, some.x, some.y)
        error = ((made - some.x / 255.0) ** 2).reshape(len(some), -1).sum(1)
        told.append(("reconstruction error", error))
    if "KL" in model.units() and "Encodes" in model.capabilities:
        told.append(("KL of its posterior", kl_to_prior(encode(model, some.x)).sum(1)))
    return told


def copies_at_once(model: Model) -> bool:
    """Whether a copy needs no search: it has an encoder and a decoder."""
    return isinstance(model, LatentDiffusion) or {"Encodes", "Decodes"} <= {*model.capabilities}


def passed(work: Iterator[Any], low: float, high: float) -> Iterator[Any]:
    """Pass on shares of a part of the work between ``low`` and ``high``; return its answer."""
    answer = None
    for told in work:
        if isinstance(told, float):
            yield low + (high - low) * told
        else:
            answer = told
    return answer


def run_keys(checkpoint: str) -> list[str]:
    """The keys of all checkpoints of a run; that of a shipped model itself."""
    if checkpoint.startswith((catalog.SHIPPED, catalog.EXACT)):
        return [checkpoint]
    run = runs.find(checkpoint.partition("@")[0])
    return [f"{run.id}@{one.step}" for one in run.checkpoints()]
