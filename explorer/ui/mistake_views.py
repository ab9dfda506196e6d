"""What the twins of each mistake show once a person has made a guess."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Curve
from explorer.palette import CATEGORICAL
from explorer.ui import theme
from explorer.ui.player import player
from explorer.ui.source import code

SUMS = {  # what a generated point's logit feels without detach: L_G′(d) + L_D′(d)
    "wasserstein": (r"-1 + 1 = 0", "nothing is left: G stands still but for D's own movement"),
    "hinge": (r"-1 + 1 = 0 \quad (d > -1)", "nothing is left as long as d is above −1"),
    "minimax": (r"-\sigma(d) + \sigma(d) = 0", "nothing is left: G stands still"),
    "non-saturating": (r"(\sigma(d) - 1) + \sigma(d) = 2\sigma(d) - 1", "G is content at σ(d) = ½"),
    "least-squares": (
        r"(d - 1) + d = 2d - 1",
        "G is content at d = ½, halfway between the targets",
    ),
}

ALONE = {
    "mlp": "**A batch of one cannot be drawn at all**: a single number has no standard deviation, "
    "and PyTorch raises an error.",
    "conv": "A batch of one (the film's last frame) has only its own positions to take them over.",
}


# Detach -------------------------------------------------------------------------------------------


def detach(found: dict[str, Any], values: dict[str, Any]) -> None:
    """The plane with and without detach, and what G's optimizer found."""
    player(found["film"], key="m_detach_film", height=400, autoplay=True, report=False)
    st.caption(
        "Grey: real points. Colour: generated ones, the same z in both. Arrows: where a point is "
        "pushed by all that reaches G. The ground is darker where D finds a place more real."
    )
    theme.show(theme.row(*_empty(found), *_covered(found), least="11rem"))
    three(
        {
            "Norm left by D's step": (found["left"], "", (0, None)),
            "Cosine: got and due": (found["cosine"], "", (-1.05, 1.05)),
            "Distance to the data": (found["distance"], "", (0, None)),
        },
        key="m_detach",
        x_title="round",
    )
    st.caption(
        "The cosine is between the gradient that G gets and that of its own loss, which is due. 1: "
        "both are the same. 0: at a right angle to it. −1: the "
        "opposite. The distance is the sliced 2-Wasserstein distance: how far points have to be "
        "moved on average, seen along lines in all directions."
    )
    left, right = st.container(key="wrap-m-detach").columns(2, gap="large")
    sum_of, words = SUMS[values["loss"]]
    with left:
        st.markdown(f"For a generated point with logit *d*, both parts together: {words}.")
        st.latex(rf"L_G'(d) + L_D'(d) \;=\; {sum_of}")
        st.markdown(
            "D has moved between the two parts, so in truth a little is left. **Other code, other "
            "harm:** where `opt_G.zero_grad()` comes right before G's own `backward()`, what D "
            "left is thrown away in time, and the mistake only costs the work of a backward pass "
            "through G. Where it comes anywhere else, such as after G's step, it does this."
        )
    with right:
        code("explorer.models.gan:GAN.judgement", "not c.detach")
        code("explorer.twins:Watched._before_g")
    notice(
        "After `loss_D.backward()`, look at `[p.grad for p in G.parameters()]`: all "
        "of them have to be None or zero."
    )


def _empty(found: dict[str, Any]) -> list[str]:
    told = []
    for line, empty in zip(found["left"], found["empty"], strict=True):
        value = "empty" if empty else f"{np.nanmean(line.y):.2g}"
        note = "in every round" if empty else "norm, mean over all rounds"
        told.append(theme.stat(f"{line.name}: left in G", value, help=note))
    return told


def _covered(found: dict[str, Any]) -> list[str]:
    lines = zip(found["distance"], found["modes"], strict=True)
    return [theme.stat(f"{line.name}: modes covered", f"{n}", "of 8") for line, n in lines]


# Sampling in training mode ------------------------------------------------------------------------


def sample_in_eval(found: dict[str, Any], values: dict[str, Any]) -> None:
    """The same z among changing neighbours."""
    player(found["company"], key="m_company", height=340, autoplay=True, report=False)
    st.caption(
        "The same eight z all the time, with the same weights. Each is drawn in one batch with "
        "its neighbours, other z that are not shown; only these change from frame to frame."
    )
    healthy, mistaken = found["lonely"]
    few = "one" if values["architecture"] == "mlp" else "none"
    stats = [
        theme.stat("Healthy: change", percent(healthy), help=f"63 neighbours against {few}"),
        theme.stat("With the mistake", percent(mistaken), help="of a pixel's range, on average"),
        theme.stat(
            "The model itself",
            percent(found["drift"]),
            help=f"change of pictures in evaluation mode after {found['batches']:,} batches were "
            "drawn in training mode",
        ),
    ]
    theme.show(theme.row(*stats, least="13rem"))
    left, right = st.container(key="wrap-m-eval").columns(2, gap="large")
    with left:
        figure = figures.curves(
            found["change"],
            title="How far pixels move when the neighbours are others",
            x_title="neighbours in the batch",
            log_x=True,
            height=320,
        )
        figure.update_xaxes(tickvals=found["change"][0].x, ticktext=found["change"][0].x)
        figure.update_yaxes(tickformat=".1%", rangemode="tozero")
        figure.update_layout(legend={"y": 1, "yanchor": "top"})
        st.plotly_chart(figure, key="m_change", config=figures.CONFIG)
        st.caption("Standard deviation over four draws of neighbours, a mean over all pixels.")
    with right:
        st.latex(
            r"\text{training: } \frac{h - \mu_{\text{batch}}}{\sigma_{\text{batch}}} \qquad "
            r"\text{evaluation: } \frac{h - \mu_{\text{running}}}{\sigma_{\text{running}}}"
        )
        st.markdown(
            "h is one activation inside G; μ and σ are its mean and standard deviation over all "
            "positions and pictures of the batch, or a running mean of these over training. "
            + ALONE[values["architecture"]]
        )
        code("explorer.models.gan:GAN._sampling", "self.generator.train(not")
        code("explorer.twin_pictures:among")
    with st.expander("The training of this generator, sampled in both ways"):
        player(found["film"], key="m_eval_film", height=280, report=False)
    notice(
        "Draw the same z twice, once in a batch of 64 and once alone: the pictures have to be the "
        "same. Measures such as FID suffer too, since they are drawn in batches."
    )


