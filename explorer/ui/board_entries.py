"""Who can be put on the scoreboard of a data set, and who stands there at first."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import catalog, data
from explorer.catalog import Entry
from explorer.errors import ExplorerError, InputError
from explorer.runs import Run
from explorer.standings import MOST
from explorer.ui import url

DDPM = {"sampler": "ddim", "eta": 1.0}
WAYS = {  # of sampling: name -> (what it is called behind a model's name, settings)
    "": {"Denoises": ("Heun, 10 steps", {}), "": ("", {})},
    "ddpm10": {"Denoises": ("DDPM, 10 steps", DDPM | {"steps": 10})},
    "ddpm50": {"Denoises": ("DDPM, 50 steps", DDPM | {"steps": 50})},
    "ddpm250": {"Denoises": ("DDPM, 250 steps", DDPM | {"steps": 250})},
    "ddim10": {"Denoises": ("DDIM, 10 steps", {"sampler": "ddim", "steps": 10})},
    "mixture": {"Encodes": ("prior fitted: mixture of 10", {"prior": "mixture"})},
}
FIRST = {
    "fashion-mnist": (
        "real:fashion-mnist:test",
        "pretrained:diffusion-fashion",
        "pretrained:diffusion-fashion~ddpm10",
        "pretrained:diffusion-fashion~ddpm50",
        "pretrained:diffusion-fashion~ddpm250",
        "pretrained:gan-fashion",
        "pretrained:gan-least-squares-fashion",
        "pretrained:gan-wgan-gp-fashion",
        "pretrained:gan-conditional-fashion",
        "pretrained:latent-diffusion-spatial-fashion",
        "pretrained:vae-adversarial-fashion",
        "pretrained:vae-fashion",
    ),
    "mnist": (
        "real:mnist:test",
        "pretrained:diffusion-mnist",
        "pretrained:mnist-gan",
        "pretrained:mnist-gan-least-squares",
        "pretrained:mnist-gan-wgan-gp",
        "pretrained:mnist-gan-conditional",
        "pretrained:mnist-gan-collapsed",
        "pretrained:mnist-latent-diffusion",
        "pretrained:mnist-vae",
        "pretrained:mnist-vae~mixture",
    ),
}
BETWEEN = "|"  # of names in the address


@dataclass(frozen=True)
class Choice:
    """A competitor that can be chosen: its name in the address, for people, and for the engine."""

    name: str
    title: str
    entered: dict[str, Any]


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def choices(name: str, asked: tuple[str, ...] = ()) -> dict[str, Choice]:
    """Everything that draws pictures of the data set ``name``, by the name in the address.

    Of a run that is its newest checkpoint, and those older ones that are ``asked`` for by name.
    """
    found = [_real(name, "test", "test images"), _real(name, "train", "training images")]
    for entry in (*catalog.shipped(), *catalog.trained(), *_older(asked)):
        if entry.header.recipe["data"].removesuffix("-full") == name:
            found += _ways(entry)
    return {one.name: one for one in found}


def _older(asked: tuple[str, ...]) -> Iterator[Entry]:
    """Checkpoints asked for as RUN@STEP."""
    for key in dict.fromkeys(one.partition("~")[0] for one in asked):
        if "@" in key:
            with suppress(ExplorerError):  # then nothing of that name can be chosen, which is told
                yield catalog.entry(key)


def _real(name: str, split: str, what: str) -> Choice:
    key = f"real:{name}:{split}"
    return Choice(key, f"Real {what}", {"key": key})


def _ways(entry: Entry) -> list[Choice]:
    """The ways in which a checkpoint can be sampled."""
    made = []
    for way, kinds in WAYS.items():
        for capability, (text, how) in kinds.items():
            able = entry.header.has(capability) if capability else not entry.header.has("Denoises")
            if able and how.get("steps", 0) <= entry.header.recipe["model"].get("T", 0):
                title = f"{entry.title} · {text}" if text else entry.title
                name = f"{entry.key}~{way}" if way else entry.key
                made.append(Choice(name, title, {"key": entry.key, "how": how}))
    return made


@st.cache_data(ttl=5, max_entries=2, show_spinner=False)
def sets() -> dict[str, str]:
    """The bundled data sets and those that some model was trained on: name -> title."""
    entries = [*catalog.shipped(), *catalog.trained()]
    pictures = [e for e in entries if len(e.header.facts["spec"]["shape"]) == 3]
    names = {e.header.recipe["data"].removesuffix("-full") for e in pictures} | set(FIRST)
    return {name: data.title(name) for name in sorted(names)}


def chosen(name: str) -> list[Choice]:
    """The competitors that stand in the address, or the usual ones, as a widget."""
    key = f"on_{name}"
    there = choices(name, tuple(st.session_state.get(key) or _split(st.query_params.get(key, ""))))
    first = [one for one in FIRST.get(name, tuple(there)[:6]) if one in there]
    url.begin(key, _reader(there))
    if key not in st.session_state:
        st.session_state[key] = first
    st.session_state[key] = [one for one in st.session_state[key] if one in there]
    picked = url.put(
        st.multiselect,
        "Competitors",
        list(there),
        key=key,
        format_func=lambda one: there[one].title if one in there else one,
        max_selections=MOST,
        persist_state="session",
        placeholder="Choose models, or real pictures",
    )
    url.keep(key, BETWEEN.join(picked), BETWEEN.join(first))
    return [there[one] for one in picked]


def of_checkpoints(run: Run, best: int | None) -> dict[str, str]:
    """The address at which the board compares a run's checkpoints, with real test images."""
    name = run.settings["data"].removesuffix("-full")
    steps = [one.step for one in run.checkpoints()]
    keys = [f"{run.id}@{step}" for step in thinned(steps, best, MOST - 1)]
    return {
        "data": name,
        f"on_{name}": BETWEEN.join([f"real:{name}:test", *keys]),
        "sight": "steps",
    }


def thinned(steps: list[int], best: int | None, most: int) -> list[int]:
    """At most so many of them, evenly, with the first, the last and the best."""
    if len(steps) <= most:
        return steps
    even = {steps[round(i * (len(steps) - 1) / (most - 2))] for i in range(most - 1)}
    return sorted(even | ({best} & set(steps)))


def _split(text: str) -> list[str]:
    return [one for one in text.split(BETWEEN) if one]


def _reader(there: dict[str, Choice]):
    def read(text: str) -> list[str]:
        asked = _split(text)
        if odd := [one for one in asked if one not in there]:
            raise InputError(f"There is no competitor {odd[0][:60]!r} for these data.")
        return asked[:MOST]

    return read
