"""The dashboard: ``streamlit run app.py``. Each page is one file in pages/.

A server reads this file once, for the addresses that it has beside its pages; every visit runs it.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.ui import direct, opening, rooms, shell

ABOUT = "Generative Model Explorer: see how generative models learn. MIT licence."

if get_script_run_ctx(suppress_warning=True) is None:
    app = st.App(__file__, routes=[*opening.ROUTES, *direct.ROUTES])
else:
    st.set_page_config(
        "Generative Model Explorer", shell.ICON, layout="wide", menu_items={"About": ABOUT}
    )
    shell.run(st.navigation(rooms.pages(), expanded=True))
