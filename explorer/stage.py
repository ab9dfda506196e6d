"""The stage: one model of every family beside each other, trained on the same pictures.

Which model stands in which column is a table.  Models have pictures of different epochs, so columns
are aligned by epoch: each shows its newest picture at or before the one that is asked for.  Nothing
here needs torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from explorer import catalog, data, films, header
from explorer.answers import Film, Track
from explorer.catalog import Entry
from explorer.errors import ExplorerError, InputError
from explorer.pictures import sheet, tiles

MARKS = (1.0, 10.0, 20.0, 25.0)  # epochs that everyone is asked to look at
MOST = 100  # epochs on the slider, but for the marks
SIDE = 4  # a sheet is cropped to SIDE x SIDE tiles
REAL = "Real pictures"
NAMES = {
    "ae": "Autoencoder",
    "vae": "VAE",
    "gan": "GAN",
    "lsgan": "GAN, least squares",
    "wgan": "WGAN-GP",
    "cgan": "Conditional GAN",
    "diffusion": "Diffusion",
    "latent": "Latent diffusion",
}
FAMILIES = ("ae", "vae", "gan", "cgan", "diffusion", "latent")  # a column each where room is short
SHIPPED = {  # data set -> column -> shipped model
    "mnist": {
        "ae": "mnist-autoencoder-16",
        "vae": "mnist-vae",
        "gan": "mnist-gan",
        "lsgan": "mnist-gan-least-squares",
        "wgan": "mnist-gan-wgan-gp",
        "cgan": "mnist-gan-conditional",
        "diffusion": "mnist-diffusion",
        "latent": "mnist-latent-diffusion",
    },
    "fashion-mnist": {
        "ae": "autoencoder-fashion",
        "vae": "vae-fashion",
        "gan": "gan-fashion",
        "lsgan": "gan-least-squares-fashion",
        "wgan": "gan-wgan-gp-fashion",
        "cgan": "gan-conditional-fashion",
        "diffusion": "diffusion-fashion",
        "latent": "latent-diffusion-spatial-fashion",
    },
}


@dataclass(frozen=True, eq=False)
class Column:
    """A model on the stage, under a short title, and the film of its training."""

    title: str
    entry: Entry
    film: Film


# Who stands there ---------------------------------------------------------------------------------


def shipped_keys(data_name: str) -> dict[str, str]:
    """Column -> key of the shipped models of a data set that are here, from left to right."""
    there = {path.stem for path in catalog.FOLDER.glob("*.safetensors")}
    names = SHIPPED[data_name]
    return {place: catalog.SHIPPED + name for place, name in names.items() if name in there}


def of_data(entry: Entry, data_name: str) -> bool:
    """Whether a model learned these pictures, or the full set that they are a part of."""
    return entry.header.recipe["data"].removesuffix("-full") == data_name


def checked(key: str, data_name: str) -> Entry:
    """The checkpoint called ``key``.  Raises InputError if it did not learn these pictures."""
    entry = catalog.entry(key)
    if key.startswith(catalog.EXACT) or not of_data(entry, data_name):
        raise InputError(
            f"{entry.title} did not learn {data.title(data_name)}. Choose a model that did."
        )
    return entry


def column(key: str, data_name: str, title: str = "") -> Column | None:
    """A model on the stage; None if its file is damaged or has no film of its training."""
    try:
        entry = checked(key, data_name)
        film = film_of(entry)
        told = film and films.epochs(film)
    except ExplorerError:
        return None
    return Column(title or entry.title, entry, film) if told else None


def film_of(entry: Entry) -> Film | None:
    """The film of a model's training, from its file or, of a run, from its folder."""
    if entry.key.startswith(catalog.SHIPPED):
        return header.film(entry.path)
    return films.run_film(catalog.past(entry))


# What is seen -------------------------------------------------------------------------------------


def epochs(columns: Sequence[Column]) -> tuple[float, ...]:
    """All epochs of the one slider."""
    return films.moments([one.film for one in columns], MOST, MARKS)


def samples(columns: Sequence[Column], data_name: str, moments: Sequence[float], side: int) -> Film:
    """Real pictures, and each column's samples by epoch: ``side`` x ``side`` tiles each."""
    still = original(data_name, side)
    real = Track(REAL, np.broadcast_to(still, (len(moments), *still.shape)))
    return _film([real, *_tracks(columns, "samples", moments, side)], moments)


def copies(columns: Sequence[Column], moments: Sequence[float], side: int) -> dict[int, Track]:
    """What columns make of test images, by the column's place: originals above, copies below."""
    made = {}
    for i, one in enumerate(columns):
        if found := _tracks([one], "reconstructions", moments, side):
            made[i] = replace(found[0], title=f"{one.title}: copies")
    return made


def original(data_name: str, side: int = SIDE) -> np.ndarray:
    """The first training pictures as a sheet of ``side`` x ``side`` tiles."""
    return sheet(tiles(data.load(data_name, "train").x[: side * side]), side)


def _tracks(
    columns: Sequence[Column], track: str, moments: Sequence[float], side: int
) -> list[Track]:
    found = []
    for one in columns:
        frames = films.at_epochs(one.film, track, moments)
        if frames is not None:
            tile = one.entry.header.facts["spec"]["shape"][-1]
            found.append(Track(one.title, frames[:, : side * tile, : side * tile]))
    return found


def _film(tracks: list[Track], moments: Sequence[float]) -> Film:
    labels = tuple(f"epoch {moment:g}" for moment in moments)
    return Film(tuple(tracks), labels, tuple(moments), "epochs", fps=4.0)


def frame_at(moments: Sequence[float], epoch: float) -> int:
    """The place of the slider that shows ``epoch``: the last one at or before it, or the first."""
    return films.newest(moments, epoch) or 0


def spread(moments: Sequence[float], most: int) -> tuple[float, ...]:
    """At most ``most`` of some epochs for a short film: the first, the last, more early ones."""
    if len(moments) <= most:
        return tuple(moments)
    wanted = moments[-1] * (np.arange(most) / (most - 1)) ** 2  # learning is quick at first
    return tuple(sorted({moments[int(np.abs(np.array(moments) - e).argmin())] for e in wanted}))
