"""The server of the page with every component, with the addresses that the dashboard's has."""

from pathlib import Path

import streamlit as st

from explorer.ui import direct

app = st.App(Path(__file__).with_name("component_page.py"), routes=direct.ROUTES)
