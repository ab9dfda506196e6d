"""The picture first: a long page keeps the browser from showing the film that stands at its top."""

import streamlit as st

WAIT = 0.5  # seconds in the browser, by whose clock a busy one takes longer


def picture_first(key: str) -> None:
    """On a session's first visit end the run here; the browser asks for the rest right afterwards.

    Elements that come later are drawn together with those above them, which for some sixty of them
    takes longer than the film.
    """
    if not st.session_state.get(key):
        _soon(key)
        st.stop()


@st.fragment(run_every=WAIT)
def _soon(key: str) -> None:
    if st.session_state.get(key):
        st.rerun()
    st.session_state[key] = True
