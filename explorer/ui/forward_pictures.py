"""What the forward process noises: test images or a picture of one's own, and with which noise."""

import numpy as np
import streamlit as st

from explorer import data, forward
from explorer.config import SEED_LIMIT, Settings, describe, setting
from explorer.errors import InputError
from explorer.pictures import enlarge
from explorer.ui import ending, images, noising, url
from explorer.ui.asking import guarded

SOURCES = {"test": "Test images", "own": "My own"}
SHOWN = {"8": "Eight", "1": "One, large"}
SIZES = ["28", "32", "64"]


class View(Settings):
    """What is looked at."""

    noise: int = setting(0, "Seed of the noise", "The same seed, the same ε.", ge=0, le=SEED_LIMIT)
    t: float = setting(0.3, "t", "Where the slider stands.", ge=0, le=1)


VIEW = {one.name: one for one in describe(View)}


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """The pictures shown (uint8 N C H W) and the `energy` of those the end is averaged over."""
    row = st.container(key="wrap-pictures").columns(4)
    with row[0]:
        source = url.segmented("Pictures", SOURCES, "test", "source")
    if source == "own":
        return _own(row)
    with row[1]:
        info = images.image_set()
    with row[2]:
        n = int(url.segmented("Show", SHOWN, "8", "shown"))
    test = data.load(info.name, "test").x
    with row[3]:
        first = images.first_of(len(test) - n)
    return test[first : first + n], _energy(info.name)


def asked(name: str) -> float:
    """A value in the address, or the usual one (a bad one is told)."""
    text = st.query_params.get(name)
    if text is None:
        return VIEW[name].default
    try:
        return VIEW[name].read(text)
    except InputError as error:
        url.refuse(name, error, "the usual value is used")
        return VIEW[name].default


@st.cache_data(max_entries=16, show_spinner=False)
def _energy(name: str) -> np.ndarray:
    return forward.energy(data.load(name, "test").x[: ending.MEASURED])


def _own(row: list) -> tuple[np.ndarray, np.ndarray]:
    """A picture that a person drew or uploaded; a test image until there is one."""
    with row[1]:
        size = int(url.choose(st.selectbox, "Size in pixels", SIZES, "64", "size"))
    with row[2]:
        colour = url.toggle("In colour", "colour", True)
    _pad(size, colour)
    x = st.session_state.get("own_picture")
    if x is None:
        st.caption("Until there is a picture of yours, a test image stands in for it.")
        x = data.load("fashion-mnist", "test").x[0]
    return x[None], forward.energy(x[None])


@st.fragment
def _pad(size: int, colour: bool) -> None:
    """Draw or upload; a click takes the picture over, so that drawing stays fast."""
    drawn = None
    left, right = st.container(key="wrap-own").columns([1, 2], gap="large")
    with left, guarded():
        drawn = images.own_picture(size, colour)
    with right:
        if drawn is None:
            st.caption("Draw or upload a picture. It stays on this machine and in no address.")
            return
        st.image(enlarge(forward.wall(forward.signal(drawn[None])), 4))
        if st.button("Noise this picture", type="primary", icon=":material/grain:"):
            st.session_state["own_picture"] = drawn
            st.rerun()


def noise() -> tuple[int, bool]:
    """The seed of the noise, and whether the mistake stands beside the right formula."""
    row = st.container(key="wrap-noise").columns(4, vertical_alignment="bottom")
    with row[0]:
        seed = noising.control(VIEW["noise"])
    with row[1]:
        mistake = url.toggle(
            "Show the common mistake",
            "mistake",
            help="Course code often computes x − β · noise. The picture never fades, so there is "
            "nothing to learn: β is the noise of one step, and √(1 − ᾱ) that of all steps so far.",
        )
    return seed, mistake
