"""The film player: frames go to the browser once, and playing happens there.

A track travels as reels, each a sequence of equally large frames of uint8 or int16: a strip of
pictures is one reel, a plane has one for its points, arrows, lines, ground and groups each. Frames
resemble their neighbours, so each block of a reel is sent as differences in time and deflated;
blocks are named by their hash, so both sides only work on those that are new.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from explorer.answers import Plane, Track
from explorer.palette import CATEGORICAL
from explorer.ui.pack import pack, shape_of, source

if TYPE_CHECKING:
    from explorer.answers import Film

BLOCK = 16  # frames that are deflated together
GRAIN = 8192  # whole numbers per extent of a plane: ten to a device pixel, four extents in an int16
WORTH_IT = 0.97  # a block that deflates to more than this travels raw

_component = st.components.v2.component(
    "explorer.player",
    html=source("player.html"),
    css=source("common.css", "player.css"),
    js=source("pack.js", "film.js", "plane.js", "screens.js", "gif.js", "export.js", "player.js"),
)


def player(
    film: "Film",
    *,
    key: str,
    height: int | None = None,
    autoplay: bool = False,
    value: int | None = None,
    report: bool = True,
    places: Sequence[int] | None = None,
    marks: Mapping[str, int] | None = None,
) -> int | None:
    """Show ``film``; the frame at which a person last let go, or ``value`` before that.

    ``height`` is the most CSS pixels a picture may be high. ``value`` seeks whenever it changes.
    Python hears of a frame on release and pause only, and never with ``report=False``. A film that
    grew keeps its place, or shows the newest frame if it stood at the end.

    ``places`` puts each track into a column, counted from 0, with what has the same one below it;
    ``marks`` are buttons that go to a frame, by what stands on them.
    """
    options = {"height": height, "autoplay": autoplay, "value": value, "report": report}
    options |= {"places": places and list(places), "marks": marks and dict(marks)}
    state = _component(key=key, data=encode(film, **options), on_frame_change=lambda: None)
    return _frame(state.get("frame"), len(film.labels), value)


def encode(film: "Film", **options: Any) -> bytes:
    """The message that ``film.js`` reads (ValueError unless every track has one frame a label)."""
    tracks, bodies = [], []
    for track in film.tracks:
        reels = reels_of(track, len(film.labels))
        if film.labels:
            headers = {name: _reel(frames, bodies) for name, frames in reels.items()}
            tracks.append({"title": track.title, "reels": headers, **drawing(track)})
    ticks = None if film.ticks is None else [float(tick) for tick in film.ticks]
    about = {"labels": list(film.labels), "ticks": ticks, "unit": film.unit, "fps": float(film.fps)}
    return pack(dict(block=BLOCK, tracks=tracks, **about, **options), b"".join(bodies))


def reels_of(track: "Track | Plane", count: int) -> dict[str, np.ndarray]:
    """The arrays that a track sends, by name (ValueError unless of ``count`` sound frames)."""
    if isinstance(track, Track):
        return {"picture": _pictures(track.frames, count)}
    reels = {"points": _grains(track.points, count, (2,), track.extent)}
    if track.arrows is not None:
        reels["arrows"] = _grains(track.arrows, count, (4,), track.extent)
    if track.lines is not None:
        places = track.lines.shape[2:3]
        reels["lines"] = _grains(track.lines, count, (*places, 2), track.extent)
    if track.ground is not None:
        still = len(track.ground) == 1
        reels["ground"] = _pictures(track.ground, 1 if still else count)
    if track.groups is not None:
        reels["groups"] = _groups(track.groups, track.points.shape[1])
    return reels


def _groups(groups: np.ndarray, points: int) -> np.ndarray:
    if groups.shape != (points,):
        raise ValueError(f"{len(groups)} groups but {points} points")
    return (groups[None] % len(CATEGORICAL)).astype(np.uint8)


def _pictures(frames: np.ndarray, count: int) -> np.ndarray:
    _expect(len(frames), count)
    if count:
        shape_of(frames[0])
    return frames


def _grains(values: np.ndarray, count: int, each: tuple[int, ...], extent: float) -> np.ndarray:
    """Coordinates F N ``each`` as int16; what lies too far out to be seen is moved nearer."""
    _expect(len(values), count)
    if values.shape[2:] != each or not np.isfinite(values).all():
        sides = " ".join(map(str, each))
        raise ValueError(f"a plane needs finite numbers F N {sides}, not {values.shape}")
    return np.clip(np.rint(values * (GRAIN / extent)), -32767, 32767).astype("<i2")


def _expect(frames: int, count: int) -> None:
    if frames != count:
        raise ValueError(f"{frames} frames but {count} labels")


def drawing(track: "Track | Plane") -> dict[str, Any]:
    """How the browser is to draw a plane."""
    if isinstance(track, Track):
        return {}
    how = {"trails": int(track.trails), "grain": GRAIN, "colours": CATEGORICAL}
    return how | {"signed": track.signed}


def _reel(frames: np.ndarray, bodies: list[bytes]) -> dict[str, Any]:
    """The header of one reel; its blocks join ``bodies``."""
    blocks = []
    for start in range(0, len(frames), BLOCK):
        block = np.ascontiguousarray(frames[start : start + BLOCK])
        digest = hashlib.blake2b(block, digest_size=12, salt=_salt(block)).hexdigest()
        body, packed = _deflated(digest, block)
        blocks.append({"id": digest, "size": len(body), "packed": packed})
        bodies.append(body)
    wide = frames.dtype.itemsize == 2
    return {"frames": len(frames), "shape": frames.shape[1:], "wide": wide, "blocks": blocks}


def _salt(frames: np.ndarray) -> bytes:
    """The same bytes in another shape, or as other numbers, are another block."""
    return frames[0].nbytes.to_bytes(8, "little") + frames.itemsize.to_bytes(8, "little")


@st.cache_resource(max_entries=128, show_spinner=False)
def _deflated(digest: str, _frames: np.ndarray) -> tuple[bytes, bool]:
    """Frames as differences in time, deflated where that pays; shared by all who watch.

    Of int16 all low bytes come first, then all high ones, of which most are alike.
    """
    changes = np.concatenate([_frames[:1], np.diff(_frames, axis=0)])
    raw = changes.reshape(-1).view(np.uint8).reshape(-1, changes.itemsize).T.tobytes()
    body = zlib.compress(raw, level=1)
    return (body, True) if len(body) < WORTH_IT * len(raw) else (raw, False)


def _frame(frame: Any, count: int, default: int | None) -> int | None:
    """What the browser sent, if it is a frame of this film."""
    return frame if type(frame) is int and 0 <= frame < count else default
