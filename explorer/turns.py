"""First come, first served: how many runs train at once on this machine, and who waits for a slot.

Slots and tickets are locked files in a folder of this user, shared by all servers and command lines
of this machine. A lock ends with its process, so a dead worker frees its slot and leaves the queue.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from explorer.errors import InputError, ResourceError
from explorer.locks import is_locked, lock, locked, try_lock

POLL = 0.2  # seconds between two looks of a waiting process


def slots() -> int:
    """How many runs may train at once: EXPLORER_SLOTS, or 1 on up to 4 cores and 2 on more."""
    given = os.environ.get("EXPLORER_SLOTS", "")
    if not given:
        return 1 if (os.cpu_count() or 1) <= 4 else 2
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= 64):
        raise InputError(f"EXPLORER_SLOTS is {given[:20]!r}; it must be a number from 1 to 64.")
    return int(given)


@contextmanager
def turn(
    name: str,
    on_wait: Callable[[int], None] = lambda place: None,
    given_up: Callable[[], bool] = lambda: False,
) -> Iterator[bool]:
    """Wait for a slot and hold it inside ``with``; False, without a slot, once ``given_up()``.

    ``on_wait(place)`` is called whenever the place in the queue changes; 1 is next.
    """
    held = _wait(name, on_wait, given_up)
    try:
        yield held is not None
    finally:
        if held is not None:
            os.close(held)


def place(name: str) -> int | None:
    """The place of ``name`` in the queue, 1 for the next; None when it does not wait."""
    waiting = [ticket.name.partition("-")[2] for ticket in _tickets() if is_locked(ticket)]
    return waiting.index(name) + 1 if name in waiting else None


def _wait(name: str, on_wait: Callable[[int], None], given_up: Callable[[], bool]) -> int | None:
    ticket, drawn = _draw(name)
    seen = None
    try:
        while not given_up():
            ahead = _ahead_of(ticket)
            slot = None if ahead else _free_slot()
            if slot is not None:
                return slot
            if ahead + 1 != seen:
                seen = ahead + 1
                on_wait(seen)
            time.sleep(POLL)
        return None
    finally:
        with suppress(FileNotFoundError):
            ticket.unlink()
        os.close(drawn)


def _draw(name: str) -> tuple[Path, int]:
    """Take the next number; the folder's lock keeps two from drawing the same."""
    folder = _folder()
    with locked(folder):
        numbers = [int(ticket.name.partition("-")[0]) for ticket in _tickets()]
        ticket = folder / "queue" / f"{max(numbers, default=0) + 1:09d}-{name}"
        return ticket, lock(ticket)


def _ahead_of(ticket: Path) -> int:
    """How many living tickets came before; those of dead processes are removed."""
    with locked(_folder()):
        earlier = [other for other in _tickets() if other.name < ticket.name]
        dead = [other for other in earlier if not is_locked(other)]
        for other in dead:
            other.unlink(missing_ok=True)
    return len(earlier) - len(dead)


def _free_slot() -> int | None:
    folder = _folder()
    attempts = (try_lock(folder / f"slot-{index}") for index in range(slots()))
    return next((slot for slot in attempts if slot is not None), None)


def _tickets() -> list[Path]:
    return sorted(
        path for path in (_folder() / "queue").iterdir() if path.name.partition("-")[0].isdigit()
    )


def _folder() -> Path:
    """This user's folder of locks (EXPLORER_LOCKS), refused when it belongs to someone else."""
    default = Path(tempfile.gettempdir(), f"model-explorer-{os.getuid()}")
    folder = Path(os.environ.get("EXPLORER_LOCKS") or default)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "queue").mkdir(exist_ok=True)
    except OSError as problem:
        raise ResourceError(
            f"The folder of locks cannot be made: {problem.strerror}. Set EXPLORER_LOCKS."
        ) from None
    if folder.lstat().st_uid != os.getuid():
        raise ResourceError("The folder of locks belongs to another user. Set EXPLORER_LOCKS.")
    return folder
