"""Autoencoder against VAE under one microscope: the same pictures, ends and noise for every row."""

from typing import Any

import streamlit as st

from explorer.answers import WayScores
from explorer.catalog import Entry
from explorer.ui import scope_holes, scope_knn, scope_models, scope_samples, scope_ways, theme
from explorer.ui import scope_words as words
from explorer.ui.asking import guarded
from explorer.ui.source import code


def between(entries: dict[str, Entry], asked: dict[str, Any]) -> dict[str, WayScores] | None:
    """Ways between pictures, and what is measured of them."""
    scores = scope_ways.ways(entries, asked)
    st.caption(
        "The first row fades the pixels themselves: a true double exposure. Each other row is the "
        "way between the latents of the same two test images, decoded. The figure behind a row is "
        "how far its middle is from the nearest training latent, in distances that are usual "
        "between these; above 1 it is marked."
    )
    if scores:
        st.markdown(words.measured(scores))
        scope_ways.curves(scores, asked, entries)
    with st.expander("The ways and their figures as formulas, and the code"):
        formulas()
    return scores


def formulas() -> None:
    """Both ways, the distance off the latents, and the double exposure."""
    left, right = st.columns(2, gap="large")
    with left:
        st.latex(
            r"z(t) = (1-t)\,a + t\,b \quad\text{or}\quad \frac{\sin((1-t)\,\omega)\,a + "
            r"\sin(t\,\omega)\,b}{\sin\omega}"
        )
        code("explorer.wandering:way")
        code("explorer.denoising:slerp")
    with right:
        st.latex(
            r"\text{off}(z) = \frac{\min_i \lVert z - z_i\rVert}{\operatorname{median}_j "
            r"\min_{i\ne j}\lVert z_j - z_i\rVert}"
        )
        code("explorer.holes:off")
        code("explorer.wandering:blended")


def everything(name: str, entries: dict[str, Entry]) -> None:
    """All parts for the chosen rows."""
    st.header("From one picture to another")
    asked, scores, where, known = scope_ways.choose(name), None, None, {}
    with guarded():
        scores = between(entries, asked)
    with guarded():
        scope_samples.samples(entries)
    with guarded():
        st.header("Where their latents are, and where N(0, I) looks")
        where = scope_holes.found(entries)
        if where:
            scope_holes.draw(where)
        scope_holes.explained()
        if where:
            scope_holes.histograms(where)
    with guarded():
        st.header("What the latents know of classes")
        known = scope_knn.told(entries)
        scope_knn.curves(known, name)
    with guarded():
        words.table(entries, scope_ways.drawn(entries, asked), scores, where, known)


theme.show(
    theme.hero(
        "AE against VAE",
        "Both copy pictures through a few numbers. Only one of them also orders those numbers, and "
        "everything between, beside and beyond the pictures depends on it.",
    )
)
with guarded():
    words.guess()
with guarded():
    if chosen := scope_models.choose():
        everything(*chosen)
        scope_models.train_another(*chosen)
