"""Choosing a data set or a checkpoint; what is chosen stands in the address."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from explorer import catalog, data, runs
from explorer.catalog import Entry
from explorer.errors import ExplorerError, InputError, ResourceError
from explorer.runs import Run
from explorer.ui import url


@st.cache_data(ttl=5, max_entries=4, show_spinner=False)
def datasets() -> list[data.DatasetInfo]:
    return data.datasets()


def dataset(
    key: str = "data", shape: tuple[int, ...] | None = None, default: str = "fashion-mnist"
) -> data.DatasetInfo:
    """A data set; with ``shape``, only those that are here and look like that.

    Raises ResourceError, which says how to get ``default``, if none is.
    """
    there = {d.name: d for d in datasets() if not shape or (d.available and d.shape == shape)}
    if not there:
        raise ResourceError(data.info(data.at_hand(default)).problem)

    def label(name: str) -> str:
        one = there[name]
        noun = "training images" if one.kind == "image" else "points"
        return f"{one.title} · {one.train:,} {noun}" if one.available else f"{one.title} · fetch"

    help_text = "What the model learns from. Bundled sets work without a network."
    default = data.at_hand(default)
    default = default if default in there else next(iter(there))
    chosen = url.choose(
        st.selectbox, "Data", list(there), default, key, format_func=label, help=help_text
    )
    return there[chosen]


@st.cache_data(ttl=3, max_entries=8, show_spinner=False)
def titles(able_to: Sequence[str]) -> dict[str, str]:
    """Key -> title of every model that can do all of ``able_to``."""
    found = [*catalog.shipped(), *catalog.trained(), *catalog.oracles()]
    return {e.key: e.title for e in found if e.header.has(*able_to)}


def checkpoint(
    label: str,
    key: str,
    default: str,
    able_to: Sequence[str],
    only: Callable[[Entry], bool] = lambda entry: True,
) -> Entry | None:
    """One of the shipped models or of the runs trained here; None if there is none."""
    there = {k: t for k, t in titles(tuple(able_to)).items() if only(catalog.entry(k))}
    _add_asked(there, key)
    if not there:
        st.info("There is no model to look at yet. Train one first.", icon=":material/school:")
        return None
    default = default if default in there else next(iter(there))
    chosen = url.choose(
        st.selectbox, label, list(there), default, key, format_func=lambda k: there.get(k, k)
    )
    return catalog.entry(chosen)


def several(
    label: str, options: dict[str, str], default: list[str], key: str, **more: Any
) -> list[str]:
    """Some of ``options``, key -> title.  Untouched, they follow the ``default``."""
    before = f"{key}_usual"

    def read(text: str) -> list[str]:
        keys = list(filter(None, text.split(",")))
        if not set(keys) <= options.keys():
            raise InputError(f"There is no other model {text[:60]!r} of this kind.")
        return keys

    url.begin(key, read)
    if st.session_state.get(key) in (None, st.session_state.get(before)):
        st.session_state[key] = default
    st.session_state[before] = default
    st.session_state[key] = [one for one in st.session_state[key] if one in options]
    more = {"format_func": lambda one: options.get(one, one), "persist_state": "session"} | more
    chosen = url.put(st.multiselect, label, list(options), key=key, **more)
    url.keep(key, ",".join(chosen), ",".join(default))
    return chosen


def _add_asked(there: dict[str, str], parameter: str) -> None:
    """Let an address or another page name any checkpoint, such as RUN@780."""
    key = st.session_state.get(parameter) or st.query_params.get(parameter, "")
    if not key or key in there:
        return
    try:
        found = catalog.entry(key)
        there[key] = f"{found.title} · step {found.header.facts.get('step', 0):,}"
    except ExplorerError as error:
        st.session_state.pop(parameter, None)
        url.refuse(parameter, error, "the usual one is shown")


def run_in_address() -> Run | None:
    """The run that the address names, if there is one."""
    return _asked("run", runs.find)


def fork_in_address() -> Entry | None:
    """The checkpoint that the address asks to go on from: RUN, RUN@STEP or pretrained:NAME."""
    return _asked("fork", _trained)


def _trained(key: str) -> Entry:
    if (found := catalog.entry(key)).can_be_forked:
        return found
    raise InputError(f"The {found.title} was never trained. Fork a run or a shipped model.")


def _asked(parameter: str, find: Callable[[str], Any]) -> Any:
    """What ``find`` finds for a parameter of the address; what it refuses is told and dropped."""
    if not (text := st.query_params.get(parameter)):
        return None
    try:
        return find(text)
    except ExplorerError as error:
        return url.refuse(parameter, error, "the page opens without it")
