"""What pages ask of a worker: one small file per wish, taken in order."""

import re
import secrets
import time
from pathlib import Path
from typing import Any

from explorer import files
from explorer.errors import ExplorerError, InputError

NAMES = ("stop", "set", "checkpoint")
_FILE = r"[0-9]{20}-[0-9a-f]{8}\.json"


def put(folder: Path, name: str, payload: dict[str, Any]) -> None:
    """Publish one wish (InputError for a name that no worker knows)."""
    if name not in NAMES:
        raise InputError(f"{name[:40]!r} cannot be asked of a run; {', '.join(NAMES)} can.")
    if name == "set" and payload.keys() != {"name", "value"}:
        raise InputError("A wish to set something needs a name and a value, and only these.")
    files.make_folder(folder)
    path = folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
    files.publish(path, files.json_bytes({"wish": name, **payload}))


def pending(folder: Path) -> list[dict[str, Any]]:
    """The wishes that lie there, oldest first; what is not one is passed over."""
    return [wish for path in _paths(folder) if (wish := _read(path))]


def take(folder: Path) -> list[dict[str, Any]]:
    """The wishes that lie there, oldest first, which are then removed."""
    taken = [(path, _read(path)) for path in _paths(folder)]
    for path, _ in taken:
        files.remove(path)
    return [wish for _, wish in taken if wish]


def _paths(folder: Path) -> list[Path]:
    return [path for path in files.entries(folder) if re.fullmatch(_FILE, path.name)]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        wish = files.read_json(path)
    except ExplorerError:
        return None
    return wish if isinstance(wish, dict) and wish.get("wish") in NAMES else None
