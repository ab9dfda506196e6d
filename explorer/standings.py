"""Standings as JSON and back; those of the shipped models come with the program."""

from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer import files
from explorer.answers import Protocol, Score, Standing
from explorer.errors import ExplorerError

SHIPPED = Path(__file__).parents[1] / "pretrained" / "scores.json"


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


def shipped(wanted: Standing) -> Standing | None:
    """The finished standing that came with the program in the protocol of ``wanted``."""
    return next(filter(None, (_same(one, wanted) for one in all_shipped())), None)


def _same(found: Standing, wanted: Standing) -> Standing | None:
    same = found.stage == "done" and found.protocol == wanted.protocol
    return replace(found, key=wanted.key, title=wanted.title) if same else None


def all_shipped() -> list[Standing]:
    """What was measured of the shipped models; empty if that file is not there or damaged."""
    return _shipped(SHIPPED.stat().st_mtime_ns if SHIPPED.is_file() else 0)


@lru_cache(maxsize=2)
def _shipped(_mtime: int) -> list[Standing]:
    try:
        return [from_json(value) for value in files.read_json(SHIPPED)["standings"]]
    except (ExplorerError, TypeError, KeyError, AttributeError, ValueError):
        return []
