"""Waiting for a map: the images first, then the layout, with progress and a way out."""

from typing import Any

import streamlit as st

from explorer.answers import LatentLayout, LatentPoints
from explorer.ui import jobs, kept
from explorer.ui.asking import stream
from explorer.ui.map_choices import METHODS, Choice

SLOT = "map-job"
CANCELLED = "map-cancelled"


def points(choice: Choice) -> LatentPoints:
    """The images as the model sees them."""
    text = f"Showing {choice.entry.title} up to {choice.n:,} images …"
    (found,) = kept.awaited("map_points", text, **choice.cut)
    return found


def layout(choice: Choice) -> LatentLayout | None:
    """Where they lie; None while that is being found, or after it was cancelled."""
    question = choice.cut | {"how": choice.how.facts()}
    if (done := jobs.known("map_layout", **question)) is not None:
        return done
    for fitted in stream("map_known", **question):  # never kept while it is None
        if fitted is not None:
            return kept.keep("map_layout", question, fitted)
    if st.session_state.get(CANCELLED) == repr(question):
        _offer(choice)
        return None
    return jobs.awaited(
        SLOT, lambda items: _meanwhile(items, choice, question), "map_layout", **question
    )


def _meanwhile(items: list[Any], choice: Choice, question: dict[str, Any]) -> None:
    name = METHODS[choice.how.method]
    share = next((one for one in reversed(items) if isinstance(one, float)), 0.0)
    words, button = st.container(key="wrap-map-fit").columns([4, 1], vertical_alignment="center")
    early = " (the first one since the start compiles for a while)" if share <= 0.06 else ""
    words.progress(min(1.0, share), f"{name} looks for a good map{early}. Until then: PCA.")
    if button.button("Cancel", icon=":material/close:", key="map-cancel"):
        st.session_state[CANCELLED] = repr(question)
        jobs.cancel(SLOT)
        st.rerun()


def _offer(choice: Choice) -> None:
    """A map that was given up half way."""
    name = METHODS[choice.how.method]
    st.info(
        f"{name} was cancelled before its map was done, and half a map would mislead: this is PCA.",
        icon=":material/stop:",
    )
    if st.button(f"Fit {name}", type="primary", icon=":material/play_arrow:"):
        st.session_state.pop(CANCELLED)
        st.rerun()
