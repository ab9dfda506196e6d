"""Choosing a data set or a checkpoint; what is chosen stands in the address."""

from collections.abc import Sequence

import streamlit as st

from explorer import catalog, data
from explorer.catalog import Entry
from explorer.errors import ExplorerError, InputError
from explorer.ui import url


@st.cache_data(ttl=5, max_entries=4, show_spinner=False)
def _datasets() -> list[data.DatasetInfo]:
    return data.datasets()


def dataset(
    key: str = "data", shape: tuple[int, ...] | None = None, default: str = "fashion-mnist"
) -> data.DatasetInfo:
    """A data set; with ``shape``, only those that are here and look like that."""
    there = {d.name: d for d in _datasets() if not shape or (d.available and d.shape == shape)}

    def label(name: str) -> str:
        one = there[name]
        noun = "images" if one.kind == "image" else "points"
        return f"{one.title} · {one.train:,} {noun}" if one.available else f"{one.title} · fetch"

    help_text = "What the model learns from. Bundled sets work without a network."
    default = default if default in there else next(iter(there))
    chosen = url.choose(
        st.selectbox, "Data", list(there), default, key, format_func=label, help=help_text
    )
    return there[chosen]


@st.cache_data(ttl=3, max_entries=8, show_spinner=False)
def _choices(able_to: Sequence[str]) -> dict[str, str]:
    """Key -> title of every checkpoint that can do all of ``able_to``."""
    found = [*catalog.shipped(), *catalog.trained()]
    return {e.key: e.title for e in found if e.header.has(*able_to)}


def checkpoint(label: str, key: str, default: str, able_to: Sequence[str]) -> Entry | None:
    """One of the shipped models or of the runs trained here; None if there is none."""
    titles = dict(_choices(tuple(able_to)))
    _add_asked(titles, key)
    if not titles:
        st.info("There is no model to look at yet. Train one first.", icon=":material/school:")
        return None
    default = default if default in titles else next(iter(titles))
    chosen = url.choose(
        st.selectbox, label, list(titles), default, key, format_func=lambda k: titles.get(k, k)
    )
    return catalog.entry(chosen)


def _add_asked(titles: dict[str, str], parameter: str) -> None:
    """Let an address or another page name any checkpoint, such as RUN@780."""
    key = st.session_state.get(parameter) or st.query_params.get(parameter, "")
    if not key or key in titles:
        return
    try:
        found = catalog.entry(key)
    except ExplorerError as error:
        url.notices().append(f"{error} The address asked for it; the usual one is shown.")
        st.session_state.pop(parameter, None)
        st.query_params.pop(parameter, None)
        return
    titles[key] = f"{found.title} · step {found.header.facts.get('step', 0):,}"


def run_in_address() -> str:
    """The run that the address names, or nothing.  Raises InputError for an unknown one."""
    from explorer import runs

    asked = st.query_params.get("run", "")
    if not asked:
        return ""
    try:
        return runs.find(asked).id
    except InputError:
        st.query_params.pop("run", None)
        raise
