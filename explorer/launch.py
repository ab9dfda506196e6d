"""Start and stop the processes that train: ``python -m explorer resume RUN``, one per run.

The server holds the write end of each worker's standard input. When the server dies, by whatever
means, the worker reads the end of that pipe, saves and ends: nothing is left running.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from explorer import processes, turns
from explorer.errors import ResourceError
from explorer.processes import Process
from explorer.runs import Run
from explorer.runs.events import ending
from explorer.runs.status import EVENTS, beats, lease_of

GRACE = 10.0  # seconds between TERM and KILL
QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}  # idle threads leave the cores to us


class _Child(NamedTuple):
    """A worker of ours and the number of the run's last event when it was started."""

    process: subprocess.Popen[bytes]
    last: int


_children: dict[Path, _Child] = {}
_starting = threading.Lock()


def start(run: Run) -> int:
    """Start a worker for the run and return its pid; one that has it already is left alone."""
    with _starting:
        _wait_for_release(run)
        return worker_pid(run) or _spawn(run)


def worker_pid(run: Run) -> int | None:
    """The pid of the process that has the run or is about to take it; None when there is none."""
    lease = lease_of(run.folder)
    if lease and beats(run.folder, lease):
        return lease.process.pid
    child = _children.get(run.folder)
    about_to = child and child.process.poll() is None and child.last == _last(run)
    return child.process.pid if child and about_to else None


def command(run: Run) -> list[str]:
    """The command line of a worker that ends with its server."""
    return [sys.executable, "-m", "explorer", "resume", run.id, "--leash"]


@contextmanager
def turn(
    run: Run,
    on_wait: Callable[[int], None] = lambda place: None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Iterator[bool]:
    """Wait for a training slot and hold it inside ``with``; ``on_wait(place)`` tells the place.

    False, without a slot, once a stop is wished or ``interrupted()``.
    """
    with turns.turn(run.id, on_wait, lambda: interrupted() or run.stop_wished()) as mine:
        yield mine


def leash(on_end: Callable[[], None]) -> None:
    """Call ``on_end()`` from a thread once whoever started this process is gone."""
    threading.Thread(target=_until_end, args=(on_end,), name="leash", daemon=True).start()


def kill(run: Run, grace: float = GRACE) -> bool:
    """End the run's worker: TERM, and KILL after ``grace`` seconds; whether there was one.

    Only a process whose pid, start time and boot are those of the lease is ever signalled.
    """
    lease = lease_of(run.folder)
    if lease is None or not _signal(lease.process, signal.SIGTERM):
        return False
    deadline = time.monotonic() + grace
    while processes.lives(lease.process) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal(lease.process, signal.SIGKILL)
    return True


def _signal(process: Process, number: signal.Signals) -> bool:
    """Signal the process, with its group when it leads one; False when it is not that process."""
    if not processes.lives(process) or process.pid == os.getpid():
        return False
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)
        return True
    return False


def _wait_for_release(run: Run, patience: float = 5.0) -> None:
    """Give a worker that has said its end the moment that it needs to let go of the run."""
    deadline = time.monotonic() + patience
    while not run.status.live and run.has_worker() and time.monotonic() < deadline:
        time.sleep(0.02)


def _last(run: Run) -> int:
    last = ending(run.folder / EVENTS).last
    return last["n"] if last else -1


def _spawn(run: Run) -> int:
    run.take_wishes()  # they were meant for an earlier worker
    last = _last(run)
    log = os.open(run.folder / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW)
    try:
        child = subprocess.Popen(
            command(run),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=_environment(run),
            start_new_session=True,
        )
    except OSError as problem:
        raise ResourceError(
            f"No worker could be started: {problem.strerror}. Stop another run and try again."
        ) from None
    finally:
        os.close(log)
    _children[run.folder] = _Child(child, last)
    threading.Thread(target=_reap, args=(run.folder, child), name="reaper", daemon=True).start()
    return child.pid


def _environment(run: Run) -> dict[str, str]:
    package = str(Path(__file__).resolve().parents[1])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "EXPLORER_RUNS": str(run.folder.parent)}
    return {**os.environ, **QUIET, **own}


def _reap(folder: Path, child: subprocess.Popen[bytes]) -> None:
    """Wait for a child, so that no zombie stays, and let go of its pipe."""
    child.wait()
    with _starting:
        if folder in _children and _children[folder].process is child:
            del _children[folder]
    if child.stdin:
        child.stdin.close()


def _until_end(on_end: Callable[[], None]) -> None:
    with suppress(OSError):
        while os.read(0, 1024):
            pass
    on_end()
