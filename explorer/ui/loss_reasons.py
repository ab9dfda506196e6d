"""Why the losses of a GAN train or do not: three explanations, each beside what shows it."""

import ast
from dataclasses import replace
from functools import lru_cache
from textwrap import dedent
from typing import Any

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Curve, Film
from explorer.ui import loss_plots, theme
from explorer.ui.player import player
from explorer.ui.source import ROOT, Excerpt, code

TABLE = "explorer/adversarial.py"
TAKEN_FROM = {"non-saturating": 0.0, "least-squares": 0.5}  # the logit at which D is undecided
GENERATOR = {
    "non-saturating": r"-\log \sigma(d)",
    "minimax": r"\log\big(1 - \sigma(d)\big)",
    "least-squares": r"\tfrac12 (d - 1)^2",
    "wasserstein": r"-d",
    "hinge": r"-d",
}
SLOPE = {
    "non-saturating": r"\sigma(d) - 1",
    "minimax": r"-\sigma(d)",
    "least-squares": r"d - 1",
    "wasserstein": r"-1",
    "hinge": r"-1",
}
WORDS = """
- **Generator G** turns noise *z* into points *x = G(z)*; **discriminator D** gives any point a
  number, its **logit** *d = D(x)*: the larger, the more real it looks. With Wasserstein and hinge
  it is called a score, and D a critic.
- **σ(d) = 1 / (1 + e⁻ᵈ)**, the sigmoid, turns a logit into D's probability of "real": σ(0) = ½.
  It is **saturated** where it hardly changes any more, near 0 and near 1.
- **The gradient L′(d)** is how much the generator's loss *L* changes when *d* does. Its sign says
  which way to push *d*; its size, how hard. At 0 there is nothing to learn.
- **The norm of a gradient** is its length over all weights of a network: how strongly one update
  pulls at it.
- **A penalty** is added to D's loss to keep D from being too steep.
"""


def only(film: Film, titles: list[str]) -> Film:
    """The tracks of the losses that are shown."""
    return replace(film, tracks=tuple(t for t in film.tracks if t.title in titles))


# Formulas -----------------------------------------------------------------------------------------


def formulas(names: list[str]) -> None:
    """The chain rule and each loss, beside the lines that compute them."""
    st.subheader("In one formula")
    left, right = st.container(key="wrap-wide-formula").columns(2, gap="large")
    with left:
        st.latex(
            r"\underbrace{\frac{\partial L}{\partial x}}_{\text{push on a point}} = "
            r"\underbrace{L'(d)}_{\text{the loss}} \cdot "
            r"\underbrace{\frac{\partial d}{\partial x}}_{\text{slope of } D}"
        )
        st.markdown("Both factors have to be there: a loss that still cares, and a D that slopes.")
        code("explorer.plane_games:push", "autograd")
    with right:
        rows = [rf"\text{{{n}}} & & L &= {GENERATOR[n]} & L' &= {SLOPE[n]}" for n in names]
        st.latex(r"\small\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}")
        rows_of(names)


def rows_of(names: list[str]) -> None:
    """The rows of our table of losses that are called ``names``, and where they stand."""
    found = sorted((_row(name) for name in names), key=lambda one: one.line)
    st.code("\n".join(one.text for one in found), language="python", wrap_lines=True)
    lines = ", ".join(str(one.line) for one in found)
    st.caption(f"{TABLE}, line{'s' * (len(found) > 1)} {lines}")


@lru_cache(maxsize=16)
def _row(name: str) -> Excerpt:
    text = (ROOT / TABLE).read_text(encoding="utf-8")
    tables = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Dict))
    rows = ((k, v) for one in tables for k, v in zip(one.keys, one.values, strict=True))
    for key, value in rows:
        if isinstance(key, ast.Constant) and key.value == name:
            lines = text.splitlines()[key.lineno - 1 : value.end_lineno]
            return Excerpt(TABLE, key.lineno, dedent("\n".join(lines)))
    raise LookupError(f"there is no loss {name}")


# Three explanations -------------------------------------------------------------------------------


@st.fragment
def saturates(curves: dict[str, dict], names: list[str], found: dict[str, Any]) -> None:
    """A D that is sure: what is left of each gradient."""
    titles = [curves[name]["title"] for name in names]
    film = only(found["film"], titles)
    last = len(film.labels) - 1
    frame = player(film, key="l_sure", height=270, value=last)
    frame = last if frame is None else frame
    left, right = st.container(key="wrap-l-sure").columns(2, gap="large")
    lines = [line for line in found["norms"] if line.name in titles]
    with left:
        figure = loss_plots.fading(lines, lines[0].x[frame])
        st.plotly_chart(figure, key="l_fading", config=figures.CONFIG)
        st.caption("The norm of G's gradient while D alone is updated and G stands still.")
    with right:
        values = {line.name: float(line.y[frame]) for line in lines}
        figure = loss_plots.bars(values, [line.group for line in lines], "norm of G's gradient")
        st.plotly_chart(figure, key="l_bars", config=figures.CONFIG)
        st.caption(f"The same after {film.labels[frame]}: all that one update of G could go on.")


