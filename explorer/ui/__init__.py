"""Everything that is shown: the only package that imports Streamlit."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# Because there is a folder pages/, Streamlit would run a page without app.py if the address of a
# server's very first visit names one. Only app.py's own table of pages counts.
_without_app = PagesManager.uses_pages_directory
PagesManager.uses_pages_directory = False
if _without_app:  # a server that has not read app.py before its first visit
    st.rerun()
