"""The page Lessons in Streamlit's own simulation: every step, every link, and what is missing."""

import json
from collections.abc import Iterator

import pytest
from live_pages import told, workspace
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, opened, text_of

from explorer.lessons import doors, reading
from explorer.lessons.schema import Link
from explorer.ui import lesson_links, url

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table

PLACES = reading.places()


@pytest.fixture(scope="module", autouse=True)
def _workspace(tmp_path_factory) -> Iterator[None]:
    with workspace(tmp_path_factory.mktemp("runs")):
        yield


def links() -> list[tuple[str, Link, dict[str, str]]]:
    """Every link of every lesson whose page and models are here, the same one only once."""
    found = {}
    for place in PLACES:
        entries = reading.models(place.step).entries
        for link in place.step.pages:
            asked = lesson_links.address(link, entries, place)
            if asked is not None:
                own = {name: text for name, text in asked.items() if name != "lesson"}
                found.setdefault(json.dumps([link.page, own]), (place.name, link, asked))
    return list(found.values())


@pytest.mark.parametrize(("name", "link", "asked"), links(), ids=lambda x: getattr(x, "page", None))
def test_a_link_opens_its_page_in_the_state_it_asks_for(name, link, asked):
    at = opened(link.page, **asked)
    assert "The address" not in told(at), told(at)
    assert f"Lesson {name.replace('.', ', step ')}" in text_of(at)
    kept = {key: at.query_params.get(key) for key in asked}
    for key, value in kept.items():
        assert value in (None, asked[key], [asked[key]]), (key, value, asked[key])
    strange = doors.strangers(link.page, _names(at))
    assert not strange, f"explorer/lessons/doors.py does not know {strange} of {link.page}"


def _names(at: AppTest) -> set[str]:
    """The choices that the page made, but for those that no address holds."""
    made = at.session_state.get(url.NAMES, set())
    return made - {*IN_STATE}


IN_STATE = ("simple-asked", "p_wish", "noising-drag", "t_first")
