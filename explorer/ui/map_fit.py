"""Waiting for a map: the images first, then the layout, with progress and a way out."""

from typing import Any

import streamlit as st

from explorer.answers import LatentLayout, LatentPoints
from explorer.ui import jobs, kept, leaving
from explorer.ui.asking import stream
from explorer.ui.map_choices import METHODS, Choice

SLOT = "map-job"


def points(choice: Choice) -> LatentPoints:
    """The images as the model sees them."""
    text = f"Showing {choice.entry.title} up to {choice.n:,} images …"
    (found,) = kept.awaited("map_points", text, **choice.cut)
    return found


def layout(choice: Choice) -> LatentLayout | None:
    """Where they lie; None while that is being found, or after it was cancelled."""
    question = choice.cut | {"how": choice.how.facts()}
    place = st.empty()  # always, or the map would move up, and begin anew, when its bar goes
    if (done := jobs.known("map_layout", **question)) is not None:
        return done
    for fitted in stream("map_known", **question):  # never kept while it is None
        if fitted is not None:
            return kept.keep("map_layout", question, fitted)
    with place.container():
        return _fitted(choice, question)


def _fitted(choice: Choice, question: dict[str, Any]) -> LatentLayout | None:
    """The layout once it is there; until then how far it is, and a way out."""
    mark, name = repr(question), METHODS[choice.how.method]
    what = f"{name}'s map, and half a map would mislead, so this is PCA"
    if leaving.stopped(SLOT, mark, what, f"Fit {name}"):
        return None

    def meanwhile(items: list[Any]) -> None:
        share = next((one for one in reversed(items) if isinstance(one, float)), 0.0)
        with jobs.stoppable(SLOT, SLOT, mark):
            st.progress(min(1.0, share), _told(choice, share))

    return jobs.awaited(SLOT, meanwhile, "map_layout", **question)


def _told(choice: Choice, share: float) -> str:
    """What is being done."""
    if choice.how.method == "pca":
        return "Measuring how far this map can be trusted …"
    early = " (the first one since the start compiles for a while)" if share <= 0.06 else ""
    return f"{METHODS[choice.how.method]} looks for a good map{early}. Until then: PCA."
