"""Films that the engine makes while one watches: live at first, then in the player, then kept."""

import math
import time
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import Film, Moment, Track
from explorer.pictures import enlarge
from explorer.ui import kept, theme
from explorer.ui.asking import key_of, stream
from explorer.ui.player import player

TITLES = ("The state xₜ", "The guess x₀", "The noise ε seen in it")
LIVE = 0.12  # seconds between live pictures, so that they never hold up the work


def film(question: str, key: str, *, titles: tuple[str, ...] = TITLES, **asked: Any) -> Film | None:
    """Ask the engine for moments, show them as they come, then the whole film in a player.

    A film made before is simply shown.  None after a person cancelled.
    """
    name = key_of(asked)
    found = kept.find(question, asked)
    slot = st.empty()
    if found is None and st.session_state.get(f"cancelled-{key}") != name:
        found = kept.keep(question, asked, _made(question, key, name, titles, asked, slot))
    if found is None:
        with slot.container():
            st.info("Cancelled. Nothing runs any more.", icon=":material/stop:")
            if st.button("Sample", type="primary", key=f"again-{key}"):
                st.session_state.pop(f"cancelled-{key}")
                st.rerun()
        return None
    with slot.container():
        player(found, key=f"film-{key}", autoplay=True, report=False)
    return found


def _made(question, key, name, titles, asked, slot) -> Film:
    """Collect the moments, and show the newest of them now and then."""
    moments: list[Moment] = []
    with slot.container():
        with st.container(horizontal=True, vertical_alignment="center"):
            bar = st.progress(0.0, "Asking the model …")
            st.button("Cancel", key=f"cancel-{key}", on_click=_cancel, args=(key, name))
        window = st.empty()
        start, shown = time.monotonic(), -math.inf
        for moment in stream(question, **asked):
            moments.append(moment)
            now = time.monotonic()
            if now - shown > LIVE:
                shown = now
                bar.progress(moment.index / moment.steps, _progress(moment, now - start))
                window.html(_live(moment, titles))
        window.empty()
    return _film(moments, titles)


def _cancel(key: str, name: str) -> None:
    """The press of a button ends the script and so the stream, which the engine then gives up."""
    st.session_state[f"cancelled-{key}"] = name


def _progress(moment: Moment, seconds: float) -> str:
    left = seconds * (moment.steps - moment.index) / max(1, moment.index)
    ahead = f" · about {left:.0f} s left" if left >= 2 else ""
    return f"Step {moment.index:,} of {moment.steps:,}{ahead}"


def _live(moment: Moment, titles: tuple[str, ...]) -> str:
    pictures = (moment.x, moment.x0, moment.eps)
    strips = (theme.strip(t, "", enlarge(p, 2)) for t, p in zip(titles, pictures, strict=True))
    return theme.row(*strips, least="9rem")


def _film(moments: list[Moment], titles: tuple[str, ...]) -> Film:
    sides = zip(*((m.x, m.x0, m.eps) for m in moments), strict=True)
    tracks = tuple(Track(t, np.stack(frames)) for t, frames in zip(titles, sides, strict=True))
    labels = tuple(f"step {m.index:,} of {m.steps:,} · noise level {m.level:,}" for m in moments)
    return Film(tracks, labels, fps=max(8.0, len(moments) / 4))
