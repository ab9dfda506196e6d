"""The lines of a run's log: numbered, timed, and sealed with a checksum that finds every bit flip.

``{"n":7,"time":1763648553.2,"event":"progress","step":120,"loss":0.41,"crc":"5d0c8a1f"}``
"""

import math
import numbers
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from explorer.errors import StoreError
from explorer.files import json_bytes, open_file, parse_json

BLOCK = 1 << 16  # bytes read from the end at first, to find the last event of a long log
_MARK, _TAIL = b',"crc":"', len(b',"crc":"00000000"}')


class Ending(NamedTuple):
    """How a log ends: its last good event, bytes in whole lines, bad lines behind, torn bytes."""

    last: dict[str, Any] | None
    size: int
    bad: int
    torn: bytes


def seal(record: dict[str, Any]) -> bytes:
    """One line of strict JSON with the CRC-32 of everything before it as its last field."""
    body = json_bytes(record)[:-1]
    return body + _MARK + b'%08x"}\n' % zlib.crc32(body)


def unseal(line: bytes) -> dict[str, Any] | None:
    """The record of a sealed line without its checksum, or None when a single bit differs."""
    line = line.removesuffix(b"\n")
    body, tail = line[:-_TAIL], line[-_TAIL:]
    if tail != _MARK + b'%08x"}' % zlib.crc32(body):
        return None
    try:
        record = parse_json(body + b"}", "a line")
    except StoreError:
        return None
    return record if isinstance(record, dict) else None


def read(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The good events from byte ``offset`` on, and the offset behind the last whole line.

    An offset that is not at the start of a line, because the writer has taken back a line that it
    could not make durable, is read from the beginning again; ``n`` tells which events are new.
    """
    lines, offset = whole_lines(path, offset)
    return [event for event in map(event_of, lines) if event], offset


def whole_lines(path: Path, offset: int = 0) -> tuple[list[bytes], int]:
    """The whole lines from byte ``offset`` on, good or bad, and the offset behind the last one."""
    with open_file(path) as file:
        file.seek(max(offset - 1, 0))
        data = file.readall()
    if offset > 0:
        if data[:1] != b"\n":
            return whole_lines(path)
        data = data[1:]
    data = data[: data.rfind(b"\n") + 1]
    return _split(data), offset + len(data)


def ending(path: Path) -> Ending:
    """How the log ends, reading only as much of it as needed."""
    block = BLOCK
    while True:
        with open_file(path) as file:
            size = file.seek(0, 2)
            start = max(size - block, 0)
            file.seek(start)
            data = file.readall()
        found = _ending_of(data, start)
        if found.last or not start:
            return found
        block *= 8


def _ending_of(data: bytes, start: int) -> Ending:
    cut = data.rfind(b"\n") + 1
    lines = _split(data[:cut])
    for bad, line in enumerate(reversed(lines)):
        if event := event_of(line):
            return Ending(event, start + cut, bad, data[cut:])
    return Ending(None, start + cut, len(lines), data[cut:])


def _split(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


def event_of(line: bytes) -> dict[str, Any] | None:
    """The event of a line, with or without its newline; None when it is not a good one."""
    record = unseal(line)
    types = {"n": int, "step": int, "event": str}
    good = record and all(type(record.get(key)) is kind for key, kind in types.items())
    return record if good else None


def finite(payload: dict[str, Any]) -> dict[str, Any]:
    """``payload`` as plain JSON; NaN and infinities become null and are named in ``nonfinite``."""
    found: dict[str, str] = {}
    plain = {key: _plain(value, key, found) for key, value in payload.items()}
    return {**plain, "nonfinite": found} if found else plain


def _plain(value: Any, name: str, found: dict[str, str]) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return _number(float(value), name, found)
    if isinstance(value, dict):
        return {str(key): _plain(item, f"{name}.{key}", found) for key, item in value.items()}
    if hasattr(value, "tolist"):  # numpy
        return _plain(value.tolist(), name, found)
    if isinstance(value, list | tuple):
        return [_plain(item, f"{name}.{index}", found) for index, item in enumerate(value)]
    return value


def _number(value: float, name: str, found: dict[str, str]) -> float | None:
    if math.isfinite(value):
        return value
    found[name] = str(value)
    return None
