"""Plots of the page *What is FID?*: what corruptions do to it, what numbers of pictures do."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.corrupting import CORRUPTIONS
from explorer.lesson import Count, Lesson, Line, Model, Point
from explorer.palette import CATEGORICAL
from explorer.ui.naming import in_a_row

BLUE, OCHRE, MAGENTA, TEAL, GREY = (CATEGORICAL[i] for i in (0, 1, 2, 4, 9))
KID = 1000  # KID is shown in thousandths
LADDERS = (  # the value of a point, the scale it is drawn on, pixels across on a narrow page
    (lambda point: point.fid, np.log, 260),
    (lambda point: KID * point.kid, np.array, 190),
)
DOTTED = {"dash": "dot", "width": 1, "color": GREY}
STILL = {"fixedrange": True, "automargin": True}


def ladder(found: Lesson, chosen: tuple[str, float]) -> go.Figure:
    """FID and KID of every corruption at every strength, a row each; the ``chosen`` set is full."""
    names = [name for name in CORRUPTIONS if any(one.name == name for one in found.points)]
    figure = make_subplots(
        1, 2, shared_yaxes=True, horizontal_spacing=0.06, column_widths=[0.58, 0.42]
    )
    for column, (value, scale, width) in enumerate(LADDERS, 1):
        pixels = width / np.ptp(scale([value(one) for one in found.points]))
        for name in names:
            points = sorted((one for one in found.points if one.name == name), key=_by_strength)
            values = [value(one) for one in points]
            _rungs(figure, column, points, values, scale(values) * pixels, chosen)
    figure.add_vline(found.floor.fid, line=DOTTED, row=1, col=1)
    figure.add_vline(KID * found.floor.kid, line=DOTTED, row=1, col=2)
    ticks = [digit * power for power in (1, 10, 100) for digit in (1, 1.5, 2, 3, 5, 7)]
    figure.update_xaxes(title=f"FID, n = {found.n:,}", type="log", tickvals=ticks, col=1)
    figure.update_xaxes(title="KID × 1,000", zeroline=False, col=2)
    figure.update_xaxes(**STILL)
    order = [CORRUPTIONS[name].title for name in reversed(names)]
    figure.update_yaxes(categoryorder="array", categoryarray=order, **STILL)
    figure.update_layout(
        height=90 + 44 * len(names),
        margin={"l": 8, "r": 12, "t": 12, "b": 8},
        showlegend=False,
        hovermode="closest",
    )
    return figure


def _rungs(
    figure: go.Figure,
    column: int,
    points: Sequence[Point],
    values: Sequence[float],
    places: Sequence[float],
    chosen: tuple[str, float],
) -> None:
    """One corruption's points, joined from weak to strong, at ``places`` in pixels.

    Where strengths stand too close to be read, the chosen one is named, then the strongest ones.
    """
    row = CORRUPTIONS[points[0].name]
    here = [(p.name, p.strength) == chosen for p in points]
    order = sorted(range(len(points)), key=lambda i: (not here[i], -i))
    figure.add_scatter(
        x=values,
        y=[row.title] * len(points),
        mode="lines+markers+text",
        line={"color": GREY, "width": 1},
        marker={
            "size": [15 if one else 9 for one in here],
            "color": [MAGENTA if one else BLUE for one in here],
        },
        text=in_a_row(places, [f"{p.strength:g}" for p in points], order),
        textposition="top center",
        textfont={"size": 11},
        customdata=[row.told(p.strength) for p in points],
        hovertemplate=f"{row.title}, %{{customdata}}: %{{x:.4g}}<extra></extra>",
        cliponaxis=False,
        row=1,
        col=column,
    )


def _by_strength(point: Point) -> int:
    return CORRUPTIONS[point.name].strengths.index(point.strength)


# Numbers of pictures ------------------------------------------------------------------------------


def counts(real: Sequence[Count], line: Line | None) -> go.Figure:
    """FID of real pictures against n, the same against 1/n with its line, and KID against n."""
    titles = ("FID against n", "FID against 1/n: a straight line", "KID × 1,000 against n")
    figure = make_subplots(1, 3, subplot_titles=titles, horizontal_spacing=0.08)
    n, fid = [np.array([getattr(one, name) for one in real]) for name in ("n", "fid")]
    spread = [one.spread or 0 for one in real]
    bars = {"color": BLUE, "error_y": {"array": spread, "thickness": 1, "width": 3}}
    _dots(figure, 1, n, fid, **bars)
    _dots(figure, 2, 1 / n, fid, **bars)
    if line:
        ends = np.array([1e-5, 1 / n.min()])
        straight = {"mode": "lines", "line": {"color": OCHRE, "width": 2}, "hoverinfo": "skip"}
        figure.add_scatter(x=ends, y=line.value + line.slope * ends, row=1, col=2, **straight)
        many = np.geomspace(n.min(), n.max(), 100)
        figure.add_scatter(x=many, y=line.value + line.slope / many, row=1, col=1, **straight)
        figure.add_hline(line.value, line=DOTTED, row=1, col=1)
    error = [KID * one.kid_error for one in real]
    kids = [KID * one.kid for one in real]
    _dots(figure, 3, n, kids, color=TEAL, error_y={"array": error, "thickness": 1, "width": 3})
    figure.add_hline(0, line=DOTTED, row=1, col=3)
    ticks = {
        "tickvals": [100, 300, 1000, 3000, 10_000],
        "ticktext": ["100", "300", "1k", "3k", "10k"],
    }
    for column in (1, 3):
        figure.update_xaxes(type="log", title="n pictures", **ticks, row=1, col=column)
    figure.update_xaxes(title="1 / n", rangemode="tozero", row=1, col=2)
    figure.update_xaxes(showgrid=False, **STILL)
    figure.update_yaxes(rangemode="tozero", zeroline=False, **STILL)
    reach = 1.3 * max(abs(k) + e for k, e in zip(kids, error, strict=True))
    figure.update_yaxes(range=[-reach, reach], row=1, col=3)
    figure.update_annotations(font={"size": 13})
    figure.update_layout(
        height=300, margin={"l": 8, "r": 8, "t": 34, "b": 8}, showlegend=False, hovermode="closest"
    )
    return figure


def _dots(figure: go.Figure, column: int, x, y, color: str, **more) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"color": color, "size": 8},
        hovertemplate="%{x:.4g}: %{y:.4g}<extra></extra>",
        row=1,
        col=column,
        **more,
    )


def parts(names: Sequence[str], totals: Sequence[float], biases: Sequence[float]) -> go.Figure:
    """Bars cut into what a number of pictures adds by itself and the rest."""
    figure = go.Figure()
    low = np.minimum(biases, totals)
    for title, values, colour in (
        ("what the number of samples adds", low, MAGENTA),
        ("left for the model to explain", np.array(totals) - low, BLUE),
    ):
        figure.add_bar(
            y=list(names),
            x=values,
            name=title,
            orientation="h",
            marker_color=colour,
            text=[f"{v:.1f}" if v >= 4 else "" for v in values],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"{title}: %{{x:.1f}}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        height=230,
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_xaxes(range=[0, 1.05 * max(totals)], title="FID as reported", **STILL)
    figure.update_yaxes(autorange="reversed", **STILL)
    return figure


def models(found: Sequence[Model], real: Sequence[Count], height: int = 300) -> go.Figure:
    """The FID of samples of shipped models against n, and that of real pictures, on log axes."""
    figure = go.Figure()
    for i, one in enumerate(found):
        if one.fid:
            n, fid = zip(*one.fid, strict=True)
            colour = CATEGORICAL[(1, 2, 4)[i % 3]]
            _line(figure, n, fid, one.title, colour)
    last = max((n for one in found for n, _ in one.fid), default=0)
    some = [one for one in real if 250 <= one.n <= max(last, 1000)]
    _line(figure, [one.n for one in some], [one.fid for one in some], "real pictures", GREY)
    figure.update_xaxes(title="n pictures", showgrid=False, **STILL)
    figure.update_yaxes(title="FID", rangemode="tozero", **STILL)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def _line(figure: go.Figure, x, y, name: str, colour: str) -> None:
    style = {"mode": "lines+markers", "line": {"color": colour, "width": 2}}
    figure.add_scatter(x=x, y=y, name=name, hovertemplate="%{y:.1f}", **style)
