"""CIFAR-10 as small JPEG files in one zip: ``train/bird/0000.jpg``, ``test/…``, a folder a class.

Compressed once more, its pictures are not those that published figures are of; its title says so.
Only the classes asked for are decoded, and nothing is taken on trust: a member is read through
`explorer.data.sources`, has to be a JPEG of 32 x 32, and every class has to be complete.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from explorer.data.base import Data
from explorer.data.images import Unusable
from explorer.data.sources import open_source
from explorer.errors import InputError, StoreError

NAME = "cifar10_jpeg.zip"
TITLE = "JPEG quality 75"
SIDE = 32
EACH = {"train": 5000, "test": 1000}  # pictures of a class


def place(roots: tuple[Path, ...]) -> Path | None:
    """The first archive of that name, or None."""
    return next((root / NAME for root in roots if (root / NAME).is_file()), None)


def load(name: str, split: str, path: Path, classes: tuple[str, ...]) -> Data:
    """The pictures of some classes, one of each class in turn (StoreError)."""
    found: dict[str, list[np.ndarray]] = {one: [] for one in classes}
    folder = f"{split}/{classes[0]}/" if len(classes) == 1 else f"{split}/"
    try:
        with open_source(path, folder) as source:
            for member, data in source:
                found[member.split("/")[1]].append(_pixels(data))
    except (InputError, Unusable, KeyError):
        raise _damaged() from None
    if {len(pictures) for pictures in found.values()} != {EACH[split]}:
        raise _damaged()
    x = np.stack(list(found.values()), axis=1)  # each, classes, C H W
    y = np.tile(np.arange(len(classes)), EACH[split])
    return Data(name, split, x.reshape(-1, *x.shape[2:]), y, classes)


def _pixels(data: bytes | Unusable) -> np.ndarray:
    """One picture, uint8 3 32 32 (Unusable)."""
    if isinstance(data, Unusable):
        raise data
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if image.size != (SIDE, SIDE):
                raise Unusable("is of another size")
            return np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    except Unusable:
        raise
    except Exception:  # a hostile file can make a decoder raise anything
        raise Unusable("is a damaged or cut-off image") from None


def _damaged() -> StoreError:
    return StoreError(
        f"{NAME} is damaged or incomplete: it needs {EACH['train']:,} training and "
        f"{EACH['test']:,} test pictures of {SIDE} x {SIDE} for each class. Bring it again."
    )
