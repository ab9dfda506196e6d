"""A full disk pauses a run instead of ending it."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from explorer.errors import ResourceError
from explorer.files import DiskFull
from explorer.runs.writer import Writer

T = TypeVar("T")
EVERY = 5.0  # seconds between two tries


def patiently(
    writer: Writer,
    action: Callable[[], T],
    stop: Callable[[], bool] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Do ``action()``; while the disk is full for it, pause the run and try again.

    The try itself is the test: quotas and file size limits do not show in the free space. Once
    ``stop()``, by default a wish to stop, the DiskFull of the last try is raised.
    """
    try:
        return action()
    except DiskFull as problem:
        _try_event(writer, "paused", reason=str(problem))
    stop = stop or writer.run.stop_wished
    while True:
        sleep(EVERY)
        try:
            result = action()
        except DiskFull:
            if stop():
                raise
        else:
            _try_event(writer, "continued")
            return result


def _try_event(writer: Writer, name: str, **payload: str) -> None:
    """An event that may find no room either; the run goes on without it."""
    with suppress(ResourceError):
        writer.event(name, **payload)
