"""The draw pad: a person's own picture, white on black, as the model will see it."""

import base64
import binascii
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui.pack import source

_component = st.components.v2.component(
    "explorer.draw",
    html=source("draw.html"),
    css=source("common.css", "draw.css"),
    js=source("pack.js", "draw.js"),
)


def draw_pad(*, key: str, size: int = 28, colour: bool = False) -> np.ndarray | None:
    """What is drawn, uint8 ``1 size size`` (``3 size size`` in colour), or None on empty paper.

    The picture arrives while it is being drawn, at most every 80 ms; put the pad and what reads it
    into one fragment.
    """
    options = {"size": size, "colour": colour}
    state = _component(key=key, data=options, on_image_change=lambda: None)
    return decode(state.get("image"), **options)


def decode(text: Any, size: int, colour: bool) -> np.ndarray | None:
    """The browser's base64 as a picture; None unless it is exactly ``size`` x ``size`` pixels."""
    channels = 3 if colour else 1
    try:
        pixels = base64.b64decode(text or "", validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    if len(pixels) != size * size * channels:
        return None
    picture = np.frombuffer(pixels, np.uint8).reshape(size, size, channels)
    return picture.transpose(2, 0, 1).copy()  # H W C -> C H W
