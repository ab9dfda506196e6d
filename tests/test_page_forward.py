"""The pages about noise, Forward process and Schedules, in Streamlit's own simulation."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import workspaces
from PIL import Image
from test_pages import _navigation, button, go, labels, opened, players, sound, text_of, told

from explorer import catalog, cli, data, forward, levels
from explorer.schedules import schedule
from explorer.ui.source import excerpt

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
TINY = ("--width", "8", "--blocks", "1", "--steps", "3", "--batch-size", "4", "--T", "20")

TRAINING = Path(forward.__file__).with_name("models") / "diffusing.py"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """A folder of runs of its own, and an engine that knows it."""
    with workspaces.workspace(tmp_path_factory.mktemp("noise")) as folder:
        yield folder


@pytest.fixture
def bare(workspace, tmp_path, monkeypatch) -> None:
    """Neither runs nor shipped models."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    st.cache_data.clear()
    yield
    st.cache_data.clear()


@pytest.fixture(scope="module")
def trained(workspace) -> Iterator[Path]:
    """Two tiny diffusion models of different schedules, and a VAE that has none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "FOLDER", workspace / "none")
        options = ("--schedule", "linear", "--beta-end", "0.05", "--target", "eps")
        assert cli.main(["train", "diffusion", *TINY, *options]) == 0
        assert cli.main(["train", "diffusion", *TINY, "--schedule", "cosine"]) == 0
        vae = ["--latent", "2", "--width", "4", "--steps", "2", "--batch-size", "4"]
        assert cli.main(["train", "vae", *vae]) == 0
        st.cache_data.clear()
        yield workspace
    for run in workspace.glob("2*"):
        shutil.rmtree(run)
    st.cache_data.clear()


def charts(at) -> int:
    return len(at.get("plotly_chart"))


def latex(at) -> str:
    return " ".join(one.value for one in at.latex)


# Forward process ----------------------------------------------------------------------------------


def test_forward_opens_on_pictures_a_film_and_a_good_end(workspace):
    at = opened("forward")
    assert players(at) == ["explorer.drag", "explorer.player"]
    assert charts(at) == 1
    assert "0.64 % of the picture" in text_of(at)
    assert "x_{300}" in latex(at)
    assert "Mend it" not in text_of(at)
    assert at.query_params == {}
    assert not told(at)


def test_forward_shows_the_lines_that_compute_it(workspace):
    shown = [one.value for one in opened("forward", mistake="true").code]
    assert shown[:2] == ["return alpha * x0 + sigma * eps", "return x0 - beta * eps"]
    assert "x = a * x0 + s * eps" in shown
    assert all(one in Path(forward.__file__).read_text() for one in shown[:2])


@pytest.mark.parametrize(
    ("T", "left", "verdict"),
    [("100", "60 %", "The picture is still there"), ("500", "8 %", "Not quite noise")],
)
def test_a_bad_end_is_told(T, left, verdict, workspace):
    said = text_of(opened("forward", levels=T))
    assert f"still holds {left} of the picture" in said
    assert verdict in said


def test_the_statistic_is_that_of_the_test_images(workspace):
    at = opened("forward", levels="100", images="mnist")
    energy = forward.energy(data.load("mnist", "test").x[:2000])
    found = forward.end(*schedule("linear", 100).at(100), energy, 784)
    assert f"<dd>{found.kl:.0f}<small>nats a picture" in text_of(at)
    assert "0.6030" in text_of(at)


@pytest.mark.parametrize(
    ("label", "changed"),
    [
        ("Keep T = 100, raise the last β to 0.191", {"levels": "100", "beta_last": "0.191"}),
        ("Use T = 1000", {}),
        ("Use the cosine schedule", {"levels": "100", "noising": "cosine"}),
    ],
)
def test_each_remedy_mends_the_end(label, changed, workspace):
    at = opened("forward", levels="100")
    sound(button(at, label).click().run())
    assert "Sampling may start from noise" in text_of(at)
    assert at.query_params == changed


def test_a_remedy_that_would_not_help_is_not_offered(workspace):
    found = [
        one for one in labels(opened("forward", levels="50", beta_last="0.001")) if "T =" in one
    ]
    assert [one.startswith("Keep T = 50") for one in found] == [True]  # T = 1000 leaves too much


def test_falling_betas_are_refused(workspace):
    at = opened("forward", beta_first="0.1", beta_last="0.01")
    assert "Noise has to grow" in told(at)


def test_betas_belong_to_the_linear_schedule(workspace):
    at = opened("forward", noising="cosine", levels="200")
    assert "beta_last" not in at.session_state
    assert at.select_slider(key="levels").value == 200
    assert "Pure noise" in text_of(at)


def test_everything_chosen_stands_in_the_address(workspace):
    at = opened(
        "forward", noise="3", shown="1", images="mnist", first="17", t="0.7", mistake="true"
    )
    assert "x_{700}" in latex(at)
    assert "mistake" in latex(at)
    assert at.query_params["first"] == "17"
    assert at.query_params["t"] == "0.7"
    sound(at.selectbox(key="noising").set_value("flow").run())
    assert at.query_params["noising"] == "flow"
    assert at.query_params["t"] == "0.7"


def test_the_first_image_stays_within_a_smaller_set(workspace):
    at = opened("forward", first="9999")
    assert at.number_input(key="first").value == 9992
    sound(at.segmented_control(key="shown").set_value("1").run())
    sound(at.number_input(key="first").set_value(9999).run())
    sound(at.segmented_control(key="shown").set_value("8").run())
    assert at.number_input(key="first").value == 9992


def test_an_empty_field_means_the_usual_value(workspace):
    at = opened("forward", first="5", noise="3")
    sound(at.number_input(key="first").set_value(None).run())
    sound(at.number_input(key="noise").set_value(None).run())
    assert at.query_params == {}
    assert not told(at)


def test_trying_schedules_leaves_the_form_for_training_alone(workspace):
    at = opened("forward", levels="100", noising="cosine")
    assert not any(key in at.session_state for key in ("schedule", "T", "beta_start", "beta_end"))


@pytest.mark.parametrize(
    ("noising", "query"),
    [
        ("linear", "family=diffusion&schedule=linear&T=100&beta_start=0.0001&beta_end=0.02"),
        ("cosine", "family=diffusion&schedule=cosine&T=100"),
    ],
)
def test_a_model_can_be_trained_with_what_was_tried(noising, query, workspace):
    at = opened("forward", levels="100", noising=noising)
    assert at.main.get("page_link")[-1].proto.query_string == query


def test_ones_own_picture(workspace, tmp_path):
    at = opened("forward", source="own", size="32")
    assert "a test image stands in" in text_of(at)
    path = tmp_path / "own.png"
    Image.fromarray(np.full((40, 60, 3), 255, np.uint8)).save(path)
    at.file_uploader[0].set_value((path.name, path.read_bytes(), "image/png"))
    sound(at.run())
    sound(button(at, "Noise this picture").click().run())
    assert at.session_state["own_picture"].shape == (3, 32, 32)
    assert "stands in" not in text_of(at)


def test_a_file_that_is_no_picture_is_told(workspace):
    at = opened("forward", source="own")
    at.file_uploader[0].set_value(("x.png", b"nonsense", "image/png"))
    assert "is not a PNG" in told(sound(at.run()))


# Schedules ----------------------------------------------------------------------------------------


def test_schedules_opens_on_curves_pictures_and_a_film(bare):
    at = opened("schedules")
    assert players(at) == ["explorer.player"]
    assert charts(at) == 3
    for title in ("Linear β (DDPM)", "Cosine", "Sigmoid", "Straight path"):
        assert title in text_of(at)
    assert "No diffusion model has been trained here yet" in text_of(at)
    assert not told(at)


def test_schedules_shows_what_was_chosen(bare):
    at = opened("schedules", compare="linear,cosine", levels="100")
    assert at.pills(key="compare").value == ["linear", "cosine"]
    assert "0.603" in text_of(at)
    assert "Sigmoid" not in text_of(at)
    sound(at.pills(key="compare").set_value(["flow"]).run())
    assert at.query_params == {"compare": "flow", "levels": "100"}
    sound(at.pills(key="compare").set_value([]).run())
    assert "Cosine" in text_of(at)  # nothing chosen: all of them
    assert at.query_params == {"levels": "100"}


def test_both_pages_share_the_schedule(bare):
    at = go(opened("forward", levels="100"), "schedules")
    assert at.select_slider(key="levels").value == 100


def test_samples_of_two_schedules_stand_side_by_side(trained):
    at = opened("schedules")
    said = text_of(at)
    assert "Linear β (DDPM) · T = 20 · β 0.0001 to 0.05 · predicts eps" in said
    assert "Cosine · T = 20 · predicts velocity" in said
    assert said.count('<figure class="gm-strip') == 4 + 2
    assert at.selectbox(key="before").value != at.selectbox(key="after").value


def test_a_model_without_a_schedule_is_refused(trained):
    run = next(e for e in catalog.trained() if e.header.family == "vae")
    at = opened("schedules", before=run.key)
    assert "has no noise schedule" in told(at)
    assert "gm-hero" in text_of(at)


IMPOSSIBLE = [
    ("forward", "levels", "5", "T (noise levels) (levels) is '5', but must be a whole number"),
    ("forward", "noising", "x", "must be one of linear, cosine, sigmoid, flow"),
    ("forward", "beta_last", "nan", "must be a number between 1e-06 and 0.999"),
    ("forward", "t", "2", "t is '2', but must be a number between 0 and 1"),
    ("forward", "first", "-1", "must be a whole number between 0 and"),
    ("forward", "noise", "1e9", "must be a whole number between 0 and"),
    ("forward", "images", "ring", "There is no data 'ring'. There are: fashion-mnist"),
    ("forward", "mistake", "x", "neither true nor false"),
    ("forward", "source", "x", "There are: test, own"),
    ("forward", "shown", "3", "There are: 8, 1"),
    ("schedules", "compare", "linear,<b>", "There is no schedule '<b>'. There are: linear"),
    ("schedules", "images", "x", "There is no data 'x'"),
    ("schedules", "levels", "x", "must be a whole number between 10 and 1000"),
]


@pytest.mark.parametrize(("page", "name", "value", "sentence"), IMPOSSIBLE)
def test_an_impossible_address_is_told_once(page, name, value, sentence, bare):
    at = opened(page, **{name: value})
    assert sentence in told(at)
    assert name not in at.query_params
    assert not told(sound(at.run()))


# Our own source -----------------------------------------------------------------------------------


def test_source_is_read_from_where_it_stands():
    found = excerpt(levels.decibel)
    lines = Path(levels.__file__).read_text().splitlines()
    assert found.path == "explorer/levels.py"
    assert lines[found.line - 1] == "def decibel(chosen: Schedule) -> np.ndarray:"
    assert found.text.endswith("return 10 * np.log10(chosen.snr)")


def test_a_method_is_found_by_name_without_importing_it():
    found = excerpt("explorer.models.diffusing:Diffusing.denoising", "x = a * x0")
    assert found.text == "x = a * x0 + s * eps"
    assert TRAINING.read_text().splitlines()[found.line - 1].strip() == found.text


@pytest.mark.parametrize(
    ("name", "find"), [("explorer.levels:nothing", ""), ("explorer.levels:decibel", "no such line")]
)
def test_what_is_not_in_the_source_is_an_error(name, find):
    with pytest.raises(LookupError):
        excerpt(name, find)
