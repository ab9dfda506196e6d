"""Which model *Memorised or made?* looks at: one network on few or many pictures, or any."""

import streamlit as st

from explorer import catalog
from explorer.catalog import Entry
from explorer.ui import gans, pickers, url
from explorer.ui.asking import literal

SIZES = {str(n): f"{catalog.SHIPPED}memorised-{n}" for n in (100, 1000, 10_000)}
DEFAULT = f"{catalog.SHIPPED}gan-fashion"
WAYS = {"size": "One network, 100 to 10,000 pictures", "any": "Any checkpoint"}


def shipped() -> dict[str, str]:
    """Number of training pictures -> key, of the models that are here."""
    there = pickers.titles(())
    return {size: key for size, key in SIZES.items() if key in there}


def choose() -> Entry | None:
    """The model, and one line on what it is."""
    sizes = shipped()
    entry = _by_size(sizes) if sizes and _way() == "size" else _any()
    if entry:
        st.caption(described(entry))
    return entry


def _way() -> str:
    return url.segmented("Model", WAYS, "size", "memory_way", wrap=True)


def _by_size(sizes: dict[str, str]) -> Entry:
    if len(sizes) == 1:
        return catalog.entry(next(iter(sizes.values())))
    chosen = url.choose(
        st.select_slider,
        "Training pictures",
        list(sizes),
        next(iter(sizes)),
        "memory_size",
        format_func=lambda n: f"{int(n):,}",
        help="The same network, recipe and number of steps; only how many pictures it saw differs.",
    )
    return catalog.entry(sizes[chosen])


def _any() -> Entry | None:
    with st.container(key="wrap-memory-model").columns(2)[0]:
        return pickers.checkpoint("Checkpoint", "memory_model", DEFAULT, (), gans.draws_pictures)


def described(entry: Entry) -> str:
    """What it is and how often it saw each picture, on one line."""
    training, facts = entry.header.recipe.get("training", {}), entry.header.facts
    images = training.get("images", 0)
    parts = [entry.title, f"{images:,} training pictures" if images else "all training pictures"]
    if "step" in facts:
        seen = facts["epoch"]
        parts += [f"{facts['step']:,} steps", f"each picture seen {seen:,.0f} times"]
    parts += [f"{entry.header.parameters:,} parameters"] if entry.header.tensors else []
    return literal(" · ".join(parts))
