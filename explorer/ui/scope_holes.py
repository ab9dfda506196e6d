"""*AE against VAE*: where the latents of each row are, beside N(0, I), and the holes between."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from explorer import figures
from explorer.answers import Aggregate, Curve
from explorer.catalog import Entry
from explorer.palette import CATEGORICAL
from explorer.ui import counting, theme
from explorer.ui.source import code

SLOT = "scope-holes"
SHOWN = 700  # of each cloud: more would hide each other
HOLE, FINE = CATEGORICAL[2], CATEGORICAL[-1]
RING = np.sqrt(-2 * np.log(0.05))  # holds 95 % of N(0, I) in the plane
ACROSS = 3  # maps side by side
HISTOGRAM = (-6.0, 6.0)


def found(entries: dict[str, Entry]) -> dict[str, Aggregate] | None:
    """Where the latents of every row are; what is known so far is drawn while the rest comes."""
    names = {entry.exact: name for name, entry in entries.items()}

    def meanwhile(done: list[dict[str, Aggregate]]) -> None:
        if done:
            draw({names[key]: one for key, one in done[-1].items()})

    what, asked = "where the latents are", {"checkpoints": tuple(names)}
    told = counting.awaited(SLOT, what, "Look for them", "aggregates", show=meanwhile, **asked)
    return told and {name: told[key] for key, name in names.items()}


def draw(told: dict[str, Aggregate]) -> None:
    """Maps and figures."""
    st.plotly_chart(maps(told), key=f"scope-maps-{len(told)}", config=figures.CONFIG)
    cards = (
        theme.stat(
            f"Holes: {name}",
            f"{100 * one.holes[0]:.1f}",
            "% of N(0, I)",
            f"and it misses {100 * one.missed[0]:.0f} % of the latents · KL {_nats(one.kl)}",
        )
        for name, one in told.items()
    )
    theme.show(theme.row(*cards, least="13rem"))


def _nats(kl: float) -> str:
    return f"{kl:,.1f} nats" if np.isfinite(kl) else "∞ (flat in some direction)"


def explained() -> None:
    """How to read the maps."""
    st.caption(
        "Each map is a plane through one model's latents, along their two widest directions. Small "
        "dots are training images (one colour a class), circles are latents from N(0, I), the "
        f"<span style='color:{HOLE}'>crosses</span> those that fell into a **hole**: no training "
        "latent is as near as nearly all (99 %) have another one. If N(0, I) were where the "
        "latents are, that would happen to 1 in 100. The ring holds 95 % of N(0, I). A plane hides "
        "the other directions: a cross amid dots is far above or below them.",
        unsafe_allow_html=True,
    )


def maps(told: dict[str, Aggregate]) -> go.Figure:
    """One plane a row, each with its own scale."""
    columns = min(ACROSS + (len(told) == 4), len(told))
    rows = -(-len(told) // columns)
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=list(told),
        horizontal_spacing=0.03,
        vertical_spacing=0.12,
    )
    for i, one in enumerate(told.values()):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        for trace in _cloud(one):
            figure.add_trace(trace, **place)
        reach = 1.05 * max(RING, float(np.quantile(np.abs(one.latents[:SHOWN]), 0.998)))
        figure.update_xaxes(range=[-reach, reach], **place)
        axis = f"x{i + 1 if i else ''}"
        figure.update_yaxes(range=[-reach, reach], scaleanchor=axis, **place)
    still = {"showgrid": False, "zeroline": False, "fixedrange": True, "ticklabelstep": 2}
    figure.update_xaxes(**still)
    figure.update_yaxes(**still)
    figure.update_annotations(font={"size": 14})
    size = 300 if columns > 3 else 360
    figure.update_layout(
        height=size * rows + 24, margin={"l": 8, "r": 8, "t": 30, "b": 8}, showlegend=False
    )
    return figure


def _cloud(one: Aggregate) -> list[Any]:
    """Training latents, N(0, I), its holes and its ring."""
    z, normal, hole = one.latents[:SHOWN], one.normal[:SHOWN], one.hole[:SHOWN]
    labels = np.zeros(len(z), int) if one.labels is None else one.labels[:SHOWN]
    colours = np.array(CATEGORICAL)[labels % len(CATEGORICAL)]
    turn = np.linspace(0, 2 * np.pi, 73)
    common = {"mode": "markers", "hoverinfo": "skip"}
    ring = {"color": FINE, "width": 1, "dash": "dot"}
    return [
        go.Scattergl(
            x=z[:, 0], y=z[:, 1], marker={"color": colours, "size": 4, "opacity": 0.55}, **common
        ),
        go.Scattergl(
            x=normal[~hole, 0],
            y=normal[~hole, 1],
            marker={"color": FINE, "size": 5, "symbol": "circle-open"},
            **common,
        ),
        go.Scattergl(
            x=normal[hole, 0],
            y=normal[hole, 1],
            marker={"color": HOLE, "size": 5, "symbol": "x-thin", "line": _thin(HOLE)},
            **common,
        ),
        go.Scatter(
            x=RING * np.cos(turn), y=RING * np.sin(turn), mode="lines", line=ring, hoverinfo="skip"
        ),
    ]


def _thin(colour: str) -> dict[str, Any]:
    return {"color": colour, "width": 1.5}


# One latent at a time -----------------------------------------------------------------------------


def histograms(told: dict[str, Aggregate]) -> None:
    """Each latent of each row as a thin line, N(0, 1) as a bold one."""
    columns = min(ACROSS + (len(told) == 4), len(told))
    groups = {name: _lines(one) for name, one in told.items()}
    figure = figures.panels(groups, x_title="value of a latent", columns=columns, height=260)
    figure.update_traces(line={"width": 1, "color": CATEGORICAL[0]}, opacity=0.35)
    for trace in figure.data:
        trace.showlegend = False
        if trace.name == "N(0, 1)":
            trace.update(line={"width": 3, "color": CATEGORICAL[1]}, opacity=1.0)
    figure.update_yaxes(range=[0, 0.9], showticklabels=False)
    figure.update_layout(hovermode=False, margin={"t": 32, "l": 12}, height=240 * _rows(told))
    st.plotly_chart(figure, key="scope-histograms", config=figures.CONFIG)
    most = max(len(one.which) for one in told.values())
    st.caption(
        f"The aggregate posterior, latent by latent: each blue line is the histogram of one latent "
        f"over the training images (the {most} least like N(0, 1), at most), the ochre one is "
        "N(0, 1). The KL above is that of a Gaussian with the mean and covariance of all latents, "
        "from N(0, I). It can be small while there are still holes: moments do not see shape."
    )
    with st.expander("Holes and the KL as formulas, and the code"):
        formulas()


def _rows(told: dict[str, Aggregate]) -> int:
    return -(-len(told) // (4 if len(told) == 4 else ACROSS))


def _lines(one: Aggregate) -> list[Curve]:
    middle = (one.edges[1:] + one.edges[:-1]) / 2
    there = (middle > HISTOGRAM[0]) & (middle < HISTOGRAM[1])
    x = middle[there]
    lines = [
        Curve(f"latent {k + 1}", x, y[there]) for k, y in zip(one.which, one.density, strict=True)
    ]
    bell = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return [*lines, Curve("N(0, 1)", x, bell, group=1)]


def formulas() -> None:
    """What a hole is, and the KL of matched moments."""
    left, right = st.columns(2, gap="large")
    with left:
        st.latex(
            r"d(z) = \min_i \lVert z - z_i\rVert,\; z_i \sim q(z), \qquad"
            r"\text{hole}: d(z) > Q_{0.99}\{d(z_i)\}"
        )
        code("explorer.holes:beyond")
        code("explorer.holes:support")
    with right:
        st.latex(
            r"\mathrm{KL}\big(\mathcal N(\mu, \Sigma)\,\|\,\mathcal N(0, I)\big) = "
            r"\tfrac12\big(\operatorname{tr}\Sigma + \mu^\top\mu - Z - \ln\det\Sigma\big)"
        )
        code("explorer.holes:matched_kl")
