"""How pictures reach a component in the browser: one message of a JSON header and raw bytes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

WEB = Path(__file__).parent / "web"


def pack(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Header length (uint32, little endian), the header as strict JSON, then ``body`` as it is."""
    text = json.dumps(header, allow_nan=False).encode()
    return len(text).to_bytes(4, "little") + text + body


def shape_of(picture: np.ndarray) -> dict[str, int]:
    """Height, width and channels (1 or 3) of uint8 ``H W`` or ``H W 3`` (ValueError otherwise)."""
    grey = picture.ndim == 2
    if picture.dtype != np.uint8 or not (grey or (picture.ndim == 3 and picture.shape[2] == 3)):
        raise ValueError(f"a picture is uint8 H W or H W 3, not {picture.dtype} {picture.shape}")
    return {"height": picture.shape[0], "width": picture.shape[1], "channels": 1 if grey else 3}


def source(*names: str) -> str:
    """The named files of ``web/`` one after the other: browser code without a build step."""
    return "\n".join((WEB / name).read_text(encoding="utf-8") for name in names)
