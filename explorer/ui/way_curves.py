"""How far ways lead off a model's latents, as curves along them: on both pages that draw ways."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Curve, Ways, WayScores

OFF = "how far the ways lead off the training latents"
ABOUT = (
    "**Off the training latents**: the distance to the nearest of them, in units of what is usual "
    "between one and its nearest other (median), so 1 is among them. The **round trip** decodes a "
    "place and encodes its picture: where the decoder has met nothing, one does not come back. The "
    "**confidence** is the probability of the class that our small classifier finds likeliest."
)


def curves(ways: Mapping[str, Ways], scores: Mapping[str, WayScores], key: str) -> None:
    """A plot each for what is known of some ways rows columns, on average over the rows."""
    groups = {
        "Off the training latents": {name: one.off for name, one in scores.items()},
        "Round trip": {name: one.trip for name, one in scores.items()},
        "Confidence": {n: one.sure for n, one in ways.items() if one.sure is not None},
    }
    drawn = {title: _lines(some, list(ways)) for title, some in groups.items() if some}
    if drawn:
        chart = figures.panels(drawn, x_title="along the way", columns=len(drawn), height=280)
        st.plotly_chart(chart, key=key, config=figures.CONFIG)


def _lines(told: Mapping[str, np.ndarray], names: list[str]) -> list[Curve]:
    """Means over the rows; a model has one colour in all plots."""
    return [
        Curve(name, np.linspace(0, 1, one.shape[1]), one.mean(0), names.index(name))
        for name, one in told.items()
    ]
