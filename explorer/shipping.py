"""What came with the program: for each shipped model its SHA-256 and how it was made.

``pretrained/zoo.json`` lies beside the weight files and is written by `explorer.zoo` whenever it
packs one.  Read without torch, and before any weights are believed.
"""

import hashlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from explorer import files
from explorer.config import Settings
from explorer.errors import ExplorerError, InputError, StoreError

INDEX = "zoo.json"
VERSION = 1


class Machine(Settings):
    """Where a model was trained: the device's title, threads of the CPU, version of torch."""

    title: str
    threads: int | None = None
    torch: str | None = None


class Shipped(Settings):
    """One weight file as it was shipped; what was not recorded then is None.

    ``size`` in bytes, ``seconds`` of training, ``date`` as YYYY-MM-DD, ``samples`` a PNG in base64.
    """

    sha256: str
    size: int
    step: int | None = None
    epoch: float | None = None
    seconds: float | None = None
    machine: Machine | None = None
    date: str | None = None
    samples: str = ""


def index(folder: Path) -> dict[str, Shipped]:
    """Name -> what was shipped; empty without an index.  Raises StoreError if it is damaged."""
    path = folder / INDEX
    return _index(path, path.stat().st_mtime_ns) if path.is_file() else {}


@lru_cache(maxsize=8)
def _index(path: Path, _mtime: int) -> dict[str, Shipped]:
    told = files.read_json(path)
    try:
        if told["version"] != VERSION:
            raise ValueError
        return {name: Shipped.read(value) for name, value in told["models"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, InputError):
        raise StoreError(
            f"{path.name}, the list of the shipped models, is damaged. Restore it from a copy."
        ) from None


def write(folder: Path, models: dict[str, Shipped]) -> None:
    """Replace the index (ResourceError)."""
    value = {name: one.model_dump() for name, one in sorted(models.items())}
    told = {"version": VERSION, "models": value}
    files.publish(folder / INDEX, files.json_bytes(told, indent=1) + b"\n")


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes.  Raises FileNotFoundError."""
    return _digest(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _digest(path: Path, _mtime: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def altered(path: Path) -> str:
    """What is wrong with a weight file that the index beside it lists, or nothing."""
    listed = {}
    with suppress(ExplorerError):  # without a readable index nothing can be said
        listed = index(path.parent)
    one = listed.get(path.stem)
    if one is None or digest(path) == one.sha256:
        return ""
    return (
        f"{path.name} is not the file that was shipped: its contents have changed. Restore it from "
        f"a copy, or train it again: python -m explorer zoo build {path.stem}"
    )
