"""Answers to plotly figures: pure functions that know neither torch nor Streamlit.

Text, grid and background colours come from the page's theme; only data colours are set here.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.answers import Curve
from explorer.palette import CATEGORICAL

HEIGHT = 300
NARROW = 340  # pixels that a plot is wide at least
CONFIG = {"displayModeBar": False}


def curves(
    lines: Sequence[Curve],
    *,
    title: str = "",
    x_title: str = "step",
    y_title: str = "",
    log_x: bool = False,
    log_y: bool = False,
    legend: str = "inside",
    height: int = HEIGHT,
) -> go.Figure:
    """Lines over steps; lines of one group share a colour. The legend is inside or above."""
    figure = go.Figure(layout=_layout(title, x_title, y_title, height))
    for line in lines:
        figure.add_scatter(**_line(line))
    figure.update_xaxes(type="log" if log_x else "linear", **(_log_ticks(lines) if log_x else {}))
    if log_y:
        figure.update_yaxes(type="log", **_log_ticks(lines))
    else:
        figure.update_layout(legend={"y": 0, "yanchor": "bottom"})  # below a curve that rises
    if legend == "above":
        figure.update_layout(legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02})
        figure.update_layout(legend={"yanchor": "bottom"}, title={"y": 0.97})
        figure.update_layout(margin={"t": 52 + 20 * _rows(lines)})
    return figure


def _rows(lines: Sequence[Curve]) -> int:
    """How many rows a legend above takes in a narrow plot, which cannot be known before."""
    widths = [7 * len(line.name) + 45 for line in lines]  # pixels
    return min(len(lines), -(-sum(widths) // NARROW))


def _log_ticks(lines: Sequence[Curve]) -> dict[str, list]:
    """Ticks at 1, 2 and 5 of every decade, each written out in full."""
    values = [2 * m * 10.0**k for k in range(-7, 9) for m in (0.5, 1, 2.5)]
    return {"tickvals": values, "ticktext": [f"{v:g}" for v in values]} if lines else {}


def latent_bars(
    values: np.ndarray, *, title: str = "", unit: str = "nats", height: int = 240
) -> go.Figure:
    """How much every latent is used, such as its KL in nats, the most used first."""
    ordered = np.sort(values)[::-1]
    figure = go.Figure(layout=_layout(title, "latents, most used first", unit, height))
    figure.add_bar(x=np.arange(1, len(ordered) + 1), y=ordered, marker_color=CATEGORICAL[0])
    figure.update_layout(bargap=0.15 if len(values) < 100 else 0)
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


def panels(
    groups: Mapping[str, Sequence[Curve]],
    *,
    x_title: str,
    columns: int = 3,
    log_y: Sequence[str] = (),
    height: int = 240,
) -> go.Figure:
    """Small plots side by side, each under its title, over one x.

    Lines of one group share a colour.  One legend names them if all plots have the same groups;
    otherwise the titles of plots with several lines do.
    """
    rows, several = -(-len(groups) // columns), _several(groups)
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=[_named(title, lines, several) for title, lines in groups.items()],
        horizontal_spacing=0.09,
        vertical_spacing=0.34 / rows,
    )
    for i, (title, lines) in enumerate(groups.items()):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        for line in lines:
            legend = several and i == 0 and not line.dashed
            figure.add_scatter(**_line(line), showlegend=legend, **place)
        if title in log_y:
            figure.update_yaxes(type="log", dtick=1, exponentformat="none", **place)
        else:
            figure.update_yaxes(range=_around(lines), nticks=5, **place)
    ends = [end for lines in groups.values() for line in lines for end in (line.x[0], line.x[-1])]
    figure.update_annotations(font={"size": 13})
    still = {"fixedrange": True, "automargin": False}  # so that `places` are where lines are
    figure.update_xaxes(range=[min(ends), max(ends)], showgrid=False, **still)
    figure.update_xaxes(title={"text": x_title, "standoff": 4}, row=rows)
    figure.update_yaxes(zeroline=False, ticksuffix=" ", **still)
    figure.update_layout(
        height=height,
        margin={"l": 48, "r": 12, "t": 60 if several else 32, "b": 44, "pad": 0},
        legend={"orientation": "h", "x": 0, "y": 1 + 44 / height, "yanchor": "bottom"},
        hovermode="x",
        uirevision="keep",
    )
    return figure


def places(figure: go.Figure, x: float) -> list[tuple[str, float, float]]:
    """Where each line of `panels` (with linear axes) is at ``x``: colour, and left and bottom.

    Both are shares of what the margins leave, so that a page can mark a place without a new figure:
    drawing one takes a browser a tenth of a second.  A line that does not reach ``x`` has no place.
    """
    return [
        (line.line.color, _share(figure, line.xaxis, x), _share(figure, line.yaxis, y))
        for line in figure.data
        if line.x[0] <= x <= line.x[-1] and np.isfinite(y := np.interp(x, line.x, line.y))
    ]


def _share(figure: go.Figure, axis: str, value: float) -> float:
    found = figure.layout[f"{axis[0]}axis{axis[1:]}"]
    (low, high), (start, end) = found.range, found.domain
    return float(start + (end - start) * (value - low) / (high - low))


def _around(lines: Sequence[Curve]) -> list[float]:
    """All values of some lines, with a little room."""
    y = np.concatenate([line.y for line in lines])
    low, high = np.nanmin(y), np.nanmax(y)
    room = 0.06 * (high - low) or 1.0
    return [low - room, high + room]


def _several(groups: Mapping[str, Sequence[Curve]]) -> bool:
    """Whether colours mean the same in every plot, so that one legend serves all."""
    return len({frozenset(line.group for line in lines) for lines in groups.values()}) == 1


def _named(title: str, lines: Sequence[Curve], legend: bool) -> str:
    """A plot's title: without a legend, the names of its lines in their colours."""
    if legend or len(lines) < 2:
        return title
    names = (f'<span style="color:{_colour(line)}">{line.name}</span>' for line in lines)
    return " and ".join(names)


def _colour(line: Curve) -> str:
    return CATEGORICAL[line.group % len(CATEGORICAL)]


def _line(line: Curve) -> dict:
    style = {"color": _colour(line), "width": 2, "dash": "dot" if line.dashed else "solid"}
    mode = "lines" if len(line.x) > 1 else "markers"
    return {"x": line.x, "y": line.y, "name": line.name, "mode": mode, "line": style}


def stacked(
    rows: Sequence[str],
    parts: Mapping[str, Sequence[float]],
    *,
    colours: Sequence[str],
    x_title: str,
    height: int = HEIGHT,
) -> go.Figure:
    """One bar a row, from the top, cut into named parts that add up to 1."""
    figure = go.Figure(layout=_layout("", x_title, "", height))
    for (name, shares), colour in zip(parts.items(), colours, strict=True):
        text = [f"{share:.0%}" if share >= 0.04 else "" for share in shares]
        figure.add_bar(
            y=list(rows),
            x=list(shares),
            name=name,
            orientation="h",
            marker_color=colour,
            text=text,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"{name}: %{{x:.1%}}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        hovermode="closest",
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "xanchor": "left",
            "yanchor": "bottom",
            "traceorder": "normal",
        },
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return figure
