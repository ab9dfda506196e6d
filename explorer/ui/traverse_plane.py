"""Two latents: the pictures all over their plane, and where real images lie in it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer import figures
from explorer.answers import Cloud2D, LatentAxes, Paths
from explorer.catalog import Entry
from explorer.config import Settings, describe, setting
from explorer.ellipses import ellipse
from explorer.palette import CATEGORICAL
from explorer.pictures import enlarge, sheet
from explorer.ui import forms, theme, url
from explorer.ui.asking import ask
from explorer.ui.rows import Row, rows
from explorer.ui.sampler_form import seed
from explorer.ui.traverse_sliders import REACH
from explorer.ui.traverse_subject import Start, figure_of

KINDS = {"steps": "In even steps", "quantiles": "In equal shares of N(0, 1)"}
SIDE = 13  # pictures along each latent
MASSES = (0.5, 0.9, 0.95, 0.99)
OTHERS = 24  # images whose posteriors are drawn thinly
DRAWS = 11


class Pair(Settings):
    """Which two latents."""

    right: int = setting(1, "To the right: z", "Which latent, from 1.", ge=1, le=1024)
    up: int = setting(2, "Upwards: z", "Which latent, from 1.", ge=1, le=1024)


def plane(entry: Entry, axes: LatentAxes, start: Start) -> None:
    """The plane of two latents as pictures, and beside it as a map of real images."""
    if len(axes.order) < 2:
        st.info("This model has a single latent, and a plane needs two.", icon=":material/block:")
        return
    _begin_anew(entry)
    cells = st.container(key="wrap-pair").columns([2, 1, 1], gap="medium")
    with cells[0]:
        kind = url.segmented("Places", KINDS, "steps", "places")
    pair = tuple(_latent(cells[1 + i], i, axes) for i in range(2))
    left, right = st.container(key="wrap-wide-plane").columns(2, gap="large")
    with left:
        pictures(entry, axes, start, pair, kind)
    with right:
        if entry.header.encodes:
            chosen = start.image
            masses = list(map(str, MASSES))
            mass = float(url.choose(st.select_slider, "Mass of an ellipse", masses, "0.95", "mass"))
            found = ask("latent_cloud", checkpoint=entry.exact, pair=pair)
            chart = cloud(found, chosen, mass, pair, entry.header.facts["spec"]["classes"])
            st.plotly_chart(chart, key="traverse-cloud", config=figures.CONFIG)
            st.caption(said_of(found, chosen, mass))
        else:
            st.caption(
                "A GAN has no encoder, so no image has a place in this plane and no posterior. Its "
                "latents are drawn from N(0, I) themselves."
            )
    if entry.header.encodes:
        resampled(entry, axes, start)


def _begin_anew(entry: Entry) -> None:
    """Another model begins with its own two most used latents."""
    if st.session_state.setdefault("pair_of", entry.exact) != entry.exact:
        st.session_state["pair_of"] = entry.exact
        for one in describe(Pair):
            st.session_state.pop(one.name, None)
            st.query_params.pop(one.name, None)


def _latent(cell: DeltaGenerator, i: int, axes: LatentAxes) -> int:
    """One of the two latents, counted from 1 on the page; at first the two most used."""
    one, first = describe(Pair)[i], int(axes.order[i]) + 1
    limited = replace(one, high=len(axes.order), default=first)
    with cell:
        return int(forms.control(limited, first) or first) - 1


def pictures(
    entry: Entry, axes: LatentAxes, start: Start, pair: tuple[int, int], kind: str
) -> None:
    """The grid: the first latent grows to the right, the second upwards."""
    across, up = (values(axes, start, latent, kind) for latent in pair)
    asked = {"z": start.z[:1], "y": None if start.y is None else start.y[:1], "pair": pair}
    found: Paths = ask(
        "latent_grid", checkpoint=entry.exact, across=across, down=up[::-1].copy(), **asked
    )
    flat = found.pictures.reshape(-1, *found.pictures.shape[2:])
    told = (f"z{i + 1} · {figure_of(axes, i)}" for i in pair)
    title = f"{next(told)} → · {next(told)} ↑"
    theme.show(theme.strip(title, "", enlarge(sheet(flat, SIDE), 2)))
    if kind == "quantiles":
        st.caption(
            "Neighbours stand for equal shares of N(0, 1), so every part of the prior has the room "
            "that it gets when samples are drawn (Kingma & Welling 2014, figure 4). A latent "
            "without a prior is measured by the Gaussian of its own latents."
        )
    else:
        st.caption(
            f"From −{REACH:g} to {REACH:g} standard deviations of the aggregate posterior around "
            "the first of the latents that the walk began with."
        )


def values(axes: LatentAxes, start: Start, latent: int, kind: str) -> np.ndarray:
    """The places along one latent, upwards."""
    if kind == "steps":
        return start.z[0, latent] + np.linspace(-REACH, REACH, SIDE) * axes.std[latent]
    quantiles = ask("latent_quantiles", n=SIDE)
    if axes.kl is not None:
        return quantiles
    return axes.mean[latent] + axes.std[latent] * quantiles


# The map ------------------------------------------------------------------------------------------


def cloud(
    found: Cloud2D, chosen: int, mass: float, pair: tuple[int, int], names: list[str]
) -> go.Figure:
    """Encoded images, the posteriors of some, N(0, I) and the Gaussian of all."""
    figure = go.Figure()
    for name, colour, some in _classes(found, names):
        points = found.mean[some]
        marker = {"size": 4, "color": colour, "opacity": 0.65}
        figure.add_scattergl(
            x=points[:, 0], y=points[:, 1], mode="markers", name=name, marker=marker
        )
    for i in range(min(OTHERS, len(found.mean))):
        _line(figure, posterior(found, i, mass), "rgba(128,128,128,0.9)", 1)
    _line(figure, ellipse(np.zeros(2), np.eye(2), mass), CATEGORICAL[-1], 2, "dash", "N(0, I)")
    _line(figure, whole(found, mass), CATEGORICAL[-1], 2, "dot", "all latents")
    if chosen < len(found.mean):
        _line(figure, posterior(found, chosen, mass), "#E0398F", 3, name="the chosen image")
    figure.update_layout(
        height=470,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": -0.14, "yanchor": "top", "itemsizing": "constant"},
        hovermode=False,
        uirevision="keep",
    )
    figure.update_xaxes(title=f"z{pair[0] + 1}", zeroline=False)
    figure.update_yaxes(title=f"z{pair[1] + 1}", zeroline=False, scaleanchor="x")
    return figure


def _classes(found: Cloud2D, names: list[str]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Name, colour and places of each class; of all where there are no labels."""
    if found.labels is None:
        yield "test images", CATEGORICAL[0], np.ones(len(found.mean), bool)
        return
    for i, name in enumerate(names):
        yield name, CATEGORICAL[i % len(CATEGORICAL)], found.labels == i


