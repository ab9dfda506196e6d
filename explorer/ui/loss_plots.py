"""Plots about the losses of a GAN, with the points of a batch as dots on the curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer import figures
from explorer.answers import Curve
from explorer.palette import CATEGORICAL

SEEN = 8.0  # logits from minus this to this are drawn; dots farther out stand at the edge
DOTS = 64  # of a batch
GREY = 9  # in the palette: what is real
LOGIT = "logit d = D(x)"
HEIGHT = 340

Curves = Mapping[str, Mapping[str, Any]]  # by loss: title, d, gradient, real, fake
Logits = Mapping[str, np.ndarray]  # by loss


def gradients(curves: Curves, names: Sequence[str], fake: Logits) -> go.Figure:
    """L′(d) of the generator's losses, with generated points at their logits."""
    chosen = _chosen(curves, names)
    lines = [
        Curve(one["title"], one["d"], one["gradient"], i, dashed=name == "hinge")  # on Wasserstein
        for i, name, one in chosen
    ]
    figure = _figure(lines, "L′(d)", [-2.2, 2.2])
    for i, name, one in chosen:
        _dots(figure, fake[name], one["d"], one["gradient"], i)
    return figure


def discriminators(curves: Curves, names: Sequence[str], fake: Logits, real: Logits) -> go.Figure:
    """D's loss on real (solid) and generated points (dotted), with points at their logits."""
    chosen = _chosen(curves, names)
    lines = []
    for i, _, one in chosen:
        lines.append(Curve(one["title"], one["d"], one["real"], i))
        lines.append(Curve("", one["d"], one["fake"], i, dashed=True))
    figure = _figure(lines, "D's loss", [-3, 6])
    for i, name, one in chosen:
        _dots(figure, real[name], one["d"], one["real"], GREY)
        _dots(figure, fake[name], one["d"], one["fake"], i)
    return figure


def norms(by_part: Mapping[str, Sequence[Curve]], titles: Sequence[str], at: float) -> go.Figure:
    """Gradient norms of both players through training, of the losses called ``titles``."""
    groups = {
        f"Norm of {who}'s gradient": [line for line in by_part[part] if line.name in titles]
        for part, who in (("generator", "G"), ("discriminator", "D"))
    }
    figure = figures.panels(groups, x_title="round", columns=2, log_y=list(groups), height=320)
    figure.add_vline(at, line={"dash": "dot", "width": 1, "color": CATEGORICAL[GREY]})
    return figure


def fading(lines: Sequence[Curve], at: float) -> go.Figure:
    """Norms of G's gradient while D alone learns."""
    figure = figures.curves(
        lines, x_title="updates of D", y_title="‖∂L/∂θ‖", log_y=True, legend="above", height=HEIGHT
    )
    figure.update_yaxes(tickvals=None, ticktext=None, dtick=2, exponentformat="power")
    figure.add_vline(at, line={"dash": "dot", "width": 1, "color": CATEGORICAL[GREY]})
    return figure


def bars(values: Mapping[str, float], colours: Sequence[int], x_title: str) -> go.Figure:
    """One horizontal bar a loss on a logarithmic axis, with its number."""
    figure = go.Figure()
    figure.add_bar(
        x=list(values.values()),
        y=list(values),
        orientation="h",
        marker_color=[CATEGORICAL[i] for i in colours],
        text=[f"{v:.1e}" if v < 0.01 else f"{v:.2f}" for v in values.values()],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.3g}<extra></extra>",
    )
    least = np.floor(np.log10(max(min(values.values()), 1e-20)))
    figure.update_xaxes(
        type="log",
        range=[min(least, -2), 1.6],
        title=x_title,
        dtick=max(1, round((1 - least) / 5)),
        exponentformat="power",
    )
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    margin = {"l": 8, "r": 24, "t": 12, "b": 8}
    figure.update_layout(height=HEIGHT, margin=margin, bargap=0.35, showlegend=False)
    return figure


def pulls(curves: Curves, names: Sequence[str], fake: Logits) -> go.Figure:
    """`gradients` where D takes generated points for real: to the right of the line."""
    figure = gradients(curves, names, fake)
    figure.update_xaxes(range=[-4, 4])
    figure.add_vrect(0, 4, fillcolor=CATEGORICAL[GREY], opacity=0.12, line_width=0)
    figure.add_annotation(
        x=2.2,
        y=-1.9,
        text="D takes these for real<br>(least squares: from ½)",
        showarrow=False,
        font={"size": 12},
    )
    return figure


def section(
    along: np.ndarray, panels: Mapping[str, Curve], generated: np.ndarray, real: np.ndarray
) -> go.Figure:
    """D along a line through generated and real points, which lie at the foot of each panel."""
    figure = figures.panels(
        {title: [line] for title, line in panels.items()},
        x_title="along the diagonal",
        columns=len(panels),
        height=300,
    )
    for column, line in enumerate(panels.values(), start=1):
        foot = float(line.y.min() - 0.04 * np.ptp(line.y))
        for x, colour in ((generated[:DOTS], line.group), (real, GREY)):
            figure.add_scatter(
                x=x,
                y=np.full(len(x), foot),
                mode="markers",
                marker={"color": CATEGORICAL[colour], "size": 7, "opacity": 0.5},
                hoverinfo="skip",
                showlegend=False,
                row=1,
                col=column,
            )
    return figure


def _chosen(curves: Curves, names: Sequence[str]) -> list[tuple[int, str, Mapping[str, Any]]]:
    """Colour, name and curves of the losses that are wanted."""
    return [(i, name, one) for i, (name, one) in enumerate(curves.items()) if name in names]


def _figure(lines: Sequence[Curve], y_title: str, y_range: list[float]) -> go.Figure:
    figure = figures.curves(lines, x_title=LOGIT, y_title=y_title, legend="above", height=HEIGHT)
    figure.update_traces(showlegend=False, selector={"name": ""})
    figure.update_xaxes(range=[-SEEN, SEEN])
    figure.update_yaxes(range=y_range, zeroline=True, zerolinewidth=1)
    return figure.update_layout(hovermode="closest")


def _dots(figure: go.Figure, d: np.ndarray, x: np.ndarray, y: np.ndarray, colour: int) -> None:
    """Points of a batch on a curve; the ones beyond its ends stand at the edge."""
    d = d[:DOTS]
    shown = np.clip(d, -SEEN, SEEN)
    figure.add_scatter(
        x=shown,
        y=np.interp(shown, x, y),
        mode="markers",
        marker={"color": CATEGORICAL[colour], "size": 8, "opacity": 0.55},
        customdata=d,
        hovertemplate="d = %{customdata:.2f}<extra></extra>",
        showlegend=False,
    )
