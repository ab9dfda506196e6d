"""Where names stand beside their points, and which, so that they meet as little as may be."""

from collections.abc import Sequence

import numpy as np

SIDES = {  # of plotly: where the middle of the text is, in text sizes from the point
    "top center": (0.0, 1.0),
    "bottom center": (0.0, -1.0),
    "middle right": (0.5, 0.0),
    "middle left": (-0.5, 0.0),
    "top right": (0.5, 1.0),
    "top left": (-0.5, 1.0),
    "bottom right": (0.5, -1.0),
    "bottom left": (-0.5, -1.0),
}
LETTER, LINE, MARK = 6.0, 15.0, 12.0  # pixels: width of a letter, height of a name, a marker


def sides(points: np.ndarray, names: Sequence[str], lines: np.ndarray) -> list[str]:
    """The side of each name, a key of `SIDES`: the first of those that cover least.

    ``points`` N 2 are pixels, y upwards; ``lines`` M 4 are segments drawn between them, from
    (x, y) to (x, y).  The names of the most crowded points are placed first.
    """
    marks = np.concatenate([_box(p, np.zeros(2), (MARK, MARK))[None] for p in points])
    ends = np.sort(lines.reshape(-1, 2, 2), axis=1) + np.array([[-1, -2], [1, 2]])
    taken = list(np.concatenate([marks, ends.reshape(-1, 4)]))
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    found = [""] * len(names)
    for i in np.argsort(np.exp(-away / 50).sum(1))[::-1]:
        size = np.array([LETTER * len(names[i]), LINE])
        boxes = {side: _box(points[i], np.array(at), size) for side, at in SIDES.items()}
        found[i] = min(boxes, key=lambda side: _covered(boxes[side], np.array(taken)))
        taken.append(boxes[found[i]])
    return found


def in_a_row(places: Sequence[float], names: Sequence[str], order: Sequence[int]) -> list[str]:
    """The names that can stand beside each other in one line, "" for the others.

    Those that come first in ``order`` (indices) stand; ``places`` are pixels along the line.
    """
    standing: list[int] = []
    for i in order:
        rooms = {k: LETTER * (len(names[i]) + len(names[k]) + 1) / 2 for k in standing}
        if all(abs(places[i] - places[k]) >= room for k, room in rooms.items()):
            standing.append(i)
    return [name if i in standing else "" for i, name in enumerate(names)]


def _box(point: np.ndarray, at: np.ndarray, size: Sequence[float]) -> np.ndarray:
    """Left, bottom, right, top of something ``at`` some of its own sizes beside a marker."""
    half = np.asarray(size) / 2
    middle = point + at * size + np.sign(at) * [MARK / 2, 0]
    return np.concatenate([middle - half, middle + half])


def _covered(box: np.ndarray, others: np.ndarray) -> float:
    """How much of ``others``, boxes M 4, lies under ``box``, in square pixels."""
    width, height = (
        np.minimum(box[2 + i], others[:, 2 + i]) - np.maximum(box[i], others[:, i]) for i in (0, 1)
    )
    return float((width.clip(0) * height.clip(0)).sum())
