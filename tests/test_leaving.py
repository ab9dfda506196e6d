"""A way out of every question that takes a while, and back to it, in Streamlit's simulation."""

import threading
import time
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer.errors import InputError
from explorer.ui import jobs, kept


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def counting_page() -> None:
    import streamlit as st

    from explorer.ui import counting

    st.text(counting.awaited("slot", "the count", "Count", "count", to=4))


def bar_page() -> None:
    import streamlit as st

    from explorer.ui import kept
    from explorer.ui.asking import guarded

    with guarded():
        st.text(kept.awaited("add", "Adding both …", a=1, b=2)[-1])
    st.text("the rest")


def pressed(at: AppTest, label: str) -> AppTest:
    return next(one for one in at.button if one.label == label).click().run()


def seen(at: AppTest) -> list[str]:
    return [one.value for kind in ("info", "error", "text") for one in at.get(kind)]


def test_a_count_can_be_left_and_begun_anew(monkeypatch):
    go_on, asked = threading.Event(), []

    def stream(name: str, **args: int) -> Iterator[object]:
        asked.append((name, args))
        yield "Counting", 1, args["to"]
        go_on.wait(60)
        yield "four"

    monkeypatch.setattr(jobs, "stream", stream)
    at = AppTest.from_function(counting_page).run()
    assert len(at.get("progress")) == 1
    pressed(at, "Cancel")
    assert seen(at) == ["Cancelled before it was done: the count.", "None"]
    assert not at.get("progress")
    assert not jobs_of(at)
    pressed(at, "Count")
    assert asked == [("count", {"to": 4})] * 2
    job = jobs_of(at)[0]
    go_on.set()
    while not job.done:
        time.sleep(0.005)
    assert seen(at.run()) == ["four"]
    assert not at.button


def jobs_of(at: AppTest) -> list[jobs.Job]:
    return [at.session_state["slot"][1]] if "slot" in at.session_state else []


def test_a_bar_that_holds_up_the_page_can_be_left_and_the_rest_stands(monkeypatch):
    def halfway(name: str, **args: int) -> Iterator[object]:
        yield 0.5
        st.stop()  # as the press of a button stops the script here

    monkeypatch.setattr(kept, "stream", halfway)
    at = AppTest.from_function(bar_page).run()
    assert not seen(at)
    at = pressed(AppTest.from_function(bar_page).run(), "Cancel")
    assert seen(at) == ["Cancelled before it was done: adding both.", "the rest"]
    monkeypatch.setattr(kept, "stream", lambda name, a, b: iter([0.5, a + b]))
    assert seen(pressed(at, "Go on")) == ["3", "the rest"]
    assert not at.get("progress")
    assert not at.button


def test_what_stands_below_keeps_its_place_when_there_is_no_bar(monkeypatch):
    """Or the browser would build all of it anew."""
    monkeypatch.setattr(kept, "stream", lambda name, a, b: iter([0.5, a + b]))
    at = AppTest.from_function(bar_page).run()
    before = places(at)
    assert set(before) == {"3", "the rest"}
    assert places(at.run()) == before


def places(at: AppTest) -> dict[str, int]:
    return {one.value: i for i, one in at.main.children.items() if one.type == "text"}


def test_no_bar_stays_above_an_error(monkeypatch):
    def broken(name: str, **args: int) -> Iterator[object]:
        yield 0.5
        raise InputError("These data are not here.")

    monkeypatch.setattr(kept, "stream", broken)
    at = AppTest.from_function(bar_page).run()
    assert seen(at) == ["These data are not here\\.", "the rest"]
    assert not at.get("progress")
    assert not at.button