def posterior(found: Cloud2D, i: int, mass: float) -> np.ndarray:
    """The ellipse of one image's posterior, whose covariance is diagonal."""
    return ellipse(found.mean[i], np.diag(found.std[i].astype(float) ** 2), mass)


def whole(found: Cloud2D, mass: float) -> np.ndarray:
    """The ellipse of the Gaussian with the aggregate posterior's mean and covariance."""
    covariance = np.cov(found.mean.T, ddof=0) + np.diag(np.square(found.std, dtype=float).mean(0))
    return ellipse(found.mean.mean(0), covariance, mass)


def _line(
    figure: go.Figure, points: np.ndarray, colour: str, width: int, dash="solid", name: str = ""
) -> None:
    figure.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="lines",
        name=name,
        showlegend=bool(name),
        line={"color": colour, "width": width, "dash": dash},
    )


def said_of(found: Cloud2D, chosen: int, mass: float) -> str:
    """How to read the map."""
    if not found.std.any():
        return (
            f"Where {len(found.mean):,} test images lie. An autoencoder is sure of its latents: "
            "each image is a single point, its ellipse has no size, and nothing asks all points "
            "together to look like N(0, I), the dashed circle."
        )
    return (
        f"Where {len(found.mean):,} test images lie (means of q(z | x)), and the ellipse that "
        f"holds {100 * mass:g} % of the posterior of {OTHERS} of them, thin, and of the chosen "
        "one. Dashed: N(0, I), dotted: the Gaussian of all latents together. An ellipse as large "
        "as the dashed circle says that these two latents tell nothing about that image."
    )


# Draws --------------------------------------------------------------------------------------------


def resampled(entry: Entry, axes: LatentAxes, start: Start) -> None:
    """The chosen image, and what the decoder makes of several draws from its posterior."""
    st.subheader("What the posterior leaves open")
    with st.container(key="wrap-draws").columns(4)[0]:
        chance = seed("draw_seed", 0, "Seed of the draws")
    asked = {"index": start.image, "n": DRAWS, "seed": chance}
    real, drawn = ask("latent_draws", checkpoint=entry.exact, **asked)
    theme.show(rows([Row(np.concatenate([real[None], drawn]))]))
    told = (
        "An autoencoder has no posterior: every draw is the same picture."
        if axes.kl is None
        else "Where the draws differ, the latents say nothing for sure; at a large β they differ "
        "in everything that the model did not find worth its nats."
    )
    st.caption(f"The test image, then {DRAWS} draws from its posterior over all latents. {told}")
