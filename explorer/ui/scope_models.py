"""Which models *AE against VAE* looks at: a row for each of one data set."""

import streamlit as st

from explorer.catalog import Entry
from explorer.ui import data_models
from explorer.ui.experiments import Experiment, start_and_show

FIRST = ("autoencoder-fashion", "vae-beta-0", "vae-fashion", "vae-beta-10")
ABLE = ("Encodes", "Decodes")
HELP = (
    "Autoencoders and VAEs of these data, shipped or trained here. A model of other data has never "
    "seen these pictures, so it is not offered beside them."
)
BETA = 0.075  # that the course document found best for digits


def choose() -> tuple[str, dict[str, Entry]] | None:
    """The data set and, by a short name, the chosen models; None if there is none."""
    return data_models.choose("scope", lambda entry: entry.header.has(*ABLE), usual, HELP)


def usual(entries: list[Entry]) -> list[str]:
    """The models that tell most, if they are here, or the first few."""
    first = data_models.first_of(FIRST, entries)
    return first or [one.key for one in entries[: len(FIRST)]]


def latent(entry: Entry) -> int:
    """How many latents it has."""
    return entry.header.recipe["model"]["latent"]


def train_another(name: str) -> None:
    """One more row with a click: the β that the course document calls tuned."""
    one = Experiment(
        "scope-beta",
        f"VAE, β = {BETA}",
        "Between an autoencoder and a VAE: will its middle be a thing, and its samples too?",
        "vae",
        {"beta": BETA},
        name,
        epochs=10,
    )
    with st.expander(f"Train a row of your own: β = {BETA}"):
        st.caption(
            f"{one.question} Some minutes on two idle cores. It can be chosen here as soon as its "
            "first epoch is over; any other settings are on the page Train."
        )
        if st.button("Train it now", key=one.name, icon=":material/play_arrow:"):
            start_and_show(one)
