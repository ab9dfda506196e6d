"""Locks between processes (flock): they vanish with their holder, however it dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import ResourceError

try:
    import fcntl
except ImportError:  # Windows
    raise ResourceError(
        "Runs need file locks of Linux or macOS, which Windows lacks. Use WSL (wsl --install)."
    ) from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the one lock on an existing file or folder, waiting for it; for short moments only."""
    file = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def lock(path: Path) -> int:
    """Lock a file, created if missing, until the returned descriptor is closed; waits for it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def try_lock(path: Path) -> int | None:
    """Like ``lock``, but None at once when another holds it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock of an existing file; False when it is gone."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
