"""Where images lie on a map, who joins them there, and how the map forms while a model learns."""

import time
from collections.abc import Iterator

import numpy as np
from safetensors.numpy import load

from explorer import catalog, copying, embedding, files, mapping
from explorer.abilities.classes import features
from explorer.answers import Film, LatentLayout, Newcomers, Plane
from explorer.charting import NEAR, Cut, latents, passed
from explorer.competitors import competitor
from explorer.map_settings import MapSettings
from explorer.metrics.neighbours import nearest
from explorer.pictures import tiles
from explorer.shelf import Shelf, key_of

LAYOUTS = "latent-maps.safetensors"  # beside the shipped models
EXTENT = 1.6  # of a film's plane


def layout(cut: Cut, asked: MapSettings) -> Iterator[float | LatentLayout]:
    """Shares done, then where the images lie on the map; latents must be known already."""
    shelf, name = Shelf(cut.key), layout_name(asked)
    if (done := known(cut, asked)) is not None:
        yield done
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


def known(cut: Cut, asked: MapSettings) -> LatentLayout | None:
    """A layout that was fitted before, here or where the program was made; or None."""
    name = layout_name(asked)
    kept = Shelf(cut.key).get(name) or shipped(cut.key, name)
    return None if kept is None else _layout(**kept)


def layout_name(asked: MapSettings) -> str:
    """The name of a layout on its shelf."""
    return f"layout-{key_of(asked.facts())}"


def shipped(key: str, name: str) -> dict[str, np.ndarray] | None:
    """A layout that came with the program, so that a first look need not wait; or None."""
    path = catalog.FOLDER / LAYOUTS
    if not path.is_file():
        return None
    there, own = load(files.read_bytes(path)), f"{key}.{name}."
    found = {k.removeprefix(own): v for k, v in there.items() if k.startswith(own)}
    return found or None


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
    work = embedding.process().stream(asked.method, z=z, start=start, **own)
    yield turned((yield from passed(work, 0.0, 1.0)))


def turned(positions: np.ndarray) -> np.ndarray:
    """A map turned so that its widest side lies flat; UMAP and t-SNE know no directions."""
    k = positions.shape[1]
    return mapping.widened(mapping.principal(positions, k).of(positions), k)


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
        yield min(1.0, done / total)  # they are drawn by the chunk
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
