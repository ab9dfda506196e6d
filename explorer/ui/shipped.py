"""The films of shipped models: what a page shows before anything has been trained here."""

import numpy as np
import streamlit as st

from explorer import catalog, header
from explorer.answers import Film, Track
from explorer.history import History


@st.cache_resource(max_entries=8, show_spinner=False)
def film_of(family: str) -> tuple[str, Film] | None:
    """Title and training film of the first shipped model of a family that has one."""
    for entry in catalog.shipped():
        if entry.header.family == family and (film := header.film(entry.path)):
            return entry.title, film
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def side_by_side(names: tuple[str, ...], track: str) -> Film | None:
    """One track of several shipped models on one slider; None unless all are here."""
    there = {e.key.removeprefix(catalog.SHIPPED): e for e in catalog.shipped()}
    films = [(there[n].title, header.film(there[n].path)) for n in names if n in there]
    if len(films) < len(names) or not all(film for _, film in films):
        return None
    tracks = tuple(Track(title, _frames(film, track)) for title, film in films)
    shortest = min(len(t.frames) for t in tracks)
    labels = films[0][1].labels[:shortest]
    return Film(tuple(Track(t.title, t.frames[:shortest]) for t in tracks), labels, fps=5)


@st.cache_resource(max_entries=8, show_spinner=False)
def past_of(name: str) -> History | None:
    """What the run of a shipped model told while it trained; None if that does not travel."""
    there = {e.key: e for e in catalog.shipped()}
    entry = there.get(catalog.SHIPPED + name)
    return catalog.past(entry) if entry else None


def _frames(film: Film, track: str) -> np.ndarray:
    return next(t.frames for t in film.tracks if t.title == track)
