"""Maps of latents: where a model puts real pictures, its own samples, a person's picture."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from explorer import aligning, charting, hovering, layouts
from explorer.abilities.copies import copies, way
from explorer.answers import (
    Alignment,
    Film,
    LatentLayout,
    LatentPlane,
    LatentPoints,
    LatentSight,
    Newcomers,
)
from explorer.charting import Cut
from explorer.errors import InputError
from explorer.map_settings import MapSettings
from explorer.pictures import to_uint8
from explorer.questions.subjects import fitted

SAMPLES = 1000  # at most
COPIED = 64
FILMED = 40  # checkpoints of a film


def map_points(
    checkpoint: str, data_name: str, split: str, n: int, seed: int
) -> Iterator[float | LatentPoints]:
    """Real images as a model sees them; ``n`` stratified ones of a split."""
    return charting.points(Cut(checkpoint, data_name, split, n, seed))


def map_layout(
    checkpoint: str, data_name: str, split: str, n: int, seed: int, how: dict[str, Any]
) -> Iterator[float | LatentLayout]:
    """Where they lie on a map made as the settings ``how`` say."""
    return layouts.layout(Cut(checkpoint, data_name, split, n, seed), MapSettings.read(how))


def map_known(
    checkpoint: str, data_name: str, split: str, n: int, seed: int, how: dict[str, Any]
) -> LatentLayout | None:
    """The same if it was fitted before."""
    return layouts.known(Cut(checkpoint, data_name, split, n, seed), MapSettings.read(how))


def map_samples(
    cut: dict[str, Any], how: dict[str, Any], positions: np.ndarray, count: int, sample_seed: int
) -> Iterator[float | Newcomers]:
    """Samples of the model on a map whose ``positions`` are known."""
    if not 1 <= count <= SAMPLES:
        raise InputError(f"{count:,} samples are asked for, but 1 to {SAMPLES:,} can be.")
    shown = Cut(**cut)
    drawn = yield from charting.passed(layouts.samples(shown, count, sample_seed), 0.0, 0.7)
    joining = layouts.newcomers(shown, MapSettings.read(how), drawn, positions)
    yield (yield from charting.passed(joining, 0.7, 1.0))


def map_own(
    cut: dict[str, Any], how: dict[str, Any], positions: np.ndarray, x: np.ndarray
) -> Iterator[float | Newcomers]:
    """A person's pictures uint8 N C H W on such a map."""
    shown = Cut(**cut)
    return layouts.newcomers(shown, MapSettings.read(how), fitted(x, shown.model), positions)


def map_copies(
    checkpoint: str, data_name: str, split: str, places: tuple[int, ...]
) -> Iterator[float | tuple[np.ndarray, np.ndarray, str]]:
    """Shares done, then copies uint8 N H W [3] of images, their squared errors, and the way."""
    if not 1 <= len(places) <= COPIED:
        raise InputError(f"{len(places)} images are chosen, but 1 to {COPIED} can be copied.")
    cut = Cut(checkpoint, data_name, split, 1, 0)
    some = cut.images.take(np.asarray(places))
    made = yield from charting.passed(copies(cut.model, some.x, some.y), 0.0, 1.0)
    error = ((made - some.x / 255.0) ** 2).reshape(len(some), -1).sum(1)
    yield to_uint8(made), error, way(cut.model)


def map_alignment(
    checkpoint: str, other: str, data_name: str, split: str, n: int, seed: int
) -> Iterator[float | Alignment]:
    """The same images in two models, laid over each other."""
    first = Cut(checkpoint, data_name, split, n, seed)
    second = replace(first, checkpoint=other)
    a = yield from charting.passed(charting.latents(first), 0.0, 0.45)
    b = yield from charting.passed(charting.latents(second), 0.45, 0.9)
    fit, kept = aligning.aligned(a, b)
    flat = [one[:, :2].astype(np.float32) for one in (fit.first, fit.second)]
    moved = fit.moved.astype(np.float32)
    yield Alignment(first.places, *flat, moved, fit.disparity, kept)


def map_film(
    checkpoint: str, data_name: str, split: str, n: int, seed: int
) -> Iterator[float | Film]:
    """The map of a run while it learned, checkpoint by checkpoint."""
    keys = charting.run_keys(checkpoint)
    if len(keys) < 2:
        raise InputError(
            "This model has a single checkpoint, and a film needs two. Choose a run trained here."
        )
    return layouts.film([Cut(key, data_name, split, n, seed) for key in keys[-FILMED:]])


def map_plane(
    checkpoint: str,
    data_name: str,
    kind: str,
    chosen: tuple[int, ...],
    seed: int,
    side: int,
    label: int | None = None,
) -> Iterator[float | LatentPlane]:
    """Pictures over a plane through the latents."""
    return hovering.plane(checkpoint, data_name, kind, chosen, seed, side, label)


def map_sight(
    checkpoint: str,
    data_name: str,
    kind: str,
    chosen: tuple[int, ...],
    seed: int,
    side: int,
    at: tuple[float, float],
    label: int | None = None,
) -> LatentSight:
    """The picture at one place of that plane."""
    return hovering.looked(checkpoint, data_name, kind, chosen, seed, side, at, label)
