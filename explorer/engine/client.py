"""The web process's side: ask the engine from any thread; one that stopped is started again."""

import atexit
import itertools
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from explorer import errors
from explorer.engine.codec import WireError
from explorer.engine.wire import Connection, Message
from explorer.errors import ExplorerError, ResourceError

COMMAND = (sys.executable, "-m", "explorer", "engine")
TIMEOUT = 120.0  # seconds for an answer, or for the next item of a stream
STUCK = 30  # seconds in which the engine must take what is sent to it
FAREWELL = 5.0  # seconds for the engine to end by itself once the connection is closed

State = Literal["starting", "ready", "dead"]


class Engine:
    """The process that holds torch; starts with the first question and again after a failure."""

    def __init__(self, command: Sequence[str] = COMMAND):
        """Prepare an engine; ``--fd N`` is appended to the command that starts it."""
        self._command = command
        self._lock = threading.Lock()
        self._process: _Process | None = None
        atexit.register(self.close)

    @property
    def state(self) -> State:
        """``starting`` while the engine imports, then ``ready``; ``dead`` before and after."""
        process = self._process
        return process.state if process else "dead"

    def start(self) -> None:
        """Start the process unless it runs; ResourceError if the system refuses."""
        self._running()

    def wait_ready(self, timeout: float = TIMEOUT) -> None:
        """Start if need be and wait until imports are done; ResourceError if that fails."""
        self._running().wait_ready(timeout)

    def call(self, name: str, /, *, timeout: float = TIMEOUT, **args: Any) -> Any:
        """Ask for an answer (of a streaming function: its last item).

        Raises what the function raised if that is an ExplorerError; ResourceError when the engine
        stops meanwhile or is silent for ``timeout`` seconds.
        """
        answer = None
        for item in self.stream(name, timeout=timeout, **args):
            answer = item
        return answer

    def stream(self, name: str, /, *, timeout: float = TIMEOUT, **args: Any) -> Iterator[Any]:
        """Ask for items as they are made; leaving the loop early cancels. Errors as in call."""
        return self._running().ask(name, args, timeout)

    def close(self) -> None:
        """Stop the process, if it runs; a later question would start a new one."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.close()

    def _running(self) -> "_Process":
        with self._lock:
            if self._process is None or self._process.state == "dead":
                self._process = _Process(self._command)
            return self._process


class _Process:
    """One life of the engine: a child process, its connection and who waits for what."""

    def __init__(self, command: Sequence[str]):
        self._child, self._connection = _launch(command)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._inboxes: dict[int, queue.SimpleQueue[Message | None]] = {}
        self._settled = threading.Event()  # ready, or dead
        self._fate = ""  # why it is dead
        self._reader = threading.Thread(target=self._read, name="engine", daemon=True)
        self._reader.start()

    @property
    def state(self) -> State:
        if self._fate:
            return "dead"
        return "ready" if self._settled.is_set() else "starting"

    def wait_ready(self, timeout: float) -> None:
        if not self._settled.wait(timeout):
            raise ResourceError(
                f"The engine is still starting after {timeout:g} seconds. Wait a little more."
            )
        if self._fate:
            raise ResourceError(self._fate)

    def ask(self, name: str, args: dict[str, Any], timeout: float) -> Iterator[Any]:
        id, inbox = self._enlist()
        last = None
        try:
            self._connection.send("call", id, (name, args))
            while last is None:
                message = self._next(inbox, timeout)
                if message.kind == "item":
                    yield message.value()
                    self._connection.send("taken", id)
                else:
                    last = message
        finally:
            del self._inboxes[id]
            if last is None:  # the loop was left early, or the time is up
                self._connection.send("cancel", id)
        if last.kind == "error":
            raise _error(*last.value())
        if last.kind == "answer":
            yield last.value()

    def close(self) -> None:
        self._connection.hang_up()
        self._reader.join()

    def _enlist(self) -> tuple[int, "queue.SimpleQueue[Message | None]"]:
        with self._lock:
            if self._fate:
                raise ResourceError(self._fate)
            id, inbox = next(self._ids), queue.SimpleQueue()
            self._inboxes[id] = inbox
            return id, inbox

    def _next(self, inbox: "queue.SimpleQueue[Message | None]", timeout: float) -> Message:
        try:
            message = inbox.get(timeout=timeout)
        except queue.Empty:
            raise ResourceError(
                f"The engine has not answered for {timeout:g} seconds. "
                "Ask for less at once, or try again when it is less busy."
            ) from None
        if message is None:
            raise ResourceError(self._fate)
        return message

    def _read(self) -> None:
        """Hand each message to whoever waits for it, until the engine ends."""
        garbled = False
        try:
            while message := self._connection.receive():
                if message.kind == "ready":
                    self._settled.set()
                elif inbox := self._inboxes.get(message.id):
                    inbox.put(message)
        except WireError:
            garbled = True
        finally:
            self._connection.close()
            self._bury(garbled)

    def _bury(self, garbled: bool) -> None:
        verb = "stopped" if self._settled.is_set() else "could not start"
        cause = self._cause_of_death() or ("it sent what cannot be read" if garbled else "closed")
        with self._lock:
            self._fate = (
                f"The engine {verb} ({cause}). Your runs are not affected. "
                "Try again: it starts anew by itself."
            )
            inboxes = list(self._inboxes.values())
        self._settled.set()
        for inbox in inboxes:
            inbox.put(None)

    def _cause_of_death(self) -> str:
        """Wait for the child, whose connection is closed; empty if it ended in good order."""
        try:
            status = self._child.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            return "it no longer reacted"
        if status == -signal.SIGKILL:
            return "signal 9; the machine may be out of memory"
        if status < 0:
            return f"signal {-status}"
        return f"exit status {status}" if status else ""


def _launch(command: Sequence[str]) -> tuple[subprocess.Popen, Connection]:
    ours, theirs = socket.socketpair()
    # A stopped or wedged engine must not hold a script thread for ever; struct timeval.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", STUCK, 0))
    try:
        child = subprocess.Popen(
            [*command, "--fd", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=2,  # what a library prints belongs in the log
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the web process; the engine ends with it
        )
    except OSError as error:
        ours.close()
        raise ResourceError(f"The engine could not be started ({error.strerror}).") from error
    finally:
        theirs.close()
    return child, Connection(ours)


def _environment() -> dict[str, str]:
    """The child's environment: this very package, and idle OpenMP threads that sleep."""
    root = str(Path(errors.__file__).parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    quiet = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **quiet, "PYTHONPATH": path}


def _error(name: str, text: str) -> ExplorerError:
    """The error that the engine raised, as the same class if explorer.errors has it."""
    cls = getattr(errors, name, ExplorerError)
    return cls(text)
