"""Any folder or zip of images becomes a data set: decoded once, split, and packed by content.

Layouts: ``train/`` and ``test/`` at the top, with classes below or not; else sub-folders are
classes; else unlabelled. A single folder around everything does not count. The same picture never
lies in both splits.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer.data import home, packs
from explorer.data.base import Progress, printable
from explorer.data.images import SIZES
from explorer.data.intake import Intake, Shape, decoded
from explorer.data.sources import Source, open_source
from explorer.errors import InputError, StoreError

VERSION = "1"  # of everything that decides a pack's content; part of its name
MAX_CLASSES = 1000
HOLD_OUT = 10  # one in so many pictures is held out for testing


@dataclass(frozen=True)
class Report:
    """What came of adding images: ``usable`` of ``total`` files, and why not the others."""

    name: str
    usable: int
    total: int
    rejected: list[tuple[str, str]]  # (file name, reason), at most 1,000 of them


def add_folder(
    path: Path, *, title: str, size: int, colour: bool, progress: Progress | None = None
) -> Report:
    """Pack a folder or zip of images, cropped square to ``size`` 28, 32 or 64 (InputError).

    The same content, size and colour is packed only once and keeps its first title. ``progress`` is
    called with files done and files in all.
    """
    if size not in SIZES:
        raise InputError(f"Images of size {size} are not offered. Choose 28, 32 or 64 pixels.")
    with open_source(Path(path)) as source:
        key = hashlib.sha256(f"{VERSION} {size} {bool(colour)} {source.key()}".encode())
        target = home.packs() / f"folder-{key.hexdigest()[:12]}{packs.SUFFIX}"
        try:
            return _report(target)
        except StoreError:  # not there yet, or damaged: write it anew
            _pack(source, target, title, (3 if colour else 1, size, size), progress)
    return _report(target)


def _report(target: Path) -> Report:
    facts = packs.describe(target)
    rejected = [(name, reason) for name, reason in facts["rejected"]]
    return Report(target.stem, facts["usable"], facts["total"], rejected)


def _pack(
    source: Source, target: Path, title: str, shape: Shape, progress: Progress | None
) -> None:
    with decoded(source, len(source), shape, progress) as intake:
        intake.write_pack(target, title, *arrange(intake))


def arrange(intake: Intake) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Where each picture goes (0 train, 1 test, -1 neither), its label, and the class names."""
    if len(set(intake.digests)) < 2:
        raise InputError(_too_few(intake))
    paths = _unwrapped([tuple(name.split("/")) for name in intake.names])
    tops = {path[0].lower() for path in paths}
    if tops == {"train", "test"} and all(len(path) > 1 for path in paths):
        is_test = _given_split([path[0].lower() == "test" for path in paths], intake)
        paths = [path[1:] for path in paths]
    else:
        is_test = _held_out(intake.digests)
    return is_test, *_classes(paths)


def _too_few(intake: Intake) -> str:
    count = len(intake.names)
    found = "No usable image was found" if count == 0 else "Only one distinct image was found"
    why = "".join(f" ({name} {reason})" for name, reason in intake.rejected[:1])
    return f"{found}{why}; at least 2 are needed, one of them for testing. Add more images."


def _unwrapped(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The paths without the folders that all of them share."""
    while len({path[0] for path in paths}) == 1 and all(len(path) > 1 for path in paths):
        paths = [path[1:] for path in paths]
    return paths


def _given_split(in_test: list[bool], intake: Intake) -> np.ndarray:
    """The split as given, less the test pictures that are also in train; all of them: hold out."""
    is_test = np.array(in_test, np.int8)
    seen = {d for d, test in zip(intake.digests, in_test, strict=True) if not test}
    again = [i for i in np.flatnonzero(is_test) if intake.digests[i] in seen]
    if len(again) == is_test.sum():
        return _held_out(intake.digests)
    for i in again:
        intake.refuse(intake.names[i], "shows the same picture as one in train")
    is_test[again] = -1
    return is_test


def _held_out(digests: Sequence[bytes]) -> np.ndarray:
    """One in HOLD_OUT distinct pictures, at least one, chosen by content alone, with its copies."""
    distinct = sorted(set(digests))
    chosen = set(distinct[: max(1, len(distinct) // HOLD_OUT)])
    return np.array([digest in chosen for digest in digests], np.int8)


def _classes(paths: list[tuple[str, ...]]) -> tuple[np.ndarray, list[str]]:
    """Labels by first folder; unlabelled when some picture is in none, or all in one."""
    tops = [path[0] if len(path) > 1 else "" for path in paths]
    classes = sorted(set(tops))
    if "" in classes or not 2 <= len(classes) <= MAX_CLASSES:
        return np.zeros(len(tops), np.int64), []
    index = {name: i for i, name in enumerate(classes)}
    return np.array([index[top] for top in tops], np.int64), [printable(c) for c in classes]
