"""A pack: one data set in one file, so that an image folder is read once and may then disappear.

The format is safetensors (``train.x``, ``test.x`` and, if labelled, ``train.y``, ``test.y``) with
one JSON text as metadata. It is streamed in and mapped into memory on the way out: 2 GB of images
cost no process 2 GB, and all processes share one copy.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from explorer import files
from explorer.data.base import SPLITS, Data, DatasetInfo, digest
from explorer.errors import StoreError

SUFFIX = ".safetensors"
MAX_HEADER = 8 * 2**20
CHUNK = 4096  # images
FACTS = {"title", "classes", "usable", "total", "rejected"}
IMAGES, LABELS = {"train.x", "test.x"}, {"train.y", "test.y"}
TYPES = {"x": ("U8", np.dtype("u1")), "y": ("I64", np.dtype("<i8"))}


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows ``order`` of ``images``, taken a chunk at a time: ``images`` may lie on disk."""

    images: np.ndarray  # uint8 N C H W
    order: np.ndarray  # int, at least one
    labels: np.ndarray | None  # int64, one per row of ``order``

    def chunks(self) -> Iterator[np.ndarray]:
        """The images, CHUNK at a time."""
        for i in range(0, len(self.order), CHUNK):
            yield self.images[self.order[i : i + CHUNK]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all rows together."""
        return (len(self.order), *self.images.shape[1:])


def write(path: Path, facts: dict[str, Any], splits: dict[str, Rows]) -> None:
    """Publish a pack; ``facts`` (what ``describe`` gives back) has at least the keys of FACTS."""
    facts = facts | {"digests": {name: _digest(rows, facts) for name, rows in splits.items()}}
    shapes = {f"{split}.x": rows.shape for split, rows in splits.items()}
    labelled = all(rows.labels is not None for rows in splits.values())
    if labelled:  # first, so that 8-byte values lie on 8-byte addresses
        shapes = {f"{split}.y": rows.shape[:1] for split, rows in splits.items()} | shapes
    header = _header(shapes, facts)

    def stream(file: BinaryIO) -> None:
        file.write(header)
        for rows in splits.values() if labelled else ():
            file.write(np.ascontiguousarray(rows.labels, "<i8").tobytes())
        for rows in splits.values():
            for chunk in rows.chunks():
                file.write(np.ascontiguousarray(chunk).data)

    files.make_folder(path.parent)
    files.publish_with(path, stream)


def describe(path: Path) -> dict[str, Any]:
    """The facts in a pack's header, if the header and the file's length are right (StoreError)."""
    return _open(path)[0]


def info(path: Path) -> DatasetInfo:
    """A pack as an entry of the catalogue; a damaged one says so in ``problem``."""
    try:
        facts, tensors = _open(path)
    except StoreError as problem:
        return DatasetInfo(
            path.stem, path.stem, "", "image", (), (), 0, 0, "your images", str(problem)
        )
    (train, *shape), (test, *_) = (tensors[f"{split}.x"][0] for split in SPLITS)
    classes = tuple(facts["classes"])
    text = f"{facts['usable']:,} of {facts['total']:,} files, packed on this machine."
    return DatasetInfo(
        *(path.stem, facts["title"], text, "image", tuple(shape), classes),
        *(train, test, "your images"),
    )


def read(path: Path, split: str) -> Data:
    """One split, mapped from the file after its digest was checked (StoreError)."""
    facts, tensors = _open(path)
    classes, known = tuple(facts["classes"]), facts["digests"][split]
    y = _tensor(path, *tensors[f"{split}.y"], "y") if f"{split}.y" in tensors else None
    shape, offset = tensors[f"{split}.x"]
    if digest(_stream(path, shape, offset), shape, np.uint8, y, classes) != known:
        raise _damaged(path, "its content has changed")
    return Data(path.stem, split, _tensor(path, shape, offset, "x"), y, classes, known)


def _digest(rows: Rows, facts: dict[str, Any]) -> str:
    return digest(rows.chunks(), rows.shape, np.uint8, rows.labels, facts["classes"])


def _header(shapes: dict[str, tuple[int, ...]], facts: dict[str, Any]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"pack": json.dumps(facts, allow_nan=False)}}
    end = 0
    for name, shape in shapes.items():
        kind, dtype = TYPES[name[-1]]
        start, end = end, end + prod(shape) * dtype.itemsize
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [start, end]}
    text = files.json_bytes(header)
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _open(path: Path) -> tuple[dict[str, Any], dict[str, tuple[tuple[int, ...], int]]]:
    """Facts, and shape and file offset of each tensor."""
    with files.open_file(path) as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\xff"))
        if length > MAX_HEADER:
            raise _damaged(path, "its header is missing or too long")
        text = file.read(length)
        size = file.seek(0, 2)
    header = files.parse_json(text, path.name)
    try:
        facts = files.parse_json(header.pop("__metadata__")["pack"].encode(), path.name)
        shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
        whole = facts.keys() > FACTS and set(shapes) - LABELS == IMAGES
        if not whole or _header(shapes, facts) != struct.pack("<Q", length) + text:
            raise ValueError
        return facts, _locate(path, shapes, 8 + length, size)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(path, "its header is not one of a pack") from None


def _locate(path: Path, shapes: dict, start: int, size: int) -> dict:
    tensors = {}
    for name, shape in shapes.items():
        tensors[name] = shape, start
        start += prod(shape) * TYPES[name[-1]][1].itemsize
    if start != size:
        raise _damaged(path, f"it has {size:,} bytes instead of {start:,}")
    return tensors


def _stream(path: Path, shape: tuple[int, ...], offset: int) -> Iterator[bytes]:
    """The bytes of a tensor by plain reading: hashing a mapping would make all of it resident."""
    left = prod(shape)
    with files.open_file(path) as file:
        file.seek(offset)
        while left and (chunk := file.read(min(left, 2**20))):
            left -= len(chunk)
            yield chunk


def _tensor(path: Path, shape: tuple[int, ...], offset: int, kind: str) -> np.ndarray:
    return np.asarray(np.memmap(path, TYPES[kind][1], "r", offset, shape))


def _damaged(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"The packed data set {path.stem} is damaged: {reason}. Add its images again to renew it."
    )
