"""The films of shipped models: what a page shows before anything has been trained here."""

import streamlit as st

from explorer import catalog, header
from explorer.answers import Film


@st.cache_resource(max_entries=8, show_spinner=False)
def film_of(family: str) -> tuple[str, Film] | None:
    """Title and training film of the first shipped model of a family that has one."""
    for entry in catalog.shipped():
        if entry.header.family == family and (film := header.film(entry.path)):
            return entry.title, film
    return None
