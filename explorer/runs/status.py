"""What a run is doing, derived from its folder: the last event and the heartbeat; never stored."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer import turns
from explorer.errors import StoreError
from explorer.files import read_json
from explorer.processes import Process, lives
from explorer.runs.events import ending

ALIVE, SETTINGS, EVENTS = "alive", "settings.json", "events.jsonl"
BEAT, SILENCE = 2.0, 10.0  # seconds between heartbeats; without one for so long, a worker is dead
ENDS = ("done", "stopped", "failed", "interrupted")
LIVE = ("waiting", "running", "paused")


@dataclass(frozen=True)
class Status:
    """The state of a run: created, waiting, running, paused, damaged, or one of ``ENDS``."""

    state: str
    reason: str = ""
    step: int = 0
    place_in_queue: int | None = None

    @property
    def live(self) -> bool:
        """Whether a worker has the run now."""
        return self.state in LIVE

    @property
    def damaged(self) -> bool:
        """Whether the folder cannot be read."""
        return self.state == "damaged"


@dataclass(frozen=True)
class Lease:
    """Who has the run: the worker's process and the number of the first event it may write."""

    process: Process
    first: int


def status_of(folder: Path) -> Status:
    """The status of the run in ``folder``; never raises for a damaged one."""
    try:
        last = _last_event(folder)
        lease = lease_of(folder)
    except StoreError as problem:
        return Status("damaged", str(problem))
    step = last.get("step") if type(last.get("step")) is int else 0
    if lease and beats(folder, lease):
        return _live(folder, lease, last, step)
    if last["event"] == "end" and last.get("state") in ENDS:
        return Status(last["state"], str(last.get("reason", "")), step)
    if last["event"] == "created" and lease is None:
        return Status("created", "Not started yet.", step)
    return Status("interrupted", f"The worker was ended after step {step}. Resume goes on.", step)


def lease_of(folder: Path) -> Lease | None:
    """What ``alive`` says; None when it is missing or not readable as a lease."""
    try:
        said = read_json(folder / ALIVE)
    except StoreError:
        return None
    process = Process.from_json(said)
    first = said.get("first") if isinstance(said, dict) else None
    return Lease(process, first) if process and type(first) is int else None


def beats(folder: Path, lease: Lease) -> bool:
    """Whether the worker of the lease lives: by its process, or else by its heartbeat."""
    known = lives(lease.process)
    return _heartbeat(folder / ALIVE) if known is None else known


def _live(folder: Path, lease: Lease, last: dict[str, Any], step: int) -> Status:
    if last["n"] < lease.first:
        place = turns.place(folder.name)
        reason = f"Waiting for a free slot, place {place}." if place else "Starting."
        return Status("waiting", reason, step, place)
    if last["event"] == "end" and last.get("state") in ENDS:
        return Status(last["state"], str(last.get("reason", "")), step)
    if last["event"] == "paused":
        return Status("paused", str(last.get("reason", "")), step)
    return Status("running", "", step)


def _last_event(folder: Path) -> dict[str, Any]:
    if not isinstance(read_json(folder / SETTINGS), dict):
        raise StoreError(f"{SETTINGS} holds no settings. Restore it from a copy.")
    last = ending(folder / EVENTS).last
    if last is None:
        raise StoreError(f"{EVENTS} holds no readable event. Restore it from a copy.")
    return last


_seen: OrderedDict[Path, tuple[int, float]] = OrderedDict()  # mtime in ns, when first seen so


def _heartbeat(path: Path) -> bool:
    """Whether a heartbeat of another machine goes on, by the clock of this one alone.

    At first sight the file's age decides; an age below zero tells nothing. From then on only
    whether it changes within ``SILENCE`` on this process's monotonic clock.
    """
    try:
        beat = path.stat().st_mtime_ns
    except OSError:
        return False
    now = time.monotonic()
    seen, since = _seen.get(path, (None, now))
    if seen is None and time.time() - beat / 1e9 > SILENCE:
        since = now - SILENCE - 1
    elif seen != beat:
        since = now
    _seen[path] = (beat, since)
    if len(_seen) > 4096:
        _seen.popitem(last=False)
    return now - since <= SILENCE
