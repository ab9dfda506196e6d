"""What surrounds every page: the style, the engine starting meanwhile, errors as sentences."""

from pathlib import Path

import streamlit as st

from explorer import turns
from explorer.engine import engine
from explorer.ui import sockets, theme, url
from explorer.ui.asking import guarded, literal

ICON = str(Path(__file__).parent / "web" / "icon.png")  # bundled: a named icon would be fetched


def run(page) -> None:
    """Show one page of the navigation."""
    _warm_up()
    theme.apply()
    above = st.container()
    with guarded():
        page.run()
    with above:
        while notices := url.notices():
            st.error(literal(notices.pop(0)), icon=":material/link:")
    with st.sidebar:
        _machine()


@st.cache_resource(show_spinner=False)
def _warm_up() -> None:
    """Once per server: quick answers, and an engine that loads PyTorch during the first page."""
    sockets.send_at_once(st.get_option("server.port"))
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
