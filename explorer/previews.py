"""What a run shows of itself while it trains: always the same test images and noise."""

import numpy as np
import torch
from torch import Tensor

from explorer.device import own_randomness
from explorer.models.base import Decodes, Denoises, Encodes, Model, last
from explorer.pictures import points_picture, sheet, to_uint8
from explorer.sampling import Step

SIDE = 8  # a sheet has SIDE x SIDE tiles


@torch.no_grad()
def preview(model: Model, x: Tensor, seed: int) -> dict[str, np.ndarray]:
    """Sheets by track: reconstructions of the first of ``x``, and samples from fixed noise."""
    sheets = {}
    coder = getattr(model, "autoencoder", model)
    if isinstance(coder, Encodes) and isinstance(coder, Decodes):
        sheets["reconstructions"] = _reconstructions(coder, x)
    generator = own_randomness(seed, "preview", device=str(model.device))
    if not isinstance(model, Denoises):
        sheets["samples"] = _sheet(model, last(model.generate(_count(model), generator)))
        return sheets
    steps = list(model.way(_count(model), generator))
    sheets["samples"] = _sheet(model, model.to_data(steps[-1].x))
    if model.spec.is_image:
        sheets["reverse"] = _reverse(model, steps)
    return sheets


def _reverse(model: Denoises, steps: list[Step]) -> np.ndarray:
    """A row a sample: its way from noise on the left to the picture on the right."""
    shown = [steps[round(i)].x[:SIDE] for i in np.linspace(0, len(steps) - 1, SIDE)]
    return _sheet(model, model.to_data(torch.stack(shown, dim=1).flatten(0, 1)))


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
