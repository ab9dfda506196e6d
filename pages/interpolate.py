"""From picture to picture, or from noise to noise, through models of every family."""

import streamlit as st

from explorer.catalog import Entry
from explorer.ui import data_models, theme, wander_ends, wander_rows, wander_scores
from explorer.ui.asking import guarded, literal
from explorer.ui.source import code

FIRST = (
    "autoencoder-fashion",
    "vae-fashion",
    "gan-fashion",
    "latent-diffusion-fashion",
    "diffusion-fashion",
)
HELP = (
    "Models of these pictures, of every family. The quick rows are drawn at once; a diffusion, or "
    "a GAN that has to search for a picture, takes some seconds and is then kept."
)


def able(entry: Entry) -> bool:
    """Whether there is a way through it: it decodes latents, or denoises."""
    return entry.header.has("Decodes") or entry.header.has("Denoises")


def usual(entries: list[Entry]) -> list[str]:
    """The shipped models of every family, or the first of each that is here."""
    if first := data_models.first_of(FIRST, entries):
        return first
    return list({one.header.family: one.key for one in reversed(entries)}.values())[::-1]


def ends(entries: dict[str, Entry], asked: wander_ends.Asked) -> None:
    """How each model gets to an end, in one line each."""
    words = wander_rows.words(asked)
    with st.expander("How each model gets to the ends"):
        for name, entry in entries.items():
            how = words.get(entry.header.family, "latents of its own")
            st.markdown(f"- **{literal(name)}**: {how}.")
        st.caption(
            "No class is told to a diffusion on the way; a GAN that knows classes goes from the "
            "embedding of one end's class to that of the other's. The noise that the ODE finds for "
            "a picture still has traces of it, so half way between two of them is not quite noise."
        )


def explained() -> None:
    """The ways and what they lead through."""
    with st.expander("The way as a formula, and the code"):
        left, right = st.columns(2, gap="large")
        with left:
            st.latex(
                r"z(t) = (1-t)\,a + t\,b \quad\text{or}\quad \frac{\sin((1-t)\,\omega)\,a + "
                r"\sin(t\,\omega)\,b}{\sin\omega},\quad \cos\omega = \frac{a^\top b}{|a||b|}"
            )
            code("explorer.wandering:way")
            code("explorer.denoising:slerp")
        with right:
            st.latex(r"\hat z = \arg\min_z \lVert G(z) - x\rVert^2")
            code("explorer.abilities.copies:inverted")
            st.latex(r"dx = \hat x_0\, d\alpha + \hat\varepsilon\, d\sigma")
            code("explorer.abilities.copies:upwards")
            st.latex(
                r"\text{off}(z) = \frac{\min_i \lVert z - z_i\rVert}{\operatorname{median}_j "
                r"\min_{i\ne j}\lVert z_j - z_i\rVert}"
            )
            code("explorer.holes:off")


theme.show(
    theme.hero(
        "Interpolate",
        "What lies between two pictures? Every model keeps its pictures somewhere else, and draws "
        "another way from one to the other. The same ends, through all of them.",
    )
)
with guarded():
    if chosen := data_models.choose("wander", able, usual, HELP):
        name, entries = chosen
        asked = wander_ends.choose(name)
        found = wander_rows.through(entries, asked)
        st.caption(
            "Each row begins and ends as near to the same two ends as its model can come. Behind a "
            "row stands its largest step over its mean one: 1 is even, and a sudden jump is marked."
            if asked.count == 2
            else "The corners are the four ends; every picture is between its neighbours. The film "
            "goes around the border, clockwise from the top left."
        )
        if found:
            wander_scores.measured(entries, found, asked)
        ends(entries, asked)
        explained()
