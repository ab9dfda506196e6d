"""Latent map: where a model puts every picture, seen from outside and from within."""

import streamlit as st

from explorer.ui import (
    map_align,
    map_choices,
    map_fit,
    map_plane,
    map_scene,
    map_view,
    map_words,
    theme,
    url,
)
from explorer.ui.asking import guarded
from explorer.ui.map_choices import Choice
from explorer.ui.source import code


def guess() -> None:
    """What a person expects; the answer after that."""
    question = f"**What do you expect?** {map_words.QUESTION}"
    if chosen := url.maybe(st.radio, question, map_words.GUESSES, "map_guess"):
        start = "Just so." if chosen == map_words.RIGHT else "Look again."
        st.info(f"**{start}** {map_words.HAPPENS}", icon=":material/lightbulb:")


def the_map(choice: Choice) -> None:
    """The map, what is on it, and how it came about."""
    points = map_fit.points(choice)
    layout = map_fit.layout(choice)
    scene = map_scene.Scene(choice, points, layout)
    map_view.begin()
    map_view.view(scene)
    map_scene.figures_of(scene)


def explained() -> None:
    """The measures, and our code."""
    with st.expander("The map and its figures as formulas, and the code"):
        left, right = st.columns(2, gap="large")
        with left:
            st.latex(
                r"T(k) = 1 - \frac{2}{nk(2n-3k-1)} \sum_{i=1}^{n} \sum_{j \in U_k(i)} (r(i,j) - k)"
            )
            st.caption(
                "U are the k neighbours of i on the map that are none in the latents, r(i, j) is "
                "j's place in the latents' order. Continuity exchanges the two spaces."
            )
            code("explorer.embedding:judged")
            code("explorer.mapping:principal")
        with right:
            st.latex(r"\mathrm{purity}(i) = \tfrac1k\,|\{\,j \in N_k(i) : y_j = y_i\,\}|")
            code("explorer.mapping:neighbours")
            st.caption("UMAP (McInnes et al. 2018) and t-SNE (van der Maaten & Hinton 2008):")
            code("explorer.embedding:umap", "model = UMAP")


theme.show(
    theme.hero(
        "Latent map",
        "Every picture becomes a few numbers, and what a model has understood shows in who lies "
        "near whom. Hover, circle, point anywhere: each point is a picture, and each picture a "
        "point.",
    )
)
choice = None
with guarded():
    guess()
    choice = map_choices.choose()
if choice:
    for part in (the_map, map_plane.pointing, map_align.alignment, map_align.learning):
        with guarded():
            part(choice)
    explained()
