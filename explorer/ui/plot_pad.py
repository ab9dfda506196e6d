"""The plot pad: points of one's own in the plane, by clicking and dragging."""

import base64
import binascii
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui.pack import source

EXTENT = 1.6  # half the pad's side
GRAIN = 32767  # whole numbers from the middle to an edge
MOST = 20_000

_component = st.components.v2.component(
    "explorer.plot_pad",
    html=source("plot_pad.html"),
    css=source("common.css", "plot_pad.css"),
    js=source("plot_pad.js"),
)


def plot_pad(*, key: str, first: np.ndarray | None = None) -> np.ndarray:
    """What is drawn, float32 ``N 2`` within ±EXTENT; ``first`` is there when the pad appears.

    Points arrive when the pointer is lifted.
    """
    first = np.empty((0, 2)) if first is None else first
    options = {"most": MOST, "grain": GRAIN, "first": encode(first)}
    state = _component(key=key, data=options, on_points_change=lambda: None)
    text = state.get("points")
    return first.astype(np.float32) if text is None else decode(text)


def encode(points: np.ndarray) -> str:
    """Points within ±EXTENT as base64 of little-endian int16."""
    grains = np.round(np.clip(points / EXTENT, -1, 1) * GRAIN).astype("<i2")
    return base64.b64encode(grains.tobytes()).decode("ascii")


def decode(text: Any) -> np.ndarray:
    """The browser's base64 as points; none unless it is a whole number of at most MOST."""
    try:
        raw = base64.b64decode(text or "", validate=True)
    except (TypeError, ValueError, binascii.Error):
        raw = b""
    if len(raw) % 4 or len(raw) > 4 * MOST:
        raw = b""
    return (np.frombuffer(raw, "<i2").reshape(-1, 2) / GRAIN * EXTENT).astype(np.float32)
