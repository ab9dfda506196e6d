"""Ways on the stage: between two pictures, between two noises, and by epoch."""

import numpy as np
import streamlit as st

from explorer import catalog, data
from explorer.answers import Ways
from explorer.stage import Column
from explorer.ui import kept, theme, url, wander_rows
from explorer.ui.asking import ask, literal
from explorer.ui.rows import Row, by_epoch, figure
from explorer.ui.stage_film import Stage
from explorer.ui.wander_ends import between_images, between_noises

STEPS = 9  # pictures of a way
SEEDS = (0, 1)  # of the two noises
ENDS = (0, 8)  # classes of the two test images
EPOCHS = "stage_by_epoch"


def ways(found: Stage) -> None:
    """The ways of all models that draw at once, side by side."""
    encoders = [c for c in found.columns if c.entry.header.has("Encodes", "Decodes")]
    inventors = [c for c in found.columns if c.entry.header.family in ("vae", "gan")]
    between = between_images(data.load(found.data, "test"), _images(found.data))
    noises = between_noises(SEEDS)
    sides = [
        _side("Between two test images", encoders, found.data, between),
        _side("Between two noises", inventors, found.data, noises),
    ]
    if any(sides):
        theme.show(theme.row(*filter(None, sides), least="24rem"))


def _side(title: str, columns: list[Column], data_name: str, ends: dict) -> str:
    lines = [_row(one, data_name, ends) for one in columns]
    return figure(title, "the weights at the end of the training", lines) if lines else ""


def _row(one: Column, data_name: str, ends: dict) -> Row:
    asked = {"checkpoint": one.entry.exact, "data_name": data_name, "steps": STEPS} | ends
    way: Ways = ask("wander_now", **asked, straight=False)
    jump = float(way.jump[0])
    return Row(way.pictures[0], one.title, f"{jump:.1f}", jump >= wander_rows.JUMPY)


def _images(data_name: str) -> list[int]:
    """The first test image of two classes."""
    labels = data.load(data_name, "test").y
    return [int(np.flatnonzero(labels == label)[0]) for label in ENDS]


def epochs(found: Stage) -> None:
    """The way of a run in each of its checkpoints; where there is no run, how to get one."""
    runs = {
        one.entry.key: one
        for one in found.columns
        if not one.entry.key.startswith(catalog.SHIPPED)
        and one.entry.header.family in ("vae", "gan")
    }
    if not runs:
        _none(found.data)
        return
    chosen = runs[_choose(runs)]
    asked = {"checkpoint": chosen.entry.exact, "seeds": SEEDS, "steps": STEPS, "straight": False}
    text = "Drawing the way in every checkpoint …"
    rows = by_epoch(kept.awaited("paths_by_epoch", text, label=None, **asked))
    theme.show(figure("By epoch", f"between two noises: {chosen.title}", rows))


def _choose(runs: dict[str, Column]) -> str:
    if len(runs) == 1:
        return next(iter(runs))
    titles = {key: literal(one.title) for key, one in runs.items()}
    more = {"first": next(iter(runs)), "key": EPOCHS, "format_func": titles.get}
    return url.beside(st.selectbox, "By epoch", list(runs), **more)


def _none(data_name: str) -> None:
    st.caption(
        "Does it depend on the epoch? A shipped model brings its last weights only. Train a VAE or "
        "a GAN here and add it above as a further column: each of its checkpoints gets a row."
    )
    asked = {"family": "gan", "data": data_name, "epochs": "25"}
    st.page_link(
        "pages/train.py",
        label="Train a GAN for 25 epochs",
        icon=":material/model_training:",
        query_params=asked,
    )
