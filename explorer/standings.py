"""Standings as JSON and back; those of the shipped models, and a few samples, are shipped too."""

import base64
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from explorer import files
from explorer.answers import Protocol, Score, Standing
from explorer.errors import ExplorerError
from explorer.pictures import png, read_png

SHIPPED = Path(__file__).parents[1] / "pretrained" / "scores.json"
WALL = 20  # samples of each shipped model
MOST = 12  # competitors on one board


def to_json(standing: Standing) -> dict[str, Any]:
    """Plain values."""
    return asdict(standing)


def from_json(value: Any) -> Standing:
    """What ``to_json`` made.  Raises TypeError, KeyError or AttributeError for anything else."""
    scores = {name: Score(**score) for name, score in value["scores"].items()}
    curves = {name: tuple((int(n), float(y)) for n, y in value[name]) for name in ("quick", "fid")}
    return Standing(
        **value | curves | {"scores": scores, "protocol": Protocol(**value["protocol"])}
    )


def kept(value: Any, wanted: Standing) -> Standing | None:
    """The finished standing in ``value`` if its protocol is that of ``wanted``, under its name."""
    try:
        return _same(from_json(value), wanted)
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


def shipped(wanted: Standing, any_precision: bool = False) -> Standing | None:
    """The finished standing that came with the program in the protocol of ``wanted``.

    Or, in ``any_precision``, one that differs in nothing but the precision of its network: what
    ships was measured on a machine that may have been quickest with another one than this.
    """
    found = (_same(one, _at(one, wanted) if any_precision else wanted) for one in all_shipped())
    here = wanted.protocol.precision
    first = sorted(filter(None, found), key=lambda one: one.protocol.precision != here)
    return first[0] if first else None


def _at(one: Standing, wanted: Standing) -> Standing:
    """``wanted`` at the precision of ``one``."""
    how = replace(wanted.protocol, precision=one.protocol.precision)
    return replace(wanted, protocol=how)


def shipped_wall(digest: str, sampling: str, seed: int) -> np.ndarray | None:
    """The first samples that came with the program, uint8 `WALL` H W [3]; None if none did.

    ``digest`` is the SHA-256 of the weights, or of real pictures.
    """
    wanted = [digest, sampling, seed]
    return next((pictures for drawn, pictures in _walls(_mtime()) if drawn == wanted), None)


def wall_json(digest: str, sampling: str, seed: int, pictures: np.ndarray) -> dict[str, Any]:
    """The first `WALL` of samples uint8 N H W [3] as plain values, for `shipped_wall`."""
    column = pictures[:WALL].reshape(-1, *pictures.shape[2:])
    text = base64.b64encode(png(column)).decode("ascii")
    return {"drawn": [digest, sampling, seed], "png": text}


@lru_cache(maxsize=2)
def _walls(_mtime: int) -> list[tuple[list, np.ndarray]]:
    try:
        return [(wall["drawn"], _cut(wall["png"])) for wall in _shipped(_mtime).get("walls", [])]
    except (TypeError, KeyError, AttributeError, ValueError, OSError):
        return []


def _cut(text: str) -> np.ndarray:
    """A column of pictures -> the pictures."""
    column = read_png(base64.b64decode(text, validate=True))
    return column.reshape(WALL, -1, *column.shape[1:])


def _same(found: Standing, wanted: Standing) -> Standing | None:
    same = found.stage == "done" and found.protocol == wanted.protocol
    return replace(found, key=wanted.key, title=wanted.title) if same else None


def all_shipped() -> list[Standing]:
    """What was measured of the shipped models; empty if that file is not there or damaged."""
    return _standings(_mtime())


@lru_cache(maxsize=2)
def _standings(mtime: int) -> list[Standing]:
    try:
        return [from_json(value) for value in _shipped(mtime)["standings"]]
    except (TypeError, KeyError, AttributeError, ValueError):
        return []


@lru_cache(maxsize=2)
def _shipped(_mtime: int) -> dict[str, Any]:
    try:
        found = files.read_json(SHIPPED)
    except ExplorerError:
        return {}
    return found if isinstance(found, dict) else {}


def _mtime() -> int:
    return SHIPPED.stat().st_mtime_ns if SHIPPED.is_file() else 0
