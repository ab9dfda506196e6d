"""A game in the plane as it is drawn: whole games, and one round in seven phases."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from explorer.answers import Board, Course, Film, Plane, SlowRound

EXTENT = 1.7  # half the side of what is shown
LONGEST = 0.45  # the length that an arrow approaches
HALF = 0.3  # the push whose arrow is half as long
NOISE = 0.6  # z is drawn smaller, so that nearly all of it is seen
PHASES = (
    "1 · Draw noise z",
    "2 · G carries every z to a point",
    "3 · D looks at real and generated points",
    "4 · D moves",
    "5 · D looks again at the generated points",
    "6 · D's slope tells G where to",
    "7 · G moves",
)
COURSE = ("D loss", "G loss", "D(real)", "D(generated)")


def plane(boards: Sequence[Board], title: str = "") -> Plane:
    """Boards as frames: real (group 0) and generated points, arrows, D's surface, G's grid."""
    first = boards[0]
    groups = np.repeat([0, 1], [len(first.real), len(first.fake)])
    return Plane(
        title,
        np.stack([np.concatenate([b.real, _seen(b.fake)]) for b in boards]),
        groups,
        np.stack([arrows(b) for b in boards]),
        np.stack([ground(b) for b in boards]),
        extent=EXTENT,
        lines=np.stack([_seen(b.lines) for b in boards]),
        signed=True,
    )


def arrows(board: Board) -> np.ndarray:
    """Pushes as arrows A 4: a longer one is a stronger push, but none crosses the whole plane."""
    length = np.linalg.norm(board.pushes, axis=1, keepdims=True)
    along = board.pushes * (LONGEST / (length + HALF))
    return _seen(np.concatenate([board.fake[: len(along)], along], axis=1))


def ground(board: Board) -> np.ndarray:
    """D's surface as uint8 H W: 128 where it tells nothing, 255 sure of real, 1 of generated."""
    sure = np.clip(np.nan_to_num((board.surface - board.middle) / board.reach), -1, 1)
    return (128 + 127 * sure).round().astype(np.uint8)


def _seen(places: np.ndarray) -> np.ndarray:
    """Finite float32; where a network overflowed, far outside."""
    far = 10 * EXTENT
    return np.nan_to_num(places, nan=far, posinf=far, neginf=-far).astype(np.float32)


def film(boards: Sequence[Board]) -> Film:
    """The game from its beginning, a frame a board."""
    labels = tuple(f"round {board.round:,}" for board in boards)
    ticks = tuple(float(board.round) for board in boards)
    return Film((plane(boards, "The game"),), labels, ticks, "rounds", fps=12.0)


def slow_film(slow: SlowRound) -> Film:
    """The phases of one round, a frame each; its points glide where a player lets them."""
    before, judged, after = slow.before, slow.judged, slow.after
    still = np.zeros_like(before.pushes)
    blind = np.full_like(before.surface, before.middle)
    boards = (
        replace(before, fake=NOISE * slow.z, lines=NOISE * slow.grid, surface=blind, pushes=still),
        replace(before, surface=blind, pushes=still),
        replace(before, pushes=still),
        replace(judged, pushes=still),
        replace(judged, pushes=still),
        judged,
        replace(after, surface=judged.surface, middle=judged.middle, reach=judged.reach),
    )
    drawn = plane(boards, "One round")
    drawn.arrows[6] = drawn.arrows[5]  # where G was pushed, beside where it went
    return Film((drawn,), PHASES, fps=0.5)


def course(boards: Sequence[Board]) -> Course:
    """What is drawn over the rounds: losses, D's opinions, and modes covered if they are known."""
    terms = {name: np.array([b.terms[name] for b in boards]) for name in COURSE}
    if boards[0].modes:
        terms["modes"] = np.array([float(b.modes[0]) for b in boards])
    return Course(np.array([b.round for b in boards]), terms)
