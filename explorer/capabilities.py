"""What each model can do, as measured: the cells of the matrix on the page Capabilities.

Cells are kept by the SHA-256 of the weights they were measured on: those of shipped models in a
file beside them, those measured here on a shelf.  Read and written without torch.
"""

import math
import time
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer import catalog, files
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.shelf import Shelf, key_of

VERSION = 1  # of how everything is measured: cells of another one are not shown
ABILITIES = ("cost", "reconstruct", "represent", "likelihood", "sample")  # the quick ones first
SHIPPED = "capabilities.json"  # beside the shipped models
DIGITS = 5  # that a figure is kept with


@dataclass(frozen=True)
class Cell:
    """One ability of one model: its ``value`` and standard ``error``, or None and why not.

    ``text`` says how it was measured, or why it cannot be; ``facts`` are what else was found,
    ``picture`` a PNG in base64, or nothing, and ``when`` the second (Unix time) it was kept.
    """

    ability: str
    value: float | None
    error: float | None
    text: str
    facts: dict[str, Any] = field(default_factory=dict)
    picture: str = ""
    when: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain values that `cell` reads; figures that are not finite become None."""
        return {k: _plain(v) for k, v in asdict(self).items()}


def cell(value: Any) -> Cell:
    """What ``Cell.to_json`` made.  Raises TypeError or ValueError for anything else."""
    found = Cell(**value)
    figures = all(isinstance(v, int | float | None) for v in (found.value, found.error))
    kinds = isinstance(found.facts, dict) and isinstance(found.when, int)
    if found.ability not in ABILITIES or not figures or not kinds:
        raise ValueError("this is no cell")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


# Which models -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A column of the matrix: its name, the family, and the shipped model it begins with."""

    title: str
    family: str
    first: str
    conditional: bool | None = None  # of a family that may know classes or not

    def has(self, entry: Entry) -> bool:
        """Whether a checkpoint is of this kind, and of pictures."""
        header = entry.header
        told = header.recipe.get("model", {}).get("conditional", False)
        same = header.family == self.family and self.conditional in (None, told)
        return same and len(header.facts["spec"]["shape"]) == 3


KINDS = {
    "ae": Kind("Autoencoder", "autoencoder", "autoencoder-fashion"),
    "vae": Kind("VAE", "vae", "vae-fashion"),
    "gan": Kind("GAN", "gan", "gan-fashion", False),
    "cgan": Kind("Conditional GAN", "gan", "gan-conditional-fashion", True),
    "diffusion": Kind("Diffusion", "diffusion", "diffusion-fashion"),
    "latent": Kind("Latent diffusion", "latent-diffusion", "latent-diffusion-fashion"),
}


# Where cells are kept -----------------------------------------------------------------------------


def shipped(entry: Entry) -> dict[str, Cell]:
    """The cells that came with the program for exactly these weights, by ability."""
    path = catalog.FOLDER / SHIPPED
    known = _shipped(path, path.stat().st_mtime_ns) if path.is_file() else {}
    return known.get(entry.digest, {}) if known else {}


@lru_cache(maxsize=4)
def _shipped(path: Path, _mtime: int) -> dict[str, dict[str, Cell]]:
    try:
        told = files.read_json(path)
        if told["version"] != VERSION:
            return {}
        return {
            model["weights"]: {c.ability: c for c in map(cell, model["cells"])}
            for model in told["models"]
        }
    except (ExplorerError, AttributeError, KeyError, TypeError, ValueError):
        return {}


def kept(entry: Entry, since: float = 0.0) -> dict[str, Cell]:
    """The cells that were measured on this machine, at ``since`` (Unix time) or later."""
    found = map(_read, map(_shelf(entry).noted, ABILITIES))
    return {one.ability: one for one in found if one and one.when >= since}


def keep(entry: Entry, found: Cell) -> Cell:
    """Keep a cell, with the time.  Raises ResourceError if the disk is full."""
    found = replace(found, when=int(time.time()))
    shelf = _shelf(entry)
    shelf.note(found.ability, found.to_json())
    shelf.used()
    return found


def _shelf(entry: Entry) -> Shelf:
    return Shelf(key_of({"capabilities": VERSION, "weights": entry.digest}))


def _read(note: Any) -> Cell | None:
    try:
        return cell(note)
    except (TypeError, ValueError):
        return None