def percent(share: float) -> str:
    """A share of the range of pixels as people read it."""
    return "0 %" if share < 5e-5 else f"{100 * share:.2g} %"


# Data that do not match ---------------------------------------------------------------------------


def match_tanh(found: dict[str, Any], values: dict[str, Any]) -> None:
    """What D sees, how well it tells, and the pixels that give G away."""
    player(found["film"], key="m_tanh_film", height=280, autoplay=True, report=False)
    st.caption(
        "Everything **as D sees it**, from −1 (black) to 1 (white): with the mistake, the black of "
        "real pictures is 0, a mid-grey, and so should be G's background."
    )
    (_, dark), (_, caught) = found["impossible"], found["betrayed"]
    healthy, mistaken = found["background"]
    last = [line.y[-1] for line in found["accuracy"]]
    stats = [
        theme.stat(
            "Pictures given away by one pixel",
            f"{caught:.0%}",
            help=f"of the generated ones; {dark:.0%} of all their pixels are below 0. Healthy: 0 %",
        ),
        theme.stat(
            "G's background", f"{mistaken:.2f}", help=f"healthy: {healthy:.2f} (black is −1)"
        ),
        theme.stat("D is right", f"{last[1]:.0%}", help=f"at the end; healthy: {last[0]:.0%}"),
    ]
    theme.show(theme.row(*stats, least="12rem"))
    left, right = st.container(key="wrap-m-tanh").columns(2, gap="large")
    with left:
        figure = figures.curves(
            found["accuracy"], title="How often D is right", x_title="round", height=320
        )
        figure.update_yaxes(tickformat=".0%", range=[0.45, 1.02])
        st.plotly_chart(figure, key="m_accuracy", config=figures.CONFIG)
        st.caption("Over 256 real and 256 generated pictures; 50 % is guessing.")
    with right:
        st.latex(r"x_{\text{real}} = 2p - 1, \quad x_{\text{generated}} = \tanh(h)")
        code("explorer.models.gan:GAN.from_data", "return")
        code("explorer.models.gan:GAN._bounded", "return")
        st.markdown(
            "p are pixels from 0 to 1. The slope of the Tanh, 1 − tanh²(h), is 0 at −1, so that "
            "black holds still there; at 0 it is 1."
        )
    st.plotly_chart(_histograms(found["values"]), key="m_values", config=figures.CONFIG)
    st.caption("Shares of all pixels by their value, as D sees them.")
    notice(
        "Print the least and the largest pixel of a real and of a generated batch, just before D "
        "sees them: they have to agree."
    )


def _histograms(pairs: Sequence[Sequence[Curve]]):
    titles = ("Healthy", "With the mistake")
    groups = {
        title: [replace(real, name=f"{title}: real"), generated]
        for title, (real, generated) in zip(titles, pairs, strict=True)
    }
    return figures.panels(groups, x_title="pixel value", columns=2, log_y=titles, height=280)


# Both ---------------------------------------------------------------------------------------------


def three(groups: dict[str, tuple], key: str, x_title: str) -> None:
    """Small plots side by side, wrapping; each with its own range of y."""
    columns = st.container(key=f"wrap-{key}-plots").columns(len(groups), gap="medium")
    for i, (column, (title, (lines, unit, low_high))) in enumerate(
        zip(columns, groups.items(), strict=True)
    ):
        figure = figures.curves(lines, title=title, x_title=x_title, y_title=unit, height=270)
        figure.update_yaxes(range=list(low_high) if low_high[1] else None, rangemode="tozero")
        figure.update_layout(legend={"y": 0.6, "yanchor": "middle"})
        figure.add_hline(0, line={"width": 1, "color": CATEGORICAL[9]}, opacity=0.4)
        with column:
            st.plotly_chart(figure, key=f"{key}_{i}", config=figures.CONFIG)


def notice(text: str) -> None:
    """How one finds the mistake in one's own code."""
    st.info(f"**How to notice it in your own code.** {text}", icon=":material/search:")
