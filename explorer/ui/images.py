"""Pictures to look at: test images of any set that is here, and a person's own."""

from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.config import Settings, describe, setting
from explorer.data import DatasetInfo
from explorer.ui import forms, pickers, url
from explorer.ui.asking import ask
from explorer.ui.draw import draw_pad


def image_set(key: str = "images", default: str = "fashion-mnist") -> DatasetInfo:
    """A set of pictures that is here, of whatever size."""
    there = {d.name: d for d in pickers.datasets() if d.kind == "image" and d.available}
    default = default if default in there else next(iter(there))
    chosen = url.choose(
        st.selectbox, "Data", list(there), default, key, format_func=lambda n: there[n].title
    )
    return there[chosen]


class Where(Settings):
    """Which test images are looked at."""

    first: int = setting(0, "From test image", "The first picture shown.", ge=0, le=100_000)


def first_of(last: int) -> int:
    """Which test image comes first, at most the ``last``; another data set may have fewer."""
    (one,) = describe(Where)
    url.begin(one.name, one.read)
    wanted = st.session_state.get(one.name) or 0  # None: an empty field
    st.session_state[one.name] = min(wanted, last)
    return forms.control(replace(one, high=last), 0) or 0


def own_picture(size: int, colour: bool, key: str = "pad") -> np.ndarray | None:
    """What is drawn or uploaded, uint8 C size size; None while there is nothing.

    Put it into a fragment: the picture arrives while it is drawn.  Raises InputError for a file
    that is no usable picture.
    """
    drawn = draw_pad(key=key, size=size, colour=colour)
    file = st.file_uploader("Or upload a picture", max_upload_size=20, key=f"{key}-file")
    if not file:
        return drawn
    return ask("picture", content=file.getvalue(), size=size, colour=colour)
