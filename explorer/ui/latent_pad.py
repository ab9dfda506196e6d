"""A plane of latents under the pointer: pictures were decoded before and are blended on the way."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import LatentPlane
from explorer.palette import CATEGORICAL
from explorer.ui.pack import pack, shape_of, source

_component = st.components.v2.component(
    "explorer.latent_pad",
    html=source("latent_pad.html"),
    css=source("common.css", "latent_pad.css"),
    js=source("pack.js", "scatter.js", "latent_pad.js"),
)


def latent_pad(
    plane: LatentPlane,
    groups: np.ndarray | None,
    *,
    key: str,
    name: str,
    axes: Sequence[str],
    letters: str,
    first: tuple[float, float] = (0.0, 0.0),
) -> tuple[float, float]:
    """Show a plane; where the pointer was lifted last, in the latents' unit, ``first`` before that.

    ``groups`` int N colour its points; ``axes`` are the names of both directions and ``letters``
    those of its marks.  Call it in a fragment.
    """
    side = len(plane.pictures)
    shades = np.zeros(len(plane.points)) if groups is None else groups % len(CATEGORICAL)
    header = {
        "title": "A plane of the latent space",
        "name": name,
        "side": side,
        "reach": plane.reach,
        "count": len(plane.points),
        "palette": CATEGORICAL,
        "marks": plane.marks.tolist(),
        "letters": letters,
        "axes": list(axes),
        "at": [value / plane.reach for value in first],
        **shape_of(plane.pictures[0, 0]),
    }
    body = plane.pictures, plane.points.astype("<f4"), shades.astype(np.uint8)
    packed = b"".join(np.ascontiguousarray(one).tobytes() for one in body)
    _component(key=key, data=pack(header, packed), on_place_change=lambda: None)
    return read(st.session_state.get(key), name, plane.reach, first)


def read(state: Any, name: str, reach: float, first: tuple[float, float]) -> tuple[float, float]:
    """The browser's place on the plane called ``name``, inside it; otherwise ``first``."""
    told = state.get("place") if isinstance(state, Mapping) else None
    if not isinstance(told, Mapping) or told.get("name") != name:
        return first
    at = told.get("at")
    good = isinstance(at, Sequence) and len(at) == 2 and not isinstance(at, str)
    if not good or not all(type(x) in (int, float) and math.isfinite(x) for x in at):
        return first
    s, t = (min(max(float(x), -reach), reach) for x in at)
    return s, t
