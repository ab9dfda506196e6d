"""Several models of one data set: the set, the models, and a short name for each."""

from collections.abc import Callable

import streamlit as st

from explorer import catalog, data
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.ui import gans, pickers, url

MOST = 6
USUAL = "fashion-mnist"


def choose(
    key: str, able: Callable[[Entry], bool], usual: Callable[[list[Entry]], list[str]], help: str
) -> tuple[str, dict[str, Entry]] | None:
    """A data set and, by a short name, some ``able`` models of it; None if there is none.

    Models of other data are not offered together.  What is chosen stands in the address, under
    ``key``; where nothing is, it is what is ``usual``.
    """
    there = _by_data(key, able)
    if not there:
        st.info("There is no model to look at yet. Train one first.", icon=":material/school:")
        return None
    titles = {d.name: d.title for d in pickers.datasets()}
    left, right = st.container(key=f"wrap-{key}").columns([1, 3], gap="medium")
    with left:
        first, of = _first(key, there), f"{key}_data"
        name = url.choose(st.selectbox, "Data", list(there), first, of, format_func=titles.get)
    alike = {one.key: one for one in there[name]}
    if not set(st.session_state.get(key, alike)) & alike.keys():  # nothing, or of other data
        st.session_state.pop(key)
        st.query_params.pop(key, None)
    options, default = {k: one.title for k, one in alike.items()}, usual(there[name])
    with right:
        more = {"max_selections": MOST, "help": help}
        chosen = pickers.several("Rows", options, default, key, **more)
    return name, named([alike[one] for one in chosen or default])


def _by_data(key: str, able: Callable[[Entry], bool]) -> dict[str, list[Entry]]:
    """Able models of pictures, by the data that they know."""
    there: dict[str, list[Entry]] = {}
    for entry in _all(key):
        if gans.draws_pictures(entry) and able(entry) and not _exact(entry):
            there.setdefault(known_data(entry), []).append(entry)
    return {name: sorted(some, key=_order) for name, some in there.items()}


def _first(key: str, there: dict[str, list[Entry]]) -> str:
    """The data of the models that the address names, or the usual ones."""
    asked = st.query_params.get(key, "").split(",")
    named = (name for name, some in there.items() for one in some if one.key in asked)
    usual = USUAL if USUAL in there else next(iter(there))
    return next(named, usual)


def _all(key: str) -> list[Entry]:
    """Those that are here, and any checkpoint that the address names, such as RUN@780."""
    keys = [*pickers.titles(()), *filter(None, st.query_params.get(key, "").split(","))]
    found = []
    for one in dict.fromkeys(keys):
        try:
            found.append(catalog.entry(one))
        except ExplorerError:
            continue
    return found


def _exact(entry: Entry) -> bool:
    return entry.key.startswith(catalog.EXACT)


def known_data(entry: Entry) -> str:
    """The data set that a model learned, or the bundled part of it."""
    return data.at_hand(entry.header.recipe["data"].removesuffix("-full"))


FAMILIES = ("autoencoder", "vae", "gan", "latent-diffusion", "diffusion")  # the quick ones first


def _order(entry: Entry) -> tuple[int, float, int]:
    """By family, then by β, then by latents."""
    model, family = entry.header.recipe["model"], entry.header.family
    place = FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)
    return place, model.get("beta", 0.0), model.get("latent", 0)


def first_of(names: tuple[str, ...], entries: list[Entry]) -> list[str]:
    """The keys of the shipped models of these names that are here."""
    keys = [one.key for one in entries]
    return [key for key in (catalog.SHIPPED + name for name in names) if key in keys]


def named(entries: list[Entry]) -> dict[str, Entry]:
    """Each model under a short name of its own."""
    found: dict[str, Entry] = {}
    for entry in entries:
        size = entry.header.recipe["model"].get("latent", 0)
        tries = (short(entry), f"{short(entry)}, Z = {size}", entry.title, entry.key)
        found[next(name for name in tries if name not in found)] = entry
    return found


def short(entry: Entry) -> str:
    """AE, or VAE with its β, and the loss if it is not the usual one; other families' titles."""
    model, family = entry.header.recipe["model"], entry.header.family
    if family not in ("autoencoder", "vae"):
        return entry.title
    kind = f"VAE β = {model['beta']:g}" if family == "vae" else "AE"
    return kind if model["loss"] == "l2" else f"{kind}, {model['loss'].upper()}"
