"""The map in three dimensions, to turn."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer import figures
from explorer.palette import ACCENT, CATEGORICAL
from explorer.ui.latent_map import RAMP, Shade
from explorer.ui.map_scene import Scene


def deep(scene: Scene, shade: Shade, row: int | None) -> None:
    """The map in three dimensions, to turn."""
    x, y, z = scene.positions.T
    names = [f"image {place:,}" for place in scene.points.places]
    marker = {"size": 2.6, "opacity": 0.85}
    if shade.values is None:
        marker["color"] = [CATEGORICAL[i % len(CATEGORICAL)] for i in shade.groups]
        names = [f"{shade.names[g]} · {n}" for g, n in zip(shade.groups, names, strict=True)]
    else:
        scale = [[i / (len(RAMP) - 1), colour] for i, colour in enumerate(RAMP)]
        low, high = np.percentile(shade.values, [1, 99])
        bar = {"title": shade.unit, "thickness": 10}
        marker |= {"color": shade.values, "colorscale": scale, "cmin": low, "cmax": high}
        marker |= {"colorbar": bar}
    cloud = go.Scatter3d(x=x, y=y, z=z, mode="markers", marker=marker, text=names, hoverinfo="text")
    figure = go.Figure(cloud)
    if row is not None:
        ring = {"size": 11, "color": "rgba(0,0,0,0)", "line": {"color": ACCENT[0], "width": 5}}
        at = scene.positions[row : row + 1].T
        figure.add_scatter3d(
            x=at[0], y=at[1], z=at[2], mode="markers", marker=ring, hoverinfo="skip"
        )
    hidden = {"showticklabels": False, "title": ""}
    figure.update_layout(
        height=640,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        scene={"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"},
        showlegend=False,
        uirevision="keep",
    )
    st.plotly_chart(figure, key="map-deep", config=figures.CONFIG)
    st.caption("Drag to turn, wheel to zoom. Choose an image by its number, or below.")
