"""The two-axis latent grid: pictures over two latent directions, models side by side."""

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer import catalog
from explorer.answers import Paths
from explorer.catalog import Entry
from explorer.config import Settings, describe, setting
from explorer.ui import forms, gans, pickers, theme, url
from explorer.ui.asking import ask, guarded
from explorer.ui.rows import Row, figure
from explorer.ui.sampler_form import seed
from explorer.ui.source import code

MOST = 4  # models side by side
SIDE = 9  # pictures along each direction
JUMPY = 2.0  # largest step over the mean from which on a row is marked
KINDS = {
    "steepest": "Where most changes",
    "random": "Two random directions",
    "axes": "Two latents",
}


class View(Settings):
    """Which part of the latent space is looked at."""

    latent_i: int = setting(1, "To the right: latent", "Which number of z.", ge=1, le=512)
    latent_j: int = setting(2, "Downwards: latent", "Which number of z.", ge=1, le=512)
    reach: float = setting(
        5.0,
        "Range",
        "The grid runs from minus this to this along both directions. Most latents are between −2 "
        "and 2, but one of many says little, so the grid may go beyond.",
        ge=0,
        le=10,
    )


VIEW = {one.name: one for one in describe(View)}


def planes(entry: Entry) -> None:
    """The same plane through the chosen model and through up to three others."""
    chosen = [entry, *others(entry)]
    asked = directions(chosen)
    grids = []
    for one in chosen:
        with guarded():
            grids.append(grid(one, ask("latent_plane", checkpoint=one.exact, side=SIDE, **asked)))
    room = [""] if len(grids) > 1 else ["<span></span>"]  # one alone gets half of the page
    theme.show(theme.row(*grids, *room, least="22rem"))
    st.caption(
        "Each picture is one point of a plane through the latent space; all other directions stay "
        "those of the seed. A step is the root mean square difference a pixel of two neighbours, "
        "in per cent of black to white. The figure behind a row says how evenly it changes: its "
        "largest step "
        f"over its mean step. 1 is perfectly even; {SIDE - 1} would be one sudden jump and no "
        f"change anywhere else; from {JUMPY:g} on it is marked. A direction is disentangled if it "
        "changes one thing only."
    )
    explanation(asked["kind"])


def others(entry: Entry) -> list[Entry]:
    """The models beside it: at first one of every other loss."""
    shape = entry.header.facts["spec"]["shape"]
    found = {key: catalog.entry(key) for key in pickers.titles(gans.ABLE) if key != entry.key}
    alike = {k: e for k, e in found.items() if e.header.facts["spec"]["shape"] == shape}
    if not alike:
        return []
    keys = pickers.several(
        "Beside it",
        {k: e.title for k, e in alike.items()},
        usual(entry, alike),
        "beside",
        max_selections=MOST - 1,
        help="Up to three other models of pictures of this size: one of each loss, to compare.",
    )
    return [alike[key] for key in keys]


def usual(entry: Entry, there: dict[str, Entry]) -> list[str]:
    """The first model of every loss that is not its own."""
    first: dict[str, str] = {}
    for key, one in there.items():
        first.setdefault(one.header.recipe["model"]["loss"], key)
    first.pop(entry.header.recipe["model"]["loss"], None)
    return list(first.values())[: MOST - 1]


def directions(chosen: list[Entry]) -> dict[str, Any]:
    """Which plane, as the engine's arguments."""
    kind = url.segmented("Directions", KINDS, "steepest", "directions")
    names = next(filter(None, map(gans.classes_of, chosen)), [])
    cells = iter(st.container(key="wrap-plane").columns(5 if kind == "axes" else 3, gap="small"))
    with next(cells):
        number = seed()
    with next(cells):
        reach = forms.control(VIEW["reach"], VIEW["reach"].default)
    axes, label = (0, 1), None
    if kind == "axes":
        least = min(one.header.recipe["model"]["latent"] for one in chosen)
        axes = tuple(_axis(next(cells), name, least) for name in ("latent_i", "latent_j"))
    if names:
        with next(cells):
            label = gans.label(names)
    return {"kind": kind, "axes": axes, "seed": number, "reach": reach, "label": label}


def _axis(cell: DeltaGenerator, name: str, least: int) -> int:
    """One latent, counted from 1 on the page and from 0 below it."""
    one = VIEW[name]
    with cell:
        named = replace(one, title=f"{one.title} (1 to {least})")
        return int(forms.control(named, one.default) or one.default) - 1


def grid(entry: Entry, found: Paths) -> str:
    """One model's plane as HTML, with a figure behind each row."""
    lines = [
        Row(pictures, after=f"{jump:.1f}", loud=bool(jump >= JUMPY))
        for pictures, jump in zip(found.pictures, found.jump, strict=True)
    ]
    note = (
        f"{gans.loss_title(entry.header.recipe['model']['loss'])} · mean step "
        f"{100 * found.step.mean():.1f} % · largest over mean {found.jump.mean():.2f}, "
        f"worst row {found.jump.max():.1f}"
    )
    return figure(entry.title, note, lines)


def explanation(kind: str) -> None:
    """How the directions are found, and the figure of a row."""
    with st.expander("The plane and the figure as formulas, and the code"):
        left, right = st.columns(2, gap="large")
        with left:
            st.latex(r"z(s, t) = z_0 - (z_0^\top u)\,u - (z_0^\top v)\,v + s\,u + t\,v")
            code("explorer.inventing:plane")
            if kind == "steepest":
                st.caption(
                    "u and v are the first two right singular vectors of the Jacobian of G at z₀: "
                    "of all directions, those in which the picture changes most."
                )
                code("explorer.inventing:steepest", "jacobian = ")
        with right:
            st.latex(
                r"d_k = \sqrt{\tfrac1P \textstyle\sum_p (x_{k+1,p} - x_{k,p})^2}, \qquad"
                r"\frac{\max_k d_k}{\tfrac1{n-1}\sum_k d_k}"
            )
            code("explorer.inventing:smoothness", "steps = ")
