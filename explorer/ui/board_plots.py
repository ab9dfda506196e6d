"""The scoreboard's plots: FID against samples, quality against cost, and all sides at once."""

from collections.abc import Sequence
from math import log10

import numpy as np
import plotly.graph_objects as go

from explorer.answers import Standing
from explorer.palette import CATEGORICAL

FEATURES = 2048  # of the Inception network: fewer samples leave a singular covariance
HEIGHT = 380


def growing(standings: Sequence[Standing], quick: bool = False) -> go.Figure:
    """Distance of the first n samples against n; the error at the end, the floor dashed."""
    figure = go.Figure()
    for i, one in enumerate(standings):
        curve = one.quick if quick else one.fid
        if not curve:
            continue
        n, y = zip(*curve, strict=True)
        real, colour = one.key.startswith("real:"), CATEGORICAL[i % len(CATEGORICAL)]
        name = "classifier distance" if quick else "FID"
        score = one.scores.get(name)
        error = score.error if score and score.error else 0
        figure.add_scatter(
            x=n,
            y=y,
            name=label(one),
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": "dot" if real else "solid"},
            error_y={"array": [0] * (len(n) - 1) + [error], "width": 3} if error else None,
        )
        beyond = one.scores.get("FID at infinity")
        if beyond and not quick:
            _beyond(figure, beyond.value, beyond.error or 0, colour, label(one))
    _laid(figure, "samples", "classifier distance" if quick else "FID")
    figure.update_xaxes(range=[log10(220), log10(24_000)])
    figure.update_xaxes(type="log", tickvals=[250, 500, 1000, 2000, 5000, 10_000, 20_000])
    figure.update_xaxes(ticktext=["250", "500", "1,000", "2,000", "5,000", "10,000", "∞"])
    figure.update_yaxes(type="log", tickvals=[1, 2, 5, 10, 20, 50, 100, 200, 500])
    if not quick:
        figure.add_vrect(
            200, FEATURES, fillcolor="rgba(128,128,128,0.09)", line_width=0, layer="below"
        )
        # An annotation's place on a logarithmic axis is a logarithm, unlike a shape's.
        text = "fewer samples than features"
        place = {"x": log10(230), "y": 1, "yref": "paper", "xanchor": "left", "yanchor": "top"}
        figure.add_annotation(text=text, showarrow=False, font_size=12, **place)
    return figure


def _beyond(figure: go.Figure, value: float, error: float, colour: str, name: str) -> None:
    """FID∞ at the right edge; a negative one has no place on this axis."""
    if value <= 0:
        return
    figure.add_scatter(
        x=[20_000],
        y=[value],
        error_y={"array": [error], "width": 3},
        mode="markers",
        marker={"symbol": "diamond-open", "color": colour, "size": 9},
        name=f"{name}, FID∞",
        showlegend=False,
    )


def label(one: Standing) -> str:
    """Its name, with how it was sampled."""
    return f"{one.title} ({one.sampling})" if one.sampling else one.title


