"""Is a run folder what its worker wrote? Every byte is read; every problem is a sentence."""

import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from explorer import files
from explorer.errors import StoreError
from explorer.runs import checkpoints, events
from explorer.runs.status import EVENTS, SETTINGS

NOTES = "notes.json"
Log = list[dict[str, Any] | None]  # one entry per whole line, None for a damaged one


def problems_of(folder: Path) -> list[str]:
    """What is wrong with a run folder; a line torn by a crash is not, as the writer repairs it."""
    log: Log = []
    checks = (_read, _links, _settings, _events, _notes, _previews, _checkpoints)
    return [problem for check in checks for problem in _sentences(check, folder, log)]


def _sentences(check: Callable[[Path, Log], Iterator[str]], folder: Path, log: Log) -> list[str]:
    try:
        return list(check(folder, log))
    except StoreError as problem:
        return [str(problem)]


def _read(folder: Path, log: Log) -> Iterator[str]:
    """Fill ``log``, which the other checks go by."""
    lines, size = events.whole_lines(folder / EVENTS)
    log.extend(map(events.event_of, lines))
    if events.event_of(files.read_bytes(folder / EVENTS, size)[:-1]):
        yield f"{EVENTS}: the end of the last line is damaged."


def _links(folder: Path, log: Log) -> Iterator[str]:
    for base, folders, names in os.walk(folder):
        for name in folders + names:
            if Path(base, name).is_symlink():
                yield f"{name} is a link, which a run never holds. Remove it."


def _settings(folder: Path, log: Log) -> Iterator[str]:
    data = files.read_bytes(folder / SETTINGS)
    if not isinstance(files.parse_json(data, SETTINGS), dict):
        yield f"{SETTINGS} holds no settings."
    created = (log and log[0]) or {}
    if created.get("event") != "created":
        yield f"{EVENTS} has lost its first event, which vouches for the settings."
    elif created.get("settings") != hashlib.sha256(data).hexdigest():
        yield f"{SETTINGS} is damaged: its SHA-256 is not the one in {EVENTS}."


def _events(folder: Path, log: Log) -> Iterator[str]:
    """Damaged lines, numbers that go back, and holes that lines left which vanished whole."""
    expected = 0
    for line, event in enumerate(log, start=1):
        if event is None:
            yield f"{EVENTS}, line {line} is damaged; the others can be read."
        elif event["n"] < expected:
            yield f"{EVENTS}, line {line}: event {event['n']} comes after {expected - 1}."
        expected = event["n"] + 1 if event else expected
    damaged_at_the_end = next((i for i, event in enumerate(reversed(log)) if event), len(log))
    missing = expected + damaged_at_the_end - len(log)
    if missing > 0:
        yield f"{EVENTS}: {missing} events are missing between the first and the last."


def _notes(folder: Path, log: Log) -> Iterator[str]:
    if (folder / NOTES).exists() and events.unseal(files.read_bytes(folder / NOTES)) is None:
        yield f"{NOTES} is damaged: its checksum is wrong. Write the note again."


def _previews(folder: Path, log: Log) -> Iterator[str]:
    there = {path.name: path for path in files.entries(folder / "previews")}
    for name, path in there.items():
        if not name.startswith(files.TEMPORARY) and not _named_right(path):
            yield f"previews/{name} is damaged: its checksum is not the one in its name."
    recorded = {str(event.get("file")) for event in _named(log, "preview")}
    for name in sorted(recorded - there.keys()):
        yield f"previews/{name} is missing."


def _named_right(path: Path) -> bool:
    named = re.fullmatch(checkpoints.PREVIEW, path.name)
    return bool(named) and int(named[1], 16) == zlib.crc32(files.read_bytes(path))


def _checkpoints(folder: Path, log: Log) -> Iterator[str]:
    yield from checkpoints.verify_all(folder / "checkpoints")
    steps = [event["step"] for event in _named(log, "checkpoint")]
    if steps and not checkpoints.path_of(folder / "checkpoints", steps[-1]).is_dir():
        yield f"The last checkpoint, of step {steps[-1]}, is missing."


def _named(log: Log, name: str) -> list[dict[str, Any]]:
    return [event for event in log if event and event["event"] == name]