def first(curves: dict[str, dict], names: list[str], found: dict[str, Any]) -> None:
    """Vanishing sigmoid."""
    given = {name: found["factors"][name] for name in ("minimax", "non-saturating")}
    left, right = st.container(key="wrap-wide-first").columns(2, gap="large")
    with left:
        st.markdown(
            "D learns to tell the generated points with certainty: their logits *d* go far below "
            "0, and σ(d) with them to 0. **Minimax** multiplies all that D could tell by exactly "
            "that σ(d): the better D is, the less G learns. The **non-saturating** form asks "
            "the same question the other way round (make *real* likely instead of making "
            "*generated* unlikely) and multiplies by 1 − σ(d), which is 1 just then."
        )
        st.latex(
            r"\small\begin{aligned} \text{minimax} & & L' &= -\sigma(d) \to 0 \\"
            r"\text{non-saturating} & & L' &= \sigma(d) - 1 \to -1 \end{aligned}"
        )
    with right:
        rows = [
            theme.stat(
                curves[name]["title"],
                f"{loss:.2g} × {slope:.1f}",
                help="mean |L′(d)| × mean slope of D at the generated points, measured above",
            )
            for name, (loss, slope) in given.items()
        ]
        theme.show(theme.row(*rows, least="12rem"))
        rows_of(["non-saturating", "minimax"])


def second(curves: dict[str, dict], found: dict[str, Any]) -> None:
    """The pull to a target."""
    pair = ["non-saturating", "least-squares"]
    fake = {name: found["fake"][name][-1] for name in pair}
    left, right = st.container(key="wrap-wide-second").columns(2, gap="large")
    with left:
        figure = loss_plots.pulls(curves, pair, fake)
        st.plotly_chart(figure, key="l_pulls", config=figures.CONFIG)
        st.caption(f"Generated points at the end of both games ({found['film'].labels[-1]}).")
    with right:
        st.markdown(
            "Cross-entropy stops caring about a point once D takes it for real: in the shaded part "
            "its slope goes to 0, however far the point may be from the data. **Least squares** "
            "has a target, d = 1, and pulls with a strength that grows with the distance from it, "
            "**from both sides**: a point that D already takes for real, but too clearly so, is "
            "pulled back to where real points are. Nothing saturates; only at the target the pull "
            "is 0."
        )
        st.latex(r"L'(d) = d - 1")
        rows_of(["least-squares"])
        theme.show(theme.row(*(_pull(curves, name, fake[name]) for name in pair), least="10rem"))


def _pull(curves: dict[str, dict], name: str, d: np.ndarray) -> str:
    """How hard a loss pulls at a point far inside what D takes for real."""
    one = curves[name]
    pull = np.interp(3.0, one["d"], one["gradient"])
    share = (d > TAKEN_FROM[name]).mean()
    text = f"{pull:+.2f}".replace("-", "−")
    note = f"L′ at d = 3; {share:.0%} of the points are taken for real now"
    return theme.stat(one["title"], text, help=note)


def third(curves: dict[str, dict], found: dict[str, Any]) -> None:
    """The even slope."""
    along, line = found["along"], found["line"]
    sure = 1 / (1 + np.exp(-line["non-saturating"].astype(float)))
    panels = {
        "Cross-entropy: σ(d)": Curve("σ(d)", along, sure, 0),
        "Wasserstein: score d": Curve("d", along, line["wasserstein"].astype(float), 3),
    }
    figure = loss_plots.section(along, panels, found["generated"], found["real"])
    st.plotly_chart(figure, key="l_section", config=figures.CONFIG)
    st.caption(
        "D along the diagonal from the lower left to the upper right, after its updates alone. "
        "Dots at the foot: generated points in colour, real ones in grey."
    )
    left, right = st.container(key="wrap-wide-third").columns(2, gap="large")
    with left:
        st.markdown(
            "A D that reads probabilities ends as a **step**: flat where the generated points are, "
            "flat behind them. The **Wasserstein** critic reads no probabilities: it only has to "
            "score real points higher on average, as much as it can, and the **gradient penalty** "
            "holds its slope at 1 on the way from generated to real points. So it becomes a "
            "**ramp**: wherever a point is, it is told which way the data lie, and as strongly "
            "far off as nearby. The loss itself adds nothing: its slope is −1 everywhere."
        )
        st.latex(
            r"\lambda \; \mathbb{E}_{\hat x}\Big[\big(\lVert \nabla_{\hat x} D(\hat x)"
            r"\rVert - 1\big)^2\Big]"
        )
        st.caption("x̂ lies between a real and a generated point.")
    with right:
        pair = ("non-saturating", "wasserstein")
        told = "mean slope ‖∂d/∂x‖ of D at the generated points"
        slopes = {curves[name]["title"]: found["factors"][name][1] for name in pair}
        stats = [theme.stat(title, f"{s:.2f}", help=told) for title, s in slopes.items()]
        theme.show(theme.row(*stats, least="10rem"))
        code("explorer.adversarial:gradient_penalty", "return")
        code("explorer.adversarial:slopes")
