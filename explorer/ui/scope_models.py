"""Which models *AE against VAE* looks at: a row for each of one data set."""

import streamlit as st

from explorer.catalog import Entry
from explorer.ui import data_models
from explorer.ui.experiments import Experiment, start_and_show

FIRST = (
    *("autoencoder-fashion", "vae-beta-0", "vae-fashion", "vae-beta-10"),
    *("vae-mnist-beta-0.075", "vae-mnist-beta-1"),
)
ABLE = ("Encodes", "Decodes")
HELP = (
    "Autoencoders and VAEs of these data, shipped or trained here. A model of other data has never "
    "seen these pictures, so it is not offered beside them."
)
MOST = 4  # rows at first
BETA = 0.075  # that the course document found best for digits


def choose() -> tuple[str, dict[str, Entry]] | None:
    """The data set and, by a short name, the chosen models; None if there is none."""
    return data_models.choose("scope", lambda entry: entry.header.has(*ABLE), usual, HELP)


def usual(entries: list[Entry]) -> list[str]:
    """The models that tell most, if they are here, or the first few."""
    first = data_models.first_of(FIRST, entries)
    return first or [one.key for one in entries[:MOST]]


def latent(entry: Entry) -> int:
    """How many latents it has."""
    return entry.header.recipe["model"]["latent"]


def train_another(name: str, entries: dict[str, Entry]) -> None:
    """One more row with a click: what is missing beside the chosen ones, if anything is."""
    if not (one := _missing(name, entries)):
        return
    with st.expander(f"Train a row of your own: {one.title}"):
        st.caption(
            f"{one.question} Some minutes on two idle cores. It can be chosen here as soon as its "
            "first epoch is over; any other settings are on the page Train."
        )
        if st.button("Train it now", key=one.name, icon=":material/play_arrow:"):
            start_and_show(one)


def _missing(name: str, entries: dict[str, Entry]) -> Experiment | None:
    """An autoencoder, or the β that the course document calls tuned."""
    recipes = [entry.header.recipe for entry in entries.values()]
    if not any(one["family"] == "autoencoder" for one in recipes):
        question = "The same numbers without any order: what lies between its latents?"
        return Experiment("scope-ae", "Autoencoder", question, "autoencoder", {}, name, 10)
    if any(one["model"].get("beta") == BETA for one in recipes):
        return None
    question = "Between an autoencoder and a VAE: will its middle be a thing, and its samples too?"
    title, settings = f"VAE, β = {BETA}", {"beta": BETA}
    return Experiment("scope-beta", title, question, "vae", settings, name, 10)
