"""The film player: frames go to the browser once, and playing happens there.

Frames of a film resemble their neighbours, so each block of frames is sent as differences in time
and deflated; blocks are named by their hash, so both sides only work on those that are new.
"""

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from explorer.ui.pack import pack, shape_of, source

if TYPE_CHECKING:
    from explorer.answers import Film, Track

BLOCK = 16  # frames that are deflated together
WORTH_IT = 0.97  # a block that deflates to more than this travels raw

_component = st.components.v2.component(
    "explorer.player",
    html=source("player.html"),
    css=source("common.css", "player.css"),
    js=source("pack.js", "film.js", "gif.js", "export.js", "player.js"),
)


def player(
    film: "Film",
    *,
    key: str,
    height: int | None = None,
    autoplay: bool = False,
    value: int | None = None,
    report: bool = True,
) -> int | None:
    """Show ``film``; the frame at which a person last let go, or ``value`` before that.

    ``height`` is the most CSS pixels a picture may be high. ``value`` seeks whenever it changes.
    Python hears of a frame on release and pause only, and never with ``report=False``. A film that
    grew keeps its place, or shows the newest frame if it stood at the end.
    """
    options = {"height": height, "autoplay": autoplay, "value": value, "report": report}
    state = _component(key=key, data=encode(film, **options), on_frame_change=lambda: None)
    return _frame(state.get("frame"), len(film.labels), value)


def encode(film: "Film", **options: Any) -> bytes:
    """The message that ``film.js`` reads (ValueError unless every track has one frame a label)."""
    for track in film.tracks:
        if len(track.frames) != len(film.labels):
            raise ValueError(f"{len(track.frames)} frames but {len(film.labels)} labels")
    tracks, bodies = [], []
    for track in film.tracks if film.labels else ():
        blocks, packed = _blocks(track)
        tracks.append(dict(title=track.title, **shape_of(track.frames[0]), blocks=blocks))
        bodies += packed
    ticks = None if film.ticks is None else [float(tick) for tick in film.ticks]
    about = {"labels": list(film.labels), "ticks": ticks, "unit": film.unit, "fps": float(film.fps)}
    return pack(dict(block=BLOCK, tracks=tracks, **about, **options), b"".join(bodies))


def _blocks(track: "Track") -> tuple[list[dict[str, Any]], list[bytes]]:
    headers, bodies = [], []
    for start in range(0, len(track.frames), BLOCK):
        frames = np.ascontiguousarray(track.frames[start : start + BLOCK])
        digest = hashlib.blake2b(frames, digest_size=12, salt=_salt(frames)).hexdigest()
        body, packed = _deflated(digest, frames)
        headers.append({"id": digest, "size": len(body), "packed": packed})
        bodies.append(body)
    return headers, bodies


def _salt(frames: np.ndarray) -> bytes:
    """The same bytes in another shape are another block."""
    return frames[0].nbytes.to_bytes(8, "little")


@st.cache_resource(max_entries=128, show_spinner=False)
def _deflated(digest: str, _frames: np.ndarray) -> tuple[bytes, bool]:
    """Frames as differences in time, deflated where that pays; shared by all who watch."""
    changes = np.concatenate([_frames[:1], np.diff(_frames, axis=0)]).tobytes()
    body = zlib.compress(changes, level=1)
    return (body, True) if len(body) < WORTH_IT * len(changes) else (changes, False)


def _frame(frame: Any, count: int, default: int | None) -> int | None:
    """What the browser sent, if it is a frame of this film."""
    return frame if type(frame) is int and 0 <= frame < count else default
