"""Everything that is shown: the only package that imports Streamlit."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

if PagesManager.uses_pages_directory:
    # Because there is a folder pages/, a server's very first visit runs a page without app.py if
    # its address names one. From here on app.py's own table of pages counts.
    PagesManager.uses_pages_directory = False
    st.rerun()
