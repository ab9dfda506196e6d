"""The page Lessons in Streamlit's own simulation: every step, every link, and what is missing."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from live_pages import settled, told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, opened, sound, text_of
from workspaces import workspace

from explorer import catalog, ui
from explorer.errors import InputError
from explorer.lessons import doors, reading
from explorer.lessons.reading import Place
from explorer.lessons.schema import Link
from explorer.ui import asking, jobs, kept, lesson_handin, lesson_links, lesson_notes, url

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table

SLOW = {"estimate", "errors_of", "latent_use"}  # questions that are left out where only
IN_STATE = {"simple-asked", "p_wish", "noising-drag", "t_first"}  # choices that no address holds


@pytest.fixture(scope="module", autouse=True)
def _workspace(tmp_path_factory) -> Iterator[None]:
    with workspace(tmp_path_factory.mktemp("runs")):
        yield


@pytest.fixture
def quick(monkeypatch) -> None:
    """No to what takes the engine long: the controls above it are there all the same."""
    ask = asking.ask

    def refuse(name, /, **args):
        raise InputError("Left out.")

    def only_quick(name, /, **args):
        return refuse(name) if name in SLOW else ask(name, **args)

    for found in pkgutil.iter_modules(ui.__path__):  # or one read now would keep the refusal
        importlib.import_module(f"{ui.__name__}.{found.name}")
    for module in (asking, jobs, kept):
        monkeypatch.setattr(module, "stream", refuse)
    monkeypatch.setattr(asking, "ask", only_quick)  # of pages, which are run anew each time


# Every link ---------------------------------------------------------------------------------------


def links() -> list[tuple[Place, Link]]:
    """The links of all lessons whose page and models are here, one of each set of settings."""
    found = {}
    for place in reading.places():
        entries = reading.models(place.step).entries
        for link in place.step.pages:
            if lesson_links.address(link, entries, place):
                found.setdefault((link.page, frozenset(link.preset)), (place, link))
    return list(found.values())


@pytest.mark.parametrize(
    ("place", "link"), links(), ids=lambda x: getattr(x, "name", getattr(x, "page", None))
)
def test_a_link_opens_its_page_in_the_state_it_asks_for(quick, place, link):
    asked = lesson_links.address(link, reading.models(place.step).entries, place)
    at = opened(link.page, **asked)
    assert "The address" not in told(at), told(at)
    assert f"Lesson {place.lesson.key}, step {place.number}: " in text_of(at)
    for key, value in asked.items():
        assert at.query_params.get(key) in (None, value, [value]), key
    made = at.session_state[url.NAMES] if url.NAMES in at.session_state else set()  # noqa: SIM401
    strange = doors.strangers(link.page, made - IN_STATE)
    assert not strange, f"explorer/lessons/doors.py does not know {strange} of {link.page}"


# Every step ---------------------------------------------------------------------------------------


def at_step(at: AppTest, place: Place) -> AppTest:
    """The page of lessons at a step."""
    at.query_params.update(lesson_links.of_step(place))
    return sound(at.run())


@pytest.mark.parametrize("key", list(reading.found().lessons))
def test_a_lesson_is_walked_to_its_end(key):
    lesson = reading.found().lessons[key]
    at = opened("lessons", lesson=key)
    for number, step in enumerate(lesson.steps, 1):
        place = Place(lesson, number)
        at_step(at, place)
        assert "Say what you expect" in text_of(at)
        answer(at, place)
        settled(at, lambda at: "Iteration" in text_of(at) and not at.get("bidi_component"))
        assert not told(at), (place.name, told(at))
        assert "Say what you expect" not in text_of(at)
        assert not step.numbers or step.numbers[0].what in text_of(at)
    assert len(at.session_state[lesson_notes.ANSWERS]) == len(lesson.steps)


def answer(at: AppTest, place: Place) -> None:
    """Choose the right answer, or one of them."""
    predict = place.step.predict
    if predict.choices:
        said = predict.choices[predict.right or 0]
        sound(at.radio(key=f"predict-{place.name}").set_value(said).run())
    else:
        sound(at.text_area(key=f"predict-{place.name}").set_value("Blur").run())


def test_the_hand_in_holds_what_was_said_and_shown():
    place = reading.place("D.1")
    at = at_step(opened("lessons", lesson="D"), place)
    sound(at.radio(key="predict-D.1").set_value(place.step.predict.choices[0]).run())
    sound(at.text_area(key="note-D.1").set_value("I saw <shreds>.").run())
    at.text_input(key="lesson-student").set_value("A. Student").run()
    sound(at.button(key="lesson-export").click().run())
    _, made = at.session_state[lesson_handin.READY]
    for said in ("A. Student", "I saw &lt;shreds&gt;.", "0 of 1 predictions right", "--seed 0"):
        assert said in made
    assert place.step.predict.choices[0].replace("'", "&#x27;") in made
    assert made.count("data:image/png") == 2
    for entry in reading.models(place.step).entries:
        assert entry.digest in made


# What is not there --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"lesson": "Q"}, "There is no lesson 'Q'"),
        ({"lesson": "A", "step": "77"}, "Lesson A has no step '77'"),
        ({"lesson": "A", "step": "<b>"}, "Lesson A has no step"),
    ],
)
def test_an_impossible_step_is_told_and_the_lessons_are_shown(address, said):
    at = opened("lessons", **address)
    assert said in told(at)
    assert "Three ways to invent a picture" in text_of(at)


def test_without_any_model_each_step_says_so_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    at = opened("lessons", lesson="A", step="2")
    answer(at, reading.place("A.2"))
    assert "vae-fashion is not here" in told(at, "warning")
    assert "not measured" in text_of(at)


def test_a_teachers_wrong_file_is_told_and_takes_nothing_along(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_LESSONS", str(tmp_path))
    (tmp_path / "mine.json").write_text('{"key": 1}')
    at = opened("lessons")
    assert "mine.json, key:" in told(at, "warning")
    assert "Every family" in text_of(at)


def test_a_page_opened_by_no_lesson_says_so_and_names_those_that_use_it():
    at = opened("few_shots", lesson="Q.1")
    assert "There is no lesson 'Q'" in told(at)
    assert "In lessons" in text_of(at)


# Locks --------------------------------------------------------------------------------------------


def test_a_locked_control_shows_the_value_and_cannot_be_changed():
    at = opened("few_shots", labels="50", lock="labels")
    labels, judge = at.get("button_group")[-1], at.get("button_group")[-2]
    assert labels.proto.disabled
    assert url.LOCKED.strip() in labels.proto.label
    assert not judge.proto.disabled
    sound(at.run())
    assert at.query_params["lock"] in ("labels", ["labels"])


def test_all_controls_can_be_locked_and_one_be_left_out():
    every = opened("few_shots", lock="all")
    assert all(one.proto.disabled for one in every.get("button_group"))
    assert every.multiselect[0].proto.disabled
    hidden = opened("few_shots", labels="50", hide="labels")
    assert len(hidden.get("button_group")) == len(every.get("button_group")) - 1
    assert hidden.session_state["labels"] == "50"


def test_a_lock_of_what_there_is_not_is_told():
    at = opened("few_shots", lock="betta", hide="gamma")
    assert "locks 'betta'" in told(at)
    assert "hides 'gamma'" in told(at)


def test_a_presets_unknown_setting_is_told():
    assert "sets 'betta'" in told(opened("few_shots", lesson="B.2", betta="1"))


def test_a_lessons_link_undoes_what_was_chosen_before():
    at = opened("few_shots", labels="100")
    assert at.session_state["labels"] == "100"
    at.query_params.clear()
    at.query_params.update({"lesson": "B.2", "labels": "5"})
    sound(at.run())
    assert at.session_state["labels"] == "5"
