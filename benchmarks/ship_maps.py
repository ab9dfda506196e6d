"""Fit the maps that the page Latent map opens on, and put them beside the shipped models.

``python -m benchmarks.ship_maps`` writes pretrained/latent-maps.safetensors.
"""

import numpy as np
from safetensors.numpy import save

from explorer import catalog, charting, data, embedding, files, layouts
from explorer.map_settings import MapSettings

MODELS = (
    "vae-fashion",
    "autoencoder-fashion",
    "latent-diffusion-fashion",
    "gan-fashion",
    "diffusion-fashion",
)
COUNT = 2000  # images, as the page shows them at first


def main() -> None:
    """One after the other; what is on the shelf already is taken from there."""
    asked, kept = MapSettings(), {}
    for name in MODELS:
        key = f"{catalog.SHIPPED}{name}"
        images = data.at_hand(catalog.entry(key).header.recipe["data"].removesuffix("-full"))
        cut = charting.Cut(key, images, "test", COUNT, 0)
        for _ in charting.points(cut):
            pass
        *_, found = layouts.layout(cut, asked)
        own = f"{cut.key}.{layouts.layout_name(asked)}."
        told = [found.trustworthiness, found.continuity, found.judged, found.seconds]
        kept[own + "positions"] = found.positions
        kept[own + "told"] = np.array(told)
        print(f"{name}: trustworthiness {told[0]:.3f}, continuity {told[1]:.3f}, {told[3]:.0f} s")
    files.publish(catalog.FOLDER / layouts.LAYOUTS, save(kept))
    embedding.process().close()


if __name__ == "__main__":
    main()
