"""What surrounds every page: the style, the engine starting meanwhile, errors as sentences."""

from pathlib import Path

import streamlit as st

from explorer import turns
from explorer.engine import engine
from explorer.ui import lesson_links, sockets, theme, url
from explorer.ui.asking import guarded, literal

ICON = str(Path(__file__).parent / "web" / "icon.png")  # bundled: a named icon would be fetched


def run(page) -> None:
    """Show one page of the navigation."""
    _answer_quickly()
    theme.apply()
    name = page.url_path or "start"
    url.arrive(name if name != lesson_links.LESSONS else "")
    above = st.container()
    with guarded():
        if name != lesson_links.LESSONS:
            lesson_links.bar()
    with guarded():
        page.run()
    with above, guarded():
        lesson_links.strangers(name)
        while notices := url.notices():
            st.error(literal(notices.pop(0)), icon=":material/link:")
    _start_engine()
    with st.sidebar:
        lesson_links.used_in(name)
        st.fragment(_machine, run_every=None if engine().state == "ready" else 2.0)()


@st.cache_resource(show_spinner=False)
def _answer_quickly() -> None:
    """Once per server."""
    sockets.send_at_once(st.get_option("server.port"))


@st.cache_resource(show_spinner=False)
def _start_engine() -> None:
    """Once per server, after the first page has all it needs: loading PyTorch takes both cores."""
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
