"""What a data set is once it is in memory, and what can be said about it before it is."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from explorer.errors import InputError

SPLITS = ("train", "test")
Progress = Callable[[int, int], None]  # how much is done, of how much


@dataclass(frozen=True)
class Spec:
    """What one example looks like: ``shape`` is (C, H, W) or (2,); no ``classes``: unlabelled."""

    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether an example is a picture rather than a point in the plane."""
        return len(self.shape) == 3

    def to_json(self) -> dict[str, Any]:
        """Plain values that ``from_json`` turns back into this Spec."""
        return {"shape": list(self.shape), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, value: Any) -> "Spec":
        """The Spec that ``to_json`` wrote; anything else is an InputError."""
        shape = value.get("shape") if isinstance(value, dict) else None
        classes = value.get("classes") if isinstance(value, dict) else None
        if not (_is_shape(shape) and _are_names(classes)):
            raise InputError(
                "This is no description of a data set: it takes a shape (C, H, W) or (2,) and a "
                "list of class names. Choose another file."
            )
        return cls(tuple(shape), tuple(classes))


def _is_shape(value: Any) -> bool:
    if not isinstance(value, list) or not all(type(n) is int for n in value):
        return False
    image = len(value) == 3 and value[0] in (1, 3) and all(1 <= n <= 1024 for n in value[1:])
    return image or value == [2]


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


@dataclass(frozen=True, eq=False)
class Data:
    """One split of a data set, whole and read-only.

    ``x`` is uint8 ``N C H W`` (0..255) or float32 ``N 2``; ``y`` is int64 ``N`` or None.
    """

    name: str
    split: str
    x: np.ndarray
    y: np.ndarray | None
    classes: tuple[str, ...] = ()
    known_digest: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.x.setflags(write=False)
        if self.y is not None:
            self.y.setflags(write=False)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def spec(self) -> Spec:
        """What one example looks like."""
        return Spec(tuple(self.x.shape[1:]), self.classes)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of shape, type, values, labels and class names."""
        return self.known_digest or digest(
            [self.x], self.x.shape, self.x.dtype, self.y, self.classes
        )

    def take(self, indices: np.ndarray) -> "Data":
        """The examples at ``indices`` (int, N), in that order."""
        y = None if self.y is None else self.y[indices]
        return Data(self.name, self.split, self.x[indices], y, self.classes)


def first_of(data: Data, n: int, seed: int) -> Data:
    """``n`` examples picked by ``seed`` alone, in the order of its shuffle; 0 or too many: all.

    Fewer are always part of more, and the same numbers give the same examples for ever: the
    stream of ``RandomState`` is frozen, those of newer generators are not.
    """
    if not 0 < n < len(data):
        return data
    return data.take(np.random.RandomState(seed).permutation(len(data))[:n])


def digest(
    chunks: Iterable[Any],
    shape: Sequence[int],
    dtype: Any,
    y: np.ndarray | None,
    classes: Sequence[str],
) -> str:
    """SHA-256 (hex) of a data set whose ``x`` arrives in chunks."""
    facts = [list(shape), np.dtype(dtype).name, y is not None, list(classes)]
    total = hashlib.sha256(json.dumps(facts).encode())
    for chunk in chunks:
        total.update(np.ascontiguousarray(chunk))
    if y is not None:
        total.update(np.ascontiguousarray(y, dtype="<i8"))
    return total.hexdigest()


@dataclass(frozen=True)
class DatasetInfo:
    """A data set that can be asked for by ``name``; ``problem``: why it is not available now."""

    name: str
    title: str
    description: str
    kind: str  # "image" | "points"
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    source: str
    problem: str = ""

    @property
    def available(self) -> bool:
        """Whether ``load`` works here and now, without a network."""
        return not self.problem

    @property
    def spec(self) -> Spec:
        """What one example looks like."""
        return Spec(self.shape, self.classes)

    @property
    def megabytes(self) -> float:
        """Size of both splits in memory, in MB."""
        itemsize = 1 if self.kind == "image" else 4
        return (self.train + self.test) * prod(self.shape) * itemsize / 1e6


def printable(text: str, limit: int = 80) -> str:
    """Foreign text on one line of at most ``limit``, no control characters or lone surrogates."""
    text = text.encode("utf-8", "replace").decode()
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
