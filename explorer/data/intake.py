"""Pictures on their way into a pack: decoded one by one, waiting on disk until all are known."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from explorer import files
from explorer.data import home, packs
from explorer.data.base import SPLITS, Progress, printable
from explorer.data.images import Unusable, decode
from explorer.data.packs import Rows
from explorer.data.sources import File
from explorer.errors import ResourceError

MAX_LISTED = 1000  # rejected files that are named; all are counted

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Intake:
    """The pictures accepted so far, in order, and the files that were not."""

    shape: Shape  # (C, S, S)
    pixels: BinaryIO
    names: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)

    def take(self, name: str, data: bytes | Unusable) -> None:
        """Decode and keep one file, or note why it is not usable."""
        try:
            if isinstance(data, Unusable):
                raise data
            pixels = decode(data, self.shape[1], self.shape[0] == 3).tobytes()
        except Unusable as reason:
            self.refuse(name, str(reason))
            return
        self.pixels.write(pixels)
        self.names.append(name)
        self.digests.append(hashlib.sha256(pixels).digest())

    def refuse(self, name: str, reason: str) -> None:
        """Note why a file is no part of the data set."""
        self.rejected.append((printable(name, 200), reason))

    def write_pack(
        self, target: Path, title: str, part: np.ndarray, labels: np.ndarray, classes: Sequence[str]
    ) -> None:
        """Publish the pictures; ``part`` (0 train, 1 test, else none) and ``labels`` are N ints."""
        self.pixels.flush()
        images = np.memmap(self.pixels, np.uint8, "r", shape=(len(self.names), *self.shape))
        orders = {split: np.flatnonzero(part == i) for i, split in enumerate(SPLITS)}
        facts = {
            "title": printable(title) or "My images",
            "classes": list(classes),
            "usable": sum(map(len, orders.values())),
            "total": sum(map(len, orders.values())) + len(self.rejected),
            "rejected": self.rejected[:MAX_LISTED],
        }
        splits = {s: Rows(images, o, labels[o] if classes else None) for s, o in orders.items()}
        packs.write(target, facts, splits)


@contextmanager
def decoded(
    found: Iterable[File], total: int, shape: Shape, progress: Progress | None
) -> Iterator[Intake]:
    """All of ``found`` (``total`` files) decoded to ``shape``; pixels last as long as the block."""
    with _scratch() as pixels:
        intake = Intake(shape, pixels)
        for done, (name, data) in enumerate(found, 1):
            intake.take(name, data)
            if progress:
                progress(done, total)
        yield intake


@contextmanager
def _scratch() -> Iterator[BinaryIO]:
    """A nameless temporary file on the disk of the packs, which must hold the result as well."""
    try:
        with tempfile.TemporaryFile(dir=files.make_folder(home.packs())) as file:
            yield file
    except OSError as problem:
        raise ResourceError(
            f"The images could not be packed: {problem.strerror or problem}. "
            "Make room on the disk and try again."
        ) from None
