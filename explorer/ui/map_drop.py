"""What is dropped onto a map: samples of the model, or a picture of one's own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import Newcomers
from explorer.ui import images, kept, latent_map, map_words, url
from explorer.ui.asking import ask
from explorer.ui.map_choices import Choice

WHAT = {"nothing": "Nothing", "samples": "100 samples", "own": "Your own picture"}
COUNT = 100


@dataclass(frozen=True, eq=False)
class Dropped(latent_map.Added):
    """The newcomers with their nearest images (rows of the map) and how far those are."""

    near: np.ndarray
    away: np.ndarray


def dropped(choice: Choice, positions: np.ndarray, ready: bool) -> Dropped | None:
    """What a person wants on the map besides; None for nothing, or while the map is not ready."""
    what = url.segmented("Drop onto it", WHAT, "nothing", "map_drop")
    if what == "nothing":
        return None
    asked = {"cut": _cut(choice), "how": choice.how.facts(), "positions": positions}
    if what == "own":
        drawn = _own(choice)
        if drawn is None or not ready:
            return None
        return _told("Your picture", ask("map_own", x=drawn[None], **asked))
    if not ready:
        st.caption("They come as soon as the map is ready.")
        return None
    text = "Drawing samples and finding their places …"
    (found,) = kept.awaited("map_samples", text, count=COUNT, sample_seed=0, **asked)
    st.caption(
        f"◇ {COUNT} samples, encoded as real images are. {map_words.NEWCOMERS[choice.how.method]} "
        "A sample far from every point is a thing that the data do not have."
    )
    return _told("A sample", found)


def _own(choice: Choice) -> np.ndarray | None:
    channels, size = choice.entry.header.facts["spec"]["shape"][:2]
    with st.expander("Draw or upload", expanded=True):
        cell, words = st.container(key="wrap-map-own").columns([1, 2], gap="large")
        with cell:
            drawn = images.own_picture(size, channels == 3, key="map_own_pad")
        with words:
            st.caption(
                "White on black, as the model's images are. Its point ◇ moves while you draw; "
                f"click it to see its neighbours. {map_words.NEWCOMERS[choice.how.method]}"
            )
    return drawn


def _cut(choice: Choice) -> dict[str, Any]:
    return {"checkpoint": choice.entry.exact, "name": choice.images.name, **choice.sample}


def _told(title: str, found: Newcomers) -> Dropped:
    return Dropped(found.positions, found.pictures, title, found.near, found.away)
