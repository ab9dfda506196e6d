"""The page What is FID? in Streamlit's own simulation; the engine's answers are made up here."""

import json
import time
from typing import Any

import numpy as np
import pytest
import streamlit as st
from fid_figures import FLOOR, SLOPE, fid_of, figures
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, button, labels, opened, players, sound, text_of, told

from explorer import files, lesson
from explorer.errors import InputError
from explorer.ui import fid_corruptions, fid_counts, fid_disagreement, fid_quiz, fid_trial, jobs

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table

TRIAL = (
    {"stage": "reference", "share": 0.5, "fid": ()},
    {"stage": "set", "share": 0.5, "fid": ((250, 61.0),)},
    {"stage": "done", "share": 1.0, "fid": ((250, 61.0), (500, 47.25))}
    | {"value": 47.25, "kid": 0.02, "kid_error": 0.0003, "precision": "bf16"},
)


@pytest.fixture(autouse=True)
def made_up(tmp_path, monkeypatch) -> list[dict[str, Any]]:
    """Figures that a test can foresee, and quick answers; the trials that were asked for."""
    asked: list[dict[str, Any]] = []

    def ask(name: str, /, **args: Any) -> Any:
        return {"fid_quick": (3.25, 0.5), "fid_wall": np.zeros((48, 28, 28), np.uint8)}[name]

    def stream(name: str, /, **args: Any):
        asked.append(args)
        yield from TRIAL

    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(lesson, "FILE", tmp_path / "figures.json")
    files.publish(lesson.FILE, json.dumps(figures()).encode())
    monkeypatch.setattr(fid_corruptions, "ask", ask)
    monkeypatch.setattr(fid_quiz, "ask", ask)
    monkeypatch.setattr(jobs, "stream", stream)
    st.cache_resource.clear()
    return asked


def settled(at: AppTest) -> AppTest:
    """The page once its trial is over."""
    for _ in range(100):
        sound(at.run())
        if not jobs_of(at):
            return at
        time.sleep(0.05)
    raise AssertionError("the trial never ended")


def jobs_of(at: AppTest) -> bool:
    return fid_trial.SLOT in at.session_state


# Opening ------------------------------------------------------------------------------------------


def test_it_opens_on_all_its_parts():
    at = opened("fid")
    assert not told(at)
    assert "explorer.gaussians" in players(at)
    text = text_of(at)
    for said in ("Two Gaussians", "makes it rise", "How many pictures", "Three numbers", "metric?"):
        assert said in text
    assert len(at.get("plotly_chart")) == 4


def test_a_chosen_corruption_is_told_with_its_figures():
    at = opened("fid", corruption="classes", strength="5")
    text = text_of(at)
    assert "5 of 10 classes are left" in text
    assert f"{fid_of('classes', 5):.1f}" in text
    assert "Above the floor" in text
    assert "3.25" in text  # the classifier distance


def test_another_corruption_begins_at_a_strength_of_its_own():
    at = opened("fid", corruption="noise", strength="50")
    sound(at.segmented_control(key="corruption").set_value("jpeg").run())
    assert at.select_slider(key="strength").value == "60"
    assert "JPEG, quality 60" in text_of(at)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"corruption": "rain"}, "There is no corruption 'rain'"),
        ({"strength": "77"}, "There is no strength '77'"),
        ({"pictures": "7"}, "There is no pictures '7'"),
        ({"samples": "x"}, "There is no samples 'x'"),
    ],
)
def test_an_impossible_address_is_told(address, said):
    assert said in text_of(opened("fid", **address))


@pytest.mark.parametrize("content", [b"{", b"{}"])
def test_without_its_figures_the_page_shows_the_rest(content):
    files.publish(lesson.FILE, content)
    at = opened("fid")
    assert "damaged" in told(at, "warning")
    assert not told(at)
    assert "explorer.gaussians" in players(at)
    assert "Measure it again" in text_of(at)


