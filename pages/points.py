"""Diffusion in the plane, where everything can be seen: points, paths, the field and the truth."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Curve
from explorer.palette import CATEGORICAL
from explorer.ui import jobs, theme
from explorer.ui.asking import guarded
from explorer.ui.plane_choices import segmented, several, waiting
from explorer.ui.plane_races import compare, wrong
from explorer.ui.plane_subject import distribution, settings
from explorer.ui.plane_training import train
from explorer.ui.player import player
from explorer.ui.source import code

ARROWS = {"score": "Score ∇ log p", "velocity": "Velocity dx/dt"}
WALKS = {"ode": "ODE (no fresh noise)", "ddpm": "DDPM (fresh noise)"}
VIEWS = {
    "x": "x",
    "x0": "Predicted x₀",
    "learned": "Learned field",
    "exact": "Exact field",
}
TITLES = {"x": "x:", "x0": "x₀:", "learned": "Learned", "exact": "Exact"}  # how tracks begin


# The film -------------------------------------------------------------------------------------


@st.fragment
def film(asked: dict[str, Any], learned: bool) -> None:
    """Everything at one time t, on one slider; below it the formulas and the error."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        views = several("Show", VIEWS, list(VIEWS), "views")
        arrows = segmented("Arrows", ARROWS, "score", "arrows")
        walk = segmented("Points walk by", WALKS, "ode", "walk")
    options = {"learned": learned, "arrows": arrows, "walk": walk}
    found = jobs.awaited("p_film", waiting, "points_film", **asked, **options)
    if found is None:
        return
    whole, error = found
    still = not jobs.working("p_job")  # the browser may need what training needs
    tracks = [t for t in whole.tracks if any(t.title.startswith(TITLES[v]) for v in views)]
    frame = player(
        replace(whole, tracks=tuple(tracks)), key="p_player", height=430, autoplay=still, value=0
    )
    st.caption(explained(asked, learned))
    formulas(arrows, error, whole.ticks[frame or 0])


def explained(asked: dict[str, Any], learned: bool) -> str:
    """How to read the film."""
    exact = (
        "of the true mixture of Gaussians"
        if asked["name"] in ("ring", "grid")
        else "of the finite training set, which at small t only remembers its points"
    )
    grounds = "The ground of the learned field is the density of its own samples; that of the "
    return (
        "A point's colour is the quadrant of the noise it began in; forty draw their path. "
        + (grounds if learned else "The ground of the ")
        + f"exact field is the exact density {exact}. "
        "Arrows are scaled anew at each t, by the same factor in both fields."
    )


def formulas(arrows: str, error: Curve | None, t: float) -> None:
    """The formula of each picture beside the line that computes it, and the error curve."""
    left, right = st.container(key="wrap-formulas").columns(2, gap="large")
    with left:
        if error is not None:
            error_curve(error, t)
        st.latex(r"x_k = \alpha_k\, x_0 + \sigma_k\, \varepsilon")
        code("explorer.models.diffusing:Diffusing.denoising", "x = a * x0")
    with right:
        if arrows == "score":
            st.latex(
                r"\nabla \log p(x_k) = \frac{\alpha_k\, \mathbb{E}[x_0 \mid x_k] - x_k}{\sigma_k^2}"
            )
            code("explorer.flows:score")
        else:
            st.latex(r"\mathrm{d}x = x_0\, \mathrm{d}\alpha + \varepsilon\, \mathrm{d}\sigma")
            code("explorer.flows:velocity")


def error_curve(error: Curve, t: float) -> None:
    """How far the learned x_0 is from the exact one at each t; it runs as the slider does."""
    nearest = int(np.abs(error.x - t).argmin())
    figure = figures.curves(
        [error], title="Error of the learned x₀", x_title="t", log_y=True, height=280
    )
    figure.update_xaxes(range=[1, 0])
    figure.add_vline(x=t, line_dash="dot", line_width=1, line_color=CATEGORICAL[-1])
    st.plotly_chart(figure, key="p_error", config=figures.CONFIG)
    st.caption(
        f"At t = {error.x[nearest]:.2f} the mean squared error is **{error.y[nearest]:.2g}** per "
        "coordinate, over noised points that training never saw."
    )


@st.fragment
def history(asked: dict[str, Any]) -> None:
    """The film of the training beside its loss."""
    found = jobs.awaited("p_history", waiting, "training_film", **asked)
    if found is None:
        return
    whole, loss = found
    left, right = st.container(key="wrap-history").columns([1, 1], gap="large")
    with left:
        player(whole, key="p_training", height=360, report=False, value=len(whole.labels) - 1)
    with right:
        figure = figures.curves([loss], title="Loss while training", log_y=True, height=300)
        st.plotly_chart(figure, key="p_loss", config=figures.CONFIG)
        st.caption(
            "The loss never reaches zero: from a noisy point nobody can tell for certain where it "
            "came from. What counts is how little it is above that of the exact field."
        )


# The page -------------------------------------------------------------------------------------

theme.show(
    theme.hero(
        "Diffusion in the plane",
        "Points become noise, and a small network learns the way back in seconds. In two "
        "dimensions you see all of it: every path, the field that moves them, and the exact "
        "answer beside it.",
    )
)
chosen = distribution(
    "With only a few, the exact field leads to these very points and nowhere else: a perfect "
    "denoiser of a finite set can only remember."
)
values = settings()
if chosen is not None:
    asked = {**chosen, "values": values}
    with guarded():
        above = st.container()
        below = st.container()
        with above:
            learned = train(asked)
        with below, guarded():
            film(asked, learned)
        if learned:
            st.header("How it learned")
            with guarded():
                history(asked)
            st.header("The same noise, several ways")
            with guarded():
                compare(asked)
            st.header("What goes wrong")
            with guarded():
                wrong(asked)
