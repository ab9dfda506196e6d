"""Along the latents: every one a slider or a row, two as a plane, and directions with a meaning."""

import streamlit as st

from explorer.answers import LatentAxes
from explorer.catalog import Entry
from explorer.ui import theme, url
from explorer.ui import traverse_subject as subject
from explorer.ui.asking import guarded
from explorer.ui.source import code
from explorer.ui.traverse_attributes import attributes
from explorer.ui.traverse_plane import plane
from explorer.ui.traverse_sliders import sliders, traversals

VIEWS = {
    "sliders": "Every latent a slider",
    "rows": "One latent a row",
    "plane": "Two latents",
    "attributes": "Attributes",
}
WALKS = {"sliders": sliders, "rows": traversals, "plane": plane}


def walk(entry: Entry, view: str) -> None:
    """One of the views."""
    if view == "attributes":
        attributes(entry)
        return
    axes: LatentAxes = subject.axes_of(entry)
    WALKS[view](entry, axes, subject.start(entry))


def told() -> None:
    """The formulas and the code that computes them."""
    left, right = st.columns(2, gap="large")
    with left:
        st.latex(
            r"\mathrm{KL}_j = \tfrac12\,\mathbb{E}_x\big(\mu_j^2 + \sigma_j^2 - 1 - \log\sigma_j^2"
            r"\big), \qquad s_j^2 = \operatorname{Var}_x\,\mu_j + \mathbb{E}_x\,\sigma_j^2"
        )
        st.caption("The KL of a latent, and the standard deviation that it is moved by.")
        code("explorer.probes:kl_to_prior", "return 0.5")
        code("explorer.traversing:aggregate")
        st.latex(r"x(t) = D(z + t\,s_j\,e_j)")
        code("explorer.traversing:moved")
    with right:
        st.latex(r"(z-\mu)^\top\Sigma^{-1}(z-\mu) \;\le\; -2\ln(1-p)")
        st.caption("The ellipse that holds the mass p of a Gaussian in two dimensions.")
        code("explorer.ellipses:ellipse")
        st.latex(r"v = \overline{z}_{\text{with}} - \overline{z}_{\text{without}}, \qquad z + s\,v")
        st.caption("An attribute vector (Larsen et al. 2016, White 2016).")
        code("explorer.attributes:vector")


theme.show(
    theme.hero(
        "Traverse",
        "A few numbers stand for a picture. Move one of them and see what it means, add what makes "
        "a boot a boot, and find out how many of them the model uses at all.",
    )
)
subject.ready()
if entry := subject.choose():
    if entry.header.decodes:
        more = {"wrap": True, "label_visibility": "collapsed"}
        view = url.segmented("What to see", VIEWS, "sliders", "walk", **more)
        with guarded():
            walk(entry, view)
        with st.expander("The formulas and the code"):
            told()
    else:
        subject.refused(entry)
