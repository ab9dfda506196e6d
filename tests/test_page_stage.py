"""One stage: the columns of a data set, the address, the figures, and what is not there."""

import pytest
from live_pages import players, told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, empty, furnished, opened, text_of  # noqa: F401

from explorer.answers import Film
from explorer.ui import stage_film, stage_table
from explorer.ui.rooms import SECTIONS
from explorer.ui.stage_table import Told


@pytest.fixture
def clothes(empty) -> AppTest:  # noqa: F811
    return opened("stage", stage_data="fashion-mnist", epoch="10")


def test_all_of_it_on_shipped_models(clothes):
    said = text_of(clothes)
    assert players(clothes) == 1
    assert "Figures at epoch 10." in said
    for words in (
        "Conditional GAN",
        "place 1 of",
        "Between two noises",
        "Reconstruct? By a search",
    ):
        assert words in said
    assert "not on the stage: GAN, least squares, WGAN-GP" in said
    assert clothes.query_params["epoch"] == "10"


def test_an_impossible_epoch_is_told(empty):  # noqa: F811
    at = opened("stage", stage_data="fashion-mnist", epoch="soon")
    assert "is no epoch" in told(at)


def test_the_film_is_aligned_and_has_its_copies_below():
    standing = stage_film.on("fashion-mnist")
    film, places = stage_film.whole(standing)
    titles = [t.title for t in film.tracks]
    count = len(standing.columns) + 1
    assert list(places[:count]) == list(range(count))
    for title, place in zip(titles[count:], places[count:], strict=True):
        assert title == f"{titles[place]}: copies"


def test_the_short_film_is_short():
    film: Film = stage_film.short(stage_film.first())
    assert len(film.labels) <= stage_film.SHORT
    assert sum(t.frames.nbytes for t in film.tracks) < 1_000_000


def test_the_table_marks_the_best_and_says_what_is_missing():
    rows = [
        Told("A", {"images seen": 10_000, "classifier distance": 1.5}, None, True, "good", "bad"),
        Told("B", {"images seen": 10_000, "classifier distance": 9.0}, None, False, "", ""),
        Told("C", {"images seen": 10_000, "images seen before": 4_000}, None, True, "", ""),
    ]
    html = stage_table.table(rows, {"classifier distance": 0.07})
    assert html.count("data-best>") == 1
    assert "real ones 0.07" in html
    assert html.count("no encoder") == 1
    assert "being counted" in html
    assert html.count("4 k of them its autoencoder, before") == 1


@pytest.mark.parametrize(("seconds", "text"), [(8, "8 s"), (119, "119 s"), (600, "10 min")])
def test_time_is_told_in_its_unit(seconds, text):
    assert stage_table.time_taken(seconds) == text


def test_every_room_says_what_can_be_seen_there():
    rooms = [room for some in SECTIONS.values() for room in some]
    assert all(room.line.endswith((".", "?")) for room in rooms)
    assert len({room.page for room in rooms}) == len(rooms)
