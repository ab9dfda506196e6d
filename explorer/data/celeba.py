"""CelebA (Liu et al. 2015): torchvision's folder of 178 x 218 JPEGs, packed at 64 x 64.

Cropped to the central square like any picture. The label is one attribute, "Smiling", which splits
the faces almost evenly; the official validation part is left out.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from explorer.data import home, packs
from explorer.data.base import DatasetInfo, Progress
from explorer.data.images import Unusable
from explorer.data.intake import decoded
from explorer.data.sources import File
from explorer.errors import StoreError

FOLDER = "celeba"
IMAGES = "img_align_celeba"
ATTRIBUTE = "Smiling"
PARTS = {"0": 0, "2": 1}  # list_eval_partition.txt: 0 train, 1 validation, 2 test
INFO = DatasetInfo(
    name="celeba",
    title="CelebA",
    description="Faces of celebrities (Liu et al. 2015), 64 x 64; the label is whether they smile.",
    kind="image",
    shape=(3, 64, 64),
    classes=("not smiling", "smiling"),
    train=162_770,
    test=19_962,
    source="torchvision",
)


def folder(roots: tuple[Path, ...]) -> Path | None:
    """The first torchvision folder of CelebA, unpacked, or None."""
    candidates = (root / FOLDER for root in roots)
    return next((f for f in candidates if (f / IMAGES).is_dir()), None)


def path() -> Path:
    """Where CelebA's pack lies once it was made."""
    return home.packs() / f"{INFO.name}{packs.SUFFIX}"


def pack(folder: Path, progress: Progress | None = None) -> None:
    """Decode, crop and pack the faces in ``folder`` (StoreError when its tables are damaged)."""
    is_test, smiles = _tables(folder)
    with decoded(_files(folder, list(is_test)), len(is_test), INFO.shape, progress) as intake:
        part = np.array([is_test[name] for name in intake.names])
        labels = np.array([smiles[name] for name in intake.names], np.int64)
        if set(part) != {0, 1}:
            raise _damaged()
        intake.write_pack(path(), INFO.title, part, labels, INFO.classes)


def _tables(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """For each face of the two splits its part (0 train, 1 test), and for all whether it smiles."""
    try:
        parts = [line.split() for line in _lines(folder / "list_eval_partition.txt")]
        _, header, *rows = (line.split() for line in _lines(folder / "list_attr_celeba.txt"))
        column = header.index(ATTRIBUTE) + 1
        smiles = {row[0]: int(row[column] == "1") for row in rows}
    except (OSError, ValueError, IndexError):
        raise _damaged() from None
    return {name: PARTS[part] for name, part in parts if part in PARTS and name in smiles}, smiles


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def _files(folder: Path, names: list[str]) -> Iterator[File]:
    for name in names:
        try:
            yield name, (folder / IMAGES / name).read_bytes()
        except OSError as problem:
            yield name, Unusable(f"cannot be read: {problem.strerror}")


def _damaged() -> StoreError:
    return StoreError("The files of CelebA are damaged or incomplete. Download CelebA again.")
