"""Arrays that cost minutes to compute, kept between two looks and between two starts.

One folder for each thing that was measured, beside the runs: ``runs/.measured/KEY/NAME…``.  Whoever
needs a part that is not there computes it and puts it there; a part appears whole or not at
all, and a damaged one counts as absent.  When all of them together grow too large, the folders that
were not used for longest go first.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from explorer import files, runs
from explorer.errors import ExplorerError

LARGEST = 2_000_000_000  # bytes, of all folders together
SUFFIX = ".safetensors"


def key_of(facts: Mapping[str, Any]) -> str:
    """A name for what these facts describe: 24 hexadecimal digits of their SHA-256."""
    return hashlib.sha256(files.json_bytes(dict(sorted(facts.items())))).hexdigest()[:24]


class Shelf:
    """The folder of one ``key``."""

    def __init__(self, key: str):
        self.folder = runs.root() / ".measured" / key

    def get(self, name: str) -> dict[str, np.ndarray] | None:
        """The arrays put there as ``name``, or None."""
        path = self.folder / f"{name}{SUFFIX}"
        if not path.is_file():
            return None
        try:
            return load(files.read_bytes(path))
        except (SafetensorError, ExplorerError, ValueError, KeyError):
            return None

    def put(self, name: str, **arrays: np.ndarray) -> None:
        """Keep arrays as ``name``.  Raises ResourceError if the disk is full."""
        files.make_folder(self.folder)
        whole = {key: np.array(value, order="C") for key, value in arrays.items()}
        files.publish(self.folder / f"{name}{SUFFIX}", save(whole))

    def note(self, name: str, value: Any) -> None:
        """Keep plain values as ``name``.json.  Raises ResourceError."""
        files.make_folder(self.folder)
        files.publish(self.folder / f"{name}.json", files.json_bytes(value))

    def noted(self, name: str) -> Any:
        """What was noted as ``name``, or None."""
        try:
            return files.read_json(self.folder / f"{name}.json")
        except ExplorerError:
            return None

    def used(self) -> None:
        """Remember that it was used just now, and make room if all shelves hold too much."""
        files.make_folder(self.folder)
        os.utime(self.folder)
        _make_room(self.folder)


def _make_room(kept: Path) -> None:
    """Remove whole folders, the least recently used first, but never ``kept``."""
    folders = [path for path in files.entries(kept.parent) if path.is_dir() and path != kept]
    folders.sort(key=lambda path: path.stat().st_mtime)
    total = sum(map(_size, [*folders, kept]))
    for path in folders:
        if total <= LARGEST:
            return
        total -= _size(path)
        files.remove(path)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in files.entries(folder) if path.is_file())
