"""What surrounds every page: the style, the engine starting meanwhile, errors as sentences."""

from pathlib import Path

import streamlit as st

from explorer import turns
from explorer.engine import engine
from explorer.ui import theme
from explorer.ui.asking import guarded

ICON = str(Path(__file__).parent / "web" / "icon.png")  # bundled: a named icon would be fetched


def run(page) -> None:
    """Show one page of the navigation."""
    _start_engine()
    theme.apply()
    with guarded():
        page.run()
    with st.sidebar:
        _machine()


@st.cache_resource(show_spinner=False)
def _start_engine() -> None:
    """Let the engine load PyTorch while the first page is being looked at."""
    engine().start()


def _machine() -> None:
    """Where training runs, once the engine knows."""
    if engine().state != "ready":
        st.caption("Loading PyTorch …")
        return
    from explorer.ui.asking import ask

    _, title = ask("devices")[0]
    slots = turns.slots()
    noun = "run" if slots == 1 else "runs"
    st.caption(f"Trains on: {title}. {slots} {noun} at a time; others wait in a queue.")
