"""Whose latents are walked through, and where the walk begins."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import streamlit as st

from explorer import catalog
from explorer.answers import LatentAxes
from explorer.catalog import Entry
from explorer.config import Settings, describe, setting
from explorer.header import LATENT_DIFFUSION
from explorer.ui import forms, kept, pickers, url
from explorer.ui.asking import literal
from explorer.ui.sampler_form import seed

WALL = 64  # pictures that move together
ENCODER_STARTS = {
    "wall": "64 test images",
    "image": "One test image",
    "samples": "64 draws from N(0, I)",
    "mean": "The mean of all",
}
GENERATOR_STARTS = {
    "samples": "64 draws from N(0, I)",
    "image": "One test image, searched for",
    "mean": "The middle, z = 0",
}


class Where(Settings):
    """Which pictures a walk begins with."""

    image: int = setting(
        0, "Test image", "Its place among the test images, from 0.", ge=0, le=100_000
    )


class Start(NamedTuple):
    """Latents ``z`` N Z (and classes ``y`` N, if the model knows any), and what they are."""

    z: np.ndarray
    y: np.ndarray | None
    kind: str
    image: int = 0


# Whose ------------------------------------------------------------------------------------------

READY = {
    "32 latents of clothes": {"coder": "vae-fashion", "walk": "sliders"},
    "Two latents: a map of all digits": {
        "coder": "vae-mnist-2d",
        "walk": "plane",
        "places": "quantiles",
    },
    "β = 10: who is left?": {"coder": "vae-beta-10", "walk": "rows"},
    "1,024 latents": {"coder": "autoencoder-1024", "walk": "rows"},
    "A GAN": {"coder": "gan-fashion", "walk": "sliders"},
}


def ready() -> None:
    """Walks that are worth a look, those whose models are here: a click chooses them."""
    there = pickers.titles(())
    with st.container(horizontal=True):
        for title, chosen in READY.items():
            key = f"{catalog.SHIPPED}{chosen['coder']}"
            if key not in there:
                continue
            if url.put(st.button, title, key=f"ready-{chosen['coder']}"):
                st.session_state.update(chosen | {"coder": key})
                st.rerun()


def choose(key: str = "coder", default: str = "vae-fashion") -> Entry | None:
    """A model of pictures; one without latents may be chosen too, and is told what it can do."""
    with st.container(key="wrap-coder").columns(2)[0]:
        found = pickers.checkpoint("Model", key, f"{catalog.SHIPPED}{default}", (), _of_pictures)
        if found:
            st.caption(described(found))
    return found


def _of_pictures(entry: Entry) -> bool:
    pictures = len(entry.header.facts["spec"]["shape"]) == 3
    return pictures and not entry.key.startswith(catalog.EXACT)


def described(entry: Entry) -> str:
    """What matters here of a model, on one line."""
    model = entry.header.recipe["model"]
    parts = [f"latent {model['latent']:,}"] if entry.header.decodes else ["no latents"]
    if entry.header.family == LATENT_DIFFUSION:
        parts.append("seen through its autoencoder")
    elif "beta" in model:
        parts.append(f"β = {model['beta']:g}")
    parts.append(f"{entry.header.parameters:,} parameters")
    return literal(" · ".join(parts))


def refused(entry: Entry) -> None:
    """What a model without latents can do instead."""
    st.info(
        f"{literal(entry.title)} works on all pixels at once: no few numbers stand for a picture, "
        "so there is no latent to move. What it has instead is the noise it begins with, and every "
        "step on the way from there. Or choose an autoencoder, a VAE, a GAN or a latent diffusion.",
        icon=":material/block:",
    )
    st.page_link("pages/reverse.py", label="Walk from noise to a picture: Reverse process")


# Where it begins --------------------------------------------------------------------------------


def axes_of(entry: Entry) -> LatentAxes:
    """What each latent is like, measured once, with progress."""
    text = "Looking where the latents of 1,000 test images lie, and what each one does …"
    return kept.awaited("latent_axes", text, checkpoint=entry.exact)[-1]


def start(entry: Entry) -> Start:
    """Where the walk begins, as widgets; it stands in the address."""
    options = ENCODER_STARTS if entry.header.encodes else GENERATOR_STARTS
    cells = st.container(key="wrap-start").columns([3, 1], gap="medium", vertical_alignment="top")
    with cells[0]:
        kind = url.segmented("Begin with", options, next(iter(options)), "begin", wrap=True)
    asked = {"kind": {"wall": "images", "image": "images"}.get(kind, kind), "n": 1}
    with cells[1]:
        if kind in ("wall", "image"):
            asked["index"] = image("From test image" if kind == "wall" else "")
        elif kind == "samples":
            asked["seed"] = seed("latent_seed", 0, "Seed of the draws")
    if kind in ("wall", "samples"):
        asked["n"] = WALL
    text = "Searching for the latents of this picture: 200 steps of Adam …"
    z, y = kept.awaited("latent_start", text, checkpoint=entry.exact, **asked)[-1]
    return Start(z, y, kind, asked.get("index", 0))


def image(title: str = "") -> int:
    """The place of a test image."""
    (one,) = describe(Where)
    return int(forms.control(replace(one, title=title or one.title), one.default) or 0)


# How a latent is named ----------------------------------------------------------------------------


def figure_of(axes: LatentAxes, latent: int) -> str:
    """The figure by which latents are ordered, with its unit."""
    if axes.kl is None:
        return f"{100 * axes.change[latent]:.1f} %"
    return f"{axes.kl[latent]:.2f} nats"


def share_of(axes: LatentAxes, latent: int) -> float:
    """The same figure beside the largest one: 0 to 1."""
    values = axes.change if axes.kl is None else axes.kl
    largest = float(values.max())
    return float(values[latent]) / largest if largest > 0 else 0.0


def what_orders(axes: LatentAxes) -> str:
    """What that figure is, in a sentence."""
    if axes.kl is None:
        return (
            "These latents have no posterior of their own and so no KL: the figure is how much the "
            "picture changes between one standard deviation to either side, root mean square a "
            "pixel, in per cent of black to white."
        )
    return (
        "The figure is the latent's KL in nats: how much of a picture is said through it, on "
        "average. A latent near 0 nats carries nothing: its posterior is the prior itself."
    )


def groups(axes: LatentAxes, size: int, key: str) -> list[int]:
    """``size`` latents at once, the most used first; others on demand."""
    count = len(axes.order)
    if count <= size:
        return axes.order.tolist()
    firsts = [str(i) for i in range(0, count, size)]

    def told(first: str) -> str:
        end = min(int(first) + size, count)
        return f"{int(first) + 1} to {end}" + (", the most used" if first == "0" else "")

    with st.container(key=f"wrap-{key}").columns(2)[0]:
        name = f"Which of its {count:,} latents"
        chosen = url.choose(st.selectbox, name, firsts, "0", key, format_func=told)
    return axes.order[int(chosen) : int(chosen) + size].tolist()
