"""What FID says about pictures that are known: real ones, corrupted ones, a shipped model's."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer import competitors, trials
from explorer.errors import InputError

QUICK = 1000  # pictures that the classifier looks at
MOST = 100  # pictures of a wall


def fid_quick(name: str, strength: float) -> tuple[float, float]:
    """The classifier distance of 1,000 pictures of a set, and that of real ones as they are."""
    return trials.quick(name, strength, QUICK), trials.quick("real", 0, QUICK)


def fid_trial(name: str, strength: float, n: int) -> Iterator[dict[str, Any]]:
    """FID and KID of n pictures of a set, as they are measured: see `trials.measured`."""
    yield from trials.measured(name, strength, n)


def fid_wall(checkpoint: str, n: int) -> np.ndarray:
    """The first n samples that a checkpoint is measured by, uint8 n H W [3]."""
    if not 1 <= n <= MOST:
        raise InputError(f"{n} pictures are asked for, but must be 1 to {MOST}.")
    return next(competitors.draw(competitors.competitor(checkpoint), 0))[:n]
