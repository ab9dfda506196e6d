"""Films in the plane: what the browser tests drive, and where to look at the design."""

from dataclasses import replace

import streamlit as st
from component_films import ring_film

from explorer.ui import theme
from explorer.ui.player import player

st.set_page_config("Planes", layout="wide")
theme.apply()
film = ring_film(50)
if "alone" in st.query_params:
    film = replace(film, tracks=film.tracks[:1])
frame = player(film, key="film", height=700)
st.caption(f"Python heard frame {frame}")
