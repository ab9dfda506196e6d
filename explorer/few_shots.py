"""What few labels are worth in each model, as measured: read and written without torch.

Figures are kept by the SHA-256 of the weights they were measured on: those of shipped models, and
of some that were trained for the comparison alone, in a file beside them, others on a shelf.
"""

import math
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer import catalog, files
from explorer.answers import FewShots
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.shelf import Shelf, key_of

VERSION = 1  # of how everything is measured: figures of another one are not shown
SHIPPED = "few_shots.json"  # beside the shipped models
NOTE = "few-shots"
DIGITS = 5  # that a figure is kept with
LINES = ("pixels", "classifier")  # families that are no models: what they are compared with


def to_json(one: FewShots) -> dict[str, Any]:
    """Plain values that `read` understands."""
    return {name: _plain(value) for name, value in asdict(one).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def read(value: Any) -> FewShots:
    """What `to_json` made.  Raises TypeError, ValueError or KeyError for anything else."""
    curves = {k: tuple((float(m), float(e)) for m, e in value[k]) for k in ("vote", "probe")}
    found = FewShots(**value | curves | {"labels": tuple(map(int, value["labels"]))})
    if len(found.vote) != len(found.labels) or len(found.probe) != len(found.labels):
        raise ValueError("these are no figures of few labels")
    return found


# Where they are kept ------------------------------------------------------------------------------


def shipped(data_name: str) -> list[FewShots]:
    """The figures of a data set that came with the program.

    Those of a model that ships are left out where it has changed since.
    """
    return [one for one in _there() if one.data == data_name and _current(one)]


def data_names() -> list[str]:
    """The data sets that figures came with."""
    return list(dict.fromkeys(one.data for one in _there()))


def of(entry: Entry) -> FewShots | None:
    """What is known of exactly these weights, measured here or before."""
    digest = entry.digest
    there = (one for one in _there() if one.weights == digest)
    found = _read(_shelf(entry).noted(NOTE)) or next(there, None)
    return replace(found, key=entry.key, title=entry.title) if found else None


def keep(entry: Entry, found: FewShots) -> FewShots:
    """Keep figures, rounded, and return them.  Raises ResourceError if the disk is full."""
    shelf, plain = _shelf(entry), to_json(found)
    shelf.note(NOTE, plain)
    shelf.used()
    return read(plain)


def _current(one: FewShots) -> bool:
    """Whether its model, if it ships, still has the weights that were measured."""
    try:
        return not one.key or catalog.entry(one.key).digest == one.weights
    except ExplorerError:
        return False


def _there() -> list[FewShots]:
    path = catalog.FOLDER / SHIPPED
    return _file(path, path.stat().st_mtime_ns) if path.is_file() else []


@lru_cache(maxsize=4)
def _file(path: Path, _mtime: int) -> list[FewShots]:
    try:
        told = files.read_json(path)
        return [read(one) for one in told["models"]] if told["version"] == VERSION else []
    except (ExplorerError, AttributeError, KeyError, TypeError, ValueError):
        return []


def _shelf(entry: Entry) -> Shelf:
    return Shelf(key_of({"few shots": VERSION, "weights": entry.digest}))


def _read(note: Any) -> FewShots | None:
    try:
        return read(note)
    except (TypeError, ValueError, KeyError):
        return None
