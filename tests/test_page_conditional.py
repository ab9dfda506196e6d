"""The page Conditional GAN, in Streamlit's own simulation, and its table of confusion."""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from gan_runs import gan_run, unshipped
from test_pages import _navigation, labels, opened, sound, text_of, told

from explorer.ui import confusion

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """Runs of a plain and of a conditional GAN."""
    with unshipped(tmp_path_factory.mktemp("conditional")):
        yield SimpleNamespace(told=gan_run(conditional=True), plain=gan_run())


def test_it_shows_every_class_and_what_decides(made):
    at = opened("conditional", conditional=made.told.id)
    text = text_of(at)
    assert not told(at), told(at)
    for said in ("Ankle boot", "The class decides", "Seen as asked", "asked ↓", "From one class"):
        assert said in text


def test_only_models_that_know_classes_are_offered(made):
    assert len(opened("conditional").selectbox(key="conditional").options) == 1


def test_other_ends_give_another_way(made):
    at = opened("conditional", conditional=made.told.id, from_class="3", to_class="5")
    before = text_of(at)
    assert "Left Dress, right Sandal" in before
    sound(at.selectbox(key="to_class").set_value("8").run())
    assert "right Bag" in text_of(at)
    assert at.query_params["to_class"] in ("8", ["8"])


def test_an_unknown_class_in_the_address_is_told(made):
    at = opened("conditional", conditional=made.told.id, from_class="12")
    assert "There is no from '12'" in told(at)


def test_without_one_a_click_trains_one(made, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    st.cache_data.clear()
    at = opened("conditional")
    assert labels(at) == ["Train it now"]
    assert "told the class" in text_of(at)
    st.cache_data.clear()


# The table ------------------------------------------------------------------------------------

COUNTS = np.array([[8, 2, 0], [0, 10, 0], [1, 4, 5]])


def test_the_table_says_shares_of_every_row_and_escapes_names():
    html = confusion.table(("a", "<b>", "c"), COUNTS)
    assert "<b>" not in html
    assert html.count("<td") == 9
    assert "asked c, seen as &lt;b&gt;: 40.0%" in html
    assert ">40</td>" in html
    assert ">0</td>" not in html


def test_the_most_frequent_mistakes_come_first():
    assert confusion.mistakes(COUNTS, 2) == [(2, 1), (0, 1)]
    assert confusion.mistakes(COUNTS, 9) == [(2, 1), (0, 1), (2, 0)]
    assert confusion.mistakes(np.diag([3, 3]), 5) == []
