"""Values as strict JSON beside raw buffers, and back: what may cross between the two processes.

Arrays and bytes lie in buffers, sent from where they are and received as read-only views: no copy
on either side. What else JSON has no word for is an object with the key ``"@"``, such as
``{"@": "tuple", "of": [1, 2]}``; a class travels by its name and fields if it was registered.
Nothing else is decoded, so a damaged message can only raise.
"""

import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from explorer.errors import ExplorerError, InputError

LIMIT = 512 * 2**20  # bytes in one message
ALIGN = 16  # buffers start where any number type may be read
KINDS = "biufcSU"  # numpy dtype kinds that are plain bytes: no objects, no records

Class = TypeVar("Class", bound=type)


class WireError(ExplorerError):
    """A message that cannot be read: cut off, too large, or naming what is not known here."""


class Buffers:
    """The raw parts of one message, each aligned, and how many bytes they make."""

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.size = 0

    def add(self, size: int, raw: Callable[[], Any]) -> list[int]:
        """Append size bytes, made only once they are known to fit; return [start, size]."""
        start, padding = self.size, -size % ALIGN
        check_size(start + size)
        self.parts += [raw(), bytes(padding)] if padding else [raw()]
        self.size += size + padding
        return [start, size]


def encode(value: Any, buffers: Buffers) -> Any:
    """Turn a value into JSON and append its buffers; TypeError for what cannot travel."""
    if isinstance(value, np.generic):
        return _encode_array(np.asarray(value), buffers) | {"@": "scalar"}
    if encoder := _ENCODERS.get(type(value)):
        return encoder(value, buffers)
    raise TypeError(f"{type(value).__name__} cannot travel between the processes")


def decode(tree: Any, data: memoryview) -> Any:
    """Turn JSON and its buffers back into the value; WireError if they make none."""
    try:
        return _decode(tree, data)
    except WireError:
        raise
    except Exception as error:  # whatever nonsense makes numpy or a constructor raise
        raise WireError(f"A message could not be read ({error}). Try again.") from error


def register(cls: Class) -> Class:
    """Let a dataclass or a pydantic model travel, by its fields; serves as a decorator.

    Both processes must register it. Only the class name travels: ValueError if it is taken.
    """
    tag = cls.__name__
    if _HOMES.setdefault(tag, cls.__module__) != cls.__module__:
        raise ValueError(f"The name {tag} is taken by {_HOMES[tag]}")
    names = [f.name for f in fields(cls) if f.init] if is_dataclass(cls) else [*cls.model_fields]

    def encoder(value: Any, buffers: Buffers) -> dict:
        return {"@": tag, "of": {name: encode(getattr(value, name), buffers) for name in names}}

    _ENCODERS[cls] = encoder
    _DECODERS[tag] = lambda tree, data: cls(**_decode_dict(tree, data))
    return cls


def register_all(module: ModuleType) -> None:
    """Register every dataclass that a module defines."""
    for cls in vars(module).values():
        if isinstance(cls, type) and cls.__module__ == module.__name__ and is_dataclass(cls):
            register(cls)


def check_size(size: int) -> None:
    """InputError if a message of so many bytes may not be sent."""
    if size > LIMIT:
        raise InputError(
            f"This needs a message of {size / 2**20:,.1f} MB; the limit is {LIMIT // 2**20} MB. "
            "Ask for fewer or smaller images at once."
        )


def _encode_float(value: float, buffers: Buffers) -> Any:
    return value if math.isfinite(value) else {"@": "float", "of": repr(value)}


def _encode_dict(value: dict, buffers: Buffers) -> dict:
    if not all(type(key) is str for key in value):
        raise TypeError("A dict with keys that are not str cannot travel between the processes")
    tree = {key: encode(item, buffers) for key, item in value.items()}
    return {"@": "dict", "of": tree} if "@" in tree else tree


def _encode_array(value: np.ndarray, buffers: Buffers) -> dict:
    if value.dtype.kind not in KINDS:
        raise TypeError(f"An array of {value.dtype} cannot travel between the processes")
    span = buffers.add(value.nbytes, lambda: _raw(value))
    return {"@": "array", "dtype": value.dtype.str, "shape": list(value.shape), "span": span}


def _raw(value: np.ndarray) -> Any:
    """The bytes of an array in C order, in place where they lie so already."""
    return np.asarray(value, order="C").reshape(-1).view(np.uint8) if value.nbytes else b""


def _decode(tree: Any, data: memoryview) -> Any:
    if type(tree) is list:
        return [_decode(item, data) for item in tree]
    if type(tree) is not dict:
        return tree
    if "@" not in tree:
        return {key: _decode(item, data) for key, item in tree.items()}
    if decoder := _DECODERS.get(tree["@"]):
        return decoder(tree, data)
    raise WireError(f"A message names {tree['@']!r:.40}, which is not registered here.")


def _decode_dict(tree: dict, data: memoryview) -> dict:
    return {key: _decode(item, data) for key, item in tree["of"].items()}


def _decode_array(tree: dict, data: memoryview) -> np.ndarray:
    dtype, shape, raw = np.dtype(str(tree["dtype"])), tuple(tree["shape"]), _span(tree, data)
    if dtype.kind not in KINDS:
        raise WireError(f"A message holds an array of {dtype}, which may not travel.")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise WireError(f"An array of {dtype} and shape {shape} came with {len(raw)} bytes.")
    return np.ndarray(shape, dtype, raw)


def _span(tree: dict, data: memoryview) -> memoryview:
    start, size = tree["span"]
    if start < 0 or size < 0 or start + size > len(data):
        raise WireError(f"Bytes {start} to {start + size} lie outside the {len(data)} that came.")
    return data[start : start + size]


_ENCODERS: dict[type, Callable[[Any, Buffers], Any]] = {
    **dict.fromkeys((type(None), bool, int, str), lambda value, buffers: value),
    float: _encode_float,
    list: lambda value, buffers: [encode(item, buffers) for item in value],
    tuple: lambda value, buffers: {"@": "tuple", "of": [encode(v, buffers) for v in value]},
    dict: _encode_dict,
    bytes: lambda value, buffers: {"@": "bytes", "span": buffers.add(len(value), lambda: value)},
    np.ndarray: _encode_array,
}

_DECODERS: dict[str, Callable[[dict, memoryview], Any]] = {
    "float": lambda tree, data: float(tree["of"]),
    "tuple": lambda tree, data: tuple(_decode(tree["of"], data)),
    "dict": _decode_dict,
    "bytes": lambda tree, data: bytes(_span(tree, data)),
    "array": _decode_array,
    "scalar": lambda tree, data: _decode_array(tree, data)[()],
}

_HOMES = dict.fromkeys(_DECODERS, __name__)  # name -> the module it belongs to
