"""Answers to plotly figures: pure functions that know neither torch nor Streamlit.

Text, grid and background colours come from the page's theme; only data colours are set here.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.answers import Curve
from explorer.palette import CATEGORICAL

HEIGHT = 300
CONFIG = {"displayModeBar": False}


def curves(
    lines: Sequence[Curve],
    *,
    title: str = "",
    x_title: str = "step",
    y_title: str = "",
    log_x: bool = False,
    log_y: bool = False,
    height: int = HEIGHT,
) -> go.Figure:
    """Lines over steps; lines of one group share a colour."""
    figure = go.Figure(layout=_layout(title, x_title, y_title, height))
    for line in lines:
        colour = CATEGORICAL[line.group % len(CATEGORICAL)]
        figure.add_scatter(
            x=line.x,
            y=line.y,
            name=line.name,
            mode="lines" if len(line.x) > 1 else "markers",
            line={"color": colour, "width": 2, "dash": "dot" if line.dashed else "solid"},
        )
    figure.update_xaxes(type="log" if log_x else "linear")
    if log_y:
        figure.update_yaxes(type="log", **_log_ticks(lines))
    else:
        figure.update_layout(legend={"y": 0, "yanchor": "bottom"})  # below a curve that rises
    return figure


def _log_ticks(lines: Sequence[Curve]) -> dict[str, list]:
    """Ticks at 1, 2 and 5 of every decade, each written out in full."""
    values = [2 * m * 10.0**k for k in range(-7, 9) for m in (0.5, 1, 2.5)]
    return {"tickvals": values, "ticktext": [f"{v:g}" for v in values]} if lines else {}


def latent_bars(kl: np.ndarray, *, title: str = "", height: int = 240) -> go.Figure:
    """KL of every latent in nats, the most used first."""
    ordered = np.sort(kl)[::-1]
    figure = go.Figure(layout=_layout(title, "latents, most used first", "nats", height))
    figure.add_bar(x=np.arange(1, len(ordered) + 1), y=ordered, marker_color=CATEGORICAL[0])
    figure.update_layout(bargap=0.15 if len(kl) < 100 else 0)
    return figure


def _layout(title: str, x_title: str, y_title: str, height: int) -> go.Layout:
    return go.Layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xref": "paper"},
        height=height,
        margin={"l": 8, "r": 8, "t": 36 if title else 12, "b": 8},
        xaxis={"title": x_title, "showgrid": False, "automargin": True},
        yaxis={"title": y_title, "automargin": True, "zeroline": False},
        legend={"y": 1, "yanchor": "top", "x": 1, "xanchor": "right", "bgcolor": "rgba(0,0,0,0)"},
        hovermode="x unified",
        uirevision="keep",  # zoom and hidden lines survive a live update
    )
