"""The first part of *What is FID?*: the distance of two Gaussians, by hand."""

import streamlit as st

from explorer.ui.gaussians import two_gaussians
from explorer.ui.source import code


def formula() -> None:
    """The formula, the two Gaussians that it compares, and what it cannot see."""
    st.header("Two Gaussians, one number")
    st.markdown(
        "Show many pictures to a network that was once taught to name things, and keep the 2,048 "
        "numbers of its last layer for each. Real pictures make one cloud, generated ones another. "
        "FID replaces each cloud by **a Gaussian with the same mean and covariance** and takes the "
        "squared Fréchet distance of the two. Here it is in two dimensions. **Predict** before you "
        "let go: which of the two terms grows?"
    )
    st.latex(
        r"d^2 = \underbrace{\lVert\mu_1-\mu_2\rVert^2}_{\text{centres}} + \underbrace{"
        r"\operatorname{tr}\!\big(\Sigma_1+\Sigma_2-2(\Sigma_1\Sigma_2)^{1/2}\big)}_{\text{spreads}}"
    )
    two_gaussians(key="fid-gaussians")
    st.caption(
        "Full and dashed ellipses: one and two standard deviations. *Blind to it* is the price of "
        "the two Gaussians: whatever has the same mean and covariance has distance 0."
    )
    with st.expander("The same in 2,048 dimensions: the lines of ours"):
        st.caption(
            "(Σ₁Σ₂)^½ is not symmetric, but its trace is that of a symmetric root, so that no "
            "matrix square root of a product is ever taken."
        )
        code("explorer.metrics.frechet:frechet")
        code("explorer.metrics.frechet:_distance")
