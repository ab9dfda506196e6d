"""Two Gaussians that a person drags, and the Fréchet distance between them, drawn in the browser.

Nothing crosses to the server: the distance of two Gaussians in the plane has a closed form.
"""

import streamlit as st

from explorer.ui.pack import source

_component = st.components.v2.component(
    "explorer.gaussians",
    html=source("gaussians.html"),
    css=source("common.css", "gaussians.css"),
    js=source("gaussians.js"),
)


def two_gaussians(*, key: str) -> None:
    """Show the plane with both Gaussians, the two terms as bars, and positions to begin from."""
    _component(key=key)
