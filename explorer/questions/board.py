"""The scoreboard: competitors measured side by side, and what is known of them at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer import competitors, evaluation, standings
from explorer.answers import Standing
from explorer.competitors import Competitor
from explorer.config import Setting, describe
from explorer.errors import InputError
from explorer.rulers import Asked
from explorer.shelf import Shelf

WALL = 64  # pictures of each on the wall

Entered = tuple[dict[str, Any], ...]  # {"key": …, "how": {…}} each


def board_settings() -> tuple[Setting, ...]:
    """What can be asked for."""
    return describe(Asked)


def board_known(entered: Entered, asked: dict[str, Any]) -> tuple[Standing, ...]:
    """What is known of competitors without measuring anything: finished or waiting."""
    return tuple(evaluation.known(_entered(entered, asked), _asked(asked)))


def board(entered: Entered, asked: dict[str, Any]) -> Iterator[tuple[Standing, ...]]:
    """All standings, whenever one of them has changed."""
    found = {}
    for i, standing in evaluation.evaluate(_entered(entered, asked), _asked(asked)):
        found[i] = standing
        if len(found) == len(entered):
            yield tuple(found[k] for k in sorted(found))


def board_wall(entered: Entered, asked: dict[str, Any], n: int) -> Iterator[float | np.ndarray]:
    """The first ``n`` pictures of each competitor, uint8 n H W [3]; drawn if need be.

    Yields shares done (0 to 1), too.
    """
    if not 1 <= n <= WALL:
        raise InputError(f"{n} pictures are asked for, but a wall has 1 to {WALL} of each.")
    ones = _entered(entered, asked)
    for i, one in enumerate(ones):
        for found in _first(one, n):
            yield found if isinstance(found, np.ndarray) else (i + found) / len(ones)


def _first(one: Competitor, n: int) -> Iterator[float | np.ndarray]:
    """The first pictures of a chunk, which its classes take turns in; shares done before."""
    kept = standings.shipped_wall(one.digest, one.sampling, one.seed)
    if kept is None or len(kept) < n:
        kept = Shelf(one.shelf).get("pictures-0000")
        kept = kept and kept["pictures"]
    if kept is None:
        kept, parts = np.empty(0), competitors.draw(one, 0)
        while len(kept) < n:
            yield len(kept) / n
            part = next(parts)
            kept = np.concatenate([kept, part]) if len(kept) else part
    yield kept[:n]


def _asked(asked: dict[str, Any]) -> Asked:
    return Asked.read(asked)


def _entered(entered: Entered, asked: dict[str, Any]) -> list[Competitor]:
    if len(entered) > standings.MOST:
        raise InputError(f"At most {standings.MOST} competitors fit on the board. Leave some out.")
    seed = _asked(asked).seed
    return [competitors.competitor(one["key"], one.get("how"), seed) for one in entered]
