"""Every model that came with the program: samples, recipe, figures, and whether it is whole."""

import streamlit as st

from explorer.ui import theme, url, zoo_card, zoo_grid, zoo_links
from explorer.ui.asking import guarded
from explorer.zoo.cards import Card, cards


def asked(found: list[Card]) -> Card | None:
    """The card that the address names."""
    if not (name := st.query_params.get("model")):
        return None
    there = {card.name: card for card in found}
    if name in there:
        return there[name]
    return url.refuse("model", f"There is no shipped model {name[:60]!r}.", "all are shown")


theme.show(
    theme.hero(
        "Model zoo",
        "Every model that came with the program: what it draws, how it was made, how good it is. "
        "Open one, look at it on the other pages, or train your own from its recipe.",
    )
)
with guarded():
    found = cards()
    zoo_links.come_back()
    if card := asked(found):
        if st.button("All models", icon=":material/arrow_back:", type="tertiary"):
            zoo_grid.show(None)
        zoo_card.show(card)
    else:
        zoo_grid.grid(found)
