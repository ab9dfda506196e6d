"""The page Compare, in Streamlit's own simulation, with its rows, plots and figures."""

import csv
from dataclasses import replace
from io import StringIO

import pytest
from live_pages import settled, told
from test_pages import _navigation, labels, opened, sound, text_of
from workspaces import workspace

from explorer.answers import Protocol, Score, Standing
from explorer.ui import board_entries, board_plots, board_table, jobs

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
TWO = "real:fashion-mnist:test|pretrained:gan-fashion"
QUICK = {"on_fashion-mnist": TWO, "inception": "false", "samples": "250"}


@pytest.fixture(scope="module", autouse=True)
def _workspace(tmp_path_factory):
    with workspace(tmp_path_factory.mktemp("compare")):
        yield


def test_it_opens_on_samples_of_every_competitor():
    at = opened("compare")
    text = text_of(at)
    assert not told(at), told(at)
    for said in ("Real test images", "Conditional GAN", "The samples themselves", "All figures"):
        assert said in text or said in str(labels(at)) or said in str(at.multiselect[0].options)


def test_measuring_fills_in_the_board_and_is_known_afterwards():
    at = opened("compare", **QUICK)
    assert "2 of 2 are not measured" in text_of(at) + told(at, "info")
    sound(next(one for one in at.button if one.label == "Measure").click().run())
    settled(at, lambda at: any(one.label == "Cancel" for one in at.button))
    text = text_of(at)
    assert not told(at), told(at)
    assert "classifier distance" in text
    assert "not measured yet" not in text
    again = opened("compare", **QUICK)
    assert "are not measured" not in told(again, "info")
    assert not any(one.label == "Measure" for one in again.button)


def test_cancel_gives_up_and_offers_again():
    at = opened("compare", **QUICK | {"samples": "4000"})
    sound(next(one for one in at.button if one.label == "Measure").click().run())
    sound(next(one for one in at.button if one.label == "Cancel").click().run())
    assert any(one.label == "Measure" for one in at.button)
    assert not jobs.working("board")


def test_an_unknown_competitor_in_the_address_is_told():
    at = opened("compare", **{"on_fashion-mnist": "pretrained:nothing"})
    assert "There is no competitor 'pretrained:nothing'" in told(at, "warning", "error")


def test_no_competitor_is_no_error():
    at = opened("compare")
    sound(at.multiselect[0].set_value([]).run())
    assert "Choose at least one competitor" in told(at, "info")


# Rows, plots and figures ---------------------------------------------------------------------


def standing(title, fid) -> Standing:
    how = Protocol("n", "1", "r", "bf16", 2000, "train", 10, "2", 0, title, "")
    curve = ((1000, fid + 8), (2000, fid))
    return Standing(title, title, "", "done", 2000, 2000, how, fid=curve, seconds=0.1)


def test_the_best_stands_first_and_the_floor_is_never_the_best():
    several = [standing("worse", 30.0), standing("real:x:test", 2.0), standing("<better>", 10.0)]
    assert board_table.order(several) == [1, 2, 0]
    html = board_table.table(several, [None] * 3)
    assert html.count("data-best") == 1
    assert html.index("data-best") < html.index("&lt;better&gt;") < html.index("worse")
    assert "<better>" not in html


def test_different_rulers_are_not_ranked():
    one = standing("a", 3.0)
    other = standing("b", 4.0)
    other = replace(other, protocol=replace(other.protocol, precision="float32"))
    html = board_table.table([one, other], [None, None])
    assert "data-best" not in html
    assert html.count('gm-place">–') == 2


def test_shares_grow_from_stage_to_stage():
    one = standing("a", 3.0)
    stages = [("waiting", 0), ("drawing", 1000), ("drawing", 2000), ("looking", 10)]
    stages += [("looking", 2000), ("comparing", 0), ("copies", 2000), ("done", 2000)]
    shares = [board_table.share(replace(one, stage=s, done=d)) for s, d in stages]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1


def test_checkpoints_of_a_run_are_one_line_with_the_best_marked():
    run = [replace(standing(f"GAN · 7af2 · step {n}", fid), key=f"20@{n}") for n, fid in COURSE]
    there = [*run, standing("real:c:test", 2.0), replace(standing("b", 1.0), key="21@5")]
    assert [s for s, _ in board_plots.courses(there)["GAN · 7af2"]] == [1, 2, 3]
    line, best = board_plots.by_step(there).data
    assert (line.name, list(line.x), list(line.y)) == ("GAN · 7af2", [1, 2, 3], [40, 10, 12])
    assert (best.name, best.x[0]) == ("best: 10.0 at step 2", 2)


COURSE = ((3, 12.0), (1, 40.0), (2, 10.0))


@pytest.mark.parametrize(("best", "kept"), [(None, [0, 3, 6, 9]), (7, [0, 3, 6, 7, 9])])
def test_the_first_the_last_and_the_best_of_many_checkpoints_stay(best, kept):
    assert board_entries.thinned(list(range(10)), best, 5) == kept
    assert board_entries.thinned([1, 2], best, 5) == [1, 2]


def test_the_front_is_what_nothing_beats():
    points = [(1.0, 50.0), (2.0, 20.0), (3.0, 30.0), (4.0, 10.0), (0.5, 90.0), (4.0, 12.0)]
    assert board_plots.pareto(points) == [4, 0, 1, 3]


COST = {"GFLOP": Score(0.02)}


def test_plots_show_all_that_can_be_shown():
    several = [standing("a", 30.0), standing("b", 10.0), standing("real:c:test", 2.0)]
    several[0] = replace(
        several[0], scores={"FID at infinity": Score(20.0, 1.0), "precision": Score(0.5), **COST}
    )
    several[1] = replace(several[1], scores={"precision": Score(0.9), **COST})
    names = [line.name for line in board_plots.growing(several).data]
    assert names == ["a", "a, FID∞", "b", "real:c:test"]
    assert [line.name for line in board_plots.against_cost(several).data] == [None, "a", "b"]
    lines = board_plots.sides(several).data
    heights = dict(zip(lines[0].x, lines[0].y, strict=True))
    assert heights["precision"] == 0
    assert dict(zip(lines[1].x, lines[1].y, strict=True))["precision"] == 1


def test_csv_has_every_figure_and_the_protocol():
    scores = {"FID": Score(3.0, 0.25), "KID": Score(0.001), "precision": Score(0.5)}
    several = [replace(standing("a, b", 3.0), scores=scores), standing("c", 9.0)]
    first, second = csv.DictReader(StringIO(board_table.csv(several)))
    assert first["competitor"] == "a, b"
    assert (first["FID"], first["FID ±"], first["precision"]) == ("3.0", "0.25", "0.5")
    assert (first["network precision"], first["samples"], first["seed"]) == ("bf16", "2000", "0")
    assert second["KID"] == ""
