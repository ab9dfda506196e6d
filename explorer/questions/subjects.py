"""What a question is about: the model behind a key, and pictures that it can take."""

import numpy as np

from explorer import catalog, checkpoints, data
from explorer.data import Data
from explorer.errors import InputError
from explorer.models.base import Model
from explorer.oracle import oracle


def model_of(checkpoint: str) -> Model:
    """The model behind a key.  Raises InputError, StoreError."""
    if checkpoint.startswith(catalog.EXACT):
        return oracle(checkpoint)
    return checkpoints.load(catalog.resolve(checkpoint))


def images_of(name: str, model: Model) -> Data:
    """The test images called ``name``, which must look like what the model was trained on."""
    found = data.load(name, "test")
    if found.spec.shape != model.spec.shape:
        raise InputError(
            f"{name} has images of {'x'.join(map(str, found.spec.shape))}, and this model takes "
            f"{'x'.join(map(str, model.spec.shape))}. Choose another data set or model."
        )
    return found


def fitted(x: np.ndarray, model: Model) -> np.ndarray:
    """Grey for colour and back: uint8 N C H W in the model's channels."""
    want = model.spec.shape
    if x.shape[2:] != want[1:]:
        raise InputError(f"This picture is {x.shape[-1]} pixels wide; the model takes {want[-1]}.")
    if x.shape[1] == want[0]:
        return x
    return (
        x.repeat(3, axis=1) if want[0] == 3 else x.mean(1, keepdims=True).round().astype(np.uint8)
    )
