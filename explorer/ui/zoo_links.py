"""The pages that can use a shipped model, each with it chosen, by what the model can do."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import streamlit as st

from explorer.catalog import Entry
from explorer.config import Setting
from explorer.ui import board_entries, gans, map_choices, url
from explorer.ui.data_models import known_data
from explorer.zoo.recipes import ZooRecipe


class Link(NamedTuple):
    """A page, what it is called, whether it can use a model, and the address that chooses it."""

    page: str
    label: str
    can: Callable[[Entry], bool]
    address: Callable[[Entry], dict[str, str]]


def _has(*capabilities: str) -> Callable[[Entry], bool]:
    return lambda entry: gans.draws_pictures(entry) and entry.header.has(*capabilities)


def _as(key: str, **more: str) -> Callable[[Entry], dict[str, str]]:
    return lambda entry: {key: entry.key} | more


def _is(family: str) -> Callable[[Entry], bool]:
    return lambda entry: gans.draws_pictures(entry) and entry.header.family == family


def _conditional(entry: Entry) -> bool:
    return _is("gan")(entry) and bool(gans.classes_of(entry))


def _board(entry: Entry) -> dict[str, str]:
    name = known_data(entry)
    ones = board_entries.BETWEEN.join([f"real:{name}:test", entry.key])
    return {"data": name, f"on_{name}": ones}


LEFT = "zoo-left"  # the card that was open, and the address that it was left for
LINKS = (
    Link("reconstruct", "Reconstruct and sample", _has("Decodes"), _as("a")),
    Link("reverse", "Reverse process", lambda entry: entry.header.has("Denoises"), _as("model")),
    Link("latent", "Latent diffusion", _is("latent-diffusion"), _as("latent_model")),
    Link("gan_images", "GAN on images", _is("gan"), _as("gan")),
    Link("conditional", "Conditional GAN", _conditional, _as("conditional")),
    Link("compare", "Compare", gans.draws_pictures, _board),
    Link(
        "memorised",
        "Memorised or made?",
        gans.draws_pictures,
        _as("memory_model", memory_way="any"),
    ),
    Link("latent_map", "Latent map", map_choices.seen, _as("map_model")),
    Link("traverse", "Traverse", _has("Decodes"), _as("coder")),
    Link("ae_vae", "AE against VAE", _has("Encodes", "Decodes"), _as("scope")),
)


def links(entry: Entry) -> list[tuple[Link, dict[str, str]]]:
    """The pages that can use this model, and their addresses."""
    return [(link, link.address(entry)) for link in LINKS if link.can(entry)]


def go(page: str, address: dict[str, str], forget: Iterable[str] = ()) -> None:
    """Open a page at an address, which counts more than what was chosen there before.

    What else of an earlier visit would be in the way is named by ``forget``.
    """
    for key in (*address, *forget):
        st.session_state.pop(key, None)
    st.session_state[LEFT] = st.query_params.get("model"), address
    st.switch_page(f"pages/{page}.py", query_params=address)


def come_back() -> None:
    """Let the browser's Back from another page show the card again that was left for it.

    Streamlit writes the other page's address onto this page before it leaves, and Back leads there.
    """
    name, address = st.session_state.get(LEFT, (None, None))
    if name and st.query_params.to_dict() == address:
        del st.session_state[LEFT]
        st.query_params.from_dict({"model": name})


def training(recipe: ZooRecipe, settings: dict[str, Setting]) -> dict[str, str]:
    """The address of the page Train that holds a recipe; what no form shows is left out."""
    values = {k: v for k, v in recipe.settings.items() if k in settings and v is not None}
    texts = {name: url.text_of(value) for name, value in values.items()}
    return {"family": recipe.family, "data": recipe.data} | texts
