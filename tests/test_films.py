"""Several films on one slider of epochs: each shows the past, never the future."""

import numpy as np
import pytest

from explorer import films
from explorer.answers import Film, Track
from explorer.errors import StoreError


def film(*epochs: float) -> Film:
    """A frame an epoch, all of whose pixels are its place, counted from 1."""
    frames = np.repeat(np.arange(1, len(epochs) + 1, dtype=np.uint8), 4).reshape(-1, 2, 2)
    labels = tuple(f"step {round(78 * e):,} · epoch {e:.2f}" for e in epochs)
    return Film((Track("samples", frames),), labels)


def places(one: Film, *moments: float) -> list[int]:
    return films.at_epochs(one, "samples", moments)[:, 0, 0].tolist()


@pytest.mark.parametrize(
    ("moment", "expected"), [(-1, None), (0, 0), (0.5, 0), (1, 1), (9.99, 1), (10, 2), (99, 2)]
)
def test_the_newest_is_the_last_one_at_or_before(moment, expected):
    assert films.newest((0, 1, 10), moment) == expected


def test_of_nothing_nothing_is_the_newest():
    assert films.newest((), 3.0) is None


def test_epochs_are_read_from_labels():
    assert films.epochs(film(0, 0.03, 1, 20)) == (0, 0.03, 1, 20)


def test_a_film_that_tells_no_epochs_is_refused():
    for labels in (("round 1", "round 2"), ("epoch 2.00", "epoch 1.00"), ("epoch 1.00", "x")):
        with pytest.raises(StoreError, match="does not say at which epoch"):
            films.epochs(Film((), labels))


def test_each_film_shows_its_newest_picture_and_never_a_later_one():
    assert places(film(0, 1, 2), 0, 0.5, 1, 1.99, 2, 7) == [1, 1, 2, 2, 3, 3]


def test_before_its_first_picture_a_film_is_black():
    assert places(film(3, 4), 0, 2.99, 3) == [0, 0, 1]


def test_a_track_that_is_not_there():
    assert films.at_epochs(film(0, 1), "reconstructions", (0, 1)) is None


def test_one_slider_has_the_epochs_of_all():
    both = film(0, 1, 20), film(0, 0.5, 1, 25)
    assert films.moments(both, 99) == (0, 0.5, 1, 20, 25)


def test_a_slider_too_long_is_thinned_but_for_what_must_stay():
    long = film(*np.arange(0, 26, 0.25))
    found = films.moments((long,), 11, kept=(1, 10, 20, 25, 30))
    assert {0, 1, 10, 20, 25} <= set(found)
    assert len(found) <= 15
    assert list(found) == sorted(found)


def test_no_film_has_no_moment():
    assert films.moments((), 9) == ()


def test_films_stand_side_by_side_by_epoch_whatever_their_frames():
    found = films.side_by_side([("a", film(0, 1, 2)), ("b", film(0, 2)), ("a", film(1))], "samples")
    assert found.labels == ("epoch 0", "epoch 1", "epoch 2")
    assert [track.title for track in found.tracks] == ["a", "b", "a"]
    assert [t.frames[:, 0, 0].tolist() for t in found.tracks] == [[1, 2, 3], [1, 1, 2], [0, 1, 1]]
    assert films.side_by_side([("a", film(0))], "copies") is None
