"""Checkpoints: folders ``step-0000120`` of files and a manifest of their sizes and SHA-256.

A checkpoint appears by one rename and is never changed, so it is there whole or not at all.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from explorer import files
from explorer.errors import InputError, StoreError
from explorer.runs.events import seal, unseal

MANIFEST = "manifest.json"
FILE = r"[a-z0-9][a-z0-9_.-]{0,80}\.(?:safetensors|json)"
PREVIEW = r"[a-z0-9][a-z0-9_.-]{0,80}-([0-9a-f]{8})\.(?:png|webp|jpg|json|safetensors)"
FOLDER = r"step-[0-9]{7,12}"

Content = bytes | Callable[[BinaryIO], object]


class Checkpoint(NamedTuple):
    """A complete checkpoint: its step and its folder."""

    step: int
    path: Path


class Start(NamedTuple):
    """What a fork begins with: a step, and copies of the files of a checkpoint."""

    step: int
    contents: Mapping[str, Content]

    @classmethod
    def of(cls, one: Checkpoint) -> "Start":
        """All of a run's checkpoint (StoreError when it is damaged)."""
        for problem in verify(one.path):
            raise StoreError(f"{problem} Choose another checkpoint.")
        names = manifest(one.path)["files"]
        return cls(one.step, {name: files.read_bytes(one.path / name) for name in names})


def save(folder: Path, step: int, contents: Mapping[str, Content]) -> Checkpoint:
    """Write a checkpoint into ``folder`` in one step; one of the same step is replaced."""
    refused = [name for name in contents if not re.fullmatch(FILE, name) or name == MANIFEST]
    if refused:
        raise InputError(
            f"A checkpoint cannot hold {refused[0][:80]!r}. Use names like model.safetensors."
        )
    final = path_of(folder, step)
    with files.new_folder(final) as staging:
        for name, content in contents.items():
            write = content if callable(content) else _bytes(content)
            files.publish_with(staging / name, write)
        manifest = {"step": step, "files": {name: _entry(staging / name) for name in contents}}
        files.publish(staging / MANIFEST, seal(manifest))
        files.remove(final)
    return Checkpoint(step, final)


def path_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of ``step`` lies."""
    return folder / f"step-{step:07d}"


def complete(folder: Path) -> list[Checkpoint]:
    """The checkpoints in ``folder`` whose files are there with the right sizes, by step."""
    found = [Checkpoint(_step(path), path) for path in _folders(folder)]
    return sorted(one for one in found if not _size_problems(one.path))


def verify(path: Path, only: str = "") -> list[str]:
    """What is wrong with one checkpoint, in sentences; reads every byte, or ``only`` one file's."""
    return _size_problems(path) or [
        f"{path.name}/{name} is damaged: its SHA-256 is not the one in the manifest."
        for name, entry in manifest(path)["files"].items()
        if only in ("", name) and _entry(path / name) != entry
    ]


def verify_all(folder: Path) -> list[str]:
    """What is wrong with the checkpoints of a run."""
    return [problem for path in _folders(folder) for problem in verify(path)]


def manifest(path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint (StoreError)."""
    found = unseal(files.read_bytes(path / MANIFEST))
    if found is None or not isinstance(found.get("files"), dict):
        raise StoreError(f"{path.name}/{MANIFEST} is damaged. Use an earlier checkpoint.")
    return found


def thin(steps: Collection[int], keep: int, protect: Collection[int] = ()) -> list[int]:
    """The steps to drop so that ``keep`` remain, evenly: always the one that leaves the least gap.

    The first, the last and those in ``protect`` are never dropped.
    """
    kept, dropped = sorted(steps), []
    while len(kept) > keep:
        free = [index for index in range(1, len(kept) - 1) if kept[index] not in protect]
        if not free:
            break
        least = min(free, key=lambda index: kept[index + 1] - kept[index - 1])
        dropped.append(kept.pop(least))
    return dropped


def _folders(folder: Path) -> list[Path]:
    named = [path for path in files.entries(folder) if re.fullmatch(FOLDER, path.name)]
    return [path for path in named if path.is_dir() and not path.is_symlink()]


def _step(path: Path) -> int:
    return int(path.name.removeprefix("step-"))


def _size_problems(path: Path) -> list[str]:
    try:
        said = manifest(path)
    except StoreError as problem:
        return [f"{path.name}: {problem}"]
    expected = {name: entry.get("size") for name, entry in said["files"].items()}
    there = {one.name: one.lstat().st_size for one in files.entries(path) if one.name != MANIFEST}
    problems = [
        f"{path.name}/{name} is {there.get(name, 'missing')}; the manifest says "
        f"{expected.get(name, 'nothing')} bytes."
        for name in sorted(expected.keys() | there.keys())
        if expected.get(name) != there.get(name)
    ]
    if said.get("step") != _step(path):
        problems.append(f"{path.name} holds the checkpoint of step {said.get('step')}.")
    return problems


def _entry(path: Path) -> dict[str, Any]:
    with files.open_file(path) as file:
        digest = hashlib.file_digest(file, "sha256")
        return {"size": file.tell(), "sha256": digest.hexdigest()}


def _bytes(data: bytes) -> Callable[[BinaryIO], object]:
    return lambda file: file.write(data)
