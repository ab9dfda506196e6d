"""The page Memorised or made?, in Streamlit's own simulation, and what its parts say."""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from conftest import small
from live_pages import settled, told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, opened, sound, text_of
from workspaces import workspace

from explorer import catalog, data, runs
from explorer.answers import Copies, CopyRate
from explorer.checkpoints import build, pack
from explorer.engine import engine
from explorer.header import MODEL
from explorer.pictures import tiles
from explorer.recipe import learned, recipe
from explorer.runs import Run, Writer
from explorer.ui import memory_rates, memory_training, memory_view, memory_words
from explorer.ui.wall import read

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
CHOSEN = {"memory_way": "any"}


def untrained(images: int, steps: tuple[int, ...] = (10, 20)) -> Run:
    """A run of a small VAE on a few pictures, with checkpoints of untrained networks."""
    made = recipe("vae", "fashion-mnist", small("vae", images=images, device="cpu"))
    run = runs.create(made.model_dump())
    spec = data.info("fashion-mnist").spec
    with Writer(run) as writer:
        writer.begin(0, total_steps=steps[-1], steps_per_epoch=10)
        for step in steps:
            facts = {"step": step, "epoch": step / 10, "best": True}
            weights = pack(build(made, spec).eval(), made, run=run.id, **facts)
            writer.checkpoint(contents={MODEL: weights}, **facts)
        writer.end("done")
    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """One run on 60 pictures, no shipped models, and measures that look at a few test images."""
    with workspace(tmp_path_factory.mktemp("memorised")), pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "FOLDER", tmp_path_factory.mktemp("none"))
        st.cache_data.clear()
        engine().wait_ready()
        yield SimpleNamespace(run=untrained(60))
    st.cache_data.clear()


def waits(at) -> bool:
    """Whether a bar tells that the wall is still to come."""
    return not any("All samples at once" in str(one.value) for one in at.get("header"))


def walls(at) -> int:
    names = [one.proto.component_name for one in at.get("bidi_component")]
    return names.count("explorer.wall")


def test_it_shows_the_samples_of_a_run_their_neighbours_and_the_statistics(made):
    at = settled(opened("memorised", memory_model=made.run.id, **CHOSEN), waits)
    assert not told(at), told(at)
    assert walls(at) == 1
    text = text_of(at)
    for said in ("60 training pictures", "by chance it would be 50 %", "Nearest test pictures"):
        assert said in text
    assert "What do you expect?" in at.radio(key="memory_guess").label


def test_a_guess_is_answered_and_kept_in_the_address(made):
    at = settled(opened("memorised", memory_guess="new", memory_model=made.run.id), waits)
    assert "It copies." in told(at, "info")
    sound(at.radio(key="memory_guess").set_value("copies").run())
    assert "Just so." in told(at, "success")


def test_one_click_trains_one_run_on_few_pictures(made, monkeypatch):
    started = []
    monkeypatch.setattr("explorer.launch.start", started.append)
    at = settled(opened("memorised", memory_model=made.run.id, memory_images="30"), waits)
    sound(at.button(key="memory-train").click().run(timeout=240))
    (run,) = started
    assert run.settings["training"]["images"] == 30
    assert run.settings["model"]["width"] == memory_training.RECIPE["width"]
    assert run.notes["label"] == "Diffusion on 30 pictures"


# Without a page -------------------------------------------------------------------------------


def test_the_checkpoints_of_a_run_that_are_measured_are_few_and_the_newest_is_there(made):
    keys = memory_rates.checkpoints(made.run)
    assert keys == (f"{made.run.id}@10", f"{made.run.id}@20")
    many = untrained(30, tuple(range(10, 200, 10)))
    keys = memory_rates.checkpoints(many)
    assert len(keys) <= memory_rates.MOST
    assert keys[-1] == f"{many.id}@190"


def found(**more) -> Copies:
    """Ten samples, of which the first three are copies."""
    copied = np.arange(10) < 3
    away = np.where(copied[:, None], [0.5, 6.0], [4.0, 4.5])
    x = data.load("fashion-mnist").x[:10]
    values = {
        "space": "pixels",
        "pictures": tiles(x),
        "train": np.zeros((10, 2), int),
        "test": np.zeros((10, 2), int),
        "train_away": away,
        "test_away": away + 1,
        "copied": copied,
        "nearer": 0.62,
        "error": 0.02,
        "z": -12.3,
        "to_train": away[:, 0],
        "to_test": away[:, 0] + 1,
        "unseen": away[:, 0] + 0.5,
        "compared": 100,
        "learned": 100,
        "distances": {},
    }
    return Copies(**values | more)


def test_shares_are_said_against_chance():
    said = memory_words.nearness(found())
    assert "**62 %**" in said
    assert "50 % ± 2 %" in said
    assert "30 %** are outright copies" in said
    honest = found(copied=np.zeros(10, bool), nearer=0.51, z=0.4)
    assert "what pictures have in common" in memory_words.nearness(honest)
    suspect = found(copied=np.zeros(10, bool), nearer=0.7)
    assert "hardly any sample is a copy" in memory_words.nearness(suspect)


def test_a_sample_is_called_a_copy_only_if_it_is_one():
    assert memory_words.of_sample(found(), 0).startswith("**A copy.**")
    said = memory_words.of_sample(found(), 5)
    assert said.startswith("**No copy.**")
    assert "nearer to a training picture" in said


def test_the_histogram_counts_everything_once():
    figure = memory_view.histogram(found())
    assert [round(float(sum(line.y))) for line in figure.data] == [100, 100, 100]


def test_a_distance_that_prefers_copies_is_called_out():
    rate = CopyRate("k", "A model", 9, 100, 0.9, 1.0, 0.1, -20, 0.2, 1.5, 1.1)
    assert "better than reality" in memory_words.rewarded((rate,))
    fair = CopyRate("k", "A model", 9, 100, 0.0, 0.5, 0.1, 1.0, 2.2, 1.5, 1.1)
    assert "not come nearer than reality" in memory_words.rewarded((fair,))
    assert memory_words.rewarded(()) == ""


@pytest.mark.parametrize("state", [None, {}, {"chosen": "3"}, {"chosen": 10}, {"chosen": -1}])
def test_a_wall_answers_only_with_a_picture_that_it_has(state):
    assert read(state, 10, 4) == 4
    assert read({"chosen": 7}, 10, 4) == 7


def test_pictures_of_neighbours_are_those_of_the_training_set(made):
    train = learned(made.run.settings)
    assert np.array_equal(memory_view.shown(train, np.array([59])), tiles(train.x[59:60]))


def a_number_whose_name_another_page_used() -> None:
    import streamlit as st

    from explorer.config import describe
    from explorer.recipe import TrainSettings
    from explorer.ui import forms

    st.session_state.setdefault("images", "mnist")  # as the choice of a data set leaves it
    one = next(s for s in describe(TrainSettings) if s.name == "images")
    st.write(f"value {forms.control(one, 0)}")


def test_the_number_of_training_images_is_a_number_whatever_another_page_left_there():
    at = AppTest.from_function(a_number_whose_name_another_page_used).run(timeout=60)
    assert not at.exception
    assert at.markdown[0].value == "value 0"
