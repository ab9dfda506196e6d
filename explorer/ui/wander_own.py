"""*Interpolate*: pictures of one's own at the ends, drawn or uploaded."""

import numpy as np
import streamlit as st

from explorer.data import Data
from explorer.ui import images
from explorer.ui.asking import guarded

OWN = -1  # the class of such a picture, as the engine calls it
GIVEN = "wander_given"


def given(test: Data, count: int) -> dict[int, np.ndarray]:
    """The pictures that a person handed in, uint8 C H W, by their end from 0."""
    there = st.session_state.get(GIVEN, {})
    return {i: x for i, x in there.items() if i < count and x.shape == test.x.shape[1:]}


@st.fragment
def pads(test: Data, count: int) -> None:
    """A pad an end, and the button that hands them in: models are asked once a picture is done."""
    channels, size = test.x.shape[1:3]
    drawn = {}
    with st.expander("Draw or upload", expanded=True, icon=":material/draw:"):
        for i in range(count):
            if i % 2 == 0:
                cells = st.container(key=f"wrap-wander-pads-{i}").columns(2, gap="large")
            with cells[i % 2], guarded():
                st.markdown(f"**End {i + 1}**")
                drawn[i] = images.own_picture(size, channels == 3, key=f"wander_pad{i + 1}")
        _hand_in({i: x for i, x in drawn.items() if x is not None}, given(test, count))


def _hand_in(drawn: dict[int, np.ndarray], there: dict[int, np.ndarray]) -> None:
    """The button, as long as the pads hold something else than the ends."""
    same = drawn.keys() == there.keys() and all((drawn[i] == there[i]).all() for i in drawn)
    words = "Use these pictures" if drawn or not there else "Back to test images"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(words, type="primary", disabled=same, icon=":material/check:"):
            st.session_state[GIVEN] = drawn
            st.rerun()
        st.caption(
            "White on black, as the models' pictures are. An end whose pad is empty is the test "
            "image chosen above."
        )
