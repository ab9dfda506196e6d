"""Representation against generation: each model a point; curves over labels; two sweeps."""

from collections.abc import Iterable, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.answers import FewShots
from explorer.few_shots import LINES
from explorer.palette import CATEGORICAL
from explorer.ui.naming import sides

COLOURS = {
    "autoencoder": 0,
    "vae": 1,
    "gan": 2,
    "diffusion": 4,
    "latent-diffusion": 5,
    "pixels": 9,
    "classifier": 8,
}
NAMES = {
    "autoencoder": "AE",
    "vae": "VAE",
    "pixels": "Raw pixels",
    "classifier": "Classifier",
}
SIDE = 700, 200  # pixels between the outermost points, about
FAINT = "rgba(128,128,128,0.6)"
TICKS = [m * 10.0**k for k in range(-2, 4) for m in (1, 2, 5)]
JUDGES = {"vote": "Neighbours", "probe": "Linear probe"}


def colour(one: FewShots) -> str:
    """That of its family."""
    return CATEGORICAL[COLOURS.get(one.family, 7)]


def short(one: FewShots) -> str:
    """What tells it apart from the others, in a few letters."""
    if one.family not in ("autoencoder", "vae"):
        return NAMES[one.family] if one.family in LINES else one.title
    beta = f", β {one.beta:g}" if one.beta is not None else ""
    return f"{NAMES[one.family]} {one.latent}{beta}{', L1' if _other_loss(one) else ''}"


def _other_loss(one: FewShots) -> bool:
    """Whether its β weighs against absolute errors and so means something else."""
    return "--loss l1" in one.command


def models(found: Sequence[FewShots]) -> list[FewShots]:
    """Those that are models, and not what these are compared with."""
    return [one for one in found if one.family not in LINES]


def best(found: Sequence[FewShots], judge: str) -> list[FewShots]:
    """Of each family the one that is right most often with most labels."""
    first: dict[str, FewShots] = {}
    for one in sorted(models(found), key=lambda one: -getattr(one, judge)[-1][0]):
        first.setdefault(one.family, one)
    return list(first.values())


def at(one: FewShots, judge: str, labels: int) -> tuple[float, float] | None:
    """Per cent right with so many labels a class, and its standard error."""
    if labels not in one.labels:
        return None
    mean, error = getattr(one, judge)[one.labels.index(labels)]
    return 100 * mean, 100 * error


# Each model a point -------------------------------------------------------------------------------


def against(found: Sequence[FewShots], judge: str, labels: int) -> go.Figure:
    """Accuracy over the classifier distance of samples, the better to the right and upwards."""
    figure = go.Figure()
    known = [one for one in models(found) if one.samples and at(one, judge, labels)]
    for one, side in zip(known, _sides(known, judge, labels), strict=True):
        _point(figure, one, at(one, judge, labels), side)
    for one in (one for one in found if one.family in LINES):
        if value := at(one, judge, labels):
            figure.add_hline(value[0], line={"color": colour(one), "dash": "dot", "width": 1.5})
            said = {"text": one.title, "x": 0, "xref": "paper", "xanchor": "left"}
            figure.add_annotation(y=value[0], yshift=9, showarrow=False, font_size=12, **said)
    _laid(figure, 460)
    figure.update_xaxes(
        title="classifier distance of samples (worse ← → better)",
        type="log",
        autorange="reversed",
        tickvals=TICKS,
        showgrid=False,
    )
    figure.update_yaxes(title=f"per cent right, {labels} a class")
    figure.update_layout(margin_r=40)  # for names
    return figure


def _sides(known: Sequence[FewShots], judge: str, labels: int) -> list[str]:
    """Where the names stand on a plot of usual size."""
    if not known:
        return []
    y = np.array([at(one, judge, labels)[0] for one in known])
    x = -np.log10([[one.samples, one.fitted or one.samples] for one in known])
    scale = np.array([SIDE[0] / max(np.ptp(x), 0.1), SIDE[1] / max(np.ptp(y), 1.0)])
    ends = [np.stack([x[:, i], y], axis=1) * scale for i in (0, 1)]
    return sides(ends[0], [short(one) for one in known], np.concatenate(ends, axis=1))


