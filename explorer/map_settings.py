"""How a map of latents is made: the settings of its form, its address and the engine."""

from typing import Literal

from explorer.config import Settings, setting

NEIGHBOURLY, OWN = ("umap",), ("umap", "tsne")  # the methods for which a setting has a meaning


class MapSettings(Settings):
    """Which method, and its settings."""

    method: Literal["umap", "tsne", "pca"] = setting(
        "umap",
        "Map",
        "UMAP and t-SNE keep neighbours together and tear the rest apart; PCA is a plain "
        "projection: it tears nothing and lays different things over each other.",
        labels={"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"},
    )
    dimensions: int = setting(2, "Dimensions", "A plane, or a space to turn.", ge=2, le=3)
    n_neighbors: int = setting(
        15,
        "Neighbours",
        "How many neighbours of each image UMAP holds together. Few show fine structure, many the "
        "large one.",
        ge=2,
        le=200,
        log=True,
        when=("method", NEIGHBOURLY),
    )
    min_dist: float = setting(
        0.1,
        "Least distance",
        "How tightly UMAP may pack points: small makes clumps, large spreads them evenly.",
        ge=0,
        le=0.99,
        when=("method", NEIGHBOURLY),
    )
    perplexity: float = setting(
        30.0,
        "Perplexity",
        "About how many neighbours of each image t-SNE listens to.",
        ge=2,
        le=200,
        log=True,
        when=("method", ("tsne",)),
    )
    metric: Literal["euclidean", "cosine", "manhattan", "correlation"] = setting(
        "euclidean",
        "Distance",
        "What counts as near among latents. Cosine looks at directions only.",
        labels={
            "euclidean": "Euclidean",
            "cosine": "Cosine",
            "manhattan": "Manhattan",
            "correlation": "Correlation",
        },
        when=("method", OWN),
    )
    map_seed: int = setting(
        0,
        "Seed of the map",
        "Another seed, another map of the same images.",
        ge=0,
        le=2**31 - 1,
        when=("method", OWN),
    )

    def facts(self) -> dict[str, object]:
        """Only what the method looks at, so that equal maps have equal names."""
        ours = {"pca": (), "umap": ("n_neighbors", "min_dist"), "tsne": ("perplexity",)}[
            self.method
        ]
        names = ("method", "dimensions", *ours, *(("metric", "map_seed") if ours else ()))
        return {name: getattr(self, name) for name in names}
