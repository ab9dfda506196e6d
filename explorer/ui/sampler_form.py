"""How a diffusion model is sampled, as widgets: only what the chosen model can follow."""

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer import catalog
from explorer.catalog import Entry
from explorer.config import describe
from explorer.recipe import TrainSettings
from explorer.sampling import SampleSettings
from explorer.ui import forms, url
from explorer.ui.asking import literal

KEYS = {"steps": "sampling_steps"}  # the form for training has steps of its own


def described(entry: Entry) -> str:
    """What it was trained for, on one line."""
    model, facts = entry.header.recipe["model"], entry.header.facts
    classes = "knows its classes" if knows_classes(entry) else "unconditional"
    if entry.key.startswith(catalog.EXACT):
        return (
            "No network: what a perfect one would say, by formula. It can only draw the very "
            "pictures it was given. What a learned model draws beyond them, it invents."
        )
    return literal(
        f"{model['schedule']} schedule · T = {model['T']} · predicts {model['target']} · {classes} "
        f"· {entry.header.parameters:,} parameters · epoch {facts.get('epoch', 0):.3g}"
    )


def knows_classes(entry: Entry) -> bool:
    return bool(entry.header.recipe["model"]["conditional"] and names_of(entry))


def names_of(entry: Entry) -> list[str]:
    return entry.header.facts["spec"]["classes"]


def sampling(entry: Entry, *, sampler: bool = True, mixed: bool = True) -> dict[str, Any]:
    """How to sample, as widgets: only what this model can follow.

    Unless samples may be of ``mixed`` classes, no class chosen means that none is told.
    """
    levels = entry.header.recipe["model"]["T"]
    there = [s for s in describe(SampleSettings) if sampler or s.name not in ("sampler", "eta")]
    if not knows_classes(entry):
        there = [s for s in there if s.name != "guidance"]
    values: dict[str, Any] = {}
    columns = iter(st.container(key="wrap-sampling").columns(5, gap="medium"))
    cells = {}
    for one in (s for s in there if s.name != "label"):
        other, allowed = one.hint.when or ("", ())
        if other and values.get(other) not in allowed:
            continue
        if one.name == "steps":
            one = replace(one, high=levels, default=min(one.default, levels))
        cells[one.name] = cells.get(other) or next(columns)  # η stands below its sampler
        with cells[one.name]:
            named = replace(one, name=KEYS.get(one.name, one.name))
            values[one.name] = forms.control(named, one.default)
    if knows_classes(entry):
        with next(columns):
            values["label"] = label(entry, "All in turn" if mixed else "None: any class")
        if not mixed and values["label"] is None:
            values["guidance"] = 0.0
    return {name: value for name, value in values.items() if value is not None}


def label(entry: Entry, everything: str = "All in turn") -> int | None:
    """One class, or ``everything``."""
    names = names_of(entry)
    chosen = url.choose(
        st.selectbox,
        "Class",
        ["all", *map(str, range(len(names)))],
        "all",
        "label",
        format_func=lambda i: everything if i == "all" else names[int(i)],
    )
    return None if chosen == "all" else int(chosen)


def seed(key: str = "noise_seed", first: int = 0, label: str = "Seed of the noise") -> int:
    """Where the noise comes from; it stands in the address."""
    usual = next(one for one in describe(TrainSettings) if one.name == "seed")
    said = "The same seed, the same noise."
    one = replace(usual, name=key, title=label, description=said, default=first)
    return int(forms.control(one, first))
