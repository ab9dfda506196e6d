"""Maps of what a model makes of real images: its latents, their statistics, layouts, newcomers.

What costs seconds stands on a shelf, under the hash of the weights, of the images and of the
settings, so that a second look is instant, also after a restart.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from explorer import catalog, checkpoints, copying, data, embedding, mapping, runs
from explorer.abilities.classes import CHUNK, features, representation
from explorer.abilities.copies import copies
from explorer.answers import Film, LatentLayout, LatentPoints, Newcomers, Plane
from explorer.catalog import Entry
from explorer.competitors import competitor
from explorer.data import Data
from explorer.errors import InputError
from explorer.map_settings import MapSettings
from explorer.metrics.neighbours import nearest
from explorer.models.base import Model
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.pictures import tiles
from explorer.probes import as_input, encode, kl_to_prior, quietly
from explorer.shelf import Shelf, key_of

NEAR = 10  # neighbours of each image
MOST = 20_000  # images on a map
VERSION = 1  # of what stands on the shelf
EXTENT = 1.6  # of a film's plane


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
    values = {k.removeprefix("value "): v for k, v in kept.items() if k.startswith("value ")}
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
    told = {f"value {name}": v.astype(np.float32) for name, v in values.items()}
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


# Maps ---------------------------------------------------------------------------------------------


def layout(cut: Cut, asked: MapSettings) -> Iterator[float | LatentLayout]:
    """Shares done, then where the images lie on the map; latents must be known already."""
    shelf = Shelf(cut.key)
    name = f"layout-{key_of(asked.facts())}"
    if (kept := shelf.get(name)) is not None:
        yield _layout(**kept)
        return
    z = yield from passed(latents(cut), 0.0, 0.05)
    began = time.monotonic()
    positions = yield from passed(_fit(z, asked), 0.05, 0.9)
    judged = yield from passed(
        embedding.process().stream("quality", z=z, positions=positions), 0.9, 1
    )
    told = np.array([*judged, time.monotonic() - began])
    shelf.put(name, positions=positions, told=told)
    yield _layout(positions, told)


def _layout(positions: np.ndarray, told: np.ndarray) -> LatentLayout:
    trust, continuity, judged, seconds = told.tolist()
    return LatentLayout(positions, trust, continuity, int(judged), seconds)


def _fit(z: np.ndarray, asked: MapSettings) -> Iterator[float | np.ndarray]:
    start = mapping.widened(mapping.principal(z, asked.dimensions).of(z), asked.dimensions)
    if asked.method == "pca":
        yield start
        return
    own = {"metric": asked.metric, "seed": asked.map_seed}
    if asked.method == "umap":
        own |= {"n_neighbors": asked.n_neighbors, "min_dist": asked.min_dist}
    else:
        own |= {"perplexity": asked.perplexity}
    yield from embedding.process().stream(asked.method, z=z, start=start, **own)


def newcomers(
    cut: Cut, asked: MapSettings, pictures: np.ndarray, positions: np.ndarray
) -> Iterator[float | Newcomers]:
    """Shares done, then where pictures uint8 M C H W belong on a map whose ``positions`` are known.

    PCA projects them, UMAP moves them while the map stands still, and t-SNE, which knows no new
    points, lays each amid its nearest neighbours.
    """
    z = yield from passed(latents(cut), 0.0, 0.1)
    new = np.concatenate(list(features(cut.model, pictures))).astype(np.float32)
    found, away = nearest(new, z, min(NEAR, len(z)))
    yield 0.3
    if asked.method == "pca":
        axes = mapping.principal(z, asked.dimensions)
        at = mapping.widened(axes.of(new), asked.dimensions)
    elif asked.method == "tsne":
        at = mapping.placed(found, away, positions)
    else:
        own = {"n_neighbors": asked.n_neighbors, "min_dist": asked.min_dist}
        own |= {"metric": asked.metric, "seed": asked.map_seed}
        given = {"z": z, "positions": positions, "new": new}
        at = yield from passed(embedding.process().stream("place", **given, **own), 0.3, 1.0)
    yield Newcomers(tiles(pictures), at, found, away.astype(np.float32))


def samples(cut: Cut, n: int, seed: int) -> Iterator[float | np.ndarray]:
    """Shares done, then ``n`` samples of the model, uint8 n C H W, drawn as on the scoreboard."""
    how = {"prior": "mixture"} if cut.entry.header.family == "autoencoder" else {}
    one = competitor(cut.entry.key, how, seed)
    work = copying.drawn(one, n, Shelf(one.shelf))
    while True:
        try:
            _, done, total = next(work)
        except StopIteration as end:
            made = end.value
            break
        yield done / total
    yield made[:, None] if made.ndim == 3 else np.ascontiguousarray(made.transpose(0, 3, 1, 2))


# While it learned ---------------------------------------------------------------------------------


def film(cuts: list[Cut]) -> Iterator[float | Film]:
    """The same images in every checkpoint of a run, the oldest first, seen along fixed axes.

    They are the two principal axes of the last checkpoint: a coordinate means the same all along,
    so what moves is the model.
    """
    found = []
    for i, cut in enumerate(cuts):
        z = yield from passed(latents(cut), i / len(cuts), (i + 1) / len(cuts))
        found.append(z)
    axes = mapping.principal(found[-1], 2)
    flat = [mapping.widened(axes.of(z), 2) for z in found]
    reach = max(float(np.quantile(np.abs(one), 0.995)) for one in flat) or 1.0
    places = np.stack(flat) * (0.95 * EXTENT / reach)
    labels = cuts[-1].images.y
    groups = None if labels is None else labels[cuts[-1].places]
    plane = Plane("The same images, epoch by epoch", places, groups, extent=EXTENT)
    facts = [cut.entry.header.facts for cut in cuts]
    told = tuple(f"epoch {f.get('epoch', 0):.3g} · step {f.get('step', 0):,}" for f in facts)
    yield Film((plane,), told, fps=3.0)


def run_keys(checkpoint: str) -> list[str]:
    """The keys of all checkpoints of a run; that of a shipped model itself."""
    if checkpoint.startswith((catalog.SHIPPED, catalog.EXACT)):
        return [checkpoint]
    run = runs.find(checkpoint.partition("@")[0])
    return [f"{run.id}@{one.step}" for one in run.checkpoints()]
