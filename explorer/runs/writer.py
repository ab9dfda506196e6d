"""The worker's side of a run: the only one that appends events, previews and checkpoints."""

import os
import re
import threading
import time
import zlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from explorer import files, processes
from explorer.errors import ExplorerError, InputError, StoreError
from explorer.runs import checkpoints as points
from explorer.runs import events as log
from explorer.runs.checkpoints import Checkpoint, Content
from explorer.runs.run import Run
from explorer.runs.status import ALIVE, BEAT, ENDS, EVENTS


class Writer:
    """Inside ``with``, this process has the run (InputError when another one has it).

    Every method returns once its data are safe on disk, and raises DiskFull or ResourceError with
    everything earlier unchanged; the same call may then be tried again.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.step = run, 0
        self._next = self._size = 0
        self._alive = -1
        self._ended = False
        self._write = threading.RLock()
        self._closed = threading.Event()

    def __enter__(self) -> "Writer":
        folder = self.run.folder
        with self.run.claimed():
            end = log.ending(folder / EVENTS)
            if end.last is None:
                raise StoreError(f"{EVENTS} holds no readable event. Restore it from a copy.")
            self._next, self._size = end.last["n"] + 1 + end.bad, end.size
            self.step = end.last["step"]
            self._sweep()
            self._take()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._heart.start()
        return self

    def __exit__(self, kind: object, problem: BaseException | None, _: object) -> None:
        try:
            if problem is not None and not self._ended:
                self._fail(problem)
        finally:
            self._closed.set()
            self._heart.join()
            self._release()

    def begin(self, step: int = 0, **payload: Any) -> None:
        """Say that training starts at ``step``, or goes on from it, once the run has its turn."""
        earlier = any(event["event"] == "start" for event in self.run.events())
        self.event("resume" if earlier else "start", step=step, **payload)

    def event(self, name: str, /, **payload: Any) -> dict[str, Any]:
        """Append one event and return it; ``step`` is the last one said when it is not given.

        Non-finite numbers become null and are named in the field ``nonfinite``.
        """
        with self._write:
            self._own()
            step = int(payload.pop("step", self.step))
            head = {"n": self._next, "time": round(time.time(), 3), "event": name, "step": step}
            record = {**log.finite(payload), **head}
            record = {**head, **record}
            self._size = files.append(self.run.folder / EVENTS, log.seal(record), self._size)
            self._next += 1
            self.step = step
        return record

    def preview(self, name: str, data: bytes, **payload: Any) -> None:
        """Publish a picture and record it as the event ``preview``; ``name`` is like recon.png."""
        stem, _, suffix = name.rpartition(".")
        file = f"{stem}-{zlib.crc32(data):08x}.{suffix}"
        if not re.fullmatch(points.PREVIEW, file):
            raise InputError(f"A preview cannot be named {name[:80]!r}. Use a name like recon.png.")
        with self._write:
            self._own()
            files.publish(self.run.folder / "previews" / file, data)
            self.event("preview", name=name, file=file, **payload)

    def checkpoint(self, step: int, contents: Mapping[str, Content], **payload: Any) -> Checkpoint:
        """Publish a checkpoint of named files (bytes, or functions that write into a file)."""
        with self._write:
            self._own()
            saved = points.save(self.run.folder / "checkpoints", step, contents)
            self.event("checkpoint", step=step, **payload)
        return saved

    def prune(self, keep: int, protect: Collection[int] = ()) -> list[int]:
        """Thin the checkpoints to ``keep``, evenly; never the first, last or protected steps."""
        there = {one.step: one.path for one in self.run.checkpoints()}
        dropped = points.thin(there, keep, protect)
        for step in dropped:
            self._own()
            files.remove(there[step])
        return dropped

    def end(self, state: str, reason: str = "", **payload: Any) -> None:
        """Say how it ended: done, stopped, failed or interrupted; open wishes are dropped."""
        if state not in ENDS:
            raise InputError(f"A run cannot end as {state!r}; it can as {', '.join(ENDS)}.")
        self.run.take_wishes()
        self.event("end", state=state, reason=reason, **payload)
        self._ended = True

    def _fail(self, problem: BaseException) -> None:
        """The end that an error brings; a full disk may leave no room to say it."""
        with suppress(ExplorerError):
            if isinstance(problem, ExplorerError):
                self.end("failed", str(problem))
            elif isinstance(problem, Exception):
                self.end("failed", f"The worker ended with {type(problem).__name__}; see its log.")
            else:
                self.end("interrupted", "The worker was interrupted.")

    def _sweep(self) -> None:
        """Remove what an earlier worker left half-written; nobody else writes there."""
        for name in ("previews", "checkpoints"):
            files.sweep(files.make_folder(self.run.folder / name), everything=True)
        for folder in (self.run.folder, self.run.folder / "wishes"):
            files.sweep(folder)

    def _take(self) -> None:
        lease = {**processes.current().as_json(), "first": self._next}
        files.publish(self.run.folder / ALIVE, files.json_bytes(lease))
        self._alive = os.open(self.run.folder / ALIVE, os.O_RDONLY)

    def _beat(self) -> None:
        while not self._closed.wait(BEAT):
            with suppress(OSError):
                os.utime(self._alive)

    def _own(self) -> None:
        """Refuse to write once another worker, or nobody, has the run: our file is unlinked."""
        if self._alive < 0 or os.fstat(self._alive).st_nlink == 0:
            raise StoreError(f"The run {self.run.id} was taken over by another worker.")

    def _release(self) -> None:
        """Give the run back; not when it has changed hands meanwhile."""
        with suppress(ExplorerError):
            self._own()
            files.remove(self.run.folder / ALIVE)
        os.close(self._alive)
        self._alive = -1
