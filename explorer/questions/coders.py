"""What turns pictures into latents and back, behind a key; and what may be asked of it."""

from collections import OrderedDict

import numpy as np

from explorer import catalog, data, traversing
from explorer.answers import LatentCode
from explorer.data import Data
from explorer.errors import InputError
from explorer.models.base import Model
from explorer.questions.subjects import images_of, model_of

MOST = 256  # pictures in an answer
KEPT = 8  # sets of latents
_codes: OrderedDict[tuple[str, str, int], LatentCode] = OrderedDict()


def coder(checkpoint: str) -> Model:
    """The model behind a key, or a latent diffusion's autoencoder.  InputError without latents."""
    return traversing.coder(model_of(checkpoint))


def encodes(model: Model) -> bool:
    """Whether it finds the latents of a picture."""
    return "Encodes" in model.capabilities


def images(checkpoint: str, model: Model, split: str = "test") -> Data:
    """The bundled part of what it was trained on, so that no figure depends on the machine."""
    name = data.at_hand(catalog.entry(checkpoint).header.recipe["data"].removesuffix("-full"))
    return images_of(name, model) if split == "test" else data.load(name, split)


def picked(real: Data, index: int, n: int) -> Data:
    """``n`` images from ``index`` on.  InputError if there are not so many."""
    if not 0 <= index <= len(real) - n:
        raise InputError(
            f"Images {index} to {index + n - 1} are asked for, but there are only 0 to "
            f"{len(real) - 1}. Choose others."
        )
    return real.take(np.arange(index, index + n))


def code(checkpoint: str, model: Model, split: str, n: int) -> LatentCode:
    """The posteriors of the first ``n`` images of a split, kept for the next question."""
    key = (catalog.entry(checkpoint).exact, split, n)
    if key not in _codes:
        _codes[key] = traversing.codes(model, images(checkpoint, model, split).x[:n])
        while len(_codes) > KEPT:
            _codes.popitem(last=False)
    return _codes[key]


def few(n: int) -> int:
    """``n`` pictures, if an answer may hold so many.  InputError otherwise."""
    if not 1 <= n <= MOST:
        raise InputError(f"{n} pictures are asked for, but must be between 1 and {MOST}.")
    return n
