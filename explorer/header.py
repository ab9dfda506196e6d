"""What a weight file says of itself, read without torch and before anything is allocated.

The safetensors layout is eight bytes of header length, a JSON header, and raw tensors
(github.com/huggingface/safetensors#format).  Ours carry one metadata entry, ``explorer``: JSON.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from explorer.answers import Film, Track
from explorer.errors import InputError, StoreError
from explorer.files import parse_json
from explorer.names import recipe_name

HEADER_LIMIT = 1_000_000  # bytes
TENSOR_LIMIT = 5_000
FORMAT = "explorer-checkpoint-1"
MODEL = "model.safetensors"  # the weights in a checkpoint's folder
FILM_LIMIT = 100_000_000  # bytes of a track
LATENT_DIFFUSION = "latent-diffusion"  # the family with an autoencoder inside
FILM = "film."  # tensors under this name are pictures, not weights
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x93NUMPY")


@dataclass(frozen=True)
class Header:
    """A checkpoint's own description: ``facts`` as saved, and each tensor's dtype and shape."""

    facts: dict[str, Any]
    tensors: dict[str, tuple[str, tuple[int, ...]]]

    @property
    def recipe(self) -> dict[str, Any]:
        return self.facts["recipe"]

    @property
    def family(self) -> str:
        return self.recipe["family"]

    @property
    def title(self) -> str:
        """A short name: what it is and what it was trained on."""
        return self.facts.get("title") or recipe_name(self.recipe)

    def has(self, *capabilities: str) -> bool:
        """Whether the model can do all of these."""
        return set(capabilities) <= set(self.facts.get("capabilities", ()))

    @property
    def encodes(self) -> bool:
        """Whether it finds a picture's latents at once, itself or by its autoencoder."""
        return self.has("Encodes") or self.family == LATENT_DIFFUSION

    @property
    def decodes(self) -> bool:
        """Whether a few numbers become a picture in it, or in its autoencoder."""
        return self.has("Decodes") or self.family == LATENT_DIFFUSION

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(prod(shape) for name, (_, shape) in self.tensors.items() if FILM not in name)


def read_header(path: Path, kind: str = "model") -> Header:
    """Read and check the header of one of our weight files, which holds a ``kind`` of network.

    Raises StoreError if the file is damaged and InputError if it is not one of ours or of another
    kind; a pickle is refused by its first bytes and never opened.
    """
    stat = path.stat() if path.is_file() else None
    if stat is None:
        raise InputError(f"There is no checkpoint file {path.name}.")
    header = _read_header(path, stat.st_size, stat.st_mtime_ns)
    if header.facts.get("kind", "model") != kind:
        raise InputError(f"{path.name} holds no {kind}. Choose another file.")
    return header


@lru_cache(maxsize=512)
def _read_header(path: Path, size: int, _mtime: int) -> Header:
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if start.startswith(PICKLES):
            raise InputError(
                f"{path.name} is a pickle or a zip, which can run code when opened, so it was not. "
                "Only .safetensors files made by this program can be loaded."
            )
        if len(start) < 8 or length > min(HEADER_LIMIT, size - 8):
            raise StoreError(f"{path.name} is not a complete safetensors file. Export it again.")
        text = file.read(length)
    return _checked(path.name, text, size - 8 - length)


def _checked(name: str, text: bytes, data_size: int) -> Header:
    try:
        entries = parse_json(text, name)
        metadata = entries.pop("__metadata__", {})
        tensors = {
            k: (v["dtype"], tuple(v["shape"]), v["data_offsets"]) for k, v in entries.items()
        }
        spans = sorted((tuple(span), dtype, shape) for dtype, shape, span in tensors.values())
        whole = len(tensors) <= TENSOR_LIMIT and _contiguous(spans, data_size)
    except (StoreError, AttributeError, KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise StoreError(f"{name} is damaged: its header does not match its contents.")
    return Header(_facts(name, metadata), {k: (d, s) for k, (d, s, _) in tensors.items()})


def _contiguous(spans: list, data_size: int) -> bool:
    """Whether the tensors follow each other without gap, overlap or rest, in their true sizes."""
    position = 0
    for (begin, end), dtype, shape in spans:
        if (
            begin != position
            or end - begin != BYTES[dtype] * prod(shape)
            or min(shape, default=0) < 0
        ):
            return False
        position = end
    return position == data_size


def _facts(name: str, metadata: dict[str, str]) -> dict[str, Any]:
    try:
        facts = parse_json(metadata["explorer"].encode(), name)
        named = [facts["recipe"][key] for key in ("family", "data")]
        ours = facts["format"] == FORMAT and all(isinstance(text, str) for text in named)
    except (StoreError, AttributeError, KeyError, TypeError):
        ours = False
    if not ours:
        raise InputError(
            f"{name} is a safetensors file of another program: it does not say how to build its "
            "model. Only checkpoints made by this program can be loaded."
        )
    return facts


def images_seen(facts: dict[str, Any]) -> int:
    """How many training pictures a checkpoint has learned from by now, each time counted.

    Of the ``facts`` of its header: steps, times batch size, times batches a step.
    """
    recipe = facts["recipe"]
    return facts["step"] * recipe["training"]["batch_size"] * recipe["model"].get("d_steps", 1)


def film(path: Path) -> Film | None:
    """The training film stored in a weight file, if it has one."""
    from safetensors import safe_open

    found = read_header(path).facts.get("film")
    if not found:
        return None
    shapes = found.get("shapes", [None] * len(found["tracks"]))
    with safe_open(path, framework="numpy") as file:
        tracks = tuple(
            Track(title, _unpacked(path.name, file.get_tensor(FILM + title), shape))
            for title, shape in zip(found["tracks"], shapes, strict=True)
        )
    return Film(tracks, tuple(found["labels"]))


def packed_frames(frames: np.ndarray) -> np.ndarray:
    """uint8 F H W [3] -> uint8 N: deflated differences in time, a third of the size or less."""
    changes = np.concatenate([frames[:1], np.diff(frames, axis=0)])
    return np.frombuffer(zlib.compress(changes.tobytes(), 9), np.uint8)


def _unpacked(name: str, stored: np.ndarray, shape: Sequence[int] | None) -> np.ndarray:
    """Frames as they were; those without a ``shape`` were stored as they are (StoreError)."""
    if shape is None:
        return np.array(stored)
    size, reader = prod(shape), zlib.decompressobj()
    try:
        changes = reader.decompress(stored.tobytes(), size + 1) if 0 < size <= FILM_LIMIT else b""
    except zlib.error:
        changes = b""
    if len(changes) != size:
        raise StoreError(f"The film in {name} is damaged. Its weights can still be used.")
    return np.cumsum(np.frombuffer(changes, np.uint8).reshape(shape), axis=0, dtype=np.uint8)


def metadata(facts: dict[str, Any]) -> dict[str, str]:
    """The safetensors metadata that `read_header` reads."""
    return {"explorer": json.dumps({"format": FORMAT, **facts}, allow_nan=False)}
