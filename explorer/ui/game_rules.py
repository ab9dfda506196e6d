"""The rules of a game and its players as a form; rules act at once, other players begin anew."""

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.config import Setting
from explorer.ui import forms, url
from explorer.ui.asking import ask

COLUMNS = (
    ("loss", "penalty", "r1", "gradient_weight"),
    ("d_steps", "g_steps", "d_learning_rate", "learning_rate"),
    ("label_smoothing", "instance_noise"),
)
TRIES = {
    "Healthy": {},
    "D far ahead": {
        "loss": "minimax",
        "penalty": "none",
        "d_steps": 10,
        "d_learning_rate": 0.01,
    },
    "Wasserstein": {
        "loss": "wasserstein",
        "d_steps": 5,
        "d_learning_rate": 2e-3,
        "learning_rate": 5e-4,
    },
    "G far too fast": {"learning_rate": 0.02},
}


def key(name: str) -> str:
    """The name of one of this page's settings, here and in the address."""
    return f"g_{name}"


def rules() -> tuple[dict[str, Any], set[str]]:
    """All settings as chosen, and the names of those that act while a game goes on."""
    found = {s.name: s for s in ask("game_settings")}
    live = {name for name, one in found.items() if one.hint.live}
    tries(found, live)
    values: dict[str, Any] = {}
    columns = st.container(key="wrap-rules").columns(3, gap="large")
    for column, names in zip(columns, COLUMNS, strict=True):
        with column:
            values |= forms.form([prefixed(found[name]) for name in names], {}, values)
    with st.expander("The players, the batch and the seed (a change begins a new game)"):
        players = [prefixed(one) for one in found.values() if not one.hint.live]
        columns = st.container(key="wrap-players").columns(3, gap="large")
        for i, column in enumerate(columns):
            with column:
                values |= forms.form(players[i::3], {})
    return {name.removeprefix(key("")): value for name, value in values.items()}, live


def tries(found: dict[str, Setting], live: set[str]) -> None:
    """Rules worth trying, each a click; the others go back to what is usual."""
    usual = {name: found[name].default for name in live}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Try:**", width="content")
        for title, change in TRIES.items():
            asked = {key(name): value for name, value in (usual | change).items()}
            more = {"on_click": st.session_state.update, "args": (asked,)}
            url.put(st.button, title, key=f"g_try_{title}", **more)


def prefixed(one: Setting) -> Setting:
    """A setting under a name of this page, so that other pages keep their own."""
    when = one.hint.when and (key(one.hint.when[0]), one.hint.when[1])
    return replace(one, name=key(one.name), hint=replace(one.hint, when=when))
