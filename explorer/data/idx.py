"""MNIST and Fashion-MNIST: IDX files in torchvision's folders, whole or as the bundled subset.

The IDX format (LeCun): two zero bytes, 8 for uint8, the number of axes, each axis as a big-endian
uint32, then the values.
"""

import gzip
import struct
import zlib
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np

from explorer.data.base import Data, DatasetInfo
from explorer.errors import StoreError

BUNDLED = Path(__file__).parent / "bundled"
FOLDERS = {
    "mnist": "MNIST",
    "fashion-mnist": "FashionMNIST",
    "mnist-full": "MNIST",
    "fashion-mnist-full": "FashionMNIST",
}
STEMS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
DIGITS = tuple("0123456789")
FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_MNIST = DatasetInfo(
    name="mnist",
    title="MNIST",
    description="Handwritten digits (LeCun, Cortes and Burges): the first 10,000 of 60,000.",
    kind="image",
    shape=(1, 28, 28),
    classes=DIGITS,
    train=10_000,
    test=10_000,
    source="bundled",
)
_FASHION = replace(
    _MNIST,
    name="fashion-mnist",
    title="Fashion-MNIST",
    description="Zalando's articles of clothing (Xiao et al. 2017): the first 10,000 of 60,000.",
    classes=FASHION,
)
_FULL = {"train": 60_000, "source": "torchvision"}
INFOS = (
    _FASHION,
    _MNIST,
    replace(
        _FASHION,
        name="fashion-mnist-full",
        title="Fashion-MNIST (full)",
        description="All 60,000 training images of Zalando's clothing (Xiao et al. 2017).",
        **_FULL,
    ),
    replace(
        _MNIST,
        name="mnist-full",
        title="MNIST (full)",
        description="All 60,000 handwritten training digits (LeCun, Cortes and Burges).",
        **_FULL,
    ),
)


def folder(name: str, roots: tuple[Path, ...]) -> Path | None:
    """The first folder that holds all four files of a set, or None."""
    where = roots if name.endswith("-full") else (BUNDLED,)
    candidates = (root / FOLDERS[name] / "raw" for root in where)
    stems = [stem for pair in STEMS.values() for stem in pair]
    return next((f for f in candidates if all(_find(f, stem) for stem in stems)), None)


def load(info: DatasetInfo, split: str, folder: Path) -> Data:
    """Both arrays of one split, checked against each other (StoreError)."""
    x, y = (read(folder, stem) for stem in STEMS[split])
    if x.shape != (getattr(info, split), 28, 28) or y.shape != x.shape[:1] or y.max() > 9:
        raise StoreError(
            f"The {split} files of {info.title} do not belong together: images {x.shape}, labels "
            f"{y.shape}. Delete and download them again."
        )
    return Data(info.name, split, x[:, None], y.astype(np.int64), info.classes)


def read(folder: Path, stem: str) -> np.ndarray:
    """The uint8 array in the IDX file ``stem`` or ``stem.gz`` (StoreError when it is damaged)."""
    try:
        return _parse(_read_bytes(_find(folder, stem) or folder / stem))
    except (OSError, EOFError, ValueError, struct.error, zlib.error):
        raise StoreError(
            f"The data file {stem} is unreadable or cut off. Delete it and download the set again."
        ) from None


def _find(folder: Path, stem: str) -> Path | None:
    return next((p for p in (folder / stem, folder / f"{stem}.gz") if p.is_file()), None)


def _read_bytes(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def _parse(data: bytes) -> np.ndarray:
    zero, kind, axes = struct.unpack(">HBB", data[:4])
    shape = struct.unpack_from(f">{axes}I", data, 4)
    if (zero, kind) != (0, 8) or len(data) != 4 + 4 * axes + prod(shape):
        raise ValueError("not an IDX file of bytes, or of another length than it says")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
