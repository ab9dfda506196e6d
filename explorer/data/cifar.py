"""CIFAR-10 (Krizhevsky 2009) and its birds from pickled batches, without unpickling.

``pickletools.genops`` only lists the instructions of a pickle and executes none. Each batch holds
10,000 images as one string of 30,720,000 bytes (N C H W) and their labels as small integers.
"""

import pickletools
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from explorer.data import cifar_zip
from explorer.data.base import Data, DatasetInfo
from explorer.errors import StoreError

FOLDER = "cifar-10-batches-py"
BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
SHAPE = (10_000, 3, 32, 32)
INFO = DatasetInfo(
    name="cifar10",
    title="CIFAR-10",
    description="Small colour photographs of animals and vehicles (Krizhevsky 2009).",
    kind="image",
    shape=SHAPE[1:],
    classes=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
    train=50_000,
    test=10_000,
    source="torchvision",
)
BIRD = INFO.classes.index("bird")
BIRDS = replace(
    INFO,
    name="cifar10-birds",
    title="Birds (CIFAR-10)",
    description="The birds among CIFAR-10's photographs, one class of ten.",
    classes=("bird",),
    train=5000,
    test=1000,
)
INFOS = (INFO, BIRDS)


def place(roots: tuple[Path, ...]) -> Path | None:
    """The first folder that holds all six batches, or else a zip of JPEG files, or None."""
    names = [name for batch in BATCHES.values() for name in batch]
    candidates = (root / FOLDER for root in roots)
    whole = (f for f in candidates if all((f / name).is_file() for name in names))
    return next(whole, None) or cifar_zip.place(roots)


def described(info: DatasetInfo, place: Path) -> DatasetInfo:
    """What is known of the set, which tells when its pictures were compressed once more."""
    if place.name != cifar_zip.NAME:
        return info
    said = f"{info.description} Compressed once more: {cifar_zip.TITLE}."
    return replace(info, title=f"{info.title} · {cifar_zip.TITLE}", description=said)


def load(info: DatasetInfo, split: str, place: Path) -> Data:
    """One split of CIFAR-10 or of its birds (StoreError when a file is damaged)."""
    if place.name == cifar_zip.NAME:
        return cifar_zip.load(info.name, split, place, info.classes)
    batches = [_read(place / name) for name in BATCHES[split]]
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    if info is BIRDS:
        x = x[y == BIRD]
        y = np.zeros(len(x), np.int64)
    return Data(info.name, split, x, y, info.classes)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with path.open("rb") as file:
            return _arrays(file)
    except (OSError, ValueError, StopIteration):  # genops: ValueError for whatever is no pickle
        raise StoreError(
            f"The CIFAR-10 file {path.name} is unreadable or cut off. Download CIFAR-10 again."
        ) from None


def _arrays(file: BinaryIO) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels, key = b"", [], None
    for code, value, _ in pickletools.genops(file):
        if code.name == "BINSTRING" and len(value) == np.prod(SHAPE):
            pixels = value.encode("latin-1")
        elif code.name in ("SHORT_BINSTRING", "BINSTRING"):
            key = value
        elif key == "labels" and code.name == "BININT1":
            labels.append(value)
    x = np.frombuffer(pixels, np.uint8).reshape(SHAPE)
    y = np.array(labels, np.int64)
    if y.shape != SHAPE[:1] or y.max() > 9:
        raise ValueError("not 10,000 labels in 0..9")
    return x, y
