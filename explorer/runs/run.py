"""One run, as its readers see it: pages, the command line, the archive."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from explorer import files, locks
from explorer.errors import InputError, StoreError
from explorer.runs import checkpoints as points
from explorer.runs import events as log
from explorer.runs import wishes
from explorer.runs.checkpoints import Checkpoint
from explorer.runs.status import EVENTS, SETTINGS, Status, beats, lease_of, status_of
from explorer.runs.verify import problems_of

NOTES, TRASH = "notes.json", ".trash"
LABEL, TEXT = 200, 20_000  # characters of a note


class Preview(NamedTuple):
    """A preview that the worker recorded: its name, its step and its file."""

    name: str
    step: int
    path: Path


@dataclass(frozen=True)
class Run:
    """A run folder; every property reads what is on disk now."""

    folder: Path

    @property
    def id(self) -> str:
        """The name of the folder, made by us: digits, small letters and hyphens."""
        return self.folder.name

    @property
    def settings(self) -> dict[str, Any]:
        """What the run was created with (StoreError)."""
        settings = files.read_json(self.folder / SETTINGS)
        if not isinstance(settings, dict):
            raise StoreError(f"{SETTINGS} holds no settings. Restore it from a copy.")
        return settings

    @property
    def status(self) -> Status:
        """What the run is doing; never raises."""
        return status_of(self.folder)

    def events(self) -> list[dict[str, Any]]:
        """All good events, in the order of their numbers ``n`` (StoreError)."""
        return self.tail(0)[0]

    def tail(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The events from byte ``offset`` on and the offset for the next call (StoreError).

        After a repair of the log the events may come again from the first: go by ``n``.
        """
        return log.read(self.folder / EVENTS, offset)

    def metrics(self, name: str = "progress") -> list[dict[str, Any]]:
        """The last event ``name`` of each step, by step; a resume repeats some steps."""
        found = {event["step"]: event for event in self.events() if event["event"] == name}
        return [found[step] for step in sorted(found)]

    def previews(self) -> list[Preview]:
        """The recorded previews whose files are there, the last of each name, by step and name."""
        found = {}
        for event in self.events():
            name, file = str(event.get("name")), str(event.get("file"))
            path = self.folder / "previews" / file
            if event["event"] == "preview" and re.fullmatch(points.PREVIEW, file):
                found[name] = Preview(name, event["step"], path)
        there = [preview for preview in found.values() if preview.path.is_file()]
        return sorted(there, key=lambda preview: (preview.step, preview.name))

    def checkpoints(self) -> list[Checkpoint]:
        """The complete checkpoints, by step."""
        return points.complete(self.folder / "checkpoints")

    def checkpoint(self, step: int) -> Checkpoint:
        """The checkpoint of one step (InputError)."""
        for one in self.checkpoints():
            if one.step == step:
                return one
        raise InputError(f"The run has no checkpoint of step {step}. Choose one that it lists.")

    def latest_checkpoint(self, verify: bool = True) -> Checkpoint | None:
        """The newest checkpoint, and with ``verify`` the newest whose every byte is right."""
        for one in reversed(self.checkpoints()):
            if not verify or not points.verify(one.path):
                return one
        return None

    def verify(self) -> list[str]:
        """Everything that is wrong with the folder, in sentences; reads every byte."""
        return problems_of(self.folder)

    def wish(self, wish: str, /, **payload: Any) -> None:
        """Ask the worker: ``stop``, ``checkpoint`` or ``set`` with name= and value=."""
        wishes.put(self.folder / "wishes", wish, payload)

    def stop(self) -> None:
        """Ask the worker to save and stop, or to leave the queue; nothing when none has the run."""
        if self.status.live:
            self.wish("stop")

    def wishes(self) -> list[dict[str, Any]]:
        """What is asked for and not taken yet, oldest first."""
        return wishes.pending(self.folder / "wishes")

    def stop_wished(self) -> bool:
        """Whether a stop is asked for and not taken yet."""
        return any(wish["wish"] == "stop" for wish in self.wishes())

    def take_wishes(self) -> list[dict[str, Any]]:
        """Take what is asked for off the list, oldest first; for the worker."""
        return wishes.take(self.folder / "wishes")

    @property
    def notes(self) -> dict[str, str]:
        """``label`` and ``text``; empty when there are none or they are damaged."""
        try:
            said = log.unseal(files.read_bytes(self.folder / NOTES)) or {}
        except StoreError:
            said = {}
        return {"label": str(said.get("label", "")), "text": str(said.get("text", ""))}

    def note(self, label: str | None = None, text: str | None = None) -> None:
        """Change the label or the text; None leaves it (InputError when too long)."""
        new = {"label": _text(label, LABEL), "text": _text(text, TEXT)}
        kept = {key: value for key, value in new.items() if value is not None}
        files.publish(self.folder / NOTES, log.seal(self.notes | kept))

    def delete(self) -> "Run":
        """Move the run to the trash; refused while a worker has it (InputError)."""
        target = files.make_folder(self.folder.parent / TRASH) / self.id
        with self.claimed():
            files.remove(target)
            files.move(self.folder, target)
        files.publish(target / "deleted", files.json_bytes(time.time()))
        return Run(target)

    def restore(self) -> "Run":
        """Move the run from the trash back to where it was (InputError)."""
        if self.folder.parent.name != TRASH:
            raise InputError("This run is not in the trash. Nothing was changed.")
        target = self.folder.parent.parent / self.id
        if target.exists():
            raise InputError(f"The run {self.id} exists already. Delete it first.")
        files.remove(self.folder / "deleted")
        files.move(self.folder, target)
        return Run(target)

    def has_worker(self) -> bool:
        """Whether the process that took the run still lives, ended or not."""
        lease = lease_of(self.folder)
        return lease is not None and beats(self.folder, lease)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Inside ``with``, nobody else takes the run; InputError when a worker has it."""
        gone = InputError(f"The run {self.id} is gone. Choose another one.")
        with ExitStack() as stack:
            try:
                stack.enter_context(locks.locked(self.folder))
            except OSError:
                raise gone from None
            if not self.folder.is_dir():  # moved to the trash while we waited for the lock
                raise gone
            if self.has_worker():
                raise InputError(f"The run {self.id} has a worker already. Stop it first.")
            yield


def _text(text: str | None, limit: int) -> str | None:
    if text is not None and len(text) > limit:
        raise InputError(f"The note has {len(text):,} characters; the limit is {limit:,}.")
    return None if text is None else text.encode("utf-8", "replace").decode()
