"""The films of shipped models: what a page shows before anything has been trained here."""

import streamlit as st

from explorer import catalog, films, header
from explorer.answers import Film
from explorer.catalog import Entry
from explorer.history import History


@st.cache_resource(max_entries=32, show_spinner=False)
def film_of(family: str, data: str) -> tuple[str, Film] | None:
    """Title and training film of a shipped model of a family, of the same data if there is one.

    The usual model of a family has the shortest title: "VAE" stands before "VAE, β = 0".
    """

    def preference(entry: Entry) -> tuple[bool, int]:
        learned = entry.header.recipe["data"].removesuffix("-full")
        return learned != data.removesuffix("-full"), len(entry.title)

    for entry in sorted(catalog.shipped(), key=preference):
        if entry.header.family == family and (film := header.film(entry.path)):
            return entry.title, film
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def side_by_side(names: tuple[str, ...], track: str) -> Film | None:
    """One track of several shipped models on one slider of epochs; None unless all are here."""
    there = {e.key.removeprefix(catalog.SHIPPED): e for e in catalog.shipped()}
    found = [(there[n].title, header.film(there[n].path)) for n in names if n in there]
    beside = films.side_by_side([(title, film) for title, film in found if film], track)
    return beside if beside and len(beside.tracks) == len(names) else None


@st.cache_resource(max_entries=8, show_spinner=False)
def past_of(name: str) -> History | None:
    """What the run of a shipped model told while it trained; None if that does not travel."""
    there = {e.key: e for e in catalog.shipped()}
    entry = there.get(catalog.SHIPPED + name)
    return catalog.past(entry) if entry else None
