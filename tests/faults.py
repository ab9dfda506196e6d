"""A disk whose k-th call fails, and a storm of kills: shared by the tests of the store."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence

from explorer import files

SEAM = ("_open", "_write", "_sync", "_sync_data", "_rename", "_mkdir", "_truncate")


class FaultyDisk:
    """Stands between the product and the disk: counts its calls and makes chosen ones fail."""

    def __init__(self, monkeypatch) -> None:
        self.calls, self._k, self._error = 0, -1, 0
        self.short_writes, self.broken = False, set()
        for name in SEAM:
            monkeypatch.setattr(files, name, self._faulty(name, getattr(files, name)))

    def count(self) -> None:
        """Count from here on."""
        self.calls = 0

    def fail_at(self, k: int, error: int) -> None:
        """Let the k-th call from now on fail with this errno, and the others work."""
        self.calls, self._k, self._error = 0, k, error

    def heal(self) -> None:
        """Let everything work again."""
        self._k, self.short_writes, self.broken = -1, False, set()

    def _faulty(self, name: str, call: Callable) -> Callable:
        def one_call(*arguments, **options):
            self.calls += 1
            if self.calls - 1 == self._k:
                if name == "_write":  # a real disk takes a part first
                    call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(self._error, os.strerror(self._error))
            if name in self.broken:
                raise OSError(5, "still broken")
            if name == "_write" and self.short_writes:
                return call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            return call(*arguments, **options)

        return one_call


def kill_storm(
    command: Sequence[str],
    kills: int,
    check: Callable[[], None],
    seed: int = 0,
    longest: float = 0.5,
    ready: Callable[[], bool] = lambda: True,
    aim: Callable[[], bool] | None = None,
    **popen,
) -> int:
    """Start ``command`` and SIGKILL its group at a seeded random moment, ``kills`` times.

    Each life lasts up to ``longest`` seconds from the moment that ``ready()``; every second one
    goes on until ``aim()``, for instance until a temporary file appears in the middle of a save.
    ``check()`` raises after a kill that lost something. Returns how many were ended by a kill.
    """
    moments = random.Random(seed)
    ended = 0
    for index in range(kills):
        worker = subprocess.Popen(command, start_new_session=True, **popen)
        _until(ready, worker)
        time.sleep(moments.uniform(0, longest))
        if aim and index % 2:
            _until(aim, worker)
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        ended += worker.wait() == -signal.SIGKILL
        check()
    return ended


def _until(true: Callable[[], bool], worker: subprocess.Popen, patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not true() and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
