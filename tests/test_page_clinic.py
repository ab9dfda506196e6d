"""The clinic in Streamlit's own simulation: it opens alive, treats, and forks runs."""

from collections.abc import Iterator
from pathlib import Path

import live_pages
import pytest
import test_pages
from live_pages import players, told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, labels, sound
from workspaces import workspace

from explorer import launch, runs
from explorer.collapse import CURES, INGREDIENTS, PICTURES
from explorer.ui import clinic_runs, clinic_words

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
ROOT = Path(__file__).parent.parent
BRIEF = {"c_steps": "20"}
SLOTS = ("c_twins", "c_treat")
TINY = {"width": 4, "d_width": 4, "batch_size": 2500, "device": "cpu", "steps": 4}


@pytest.fixture(scope="module", autouse=True)
def _place(tmp_path_factory) -> Iterator[None]:
    """An empty workspace and an engine of its own."""
    with workspace(tmp_path_factory.mktemp("clinic")):
        yield


def opened(**address: str) -> AppTest:
    """The page at an address, in a new session."""
    return test_pages.opened("clinic", **(BRIEF | address))


def settled(at: AppTest) -> AppTest:
    """The page once nothing on it is waited for any more."""
    return live_pages.settled(at, lambda at: any(slot in at.session_state for slot in SLOTS))


def html(at: AppTest) -> str:
    return " ".join(one.proto.body for one in at.get("html"))


# On points ------------------------------------------------------------------------------------


def test_it_opens_alive_and_treats_by_itself():
    at = settled(opened())
    assert [one.value for one in at.header] == ["The recipe", "The cures"]
    assert players(at) == 2  # the twins, the cures
    assert len(at.get("plotly_chart")) == 2
    titles = [CURES[name].title for name in ("nothing", "everything")]
    assert list(at.dataframe[0].value["cure"]) == ["Healthy twin", *titles]
    for one in INGREDIENTS.values():
        assert one.title in html(at)
    assert labels(at).count("Try it") == len(CURES) - 2


def test_a_collapse_is_told_with_its_step():
    at = settled(opened(c_steps="150"))
    assert "Collapsed from step 0 on" in told(at) or "Collapsed at step" in told(at)
    assert "G reaches at most 2 modes" in told(at)


def test_one_click_tries_a_cure_and_another_tries_all():
    at = settled(opened())
    settled(sound(at.button(key="c_try_leak").click().run()))
    assert at.query_params["c_tried"] in ("nothing,everything,leak", ["nothing,everything,leak"])
    assert len(at.dataframe[0].value) == 4
    rest = next(one for one in at.button if one.label == "Try all of them")
    settled(sound(rest.click().run()))
    assert len(at.dataframe[0].value) == 1 + len(CURES)
    assert "Try it" not in labels(at)


def test_ingredients_can_be_left_out():
    at = settled(opened(p_clinic_parts="rate,leak"))
    assert html(at).count("left out") == 2
    assert html(at).count("in the recipe") == 2


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("c_data", "moons", "There is no data 'moons'"),
        ("c_tried", "tea", "There is no cure 'tea'"),
        ("c_steps", "5001", "between 20 and 5000"),
        ("p_clinic_parts", "salt", "is not some of latent, rate, leak, penalty"),
    ],
)
def test_an_impossible_address_is_told(name, value, sentence):
    assert sentence in told(opened(**{name: value}))


def test_changes_are_told_as_a_person_says_them():
    before = {"learning_rate": 0.01, "d_learning_rate": 0.01, "leak": 0.0, "minibatch_std": False}
    change = {"learning_rate": 0.001, "d_learning_rate": 0.001, "minibatch_std": True, "leak": 0.0}
    said = clinic_words.changes(before, change)
    assert said == "learning rate 0.01 → 0.001, minibatch std off → on"


@pytest.mark.parametrize(
    ("after", "state"), [(8, "done"), (6, "done"), (5, "waiting"), (2, "failed")]
)
def test_the_verdict(after, state):
    found = clinic_words.verdict(after, 8, "modes")
    assert f'data-state="{state}"' in found
    assert f"{after} of 8 modes" in found


# On pictures ----------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch):
    """Runs of four steps that nobody works on until a test does."""
    for name in ("healthy",):
        monkeypatch.setitem(PICTURES.__dict__, name, getattr(PICTURES, name) | TINY)
    monkeypatch.setitem(PICTURES.__dict__, "steps", TINY["steps"])
    monkeypatch.setattr(launch, "start", lambda run: 0)


def finish(run) -> None:
    from explorer.worker import work

    assert work(run, threads=1) == "done"


def test_pictures_are_trained_examined_and_forked(tiny):
    at = opened(c_ground="pictures")
    assert "Train both" in labels(at)
    fork = [one for one in at.button if one.label == "Fork"]
    assert len(fork) == len(CURES)
    assert all(one.disabled for one in fork)
    sound(next(one for one in at.button if one.label == "Train both").click().run())
    case = clinic_runs.case_of(0)
    assert set(case.runs) == {"healthy", "sick"}
    assert len(runs.runs()) == 2

    for run in case.runs.values():
        finish(run)
    sound(at.run())
    assert players(at) == 1
    sound(at.button(key="c_fork_spread").click().run())
    case = clinic_runs.case_of(0)
    forked = case.runs["spread"]
    assert forked.settings["parent"] == {"run": case.runs["sick"].id, "step": TINY["steps"]}
    assert forked.settings["model"]["minibatch_std"]
    assert forked.settings["training"]["steps"] == 2 * TINY["steps"]
    assert forked.notes["label"].startswith("Collapse clinic:")
    finish(forked)
    sound(at.run())
    assert "c_fork_spread" not in [one.key for one in at.button]
    assert clinic_runs.case_of(1).runs == {}  # another seed, another case
