"""The shipped models as a grid of cards, filtered by family and data."""

import base64
from html import escape

import streamlit as st

from explorer import data
from explorer.names import family_name
from explorer.ui import theme, url
from explorer.ui.asking import literal
from explorer.zoo.cards import BAD, STATES, Card

ALL = "all"
ORDER = (
    "diffusion",
    "gan",
    "vae",
    "latent-diffusion",
    "autoencoder",
)  # what draws well comes first
COLUMNS = 4


def grid(found: list[Card]) -> None:
    """Every card that passes the filters; recipes that are still to be trained are folded away."""
    shown = _filtered(found)
    later = [card for card in shown if card.state == "new"]
    if bad := [card.title for card in found if card.state in BAD]:
        st.warning(
            f"Not as they were shipped: {literal('; '.join(bad))}. Their cards say what to do. "
            "No page uses them meanwhile; all others work.",
            icon=":material/error:",
        )
    _cards([card for card in shown if card.state != "new"])
    if later:
        with st.expander(f"Recipes whose weights are not here yet ({len(later)})"):
            _cards(later)
    if not shown:
        st.info("No shipped model is both. Choose another family, or other data.")


def _filtered(found: list[Card]) -> list[Card]:
    found = sorted(found, key=_place)
    families = {c.recipe.family: family_name(c.recipe.family) for c in found}
    sets = {base(c): title(base(c)) for c in found}
    with st.container(horizontal=True, gap="large"):
        family = url.segmented("Family", {ALL: "All"} | families, ALL, "zoo_family", wrap=True)
        of = url.segmented("Data", {ALL: "All"} | sets, ALL, "zoo_data", wrap=True)
    found = [card for card in found if family in (ALL, card.recipe.family)]
    return [card for card in found if of in (ALL, base(card))]


def _place(card: Card) -> tuple[str, int, str]:
    family = card.recipe.family
    place = ORDER.index(family) if family in ORDER else len(ORDER)
    return _set_order(base(card)), place, card.name


def _set_order(name: str) -> str:
    """Fashion-MNIST first, as everywhere, and points last."""
    return "" if name == "fashion-mnist" else f"{data.info(name).kind} {name}"


def base(card: Card) -> str:
    """The data set, whole or in part."""
    return card.recipe.data.removesuffix("-full")


def title(name: str) -> str:
    """What people call a data set, without how its files are compressed here."""
    return data.title(name).partition(" · ")[0]


def _cards(found: list[Card]) -> None:
    for start in range(0, len(found), COLUMNS):
        columns = st.container(key=f"wrap-zoo-{found[start].name}").columns(COLUMNS)
        for column, card in zip(columns, found[start:], strict=False):
            with column.container(border=True, height="stretch"):
                theme.show(picture(card), theme.note(card.title, _text(card), kicker(card)))
                icon = ":material/arrow_forward:"
                if st.button("Open", key=f"zoo-open-{card.name}", icon=icon, type="tertiary"):
                    show(card.name)


def show(name: str | None) -> None:
    """Open the card of a model, or all of them; a link to the page itself would lose its address.

    Ends this run of the script.
    """
    url.keep("model", name)
    st.rerun()


def _text(card: Card) -> str:
    """What it is for, or what is wrong with it."""
    return card.problem if card.state in BAD else card.recipe.note


def kicker(card: Card) -> str:
    """Family and data on one line, and what is wrong, if anything is."""
    return about(card) + f" · {STATES[card.state]}" * (card.state in BAD)


def about(card: Card) -> str:
    """Family and data."""
    return f"{family_name(card.recipe.family)} · {title(card.recipe.data)}"


def picture(card: Card) -> str:
    """Its samples, as an image that fills the width."""
    if not card.shipped or not card.shipped.samples:
        return ""
    try:
        base64.b64decode(card.shipped.samples, validate=True)
    except ValueError:
        return ""
    said = escape(f"Samples of {card.title}")
    url_of = f"data:image/png;base64,{card.shipped.samples}"
    return f'<img class="gm-samples" src="{url_of}" alt="{said}">'
