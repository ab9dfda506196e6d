"""Which models *AE against VAE* looks at: one data set, and a row for each model of it."""

import streamlit as st

from explorer import catalog, data
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.ui import gans, pickers, url
from explorer.ui.asking import literal
from explorer.ui.experiments import Experiment, start_and_show

ABLE = ("Encodes", "Decodes")
MOST = 6  # rows
FIRST = ("autoencoder-fashion", "vae-beta-0", "vae-fashion", "vae-beta-10")
ROWS, DATA = "scope", "scope_data"  # in the address
BETA = 0.075  # that a course document found best for digits


def choose() -> tuple[str, dict[str, Entry]] | None:
    """The data set and, by a short name, the chosen models; None if there is none."""
    there = _by_data()
    if not there:
        st.info(
            "There is no autoencoder and no VAE to look at yet. Train one first.",
            icon=":material/school:",
        )
        return None
    titles = {d.name: d.title for d in pickers.datasets()}
    left, right = st.container(key="wrap-scope").columns([1, 3], gap="medium")
    with left:
        name = url.choose(
            st.selectbox, "Data", list(there), next(iter(there)), DATA, format_func=titles.get
        )
    alike = {one.key: one for one in there[name]}
    if not set(st.session_state.get(ROWS, alike)) & alike.keys():  # none, or of other data
        st.session_state.pop(ROWS)
        st.query_params.pop(ROWS, None)
    with right:
        chosen = pickers.several(
            "Rows",
            {key: one.title for key, one in alike.items()},
            usual(there[name]),
            ROWS,
            max_selections=MOST,
            help="Autoencoders and VAEs of these data, shipped or trained here. A model of other "
            "data has never seen these pictures, so it is not offered beside them.",
        )
    return name, named([alike[key] for key in chosen or usual(there[name])])


def _by_data() -> dict[str, list[Entry]]:
    """The models that turn pictures into latents and back, by the data they know."""
    there: dict[str, list[Entry]] = {}
    for entry in filter(gans.draws_pictures, _all()):
        there.setdefault(known_data(entry), []).append(entry)
    return {name: sorted(some, key=_order) for name, some in there.items()}


def _all() -> list[Entry]:
    found = [catalog.entry(key) for key in pickers.titles(ABLE)]
    for key in filter(None, st.query_params.get(ROWS, "").split(",")):
        try:  # an address may name any checkpoint, such as RUN@780
            entry = catalog.entry(key)
        except ExplorerError:
            continue
        if entry.header.has(*ABLE) and key not in {one.key for one in found}:
            found.append(entry)
    return found


def known_data(entry: Entry) -> str:
    """The data set that a model learned, or the bundled part of it."""
    return data.at_hand(entry.header.recipe["data"].removesuffix("-full"))


def _order(entry: Entry) -> tuple[float, int]:
    """Autoencoders first, then by β; then by latents."""
    model = entry.header.recipe["model"]
    return model.get("beta", -1.0), model["latent"]


def usual(entries: list[Entry]) -> list[str]:
    """The models that tell most, if they are here, or the first few."""
    keys = [one.key for one in entries]
    first = [key for key in (catalog.SHIPPED + name for name in FIRST) if key in keys]
    return first or keys[: len(FIRST)]


# Names --------------------------------------------------------------------------------------------


def named(entries: list[Entry]) -> dict[str, Entry]:
    """Each model under a short name of its own."""
    found: dict[str, Entry] = {}
    for entry in entries:
        tries = (short(entry), f"{short(entry)}, Z = {latent(entry)}", entry.title, entry.key)
        found[next(name for name in tries if name not in found)] = entry
    return found


def short(entry: Entry) -> str:
    """AE, or VAE with its β, and the loss if it is not the usual one."""
    model = entry.header.recipe["model"]
    kind = f"VAE β = {model['beta']:g}" if "beta" in model else "AE"
    return kind if model.get("loss", "l2") == "l2" else f"{kind}, {model['loss'].upper()}"


def latent(entry: Entry) -> int:
    """How many latents it has."""
    return entry.header.recipe["model"]["latent"]


# A row of one's own -------------------------------------------------------------------------------


def train_another(name: str) -> None:
    """One more row with a click: the β that the course document calls tuned."""
    one = Experiment(
        "scope-beta",
        f"VAE, β = {BETA}",
        "Between an autoencoder and a VAE: will its middle be a thing, and its samples too?",
        "vae",
        {"beta": BETA, "latent": 32},
        name,
        epochs=10,
    )
    with st.expander(f"Train a row of your own: β = {BETA}"):
        st.caption(
            f"{literal(one.question)} Some minutes on two idle cores. It can be chosen here as "
            "soon as its first epoch is over; any other settings are on the page Train."
        )
        if st.button("Train it now", key=one.name, icon=":material/play_arrow:"):
            start_and_show(one)