def against_cost(standings: Sequence[Standing]) -> go.Figure:
    """FID over operations a sample; those that nothing beats on both are joined."""
    figure = go.Figure()
    points = [
        (one.scores["GFLOP"].value, one.fid[-1][1], i)
        for i, one in enumerate(standings)
        if "GFLOP" in one.scores and one.fid
    ]
    front = pareto([point[:2] for point in points])
    figure.add_scatter(
        x=[points[k][0] for k in front],
        y=[points[k][1] for k in front],
        mode="lines",
        line={"color": "rgba(128,128,128,0.6)", "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
        showlegend=False,
    )
    for operations, value, i in points:
        one = standings[i]
        figure.add_scatter(
            x=[operations],
            y=[value],
            name=label(one),
            text=[f"{one.seconds:.2g} s a sample here" if one.seconds else ""],
            mode="markers",
            marker={"color": CATEGORICAL[i % len(CATEGORICAL)], "size": 12},
        )
    _laid(figure, "operations a sample (10⁹)", "FID")
    figure.update_xaxes(type="log", exponentformat="none", dtick=1)
    figure.update_yaxes(type="log", tickvals=[1, 2, 5, 10, 20, 50, 100, 200, 500])
    return figure


def by_step(standings: Sequence[Standing]) -> go.Figure:
    """FID over the training of each run of which there are several checkpoints, the best marked."""
    figure = go.Figure()
    for i, (name, ones) in enumerate(courses(standings).items()):
        ones = [(step, one) for step, one in ones if one.fid]
        if not ones:
            continue
        steps, values = zip(*((step, one.fid[-1][1]) for step, one in ones), strict=True)
        errors = [one.scores["FID"].error or 0 if "FID" in one.scores else 0 for _, one in ones]
        line = {"color": CATEGORICAL[i % len(CATEGORICAL)], "width": 2}
        figure.add_scatter(
            x=steps,
            y=values,
            error_y={"array": errors, "width": 3},
            name=name,
            mode="lines+markers",
            line=line,
        )
        best = int(np.argmin(values))
        figure.add_scatter(
            x=[steps[best]],
            y=[values[best]],
            name=f"best: {values[best]:.1f} at step {steps[best]:,}",
            mode="markers",
            marker={"symbol": "star", "size": 15, "color": line["color"]},
        )
    for one in standings:
        if one.key.startswith("real:") and one.fid:
            text = f"floor: {one.fid[-1][1]:.1f}"
            figure.add_hline(one.fid[-1][1], line_dash="dot", line_width=1, annotation_text=text)
    _laid(figure, "step", "FID")
    figure.update_yaxes(type="log", tickvals=[1, 2, 5, 10, 20, 50, 100, 200, 500])
    return figure


def courses(standings: Sequence[Standing]) -> dict[str, list[tuple[int, Standing]]]:
    """Runs of which several checkpoints are here: name -> (step, standing) in order."""
    found: dict[str, list[tuple[int, Standing]]] = {}
    for one in standings:
        if "@" in one.key:
            name = one.title.rpartition(" · step")[0] or one.title
            name = f"{name} ({one.sampling})" if one.sampling else name
            found.setdefault(name, []).append((int(one.key.rpartition("@")[2]), one))
    return {name: sorted(ones, key=lambda p: p[0]) for name, ones in found.items() if len(ones) > 1}


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Which points no other beats on both coordinates (lower is better), by the first."""
    front: list[int] = []
    for i in sorted(range(len(points)), key=lambda i: points[i]):
        if not front or points[i][1] < points[front[-1]][1]:
            front.append(i)
    return front


SIDES = {  # axis -> (what it is made of, whether more is better)
    "precision": ("precision", True),
    "recall": ("recall", True),
    "coverage": ("coverage", True),
    "FID": ("FID", False),
    "sharpness": ("sharpness", True),
    "even classes": ("effective classes", True),
    "copies": ("nearer to training", False),
    "stability": ("swing", False),
}


def sides(standings: Sequence[Standing]) -> go.Figure:
    """Parallel coordinates: every axis with the better end at the top."""
    figure = go.Figure()
    names = [*SIDES, "speed"]
    columns = {name: _column(standings, name) for name in names}
    names = [name for name in names if sum(v is not None for v in columns[name]) > 1]
    for i, one in enumerate(standings):
        heights = [_height(columns[name], i, better=_more_is_better(name)) for name in names]
        if any(h is not None for h in heights):
            figure.add_scatter(
                x=names,
                y=heights,
                name=label(one),
                mode="lines+markers",
                connectgaps=True,
                line={"color": CATEGORICAL[i % len(CATEGORICAL)], "width": 2},
                text=[_said(columns[name][i]) for name in names],
                hovertemplate="%{text}",
            )
    _laid(figure, "", "worst here to best here")
    figure.update_yaxes(range=[-0.06, 1.06], tickvals=[0, 1], ticktext=["worst", "best"])
    return figure


def _column(standings: Sequence[Standing], name: str) -> list[float | None]:
    if name == "speed":
        return [None if not one.seconds else 1 / one.seconds for one in standings]
    scores = (one.scores.get(SIDES[name][0]) for one in standings)
    return [None if score is None else score.value for score in scores]


def _more_is_better(name: str) -> bool:
    return name == "speed" or SIDES[name][1]


def _height(column: list[float | None], i: int, better: bool) -> float | None:
    """Where a value lies between the worst (0) and the best (1) of its column; by ratio if wide."""
    if column[i] is None:
        return None
    values = np.array([v for v in column if v is not None], float)
    own = float(column[i])
    if values.min() > 0 and values.max() / values.min() > 10:
        values, own = np.log(values), float(np.log(own))
    span = values.max() - values.min()
    height = 0.5 if span == 0 else (own - values.min()) / span
    return height if better else 1 - height


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _laid(figure: go.Figure, x: str, y: str) -> None:
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
        uirevision="keep",
    )
    figure.update_xaxes(title=x, showgrid=False, automargin=True)
    figure.update_yaxes(title=y, automargin=True, zeroline=False)
