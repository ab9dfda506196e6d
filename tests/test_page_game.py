"""The page of the game in Streamlit's own simulation; the browser's wishes are put in its mouth."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import test_pages
from live_pages import told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, button, sound
from workspaces import workspace

from explorer.answers import Course
from explorer.errors import ResourceError
from explorer.game_pictures import PHASES
from explorer.ui import game_board, game_seat, game_words

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
ROOT = Path(__file__).parent.parent
BRIEF = {"g_width": "4", "g_d_width": "4", "g_batch_size": "32"}


@pytest.fixture(scope="module", autouse=True)
def _place(tmp_path_factory) -> Iterator[None]:
    """An empty workspace and an engine of its own."""
    with workspace(tmp_path_factory.mktemp("game")):
        yield


@pytest.fixture(autouse=True)
def said(monkeypatch) -> dict:
    """What the browser wishes: set ``said["wish"]`` and run the page."""
    wishes = {}
    monkeypatch.setattr(game_board, "wish", lambda key: game_board.read(wishes))
    return wishes


def opened(**address: str) -> AppTest:
    """The page at an address, in a new session."""
    return test_pages.opened("game", **(BRIEF | address))


def wished(at: AppTest, said: dict, act: str, rounds: int = 1) -> game_seat.Seat:
    """The seat after the browser has asked for something."""
    said["wish"] = {"turn": seat(at).turn + 1, "act": act, "rounds": rounds}
    sound(at.run())
    return seat(at)


def seat(at: AppTest) -> game_seat.Seat:
    return at.session_state["g_seat"]


def components(at: AppTest) -> list[str]:
    return [one.proto.component_name for one in at.get("bidi_component")]


def test_it_opens_alive():
    at = opened()
    assert not told(at)
    assert components(at) == ["explorer.game"]
    assert seat(at).playing
    assert seat(at).until == game_seat.FIRST
    code = " ".join(one.value for one in at.code)
    assert "value = loss.discriminator(d_real, d_fake, target)" in code


def test_pictures_play_and_each_wish_counts_once(said):
    at = opened()
    assert wished(at, said, "play", 1).board.round == 1  # of more than one, time may run out
    sound(at.run())  # something else on the page changed: the wish is the same
    assert seat(at).board.round == 1
    assert wished(at, said, "play", 1).board.round == 2
    assert wished(at, said, "pause").board.round == 2
    assert not seat(at).playing
    assert wished(at, said, "discriminator").board.round == 3
    assert wished(at, said, "both").board.round == 4
    assert not seat(at).playing
    assert wished(at, said, "play").until == 4 + game_seat.FIRST
    assert wished(at, said, "restart").board.round == 0
    assert seat(at).playing


def test_it_pauses_by_itself(said, monkeypatch):
    monkeypatch.setattr(game_seat, "FIRST", 2)
    at = opened()
    seat(at).until = 2
    assert wished(at, said, "play", 1).playing
    now = wished(at, said, "play", 1)
    assert (now.board.round, now.playing) == (2, False)


def test_a_rule_acts_on_the_game_as_it_stands_and_another_player_begins_anew(said):
    at = opened()
    wished(at, said, "play", 1)
    sound(at.selectbox(key="g_loss").set_value("hinge").run())
    assert (seat(at).board.round, seat(at).board.middle) == (1, 0.0)
    assert at.query_params["g_loss"] in ("hinge", ["hinge"])
    sound(at.slider(key="g_leak").set_value(0.0).run())
    assert (seat(at).board.round, seat(at).playing) == (0, True)
    assert wished(at, said, "play", 1).board.round == 1
    sound(at.button_group(key="p_shape").set_value("moons").run())
    assert (seat(at).board.round, seat(at).board.modes) == (0, None)


def test_a_forgotten_game_is_said_and_begins_anew(said):
    at = opened()
    wished(at, said, "play", 1)
    seat(at).game = "unknown"
    now = wished(at, said, "play", 1)
    assert now.board.round == 0
    assert "no longer has this game" in told(at, "warning")
    assert wished(at, said, "play", 1).board.round == 1
    assert not told(at, "warning")


def test_an_engine_that_fails_is_a_sentence_and_the_board_stays(said, monkeypatch):
    at = opened()
    wished(at, said, "play", 1)

    def failing(*args, **kwargs):
        raise ResourceError("The engine stopped (signal 9). Try again.")

    monkeypatch.setattr(game_seat, "ask", failing)
    now = wished(at, said, "play", 1)
    assert (now.board.round, now.playing) == (1, False)
    assert "The engine stopped (signal 9)" in told(at, "warning")
    assert components(at) == ["explorer.game"]


def test_one_round_slowly(said, monkeypatch):
    at = opened(g_view="slow")
    assert components(at) == ["explorer.player"]
    assert seat(at).board.round == game_seat.WARM + 1
    assert not seat(at).playing
    sound(at.run())  # looking again plays no further round
    assert seat(at).board.round == game_seat.WARM + 1
    assert "normal distribution" in " ".join(one.value for one in at.markdown)
    sound(button(at, "Play the next round").click().run())
    assert seat(at).board.round == game_seat.WARM + 2
    sound(at.button_group(key="g_view").set_value("live").run())
    assert seat(at).board.round == game_seat.WARM + 2


@pytest.mark.parametrize("loss", game_words.FORMULAS)
def test_every_phase_has_words_a_formula_and_a_place_in_our_code(loss):
    at = opened(g_view="slow", g_loss=loss)
    slow = seat(at).slow
    for number in range(len(PHASES)):
        told = game_words.phase(number, slow, loss)
        assert len(told.text) > 80
        assert told.formula
        from explorer.ui.source import excerpt

        assert excerpt(told.code, told.find).text


def test_looking_back(said):
    at = opened()
    wished(at, said, "play", 10)
    sound(at.button_group(key="g_view").set_value("past").run())
    assert components(at) == ["explorer.player"]
    assert len(at.get("plotly_chart")) == 3
    assert not seat(at).playing
    sound(at.button_group(key="p_shape").set_value("moons").run())
    assert len(at.get("plotly_chart")) == 2  # nobody counts modes there


def test_rules_worth_trying_are_a_click():
    at = opened(g_r1="5")
    sound(button(at, "Wasserstein").click().run())
    assert at.session_state["g_loss"] == "wasserstein"
    assert at.session_state["g_d_steps"] == 5
    sound(button(at, "Healthy").click().run())
    assert at.session_state["g_loss"] == "non-saturating"
    assert at.session_state["g_d_steps"] == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("g_view", "backwards", "There is no watch 'backwards'"),
        ("g_loss", "mse", "must be one of"),
        ("g_latent", "65", "between 1 and 64"),
        ("g_d_steps", "0", "between 1 and 10"),
    ],
)
def test_an_impossible_address_is_told(name, value, sentence):
    at = opened(**{name: value})
    assert sentence in told(at)
    assert "The address asked for it" in told(at)


# Messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"wish": 7},
        {"wish": {"turn": -1, "act": "play"}},
        {"wish": {"turn": True, "act": "play"}},
        {"wish": {"turn": 1, "act": "cheat"}},
    ],
)
def test_nonsense_from_the_browser_is_a_pause(state):
    assert game_board.read(state) == game_board.Wish(0, "pause", 1)


def test_a_wish_is_read_within_bounds():
    asked = {"turn": 3, "act": "play", "rounds": 10**9}
    assert game_board.read({"wish": asked}) == game_board.Wish(3, "play", 100)
    assert game_board.read({"wish": asked | {"rounds": "x"}}).rounds == 1


def test_a_number_that_is_none_leaves_a_gap():
    course = Course(np.array([0, 4]), {"D loss": np.array([1.23456, np.nan])})
    assert game_board._course(course) == {"rounds": [0, 4], "dLoss": [1.235, None]}
