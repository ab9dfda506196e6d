"""Figures: what is drawn is what the answers say."""

import numpy as np

from explorer import figures
from explorer.answers import Curve
from explorer.palette import CATEGORICAL

X = np.array([0.0, 1.0, 2.0])


def line(name: str, group: int = 0, dashed: bool = False) -> Curve:
    return Curve(name, X, X**2, group, dashed)


def test_curves_of_one_group_share_a_colour():
    figure = figures.curves([line("a", 1), line("b", 1, dashed=True), line("c", 2)])
    assert [one.line.color for one in figure.data] == [
        CATEGORICAL[1],
        CATEGORICAL[1],
        CATEGORICAL[2],
    ]
    assert [one.line.dash for one in figure.data] == ["solid", "dot", "solid"]


def test_a_legend_above_has_room_for_all_its_rows():
    def room(*names):
        return figures.curves([line(name) for name in names], legend="above").layout.margin.t

    assert room("train") == room("train", "test") == 72
    assert room(*["a name that fills a row of its own"] * 3) == 52 + 3 * 20


def test_a_single_point_is_a_marker():
    point = Curve("a", np.array([3.0]), np.array([4.0]))
    assert figures.curves([point]).data[0].mode == "markers"


def test_panels_stand_beside_each_other_over_one_range():
    groups = {"first": (line("a"),), "second": (Curve("b", np.array([-1.0, 5.0]), X[:2]),)}
    figure = figures.panels(groups, x_title="k", columns=2)
    assert [note.text for note in figure.layout.annotations] == ["first", "second"]
    assert (figure.data[0].xaxis, figure.data[1].xaxis) == ("x", "x2")
    assert tuple(figure.layout.xaxis.range) == tuple(figure.layout.xaxis2.range) == (-1, 5)


def test_places_are_where_the_lines_are_drawn():
    short = Curve("b", np.array([1.0, 2.0]), np.array([5.0, 7.0]), 1)
    figure = figures.panels({"one": (line("a"),), "two": (short,)}, x_title="k", columns=2)
    (colour, left, bottom), *rest = figures.places(figure, 0.5)
    assert colour == CATEGORICAL[0]
    assert left == figure.layout.xaxis.domain[1] * 0.5 / 2  # x runs from 0 to 2
    low, high = figure.layout.yaxis.range
    assert bottom == (0.5 - low) / (high - low)  # between 0 and 1, linearly
    assert low < 0 < 4 < high
    assert not rest  # the other line begins at 1
    (_, second, _) = figures.places(figure, 2.0)[1]
    assert second == figure.layout.xaxis2.domain[1]


def test_a_gap_in_a_line_has_no_place():
    gap = Curve("a", X, np.array([1.0, np.nan, 3.0]))
    figure = figures.panels({"one": (gap,)}, x_title="k")
    assert figures.places(figure, 1.0) == []
    assert len(figures.places(figure, 2.0)) == 1


def test_one_legend_serves_plots_of_the_same_groups():
    both = (line("a", 0), line("a, σ", 0, dashed=True), line("b", 1))
    figure = figures.panels({"one": both, "two": (line("a", 0), line("b", 1))}, x_title="t")
    assert [one.name for one in figure.data if one.showlegend] == ["a", "b"]


def test_without_a_legend_a_title_names_its_lines():
    groups = {"one": (line("a", 0), line("b", 1)), "two": (line("c", 2),)}
    figure = figures.panels(groups, x_title="k")
    title = figure.layout.annotations[0].text
    assert f'<span style="color:{CATEGORICAL[1]}">b</span>' in title
    assert not any(one.showlegend for one in figure.data)


def test_logarithmic_panels():
    figure = figures.panels({"one": (line("a"),), "two": (line("a"),)}, x_title="k", log_y=["two"])
    assert figure.layout.yaxis.type is None
    assert figure.layout.yaxis2.type == "log"


def test_stacked_bars_keep_their_order_and_label_what_is_large():
    parts = {"a": [0.5, 0.01], "b": [0.5, 0.99]}
    figure = figures.stacked(["first", "second"], parts, colours=["#111", "#222"], x_title="share")
    assert [one.name for one in figure.data] == ["a", "b"]
    assert list(figure.data[0].text) == ["50%", ""]
    assert figure.layout.barmode == "stack"
    assert figure.layout.yaxis.autorange == "reversed"  # the first row stands at the top
