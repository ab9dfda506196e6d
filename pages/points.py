"""Diffusion in the plane, where everything can be seen: points, paths, the field and the truth."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explorer import data, figures
from explorer.answers import Curve, Film, Plane
from explorer.ui import forms, jobs, theme, url
from explorer.ui.asking import ask, guarded
from explorer.ui.live import duration
from explorer.ui.plane_choices import key, prefixed, segmented, several, waiting
from explorer.ui.plane_races import compare, wrong
from explorer.ui.player import player
from explorer.ui.plot_pad import plot_pad
from explorer.ui.source import code

OWN = {"drawn": "Draw", "picture": "From a picture"}
FEWEST = 20  # points; the engine says so too
EXTENT = 2.1  # half the side of what is shown
GROUPS = ("Process", "Network", "Training", "Optimizer")
ARROWS = {"score": "Score ∇ log p", "velocity": "Velocity dx/dt"}
WALKS = {"ode": "ODE (no fresh noise)", "ddpm": "DDPM (fresh noise)"}
VIEWS = {
    "x": "x",
    "x0": "Predicted x₀",
    "learned": "Learned field",
    "exact": "Exact field",
}
TITLES = {"x": "x:", "x0": "x₀:", "learned": "Learned", "exact": "Exact"}  # how tracks begin


# What is learned ------------------------------------------------------------------------------


def distribution() -> dict[str, Any] | None:
    """The engine's ``name`` and ``points`` of what was chosen; None while there is too little."""
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
        points = drawn() if name == "drawn" else pictured()
        if len(points) >= FEWEST:
            return {"name": name, "points": points}
    return None


def drawn() -> np.ndarray:
    """Points from the pad; they live as long as the browser's tab."""
    pad, words = st.container(key="wrap-pad").columns([1, 1], gap="large")
    with pad:
        points = plot_pad(key="p_pad", first=st.session_state.get("p_drawn"))
    st.session_state["p_drawn"] = points
    with words:
        st.caption(
            f"Click or drag. It takes {FEWEST} points at least; a thousand make a distribution. "
            "With only a few, the exact field leads to these very points and nowhere else: a "
            "perfect denoiser of a finite set can only remember. Your points are not in the "
            "address of this page."
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


# Training -------------------------------------------------------------------------------------


def train(asked: dict[str, Any]) -> bool:
    """Train if that was wished for; whether the model is there."""
    if jobs.known("train_points", **asked):
        st.session_state.setdefault("p_wish", asked_for(asked))
        return True
    wish = st.session_state.setdefault("p_wish", None)
    if wish is None:  # on opening, or after a one-click fix: begin by itself, once
        wish = st.session_state["p_wish"] = asked_for(asked)
    if wish != asked_for(asked):
        offer(asked)
        return False
    place = st.container(border=True)
    with place:
        if st.button("Cancel", icon=":material/stop:", key="p_cancel"):
            jobs.cancel("p_job")
            st.session_state["p_wish"] = "cancelled"
            st.rerun()
        jobs.awaited("p_job", learning, "train_points", **asked)
    return False


def asked_for(asked: dict[str, Any]) -> str:
    """Equal for equal settings and points."""
    points = asked["points"]
    return repr((asked["name"], sorted(asked["values"].items()))) + str(
        None if points is None else hash(points.tobytes())
    )


def offer(asked: dict[str, Any]) -> None:
    """The button that trains."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train", type="primary", icon=":material/play_arrow:", key="p_train"):
            st.session_state["p_wish"] = asked_for(asked)
            st.rerun()
        st.caption("Takes seconds. Until then you see the exact field, which needs no training.")


def learning(items: list[dict]) -> None:
    """How a training goes: progress, loss, and the samples so far as a film that grows."""
    told = [one for one in items if isinstance(one, dict)]
    if not told:
        st.progress(0.0, "Waiting for its turn …")
        return
    now = told[-1]
    left = (now["total"] - now["step"]) / now["rate"] if now["rate"] else 0.0
    told_now = f"step {now['step']:,} of {now['total']:,}"
    if now["rate"]:
        told_now += f" · loss {now['loss']:.3f} · {now['rate']:.0f} steps/s · "
        told_now += f"{duration(left)} left"
    st.progress(now["step"] / now["total"], told_now)
    seen = [(one["step"], one["points"]) for one in told if one["points"] is not None]
    track = Plane("Samples while it learns", np.stack([p for _, p in seen]), extent=EXTENT)
    film = Film((track,), tuple(f"step {step:,}" for step, _ in seen))
    player(film, key="p_live", height=360, value=len(seen) - 1, report=False)


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
    figure.add_vline(x=t, line_dash="dot", line_width=1)
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
chosen = distribution()
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
