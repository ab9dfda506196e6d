"""A way out of what takes a while, and a way back to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st


class Left(Exception):
    """A person has left what the rest needs; it stands on the page already."""


@contextmanager
def stoppable(stop: str, question: str, leave: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Draw how far a question is, with a way out beside it, which calls ``leave``."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container():
            yield
        pressed = st.button("Cancel", icon=":material/close:", key=f"{stop}-cancel")
    if pressed:
        st.session_state[f"{stop}-stopped"] = question
        leave()
        st.rerun()


def left(stop: str, question: str) -> bool:
    """Whether a person left this very question with Cancel."""
    return st.session_state.get(f"{stop}-stopped") == question


def stopped(stop: str, question: str, what: str, again: str) -> bool:
    """Whether a person `left`; then it says so and offers to begin anew."""
    if not left(stop, question):
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"Cancelled before it was done: {what}.", icon=":material/stop:")
        if st.button(again, key=f"{stop}-again", icon=":material/play_arrow:"):
            st.session_state.pop(f"{stop}-stopped")
            st.rerun()
    return True
