"""What a map shows: the choice, the images, where they lie, and how far that can be trusted."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer import data
from explorer.answers import LatentLayout, LatentPoints
from explorer.data import Data
from explorer.ui import map_words, theme
from explorer.ui.map_choices import Choice


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that is shown: the choice, the images, where they lie."""

    choice: Choice
    points: LatentPoints
    layout: LatentLayout | None  # None while it is being fitted

    @property
    def images(self) -> Data:
        """The whole split."""
        return data.load(self.choice.images.name, self.choice.split)

    @property
    def labels(self) -> np.ndarray | None:
        """The class of each image on the map."""
        y = self.images.y
        return None if y is None else y[self.points.places]

    @property
    def positions(self) -> np.ndarray:
        """Where they lie; along the principal axes as long as nothing better is known."""
        if self.layout is not None:
            return self.layout.positions
        return self.points.flat[:, : self.choice.how.dimensions]


def figures_of(scene: Scene) -> None:
    """How far the map can be trusted, and what is on it."""
    points, layout = scene.points, scene.layout
    told = [
        theme.stat(
            "Images",
            f"{len(points.places):,}",
            f"of {points.total:,}",
            "every class keeps its share",
        ),
        theme.stat("A latent has", f"{points.size:,}", "numbers", points.representation),
    ]
    if layout is not None:
        note = f"of neighbours, on {layout.judged:,} images"
        told += [
            theme.stat("Trustworthiness", f"{layout.trustworthiness:.3f}", "", note),
            theme.stat("Continuity", f"{layout.continuity:.3f}", "", note),
        ]
    if scene.choice.how.method == "pca":
        share = points.share[: scene.choice.how.dimensions].sum()
        told.append(theme.stat("Variance shown", f"{100 * share:.0f}", "%", "by these axes"))
    purity = points.values.get("label purity of its neighbours")
    if purity is not None:
        chance = np.square(np.bincount(scene.labels) / len(scene.labels)).sum()
        note = f"by chance {100 * chance:.0f} %; in the latents, not on the map"
        told.append(
            theme.stat("Neighbours of its own class", f"{100 * purity.mean():.0f}", "%", note)
        )
    theme.show(theme.row(*told, least="10rem"))
    st.caption(f"{map_words.TRUSTED} {map_words.DISTANCES[scene.choice.how.method]}")
