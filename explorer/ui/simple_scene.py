"""What simple diffusion learns by heart, and how: one picture and a few settings."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explorer import data
from explorer.config import Settings, describe, setting
from explorer.ui import forms, images, url
from explorer.ui.asking import ask, guarded

SOURCES = {"test": "A test image", "own": "My own"}
ASKED = "simple-asked"  # what is trained on and how, from the last press of the button
OWN = "simple-own"
SIDE = 32  # pixels of a picture of one's own


class View(Settings):
    """Which picture."""

    simple_image: int = setting(0, "Test image", "Which one it learns.", ge=0, le=1_000_000)


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """The picture to learn and another one to try afterwards, each uint8 C H W."""
    row = st.container(key="wrap-simple-pictures").columns(3, gap="medium")
    with row[0]:
        source = url.segmented("Picture", SOURCES, "test", "simple_source")
    if source == "own":
        return own()
    with row[1]:
        info = images.image_set()
    test = data.load(info.name, "test").x
    with row[2]:
        (chosen,) = describe(View)
        last = len(test) - 2
        if st.session_state.get(chosen.name, 0) > last:  # another data set may have fewer
            st.session_state[chosen.name] = last
        i = forms.control(replace(chosen, high=last), 0)
    return test[i], test[i + 1]


def own() -> tuple[np.ndarray, np.ndarray]:
    """A picture that a person drew or uploaded, and its mirror image."""
    pad()
    x = st.session_state.get(OWN)
    if x is None:
        st.caption("Until there is a picture of yours, a test image stands in for it.")
        x = data.load("fashion-mnist", "test").x[0]
    return x, np.ascontiguousarray(x[:, :, ::-1])


@st.fragment
def pad() -> None:
    """Draw or upload; a click has the picture learned."""
    drawn = None
    left, right = st.container(key="wrap-own").columns([1, 2], gap="large")
    with left, guarded():
        drawn = images.own_picture(SIDE, colour=True, key="simple-pad")
    with right:
        st.caption("Your picture stays on this machine and in no address.")
        if st.button("Learn this picture", icon=":material/check:", disabled=drawn is None):
            st.session_state[OWN] = drawn
            st.session_state.pop(ASKED, None)  # so that it is trained on at once
            st.rerun()


def settings() -> dict[str, Any]:
    """How it learns, as widgets; in the address all names begin with ``simple_``."""
    columns = st.container(key="wrap-simple-settings").columns(3, gap="medium")
    values = {}
    for i, one in enumerate(ask("simple_settings")):
        with columns[i % 3]:
            named = replace(one, name=f"simple_{one.name}")
            values[one.name] = forms.control(named, one.default)
    return values
