"""The noise schedule as widgets, for pages that look at schedules.

The settings are the diffusion family's own.  Their widgets have other names than in the form for
training, so that trying a bad schedule here never changes what is trained there.
"""

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.config import Setting
from explorer.schedules import Schedule, schedule
from explorer.ui import forms
from explorer.ui.asking import ask

KEYS = {"schedule": "noising", "T": "levels", "beta_start": "beta_first", "beta_end": "beta_last"}
FIRST = {"schedule": "linear"}  # the classic, because only its end depends on what is chosen


def settings() -> dict[str, Setting]:
    """The settings of a schedule under the family's names."""
    family = next(one for one in ask("families") if one.name == "diffusion")
    there = {one.name: one for one in family.settings}
    return {
        name: replace(there[name], name=key, default=FIRST.get(name, there[name].default))
        for name, key in KEYS.items()
    }


def control(one: Setting) -> Any:
    """One widget, at the address's value or the usual one, which also stands for an empty field."""
    value = forms.control(one, one.default)
    return one.default if value is None else value


def form() -> dict[str, Any]:
    """All of a schedule in one row; returns family's name -> value, such as {"T": 1000}."""
    there = settings()
    columns = st.container(key="wrap-noising").columns(len(there))
    values = {name: one.default for name, one in there.items()}
    for column, (name, one) in zip(columns, there.items(), strict=True):
        if name.startswith("beta") and values["schedule"] != "linear":
            continue
        with column:
            values[name] = control(one)
    return values


def chosen(values: dict[str, Any]) -> Schedule:
    """The schedule of these values.  Raises InputError."""
    return schedule(values["schedule"], values["T"], values["beta_start"], values["beta_end"])


def wish(**values: Any) -> None:
    """Set widgets by the family's names: the callback of a button."""
    st.session_state.update({KEYS[name]: value for name, value in values.items()})


def trainable(values: dict[str, Any]) -> dict[str, str]:
    """The address of the form for training with this schedule."""
    names = KEYS if values["schedule"] == "linear" else ("schedule", "T")
    return {"family": "diffusion", **{name: f"{values[name]}" for name in names}}
