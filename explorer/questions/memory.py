"""Whether a model copies what it learned from: nearest pictures, shares, and why pixels mislead."""

from collections.abc import Iterator

import numpy as np

from explorer import competitors, copying
from explorer.answers import Copies, CopyRate, Shifts
from explorer.competitors import CHUNK
from explorer.errors import InputError

MOST = 8 * CHUNK  # samples in an answer
CHECKPOINTS = 40  # that are compared with each other


def copies(
    checkpoint: str, space: str, n: int, seed: int
) -> Iterator[copying.Told | np.ndarray | Copies]:
    """Samples as soon as they are drawn, at last how near they come; before, what is being done.

    ``space`` is pixels, classifier or inception.
    """
    n = _few(n)
    yield from copying.copies(competitors.competitor(checkpoint, seed=seed), space, n)


def copy_rates(
    checkpoints: tuple[str, ...], n: int, seed: int
) -> Iterator[copying.Told | tuple[CopyRate, ...]]:
    """How much each of some checkpoints copies: after each of them all so far."""
    if not 1 <= len(checkpoints) <= CHECKPOINTS:
        raise InputError(
            f"{len(checkpoints)} checkpoints are named, but 1 to {CHECKPOINTS} can be."
        )
    yield from copying.rates(list(checkpoints), _few(n), seed)


def copy_shifts(data_name: str, index: int) -> Iterator[copying.Told | Shifts]:
    """What nearest neighbours find of a picture that was moved by a few pixels."""
    yield from copying.shifts(data_name, index)


def _few(n: int) -> int:
    if not CHUNK <= n <= MOST:
        raise InputError(f"{n} samples are asked for, but must be between {CHUNK} and {MOST:,}.")
    return n