def test_what_was_not_measured_yet_is_left_out():
    content = figures()
    known = [("real", 0), ("train", 0), ("noise", 5), ("classes", 8)]
    points = [p for p in content["grid"]["points"] if (p["name"], p["strength"]) in known]
    models = [one | {"fid": [], "infinity": None} for one in content["models"]]
    content |= {"grid": {"n": 500, "points": points}, "models": models, "resize": None, "both": []}
    content["real"]["infinity"] = None
    files.publish(lesson.FILE, json.dumps(content).encode())
    at = opened("fid", corruption="blur")
    assert not told(at)
    assert "was not measured beforehand" in text_of(at)
    assert "Pair 1 of 2" in text_of(at)
    assert "enlarged in another way" not in text_of(at)
    assert len(at.get("plotly_chart")) == 3


# Measured here ------------------------------------------------------------------------------------


def test_a_trial_is_measured_and_stands_beside_the_shipped_figure(made_up):
    at = opened("fid", corruption="blur", strength="0.4")
    assert made_up == []  # nothing heavy before it is asked for
    sound(button(at, "Measure").click().run())
    text = text_of(settled(at))
    assert made_up == [{"name": "blur", "strength": 0.4, "n": 500}]
    assert "FID here" in text
    assert "47.25" in text
    assert f"{FLOOR + 10:.2f}" in text
    assert "FID of the first 250: 61.0" in text
    assert "so it differs" not in text


def test_a_kept_trial_needs_no_click(made_up):
    for _ in range(2):
        at = opened("fid", corruption="blur", strength="1")
        if not made_up:
            settled(sound(button(at, "Measure").click().run()))
    assert "FID here" in text_of(at)
    assert len(made_up) == 1


def test_a_trial_that_fails_is_told_and_can_be_tried_again(monkeypatch):
    def stream(name: str, /, **args: Any):
        yield TRIAL[0]
        raise InputError("It cannot be. Choose another.")

    monkeypatch.setattr(jobs, "stream", stream)
    at = opened("fid")
    sound(button(at, "Measure").click().run())
    for _ in range(50):
        if "It cannot be" in told(at):
            break
        time.sleep(0.05)
        sound(at.run())
    assert "It cannot be" in told(at)
    assert "Try again" in labels(at)


# What it concludes --------------------------------------------------------------------------------


def test_where_fid_and_a_person_disagree_is_the_clearest_measured_pair():
    quiet, loud = fid_disagreement.disagreement(lesson.lesson())
    assert (quiet.name, quiet.strength) == ("noise", 5)  # 20 above the floor
    assert (loud.name, loud.strength) == ("classes", 9)  # 2 above it


def test_no_disagreement_is_invented():
    content = figures()
    for point in content["grid"]["points"]:
        point["fid"] = 1000.0 if point["name"] in ("classes", "repeated") else 30.0
    files.publish(lesson.FILE, json.dumps(content).encode())
    assert fid_disagreement.disagreement(lesson.lesson()) is None
    assert "you disagree" not in text_of(opened("fid"))


def test_bias_is_the_slope_over_n_of_a_model_or_of_real_pictures():
    found = lesson.lesson()
    assert fid_counts.bias(found, "VAE", 2000) == SLOPE / 2000
    assert fid_counts.bias(found, "Diffusion", 500) == SLOPE / 500  # not measured: real pictures


def test_the_quiz_reveals_after_a_prediction():
    at = opened("fid")
    assert "As you said" not in text_of(at) + told(at, "success")
    sound(button(at, "B has the lower FID").click().run())  # GAN 30, VAE 90
    assert "As you said" in told(at, "success")
    sound(button(at, "Next pair").click().run())
    sound(button(at, "A has the lower FID").click().run())  # real 27, training 26
    assert "The other way round" in told(at, "info")


def test_the_quiz_counts_at_the_end():
    at = opened("fid")
    pairs = [p for p in fid_quiz.PAIRS if fid_quiz.answerable(lesson.lesson(), p)]
    for i in range(len(pairs)):
        sound(button(at, "A has the lower FID").click().run())
        if i < len(pairs) - 1:
            assert "predictions held" not in text_of(at)
            sound(button(at, "Next pair").click().run())
    assert f"of {len(pairs)} predictions held" in text_of(at)
