"""What a run shows of itself while it trains: always the same test images and noise."""

import numpy as np
import torch
from torch import Tensor

from explorer.device import own_randomness
from explorer.models.base import Decodes, Encodes, Model, last
from explorer.pictures import points_picture, sheet, to_uint8

SIDE = 8  # a sheet has SIDE x SIDE tiles


@torch.no_grad()
def preview(model: Model, x: Tensor, seed: int) -> dict[str, np.ndarray]:
    """Sheets by track: reconstructions of the first of ``x``, and samples from fixed noise."""
    sheets = {}
    if isinstance(model, Encodes) and isinstance(model, Decodes):
        sheets["reconstructions"] = _reconstructions(model, x)
    generator = own_randomness(seed, "preview", device=str(model.device))
    sheets["samples"] = _sheet(model, last(model.generate(_count(model), generator)))
    return sheets


def _count(model: Model) -> int:
    """Tiles of a sheet, or enough points to show a density."""
    return SIDE * SIDE if model.spec.is_image else 2000


def _reconstructions(model: Model, x: Tensor) -> np.ndarray:
    """Rows of originals, each above the row of what the model makes of them."""
    originals = x[: SIDE * SIDE // 2] if model.spec.is_image else x
    mean, _ = model.posterior(originals)
    drawn = model.decode(mean)
    if not model.spec.is_image:
        return _sheet(model, drawn)
    rows = zip(originals.split(SIDE), drawn.split(SIDE), strict=True)
    return _sheet(model, torch.cat([row for pair in rows for row in pair]))


def _sheet(model: Model, x: Tensor) -> np.ndarray:
    x = x.float().cpu().numpy()
    return sheet(to_uint8(x), SIDE) if model.spec.is_image else points_picture(x)
