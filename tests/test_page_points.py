"""The page of the plane in Streamlit's own simulation: alive, trained, compared, refused."""

import base64
from collections.abc import Iterator
from pathlib import Path

import live_pages
import numpy as np
import pytest
import test_pages
from live_pages import players, told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, button, labels, sound
from workspaces import workspace

from explorer.ui import plot_pad

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
ROOT = Path(__file__).parent.parent
BRIEF = {"p_steps": "30", "p_width": "8", "p_batch_size": "64", "p_T": "12"}
SLOTS = ("p_job", "p_film", "p_history", "p_race_job", "p_wrong_job")
ALL = {"Train", "How it learned", "The same noise, several ways", "What goes wrong"}


@pytest.fixture(scope="module", autouse=True)
def _place(tmp_path_factory) -> Iterator[None]:
    """An empty workspace and an engine of its own."""
    with workspace(tmp_path_factory.mktemp("plane")):
        yield


def opened(**address: str) -> AppTest:
    """The page at an address, in a new session."""
    return test_pages.opened("points", **(BRIEF | address))


def settled(at: AppTest) -> AppTest:
    """The page once nothing on it is waited for any more."""
    return live_pages.settled(at, lambda at: any(awaited(at, slot) for slot in SLOTS))


def awaited(at: AppTest, slot: str) -> bool:
    """Whether something is still coming; what failed stays where it is."""
    return slot in at.session_state and not at.session_state[slot][1].error


def headers(at: AppTest) -> list[str]:
    return [one.value for one in at.header]


def test_it_opens_alive_and_trains_by_itself():
    at = settled(opened())
    assert not told(at)
    assert set(headers(at)) == ALL - {"Train"}
    assert players(at) == 4  # the film, the training, the samplers, the mistake
    assert len(at.get("plotly_chart")) == 2  # the error and the loss
    code = " ".join(one.value for one in at.code)
    assert "return (alpha * x0 - x) / sigma**2" in code
    assert "x = a * x0 + s * eps" in code


def test_other_settings_show_the_exact_field_and_wait_for_the_button():
    at = settled(opened())
    at.slider(key="p_blocks").set_value(2)
    settled(sound(at.run()))
    assert "Train" in labels(at)
    assert headers(at) == []
    assert players(at) == 1
    settled(sound(button(at, "Train").click().run()))
    assert len(headers(at)) == 3


def test_what_was_learned_is_there_when_one_comes_back():
    at = settled(opened())
    settled(sound(at.button_group(key="p_shape").set_value("grid").run()))
    assert "Train" in labels(at)
    settled(sound(at.button_group(key="p_shape").set_value("ring").run()))
    assert "Train" not in labels(at)
    assert len(headers(at)) == 3


def test_training_can_be_cancelled():
    at = opened(p_steps="20000", p_seed="1")
    assert "Cancel" in labels(at)
    sound(button(at, "Cancel").click().run())
    settled(at)
    assert "Train" in labels(at)
    assert "Cancel" not in labels(at)
    assert not told(at)


def test_choices_stand_in_the_address():
    at = settled(opened(p_shape="grid", p_arrows="velocity", p_views="x,exact", p_race_steps="4"))
    assert "def velocity" in " ".join(one.value for one in at.code)
    assert at.button_group(key="p_views").value == ["x", "exact"]
    assert at.select_slider(key="p_race_steps").value == 4
    assert at.query_params["p_views"] in ("x,exact", ["x,exact"])
    settled(sound(at.button_group(key="p_race").set_value(["ddim", "heun"]).run()))
    assert at.query_params["p_race"] in ("ddim,heun", ["ddim,heun"])


def test_more_steps_than_levels_is_a_sentence_and_the_rest_stays():
    at = settled(settled(opened(p_race_steps="100")).run())
    assert "Try again" in labels(at)
    assert "must be a whole number between 1 and 12" in told(at)
    assert len(headers(at)) == 3
    assert players(at) == 3


def test_two_to_four_are_compared():
    at = settled(opened(p_race="ddim"))
    assert "1 chosen. Choose two to four." in told(at, "info")


def test_a_bad_schedule_and_its_one_click_fix():
    at = settled(opened(p_wrong="schedule"))
    assert "60 % of the data" in " ".join(one.value for one in at.markdown)
    settled(sound(button(at, "Fix it: T = 1000").click().run()))
    assert "Use these settings above" in labels(at)
    sound(button(at, "Use these settings above").click().run())
    assert at.session_state["p_schedule"] == "linear"
    assert at.session_state["p_T"] == 1000


def test_too_few_steps_are_mended_by_another_solver():
    at = settled(opened())
    settled(sound(button(at, "Fix it: as few steps with DPM-Solver++").click().run()))
    assert at.session_state["p_solver"] == "dpm"
    assert not [one for one in labels(at) if one.startswith("Fix it")]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("p_shape", "cube", "There is no points to learn 'cube'"),
        ("p_steps", "20001", "between 1 and 20000"),
        ("p_T", "5", "between 10 and 1000"),
        ("p_views", "x,<b>", "is not some of x, x0, learned, exact"),
        ("p_race_steps", "3", "is none of 1, 2, 4"),
    ],
)
def test_an_impossible_address_is_told(name, value, sentence):
    at = opened(**{name: value})
    assert sentence in told(at)
    assert "The address asked for it" in told(at)


def test_a_schedule_and_a_target_that_do_not_go_together():
    at = opened(p_schedule="flow", p_target="eps")
    for _ in range(500):
        if "straight path" in told(at):
            break
        at.run()
    assert "Predict velocity, v or x0" in told(at)


def test_drawing_waits_for_enough_points(monkeypatch):
    at = opened(p_shape="drawn")
    assert "0 of at least 20 points" in told(at, "info")
    own = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    text = plot_pad.encode(own)
    monkeypatch.setattr(plot_pad, "_component", lambda **options: {"points": text})
    settled(sound(at.run()))
    assert "at least 20 points." not in told(at, "info")
    assert players(at) >= 1


# The pad's messages ---------------------------------------------------------------------------


def test_points_travel_to_the_browser_and_back():
    own = np.random.default_rng(0).uniform(-1.6, 1.6, (300, 2))
    assert np.abs(plot_pad.decode(plot_pad.encode(own)) - own).max() < 1e-4


@pytest.mark.parametrize(
    "text", [None, "", "?", 7, "AAA=", base64.b64encode(bytes(4 * 20_001)).decode()]
)
def test_nonsense_from_the_browser_is_no_point(text):
    assert plot_pad.decode(text).shape == (0, 2)
