"""The page of known mistakes in Streamlit's own simulation: a question first, then both twins."""

from collections.abc import Iterator
from pathlib import Path

import live_pages
import pytest
import test_pages
from live_pages import players, told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, sound
from workspaces import workspace

from explorer.models.gan import Config
from explorer.ui import mistake_views
from explorer.ui.mistake_words import MISTAKES, SHOW

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
ROOT = Path(__file__).parent.parent
BRIEF = {
    "m_detach_rounds": "20",
    "m_sample_in_eval_rounds": "4",
    "m_match_tanh_rounds": "4",
}


@pytest.fixture(scope="module", autouse=True)
def _place(tmp_path_factory) -> Iterator[None]:
    """An empty workspace and an engine of its own."""
    with workspace(tmp_path_factory.mktemp("mistakes")):
        yield


def opened(**address: str) -> AppTest:
    """The page at an address, in a new session."""
    return test_pages.opened("mistakes", **(BRIEF | address))


def settled(at: AppTest) -> AppTest:
    """The page once nothing on it is waited for any more."""
    return live_pages.settled(at, lambda at: "m_job" in at.session_state)


def test_every_teaching_switch_has_its_mistake():
    known = {
        name for name, field in Config.model_fields.items() if "is a mistake" in field.description
    }
    assert set(MISTAKES) == known == {"detach", "sample_in_eval", "match_tanh"}
    assert all(hasattr(mistake_views, name) for name in MISTAKES)


@pytest.mark.parametrize("which", MISTAKES)
def test_a_question_comes_before_the_answer(which):
    one = MISTAKES[which]
    assert one.right in one.guesses
    assert one.guesses["show"] == SHOW
    at = settled(opened(m_which=which))
    assert at.radio(key=f"m_{which}_guess").value is None
    assert one.question in at.radio(key=f"m_{which}_guess").label
    assert "This is the healthy twin" in told(at, "info")
    assert one.happens not in told(at, "info", "success")
    assert players(at) == 1
    assert len(at.get("plotly_chart")) == 0


@pytest.mark.parametrize(
    ("which", "films", "plots"),
    [("detach", 1, 3), ("sample_in_eval", 2, 1), ("match_tanh", 1, 2)],
)
def test_a_guess_reveals_the_twin(which, films, plots):
    one = MISTAKES[which]
    at = settled(opened(m_which=which))
    settled(sound(at.radio(key=f"m_{which}_guess").set_value("nothing").run()))
    assert "Not quite." in told(at, "info")
    assert "How to notice it in your own code" in told(at, "info")
    assert (players(at), len(at.get("plotly_chart"))) == (films, plots)
    settled(sound(at.radio(key=f"m_{which}_guess").set_value(one.right).run()))
    assert "Just so." in told(at, "success")
    assert at.query_params[f"m_{which}_guess"] in (one.right, [one.right])


def test_a_link_may_carry_the_answer():
    at = settled(opened(m_which="detach", m_detach_guess="show"))
    assert "Here is what happens." in told(at, "info")
    assert "with torch.set_grad_enabled" in told(at, "code")


def test_the_words_about_detach_follow_the_loss():
    at = settled(opened(m_detach_guess="show", m_detach_loss="non-saturating"))
    assert r"2sigma(d) - 1" in told(at, "latex")
    at.selectbox(key="m_detach_loss").set_value("least-squares")
    settled(sound(at.run()))
    assert "2d - 1" in told(at, "latex")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("m_which", "none", "There is no mistake 'none'"),
        ("m_detach_guess", "maybe", "There is no guess 'maybe'"),
        ("m_detach_rounds", "9999", "between 20 and 3000"),
    ],
)
def test_an_impossible_address_is_told(name, value, sentence):
    at = opened(**{name: value})
    assert sentence in told(at)
    assert "The address asked for it" in told(at)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (1e-6, "0 %"), (0.034, "3.4 %"), (0.5, "50 %")]
)
def test_shares_as_people_read_them(share, text):
    assert mistake_views.percent(share) == text
