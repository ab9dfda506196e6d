"""A GAN of pictures: how it trained, whether its last is its best, and what its latents hold."""

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Curve
from explorer.catalog import Entry
from explorer.palette import CATEGORICAL
from explorer.pictures import sheet
from explorer.ui import gans, kept, theme, url
from explorer.ui.asking import ask, guarded
from explorer.ui.drag import Slider, drag_panel
from explorer.ui.experiments import FORGER
from explorer.ui.gan_training import training
from explorer.ui.latent_planes import planes
from explorer.ui.rows import by_epoch, figure
from explorer.ui.sampler_form import seed
from explorer.ui.source import code

VIEWS = {
    "training": "How it trained",
    "between": "Between two latents",
    "plane": "Latent grid",
    "truncation": "Truncation",
}
STEPS = 11  # pictures of a path
STOPS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)  # thresholds that are measured


# Between two latents ------------------------------------------------------------------------------


def between(entry: Entry) -> None:
    """The way from one latent to another, straight and on the sphere, a row a checkpoint."""
    cells = st.container(key="wrap-between").columns(3, gap="medium")
    with cells[0]:
        first = seed()
    with cells[1]:
        second = seed("noise_seed_2", 1, "Seed of the other noise")
    label = None
    if names := gans.classes_of(entry):
        with cells[2]:
            label = gans.label(names)
    asked = {"checkpoint": entry.exact, "seeds": (first, second), "steps": STEPS, "label": label}
    text, sides = "Drawing the path in every checkpoint …", []
    for title, (note, straight) in PATHS.items():
        found = kept.awaited("paths_by_epoch", text, straight=straight, **asked)
        sides.append(figure(title, note, by_epoch(found)))
    theme.show(theme.row(*sides, least="24rem"))
    st.caption(
        "The two ends are the same pictures on both sides. In many dimensions latents of N(0, I) "
        "lie near a sphere of radius √Z, so that is where the generator was trained. The figure "
        "behind a row is its largest step over its mean step: 1 is even, "
        f"{STEPS - 1} a single jump. Is the way smoother after more epochs?"
    )
    if gans.is_shipped(entry):
        st.caption(
            "A shipped model is one checkpoint. Choose a run of your own to see a row for every "
            "checkpoint that it kept."
        )
    with st.expander("The path as a formula, and the code"):
        st.latex(
            r"z(t) = \frac{\sin((1-t)\,\omega)}{\sin\omega}\,a + \frac{\sin(t\,\omega)}"
            r"{\sin\omega}\,b, \qquad \cos\omega = \frac{a^\top b}{|a|\,|b|}"
        )
        code("explorer.denoising:slerp")


PATHS = {
    "On the sphere": ("latents keep their length all the way", False),
    "Straight through": ("latents are shorter in the middle than any it was trained on", True),
}


# Truncation ---------------------------------------------------------------------------------------


def truncation(entry: Entry) -> None:
    """The same latents, drawn together towards the middle."""
    with st.container(key="wrap-seed").columns(3)[0]:
        number = seed()
    drag(entry, number)
    with st.expander("The truncation as a formula, and the code"):
        st.latex(
            r"z' = \Phi^{-1}\big(\Phi(-\tau) + \Phi(z)\,(\Phi(\tau) - \Phi(-\tau))\big)"
            r"\quad\Longleftrightarrow\quad"
            r"\operatorname{erf}\tfrac{z'}{\sqrt2} = \operatorname{erf}\tfrac{z}{\sqrt2}\;"
            r"\operatorname{erf}\tfrac{\tau}{\sqrt2}"
        )
        code("explorer.inventing:truncated")


@st.fragment
def drag(entry: Entry, number: int) -> None:
    """Samples that move while the threshold is dragged, and how diverse they are."""
    asked = {"checkpoint": entry.exact, "n": 6 * (len(gans.classes_of(entry)) or 8), "seed": number}

    def draw(values: dict[str, float]) -> np.ndarray:
        samples, _ = ask("truncated", threshold=round(values["threshold"], 2), **asked)
        return sheet(samples.pictures, asked["n"] // 6, gap=1)

    slider = Slider("threshold", "Threshold τ", 0.05, 4.0, 0.05, 1.5)
    now = drag_panel(draw, key="truncation", sliders=[slider], title="Truncated samples")
    left, right = st.container(key="wrap-truncation").columns(2, gap="large")
    with left:
        curve = figures.curves([diversity(asked)], title="Diversity", x_title="threshold τ")
        curve.update_yaxes(rangemode="tozero")
        curve.add_vline(now["threshold"], line_dash="dot", line_width=1, line_color=CATEGORICAL[-1])
        st.plotly_chart(curve, key="gan-diversity", config=figures.CONFIG)
    with right:
        st.caption(
            "Every number of z is kept within ±τ, in the same order (its quantile stays), so the "
            "pictures move smoothly. Small τ: the most typical picture again and again, tidy and "
            "all alike. τ = 4 leaves nearly all as it was. The curve is the root mean square "
            "difference a pixel of two samples (of one class, if it knows classes). BigGAN trades "
            "diversity for quality this way (Brock et al. 2019)."
        )


def diversity(asked: dict) -> Curve:
    """The spread of the samples at some thresholds."""
    spreads = [ask("truncated", threshold=stop, **asked)[1] for stop in STOPS]
    return Curve("two samples", np.array(STOPS), np.array(spreads))


# The page -----------------------------------------------------------------------------------------

SHOW = {"training": training, "between": between, "plane": planes, "truncation": truncation}

theme.show(
    theme.hero(
        "GAN on images",
        "A generator that never saw a real picture learned to draw from a discriminator's opinion "
        "alone. Watch the game, find its best moment, and walk through its latent space.",
    )
)
if entry := gans.choose("gan", "gan-fashion", FORGER):
    more = {"wrap": True, "label_visibility": "collapsed"}
    view = url.segmented("What to see", VIEWS, "training", "gan_view", **more)
    with guarded():
        SHOW[view](entry)
