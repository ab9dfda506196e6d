"""The folder of all runs: create, list, find, the trash. User text never becomes a path here."""

import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

from explorer import files, locks
from explorer.errors import InputError, StoreError
from explorer.runs import checkpoints
from explorer.runs.checkpoints import Start
from explorer.runs.events import seal
from explorer.runs.run import TRASH, Run
from explorer.runs.status import EVENTS, SETTINGS

ID = r"[0-9a-z][0-9a-z-]{0,63}"
TRASH_DAYS = 7


def root() -> Path:
    """The folder of all runs: EXPLORER_RUNS, or ``runs`` where the program was started."""
    return Path(os.environ.get("EXPLORER_RUNS") or "runs").absolute()


def create(
    settings: dict[str, Any],
    root: Path | None = None,
    token: str | None = None,
    start: Start | None = None,
) -> Run:
    """A new run with these settings; the same ``token`` gives the same run (one click, one run).

    ``start`` becomes the first checkpoint, so that a fork lives on without its parent.
    """
    data = files.json_bytes(settings, indent=1)
    root = files.make_folder(_root(root))
    suffix = _suffix(token or secrets.token_hex(16))
    with locks.locked(root):
        for run in runs(root):
            if run.id.endswith(f"-{suffix}"):
                return run
        return _create(root / f"{time.strftime('%Y%m%d-%H%M%S')}-{suffix}", data, start)


def runs(root: Path | None = None) -> list[Run]:
    """All runs, newest first, damaged ones too."""
    folders = files.entries(_root(root).resolve())
    named = [path for path in folders if re.fullmatch(ID, path.name)]
    return [Run(path) for path in reversed(named) if path.is_dir() and not path.is_symlink()]


def find(text: str, root: Path | None = None) -> Run:
    """The run whose id, or last part of it, begins with ``text`` (InputError)."""
    found = [run for run in runs(root) if _matches(run.id, text)]
    exact = [run for run in found if run.id == text]
    if exact or len(found) == 1:
        return (exact or found)[0]
    asked = repr(text[:80])
    if found:
        several = ", ".join(run.id for run in found[:3])
        raise InputError(f"{asked} begins {len(found)} runs, such as {several}. Say more of it.")
    raise InputError(f"There is no run {asked}. `python -m explorer list` shows what there is.")


def find_path(text: str, root: Path | None = None) -> Run:
    """Like ``find``, and an existing run folder may be named too: for the command line only."""
    if os.sep in text and os.path.isfile(os.path.join(text, EVENTS)):
        return Run(Path(text).resolve())
    return find(text, root)


def trashed(root: Path | None = None) -> list[Run]:
    """The deleted runs that can still be restored, newest first."""
    return runs(_root(root) / TRASH)


def empty_trash(root: Path | None = None, days: float = TRASH_DAYS) -> int:
    """Remove for good what was deleted more than ``days`` ago; returns how many runs."""
    old = [run for run in trashed(root) if time.time() - _deleted(run) > days * 86400]
    for run in old:
        files.remove(run.folder)
    return len(old)


def free_id(root: Path, wanted: str = "") -> str:
    """``wanted`` when it is a possible id and free, else a new one."""
    if re.fullmatch(ID, wanted) and not (root / wanted).exists():
        return wanted
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{_suffix(secrets.token_hex(16))}"


def _create(folder: Path, settings: bytes, start: Start | None) -> Run:
    created = {"n": 0, "time": time.time(), "event": "created", "step": 0, "run": folder.name}
    digest = hashlib.sha256(settings).hexdigest()
    with files.new_folder(folder) as staging:
        files.publish(staging / SETTINGS, settings)
        files.publish(staging / EVENTS, seal({**created, "settings": digest}))
        for name in ("previews", "checkpoints", "wishes"):
            files.make_folder(staging / name)
        if start:
            checkpoints.save(staging / "checkpoints", *start)
    return Run(folder)


def _root(given: Path | None) -> Path:
    return Path(given).absolute() if given else root()


def _suffix(token: str) -> str:
    """Eight of 0-9a-z, the same for the same token (41 bits)."""
    number = int.from_bytes(hashlib.sha256(token.encode("utf-8", "replace")).digest())
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join(digits[number // 36**place % 36] for place in range(8))


def _matches(name: str, text: str) -> bool:
    return bool(text) and (name.startswith(text) or name.rpartition("-")[2].startswith(text))


def _deleted(run: Run) -> float:
    """When a run came to the trash (seconds since 1970); now, if that is not readable."""
    try:
        when = files.read_json(run.folder / "deleted")
    except StoreError:
        return time.time()
    return when if isinstance(when, float) else time.time()
