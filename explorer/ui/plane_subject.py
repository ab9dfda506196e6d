"""What is learned in the plane: a toy distribution, points drawn by hand, or a picture's."""

from typing import Any

import numpy as np
import streamlit as st

from explorer import data
from explorer.ui import forms, url
from explorer.ui.asking import ask, guarded
from explorer.ui.plane_choices import key, prefixed
from explorer.ui.plot_pad import plot_pad

OWN = {"drawn": "Draw", "picture": "From a picture"}
FEWEST = 20  # points; the engine says so too
GROUPS = ("Process", "Network", "Training", "Optimizer")


def distribution(note: str = "") -> dict[str, Any] | None:
    """The engine's ``name`` and ``points`` of what was chosen; None while there is too little.

    ``note`` is said to those who draw.
    """
    toys = {d.name: d.title for d in data.datasets() if d.kind == "points"}
    names = toys | OWN
    name = url.choose(
        st.pills,
        "Points to learn",
        list(names),
        "ring",
        key("shape"),
        format_func=names.get,
        required=True,
    )
    if name in toys:
        return {"name": name, "points": None}
    with guarded():
        points = drawn(note) if name == "drawn" else pictured()
        if len(points) >= FEWEST:
            return {"name": name, "points": points}
    return None


def drawn(note: str) -> np.ndarray:
    """Points from the pad; they live as long as the browser's tab."""
    pad, words = st.container(key="wrap-pad").columns([1, 1], gap="large")
    with pad:
        points = plot_pad(key="p_pad", first=st.session_state.get("p_drawn"))
    st.session_state["p_drawn"] = points
    with words:
        st.caption(
            f"Click or drag. It takes {FEWEST} points at least; a thousand make a distribution. "
            f"{note} Your points are not in the address of this page."
        )
        if len(points) < FEWEST:
            st.info(f"{len(points)} of at least {FEWEST} points. Draw some more.")
    return points


def pictured() -> np.ndarray:
    """A picture's dark or bright pixels as points."""
    with st.container(key="wrap-upload", horizontal=True, vertical_alignment="bottom"):
        file = st.file_uploader("A picture (it stays on this machine)", max_upload_size=20)
        dark = url.choose(
            st.segmented_control, "Points where it is", ["dark", "bright"], "dark", key("ink")
        )
    if file:
        st.session_state["p_content"] = file.getvalue()
    content = st.session_state.get("p_content")
    if content is None:
        st.caption("A dark drawing on white works best. The picture is not in the address.")
        return np.empty((0, 2), np.float32)
    return ask("picture_points", content=content, dark=dark == "dark")


def settings() -> dict[str, Any]:
    """Every setting that matters in the plane, folded away."""
    found = ask("point_settings")
    with st.expander("Process, network and training", icon=":material/tune:"):
        columns = st.container(key="wrap-settings").columns(3, gap="large")
        values = {}
        for column, groups in zip(columns, (GROUPS[:1], GROUPS[1:2], GROUPS[2:]), strict=True):
            with column:
                own = [prefixed(s) for s in found if s.hint.group in groups]
                values |= forms.form(own, {})
    return {name.removeprefix(key("")): value for name, value in values.items()}
