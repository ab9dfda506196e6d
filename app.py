"""The dashboard: ``streamlit run app.py``. Each page is one file in pages/."""

import streamlit as st

from explorer.ui import rooms, shell

ABOUT = "Generative Model Explorer: see how generative models learn. MIT licence."
st.set_page_config(
    "Generative Model Explorer", shell.ICON, layout="wide", menu_items={"About": ABOUT}
)
shell.run(st.navigation(rooms.pages(), expanded=True))
