"""Latent diffusion: samples move through a space of a few numbers while their pictures appear."""

import streamlit as st

from explorer import catalog, header
from explorer.catalog import Entry
from explorer.films import titled
from explorer.ui import kept, pickers, theme
from explorer.ui.asking import guarded
from explorer.ui.player import player
from explorer.ui.sampler_form import described, sampling, seed
from explorer.ui.source import code

LATENT = f"{catalog.SHIPPED}latent-diffusion-spatial-fashion"
PIXELS = f"{catalog.SHIPPED}diffusion-fashion"
COUNTED = 400  # samples that quality is measured on
ABLE = ("Denoises",)


def is_latent(entry: Entry) -> bool:
    return entry.header.family == "latent-diffusion"


def is_pixels(entry: Entry) -> bool:
    return not is_latent(entry) and len(entry.header.facts["spec"]["shape"]) == 3


def path(entry: Entry) -> None:
    """The film of samples in the map of the latents, and the pictures they become."""
    how, number = sampling(entry), seed()
    asked = {"checkpoint": entry.exact, "n": 16, "seed": number, "how": how}
    (film,) = kept.awaited("latent_walk", "Walking through the latent space …", **asked)
    player(film, key="latent", autoplay=True, report=False)
    size = entry.header.recipe["model"]["latent"]
    st.caption(
        f"Left: the space of {size} numbers in which this model works, flattened to its two widest "
        "directions (principal component analysis). The shade is where real pictures lie, each "
        "point is a sample in the colour of its class, and sixteen of them draw their path. "
        "Right: those sixteen, decoded at every moment. Noise in latent space never looks like "
        "noise: the decoder turns any point into something like a picture."
    )
    with st.expander("The code that goes back and forth"):
        st.latex(r"z = (E(x) - m) / s \qquad \hat{x} = D(s\,\hat{z} + m)")
        code("explorer.models.latent_diffusion:LatentDiffusion.from_data")
        code("explorer.models.latent_diffusion:LatentDiffusion.to_data")


def learning(entry: Entry) -> None:
    """The film of the training: first the autoencoder, then the denoiser."""
    if entry.key.startswith(catalog.SHIPPED) and (film := header.film(entry.path)):
        st.header("How it learned")
        ready = entry.header.recipe["model"]["autoencoder"]
        st.caption(
            "Its autoencoder was trained before and stands still; only the denoiser learns."
            if ready
            else "First the autoencoder learns to copy; only then do samples take shape."
        )
        player(titled(film), key="latent-training", report=False)


def comparison(entry: Entry) -> None:
    """Cost and quality beside a diffusion of pixels, measured here and now."""
    st.header("Against diffusion of pixels")
    other = pickers.checkpoint("Pixel diffusion", "pixels", PIXELS, ABLE, is_pixels)
    if other is None:
        return
    how = {"sampler": "dpm", "steps": 10}
    text = f"Drawing {COUNTED} samples of each and measuring …"
    asked = {"n": COUNTED, "seed": 0, "how": how}
    for one in (entry, other):
        (cost,) = kept.awaited("cost", text, checkpoint=one.exact, **asked)
        st.markdown(f"**{one.title}**")
        theme.show(
            theme.row(
                theme.stat("A sample takes", f"{cost.milliseconds:.1f}", f"ms, {cost.calls} calls"),
                theme.stat("Denoiser", f"{cost.parameters:,}", "parameters"),
                theme.stat("Distance to real", f"{cost.distance:.2f}", f"floor {cost.floor:.2f}"),
            )
        )
    st.caption(
        f"Both draw {COUNTED} samples in ten steps of DPM-Solver++ on this machine. The distance "
        "is the squared Fréchet distance to 4,000 test images in 64 principal pixel directions; "
        "the floor is that of as many other test images, since so few are never a perfect match. "
        "It sees wrong shapes, hardly any blur, and is no FID."
    )


theme.show(
    theme.hero("Latent diffusion", "Diffusion in a space of a few numbers, decoded into pictures.")
)
with guarded():
    if entry := pickers.checkpoint("Model", "latent_model", LATENT, ABLE, is_latent):
        st.caption(described(entry))
        above = st.container()
        learning(entry)  # stands there at once, while samples are still on their way
        with above:
            path(entry)
        comparison(entry)
