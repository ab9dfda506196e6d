"""The opening: what Start will show stands in the page that the server answers with."""

import re

import numpy as np
import pytest

from explorer.answers import Film, Track
from explorer.errors import StoreError
from explorer.ui import opening, stage_film
from explorer.ui.theme import picture_url


def film(frames: int = 2) -> Film:
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (2, frames, 6, 6), dtype=np.uint8)
    tracks = tuple(Track(title, one) for title, one in zip(("A & B", "C"), pictures, strict=True))
    return Film(tracks, tuple(f"epoch {i}" for i in range(frames)))


def test_it_shows_the_first_picture_of_each_track_under_its_name():
    shown = film()
    html = opening.opening(shown)
    figures = re.findall(r'<figure.*?src="([^"]*)".*?<figcaption>(.*?)</figcaption>', html)
    assert figures == [
        (picture_url(track.frames[0]), name)
        for track, name in zip(shown.tracks, ("A &amp; B", "C"), strict=True)
    ]
    assert opening.HERO["title"] in html
    assert "--columns:2" in html
    assert ">epoch 0<" in html


def test_nothing_of_the_player_was_missed():
    assert all(empty in opening.source("player.html") for empty in opening.EMPTY)
    assert opening._fonts().count("@font-face") == len(opening.FONTS)


def test_the_page_of_streamlit_is_whole_around_it(monkeypatch):
    monkeypatch.setattr(stage_film, "first", lambda: "a stage")
    monkeypatch.setattr(stage_film, "short", lambda found: film())
    page = opening._page()
    assert '<div id="root"></div>' in page
    assert page.index('id="root"') < page.index('id="gm-opening"') < page.index("</body>")


@pytest.mark.parametrize("models", ["none", "damaged"])
def test_without_models_the_page_is_streamlits_own(models, monkeypatch):
    def first():
        if models == "damaged":
            raise StoreError("damaged")

    monkeypatch.setattr(stage_film, "first", first)
    assert "gm-opening" not in opening._page()
