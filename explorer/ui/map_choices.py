"""Which model, which images and which map: all of it stands in the address."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import catalog
from explorer.catalog import Entry
from explorer.config import describe
from explorer.data import DatasetInfo
from explorer.map_settings import MapSettings
from explorer.ui import forms, pickers, url
from explorer.ui.asking import literal

FIRST = f"{catalog.SHIPPED}vae-fashion"
METHODS = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}
SPLITS = {"test": "Test images", "train": "Training images"}
COUNTS = {str(n): f"{n:,}" for n in (500, 1000, 2000, 5000, 10_000, 20_000)}
DIMENSIONS = {"2": "Flat", "3": "3-D"}
OWN_ROW = ("method", "dimensions")


@dataclass(frozen=True)
class Choice:
    """What is on the map, and how it is made."""

    entry: Entry
    images: DatasetInfo
    split: str
    n: int
    how: MapSettings

    @property
    def cut(self) -> dict[str, Any]:
        """The images, as the engine's arguments."""
        return {"checkpoint": self.entry.exact, "data_name": self.images.name, **self.sample}

    @property
    def sample(self) -> dict[str, Any]:
        """Which of them."""
        return {"split": self.split, "n": self.n, "seed": 0}

    @property
    def name(self) -> str:
        """Equal for equal points, however they are laid out."""
        return repr(sorted(self.cut.items()))


def seen(entry: Entry) -> bool:
    """Whether a model makes numbers of a picture: it encodes, judges or denoises pictures."""
    able = any(entry.header.has(name) for name in ("Encodes", "Judges", "Denoises"))
    pictures = len(entry.header.facts["spec"]["shape"]) == 3
    return able and pictures and not entry.key.startswith(catalog.EXACT)


def choose() -> Choice | None:
    """The model, the images and the map; None if there is no model."""
    cells = st.container(key="wrap-map").columns([1.4, 1.4, 1.2], gap="medium")
    with cells[0]:
        entry = pickers.checkpoint("Model", "map_model", FIRST, (), seen)
    if entry is None:
        return None
    shape = tuple(entry.header.facts["spec"]["shape"])
    with cells[1]:
        images = pickers.dataset("map_data", shape, entry.header.recipe["data"])
    with cells[2]:
        split = url.segmented("Shown", SPLITS, "test", "map_split")
    with st.container(horizontal=True, gap="medium"):
        method = url.segmented("Map", METHODS, "umap", "map_method")
        n = url.segmented("Images, at most", COUNTS, "2000", "map_images")
        dimensions = url.segmented("Seen", DIMENSIONS, "2", "map_dimensions")
    how = settings(method)
    st.caption(literal(_stands_for(entry)))
    asked = MapSettings.read({"method": method, "dimensions": int(dimensions), **how})
    return Choice(entry, images, split, int(n), asked)


def settings(method: str) -> dict[str, Any]:
    """What the method can be told, folded away."""
    own = [one for one in describe(MapSettings) if one.name not in OWN_ROW]
    if method == "pca":
        return {}
    with st.expander(f"How {METHODS[method]} makes the map", icon=":material/tune:"):
        return forms.form(own, {}, {"method": method})


def _stands_for(entry: Entry) -> str:
    """What a latent is in this model."""
    family = entry.header.family
    if family == "latent-diffusion":
        return "Here a picture's latent is what the autoencoder makes of it, standardised."
    if entry.header.has("Encodes"):
        size = entry.header.recipe["model"]["latent"]
        kind = "the mean of q(z | x)" if family == "vae" else "what its encoder makes of it"
        return f"Here a picture's latent is {kind}: {size:,} numbers."
    if entry.header.has("Judges"):
        return (
            "A GAN cannot encode: nothing tells which z would give a certain picture. What it can "
            "show is how its discriminator sees pictures, so this is a map of D's last features; "
            "a chosen picture's z can be searched for."
        )
    return (
        "A diffusion has no small latent. This is a map of what the middle of its U-Net says of "
        "each picture, with a little noise on it."
    )
