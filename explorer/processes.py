"""Which process is meant: a pid alone is reused, so its start time and boot belong to it."""

import os
import signal
import socket
import subprocess
import threading
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Process:
    """One process of one boot of one machine."""

    pid: int
    start: str
    machine: str

    def as_json(self) -> dict[str, Any]:
        """The fields, for a JSON file."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> "Process | None":
        """The process a JSON value names, or None when it names none."""
        if not isinstance(value, dict):
            return None
        pid, start, machine = (value.get(key) for key in ("pid", "start", "machine"))
        good = type(pid) is int and 1 < pid < 2**31 and type(start) is type(machine) is str
        return cls(pid, start, machine) if good else None


def current() -> Process:
    """This process."""
    pid = os.getpid()
    return Process(pid, _start(pid) or "", machine())


def lives(process: Process) -> bool | None:
    """Whether exactly this process still runs; None when this machine cannot tell."""
    if process.machine != machine() or not process.start:
        return None
    return _start(process.pid) == process.start


@cache
def machine() -> str:
    """This boot of this machine as its processes see it: boot id and pid namespace, or the name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


class Interrupts:
    """Inside ``with``, the first SIGTERM or SIGINT only sets an event; a second ends at once."""

    def __init__(self, event: threading.Event | None = None) -> None:
        self.event = event or threading.Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> threading.Event:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._first)
        return self.event

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _first(self, *_: object) -> None:
        self.event.set()
        self.__exit__()


def _start(pid: int) -> str | None:
    """When the process began, in the system's own words; None when it is gone or a zombie."""
    if not Path("/proc/self/stat").exists():
        return _start_by_ps(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]  # state; start in ticks since boot: proc(5)


def _start_by_ps(pid: int) -> str | None:
    """The same without /proc (macOS), to the second."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        said = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return ""
    state, _, start = said.stdout.strip().partition(" ")
    return None if said.returncode or state[:1] in "ZX" else start.strip()
