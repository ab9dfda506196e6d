"""What is measured, and what every measure shares."""

import base64
import math
from collections.abc import Iterator

import numpy as np

from explorer import checkpoints, data
from explorer.capabilities import Cell
from explorer.catalog import Entry
from explorer.data import Data
from explorer.errors import InputError
from explorer.models.base import Model
from explorer.pictures import png

SHOWN = 6  # pictures in a row of a cell

Measure = Iterator[float | Cell]  # how much is done (0 to 1), then the cell


class Subject:
    """One checkpoint of pictures: its model, and training and test images.

    The images are the bundled part of the data it was trained on, so that no figure depends on
    which data happen to be on a machine.
    """

    def __init__(self, entry: Entry):
        self.entry = entry
        self.model: Model = checkpoints.load(entry.path)
        if not self.model.spec.is_image:
            raise InputError(
                "This model is of points, and these measures are for pictures. Choose another one."
            )
        name = data.at_hand(entry.header.recipe["data"].removesuffix("-full"))
        self.train, self.test = data.load(name), data.load(name, "test")


def first(some: Data, n: int) -> Data:
    """The first ``n`` examples, or all."""
    return some.take(np.arange(min(n, len(some))))


def mean(values: np.ndarray) -> tuple[float, float]:
    """The mean of N values and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def picture(sheet: np.ndarray) -> str:
    """A picture as a cell holds it."""
    return base64.b64encode(png(sheet)).decode("ascii")
