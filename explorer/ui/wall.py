"""A wall of pictures of which one is chosen, by a click or with the arrow keys."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui.pack import pack, shape_of, source

_component = st.components.v2.component(
    "explorer.wall",
    html=source("wall.html"),
    css=source("common.css", "wall.css"),
    js=source("pack.js", "wall.js"),
)


def wall(
    pictures: np.ndarray, *, key: str, title: str, marked: np.ndarray | None = None, value: int = 0
) -> int:
    """Show uint8 ``N H W`` or ``N H W 3``; the place of the chosen one, ``value`` before a click.

    Those that are ``marked`` (bool N) wear a bar in the accent's colour.  Call it in a fragment: a
    click reruns that and nothing else on the page.
    """
    header = {
        "title": title,
        "count": len(pictures),
        "marked": [] if marked is None else np.flatnonzero(marked).tolist(),
        "chosen": (chosen := read(st.session_state.get(key), len(pictures), value)),
        **shape_of(pictures[0]),
    }
    body = np.ascontiguousarray(pictures).tobytes()
    _component(key=key, data=pack(header, body), on_chosen_change=lambda: None)
    return chosen


def read(state: Any, count: int, value: int) -> int:
    """What the browser sent, if it is one of ``count`` pictures; otherwise ``value``."""
    chosen = state.get("chosen") if isinstance(state, Mapping) else None
    return chosen if type(chosen) is int and 0 <= chosen < count else value
