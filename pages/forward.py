"""The forward process: pictures under more and more noise, and what is left of them at the end."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer import figures, forward, levels
from explorer.pictures import enlarge
from explorer.schedules import Schedule
from explorer.ui import ending, noising, theme, url
from explorer.ui.asking import guarded
from explorer.ui.drag import Slider, drag_panel
from explorer.ui.forward_pictures import VIEW, asked, noise, pictures
from explorer.ui.player import player
from explorer.ui.source import code

DRAG = "noising-drag"


# While the slider is dragged ----------------------------------------------------------------------


def level(x: np.ndarray, chosen: Schedule, seed: int, mistake: bool) -> None:
    """x_k, its two parts, the formula with its numbers and the curves, all at one level."""
    x0 = forward.signal(x)
    figure = figures.panels(levels.level_curves(chosen), x_title="level k", height=230)
    with st.container(gap=None):
        _at_one_level(x0, forward.noise(x0.shape, seed), chosen, mistake, figure)
        st.plotly_chart(figure, key="level-curves", config=figures.CONFIG)


@st.fragment
def _at_one_level(x0, eps, chosen: Schedule, mistake: bool, figure: go.Figure) -> None:
    """What a drag repaints: all but the curves, which are marked from above."""

    def draw(values: dict[str, float]) -> dict[str, np.ndarray]:
        return _parts(x0, eps, chosen, round(values["t"] * chosen.T), mistake)

    slider = Slider("t", "t = k / T, from the picture (0) to the end (1)", 0, 1, 0.01, _resting())
    with st.container():
        t = drag_panel(draw, key=DRAG, sliders=[slider], title="Noised", height=420)["t"]
        _formula(chosen, round(t * chosen.T), mistake)
    st.session_state["t"] = t
    theme.show(_marks(figure, round(t * chosen.T)))


def _marks(figure: go.Figure, k: int) -> str:
    """A dot on every curve of the figure that stands below, and a line from it to the axis."""
    edge, height = figure.layout.margin, figure.layout.height
    dots = []
    for colour, left, bottom in figures.places(figure, k):
        x = f"calc({edge.l}px + (100% - {edge.l + edge.r}px) * {left:.4f})"
        y = edge.t + (height - edge.t - edge.b) * (1 - bottom)
        line = f"top:{y:.1f}px;bottom:{edge.b}px;border-left:1px dotted var(--gm-muted)"
        dot = f"top:{y - 4.5:.1f}px;width:9px;height:9px;margin-left:-4px;border-radius:50%"
        dots.append(f'<i style="position:absolute;left:{x};{line}"></i>')
        dots.append(f'<i style="position:absolute;left:{x};{dot};background:{colour}"></i>')
    over = f"position:absolute;left:0;right:0;top:0;height:{height}px;pointer-events:none;z-index:1"
    return (
        f'<div style="position:relative;height:0"><div style="{over}">{"".join(dots)}</div></div>'
    )


def _resting() -> float:
    """Where the slider begins: constant while it is moved, so that the browser keeps it."""
    for key in (DRAG, "t", "t_first"):
        url.note(key)
    if DRAG not in st.session_state:
        st.session_state["t_first"] = st.session_state.get("t", asked("t"))
    return st.session_state.setdefault("t_first", VIEW["t"].default)


def _parts(x0, eps, chosen: Schedule, k: int, mistake: bool) -> dict[str, np.ndarray]:
    """Titled pictures: x_k and what it is the sum of."""
    a, s = chosen.at(k)
    shown = {
        "xₖ, the sum of both": forward.noised(x0, eps, a, s),
        "αₖ x₀, the picture part": a * x0,
        "σₖ ε, the noise part": s * eps,
    }
    if mistake:
        wrong = forward.mistaken(x0, eps, forward.beta_at(chosen, k))
        shown["The mistake: x₀ − βₖ ε"] = wrong
    return {title: forward.wall(part) for title, part in shown.items()}


def _formula(chosen: Schedule, k: int, mistake: bool) -> None:
    """The one-step formula with this level's numbers, and the line of ours that computes it."""
    a, s = chosen.at(k)
    left, right = st.container(key="wrap-formula").columns(2, gap="large")
    with left:
        st.latex(
            rf"x_{{{k}}} \;=\; \underbrace{{{a:.3f}}}_{{\alpha_{{{k}}}}}\, x_0 \;+\; "
            rf"\underbrace{{{s:.3f}}}_{{\sigma_{{{k}}}}}\,\varepsilon,"
            r"\qquad \varepsilon\sim\mathcal N(0, I)"
        )
        if mistake:
            beta = forward.beta_at(chosen, k)
            st.latex(rf"\text{{mistake:}}\quad x_{{{k}}} = x_0 - {beta:.5f}\,\varepsilon")
    with right:
        code(forward.noised, "return")
        if mistake:
            code(forward.mistaken, "return")


@st.fragment(run_every=2.0)
def remember() -> None:
    """The slider's place goes into the address when it rests: each change adds to the history."""
    url.keep("t", round(st.session_state.get("t", VIEW["t"].default), 2), VIEW["t"].default)


# The whole way ------------------------------------------------------------------------------------


def whole_way(x: np.ndarray, chosen: Schedule, seed: int, mistake: bool) -> None:
    """Some levels in a row, and all of the way as a film."""
    st.header("The whole way")
    few = forward.signal(x[:3])
    at = levels.evenly(chosen.T, 11)
    row = forward.strip(few, forward.noise(few.shape, seed), chosen, at)
    note = "levels " + ", ".join(str(k) for k in at)
    theme.show(theme.strip("Forward strip", note, enlarge(row, 3)))
    player(forward.film(forward.signal(x), chosen, seed, mistake), key="forward-film", report=False)
    st.caption(
        "Left: every level in one jump from the picture, with one and the same noise. Next to it: "
        "step by step, each frame made from the one before with fresh noise. Single frames differ, "
        "but at each level both have the same distribution. That is why training may jump."
    )
    with st.expander("The lines of ours behind this"):
        st.caption("The chain, step by step:")
        code(forward.step_by_step)
        st.caption("The same jump inside the training loss, for a batch of random levels:")
        code("explorer.models.diffusing:Diffusing.denoising", "x = a * x0")


theme.show(
    theme.hero(
        "Forward process",
        "Noise swallows a picture, level by level. Nothing is learned here: it is one formula.",
    )
)
x, energy = pictures()
values = noising.form()
seed, mistake = noise()
with guarded():
    chosen = noising.chosen(values)
    level(x, chosen, seed, mistake)
    remember()
    ending.verdict(x, energy, values, seed)
    whole_way(x, chosen, seed, mistake)
    st.page_link(
        "pages/train.py",
        label="Train a model with this schedule",
        icon=":material/model_training:",
        query_params=noising.trainable(values),
    )