def _point(figure: go.Figure, one: FewShots, value: tuple[float, float], side: str) -> None:
    """Filled: from its own prior; open: from a mixture fitted to its latents."""
    own, error = value
    about = f"<b>{one.title}</b><br>{own:.1f} ± {error:.1f} % right<br>{one.way}<br>"
    if one.fitted:
        figure.add_scatter(
            x=[one.samples, one.fitted],
            y=[own, own],
            mode="lines+markers",
            line={"color": FAINT, "dash": "dot", "width": 1},
            marker={"size": 10, "symbol": "circle-open", "color": colour(one)},
            hovertemplate=f"{about}from a fitted mixture: {one.fitted:.3g}<extra></extra>",
            showlegend=False,
        )
    figure.add_scatter(
        x=[one.samples],
        y=[own],
        error_y={"array": [error], "width": 3, "thickness": 1},
        mode="markers+text",
        text=[short(one)],
        textposition=side,
        textfont={"size": 11},
        cliponaxis=False,
        marker={"size": 12, "color": colour(one)},
        hovertemplate=f"{about}from its own prior: {one.samples:.3g}<extra></extra>",
        showlegend=False,
    )


# Curves -------------------------------------------------------------------------------------------


def over_labels(found: Sequence[FewShots], judge: str) -> go.Figure:
    """Per cent right over labels a class, with standard errors."""
    figure = go.Figure()
    for one in found:
        mean, error = 100 * np.array(getattr(one, judge)).T
        line = one.family in LINES
        figure.add_scatter(
            x=one.labels,
            y=mean,
            error_y={"array": error, "width": 2, "thickness": 1},
            name=short(one),
            mode="lines+markers",
            marker={"size": 5},
            line={"color": colour(one), "width": 2, "dash": "dot" if line else _dash(one, found)},
        )
    _laid(figure, 420)
    figure.update_xaxes(
        title="labels a class", type="log", tickvals=[1, 2, 5, 10, 50, 100], showgrid=False
    )
    figure.update_yaxes(title="per cent right")
    return figure


def _dash(one: FewShots, found: Sequence[FewShots]) -> str:
    """Models of one family share a colour, so each has a dash of its own."""
    alike = [other for other in models(found) if other.family == one.family]
    return ("solid", "dash", "dashdot", "longdash", "longdashdot")[alike.index(one) % 5]


# Sweeps -------------------------------------------------------------------------------------------


def sweeps(found: Sequence[FewShots], judge: str, labels: int) -> go.Figure:
    """Accuracy, and below it the distance of samples, over β and over the latent size."""
    figure = make_subplots(2, 2, shared_xaxes=True, horizontal_spacing=0.1, vertical_spacing=0.08)
    for column, (name, ones) in enumerate(_sweeps(found).items(), 1):
        x = [f"{getattr(one, name):g}" for one in ones]
        told = [at(one, judge, labels) or (None, None) for one in ones]
        hue = CATEGORICAL[COLOURS["vae" if name == "beta" else "autoencoder"]]
        line = {"mode": "lines+markers", "line": {"color": hue, "width": 2}, "showlegend": False}
        error = {"array": [e for _, e in told], "width": 3, "thickness": 1}
        figure.add_scatter(x=x, y=[m for m, _ in told], error_y=error, row=1, col=column, **line)
        figure.add_scatter(x=x, y=[one.samples for one in ones], row=2, col=column, **line)
        line["line"] = {"color": hue, "width": 2, "dash": "dot"}
        figure.add_scatter(x=x, y=[one.fitted for one in ones], row=2, col=column, **line)
        title = "β of VAEs" if name == "beta" else "latent size of autoencoders"
        figure.update_xaxes(title=title, row=2, col=column)
    _laid(figure, 460)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(title="per cent right", row=1, col=1)
    figure.update_yaxes(title="distance of samples", row=2, col=1)
    figure.update_yaxes(type="log", tickvals=TICKS, row=2)
    return figure


def _sweeps(found: Sequence[FewShots]) -> dict[str, list[FewShots]]:
    """VAEs that differ in β, those of two latents left out, and autoencoders in their size."""
    vaes = (one for one in found if one.beta is not None and one.latent != 2)
    coders = (one for one in found if one.family == "autoencoder" and one.latent)
    return {"beta": _in_order(vaes, "beta"), "latent": _in_order(coders, "latent")}


def _in_order(some: Iterable[FewShots], name: str) -> list[FewShots]:
    """One of each value, the first that was named, upwards."""
    first: dict[float, FewShots] = {}
    for one in some:
        if not _other_loss(one):
            first.setdefault(getattr(one, name), one)
    return [first[value] for value in sorted(first)]


def _laid(figure: go.Figure, height: int) -> None:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
        uirevision="keep",
    )
    figure.update_yaxes(automargin=True, zeroline=False)
    figure.update_xaxes(automargin=True, zeroline=False)
