"""Names of points: they stand where least is covered."""

import numpy as np
import pytest

from explorer.ui.naming import LETTER, LINE, MARK, SIDES, in_a_row, sides

NONE = np.empty((0, 4))


def rectangle(point, name, side):
    """Where plotly paints a name: its centre, a size away from the point and past its marker."""
    across, up = SIDES[side]
    width = LETTER * len(name)
    x = point[0] + np.sign(across) * (width + MARK) / 2
    y = point[1] + up * LINE
    return x - width / 2, y - LINE / 2, x + width / 2, y + LINE / 2


def meet(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_a_name_alone_stands_above():
    assert sides(np.array([[0.0, 0.0]]), ["VAE"], NONE) == ["top center"]


@pytest.mark.parametrize("seed", range(5))
def test_names_that_have_room_do_not_meet(seed):
    random = np.random.default_rng(seed)
    points = random.uniform(0, 300, (8, 2)) * [2, 1]
    names = [f"model {i}" for i in range(8)]
    found = sides(points, names, NONE)
    boxes = [rectangle(*one) for one in zip(points, names, found, strict=True)]
    crossed = [(i, j) for i in range(8) for j in range(i) if meet(boxes[i], boxes[j])]
    assert crossed == []


def test_a_line_is_left_readable():
    line = np.array([[0.0, 0.0, 200.0, 0.0]])
    above = np.array([[0.0, LINE, 200.0, LINE]])
    (side,) = sides(np.array([[0.0, 0.0]]), ["VAE"], np.concatenate([line, above]))
    assert side.startswith("bottom") or side == "middle left"


def test_names_in_a_row_stand_in_their_order_where_there_is_room():
    assert in_a_row([0, 100, 200], "abc", [0, 1, 2]) == ["a", "b", "c"]
    assert in_a_row([0, 2, 200], "abc", [1, 0, 2]) == ["", "b", "c"]
    touching = 1.5 * LETTER  # two letters and half of the space between them
    assert in_a_row([0, touching], "ab", [0, 1]) == ["a", "b"]
    assert in_a_row([0, touching - 1], "ab", [0, 1]) == ["a", ""]
