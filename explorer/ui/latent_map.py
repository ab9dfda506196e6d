"""A map of points that are pictures, drawn in the browser: pan, zoom, hover, choose, circle."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.palette import CATEGORICAL
from explorer.ui.pack import pack, shape_of, source

BUDGET = 6_000_000  # bytes of pictures on a map; larger ones shrink
LINKS = 5  # neighbours that a chosen point is tied to
RAMP = ("#3F67E2", "#7556C8", "#9043A6", "#C03E9A", "#E0398F", "#D5604A", "#C08305")

_component = st.components.v2.component(
    "explorer.latent_map",
    html=source("latent_map.html"),
    css=source("common.css", "latent_map.css"),
    js=source("pack.js", "scatter.js", "turning.js", "map_marks.js", "latent_map.js"),
)


@dataclass(frozen=True, eq=False)
class Shade:
    """What colours the points: int ``groups`` N with ``names``, or float ``values`` N in a unit."""

    unit: str
    groups: np.ndarray | None = None
    names: Sequence[str] = ()
    values: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Added:
    """What lies on it besides: ``positions`` M D, ``pictures`` M H W [3], and what they are."""

    positions: np.ndarray
    pictures: np.ndarray
    title: str


def latent_map(
    positions: np.ndarray,
    pictures: np.ndarray,
    shade: Shade,
    near: np.ndarray,
    *,
    key: str,
    name: str,
    total: int,
    pick: tuple[int, int] = (0, -1),
    added: Added | None = None,
    on_chosen: Callable[[], None] = lambda: None,
) -> np.ndarray | None:
    """Show N points at ``positions`` N D; returns which are circled (bool N), None for no lasso.

    A map of D = 2 is moved, one of D = 3 is turned; all else is alike.
    ``pictures`` uint8 N H W [3] appear under the pointer, ``near`` int N K are each one's
    neighbours, ``total`` images could have been shown.  ``name`` says which points these are: what
    was chosen or circled among others is forgotten.  ``pick``, a turn and a point, is chosen
    whenever the turn changes; a click calls ``on_chosen``, and `chosen` tells the point.  Call it
    in a fragment.
    """
    added = added or Added(np.empty((0, positions.shape[1])), pictures[:0], "")
    both = thumbnails(np.concatenate([pictures, added.pictures]))
    colours, coloured = _coloured(shade, len(positions))
    placed, sides = squared(positions, added.positions)
    near = near[:, :LINKS]
    header = {
        "title": "Map of latents",
        "name": name,
        "count": len(positions),
        "extra": len(added.positions),
        "added": added.title,
        "of": total,
        "links": near.shape[1],
        "turn": pick[0],
        "pick": pick[1],
        "axes": positions.shape[1],
        "sides": sides,
        **colours,
        **shape_of(both[0]),
    }
    values = np.zeros(len(positions)) if shade.values is None else shade.values
    body = placed, coloured, values.astype("<f4"), near.astype("<u4"), both
    packed = b"".join(np.ascontiguousarray(one).tobytes() for one in body)
    _component(
        key=key,
        data=pack(header, packed),
        on_chosen_change=on_chosen,
        on_lasso_change=lambda: None,
    )
    return circled(st.session_state.get(key), name, len(positions))


def _coloured(shade: Shade, count: int) -> tuple[dict[str, Any], np.ndarray]:
    """The header's part about colours, and each point's place in the palette."""
    about = {"unit": shade.unit, "names": list(shade.names), "palette": CATEGORICAL, "range": None}
    if shade.values is None:
        groups = np.zeros(count, int) if shade.groups is None else shade.groups
        about["palette"] = [
            CATEGORICAL[i % len(CATEGORICAL)] for i in range(max(1, len(shade.names)))
        ]
        return about, groups.astype(np.uint8)
    low, high = np.percentile(shade.values, [1, 99])
    share = np.clip((shade.values - low) / max(high - low, 1e-12), 0, 1)
    ends = [f"{end:.3g}" for end in (low, high)]
    steps = np.minimum(share * len(RAMP), len(RAMP) - 1)
    return about | {"palette": RAMP, "range": ends}, steps.astype(np.uint8)


def squared(positions: np.ndarray, added: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """All places as little-endian float32, true to scale: the longest side is [-1, 1].

    Newcomers may lie outside.  And how far the places reach to the right and upwards: along their
    own sides if there are two of them, however they are turned if there are three.
    """
    low, high = positions.min(0), positions.max(0)
    half = max(float((high - low).max()) / 2, 1e-12)
    placed = ((np.concatenate([positions, added]) - (low + high) / 2) / half).astype("<f4")
    reach = (high - low) / 2 / half
    if len(reach) == 3:
        reach = np.full(2, np.linalg.norm(placed[: len(positions)], axis=1).max())
    return placed, [max(0.05, float(side)) for side in reach]


def thumbnails(pictures: np.ndarray, budget: int = BUDGET) -> np.ndarray:
    """Pictures small enough to be sent at once: every second halving takes means of 2 x 2."""
    while pictures.nbytes > budget and min(pictures.shape[1:3]) >= 8:
        n, height, width = pictures.shape[:3]
        cut = pictures[:, : height // 2 * 2, : width // 2 * 2]
        blocks = cut.reshape(n, height // 2, 2, width // 2, 2, *pictures.shape[3:])
        pictures = blocks.mean(axis=(2, 4), dtype=np.float32).round().astype(np.uint8)
    return pictures


def chosen(key: str, name: str, count: int) -> int | None:
    """The point that was clicked last on the map called ``name``, newcomers after ``count``."""
    told = _told(st.session_state.get(key), "chosen", name).get("point")
    return told if type(told) is int and 0 <= told < count else None


def circled(state: Any, name: str, count: int) -> np.ndarray | None:
    """The browser's lasso as bool N; None without one, or for one of another map."""
    text = _told(state, "lasso", name).get("bits")
    try:
        raw = np.frombuffer(base64.b64decode(text or "", validate=True), np.uint8)
    except (TypeError, ValueError, binascii.Error):
        return None
    return np.unpackbits(raw, count=count).astype(bool) if len(raw) == -(-count // 8) else None


def _told(state: Any, what: str, name: str) -> Mapping[str, Any]:
    told = state.get(what) if isinstance(state, Mapping) else None
    return told if isinstance(told, Mapping) and told.get("name") == name else {}
