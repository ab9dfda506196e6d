"""The page GAN on images, in Streamlit's own simulation, and what it says of a run."""

import re
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from gan_runs import gan_run, unshipped
from test_pages import _navigation, labels, opened, players, sound, text_of, told

from explorer import catalog, checkpoints, films, header
from explorer.history import history
from explorer.ui import gan_training
from explorer.ui.rows import Row, rows

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
VIEWS = ("training", "between", "plane", "truncation")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """Runs of plain and conditional GANs, one that nothing was measured of, and one of points."""
    with unshipped(tmp_path_factory.mktemp("gans")):
        yield SimpleNamespace(
            plain=gan_run(),
            told=gan_run(loss="least-squares", conditional=True),
            unmeasured=gan_run("mnist", measured=False),
            points=gan_run("ring", measured=False),
        )


@pytest.mark.parametrize("kind", ["plain", "told"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_works_for_every_kind(made, kind, view):
    at = opened("gan_images", gan=getattr(made, kind).id, gan_view=view)
    assert not told(at), told(at)
    assert bool(players(at)) == (view in ("training", "truncation"))
    assert ("knows its classes" in text_of(at)) == (kind == "told")


def test_it_opens_on_the_film_and_says_which_checkpoint_is_the_best(made):
    text = text_of(opened("gan_images", gan=made.plain.id))
    assert "Best at 20, then worse" in text
    assert "4 there, 6.5 at round 30" in text
    assert "Best: round 20" in text
    assert "Last: round 30" in text


def test_points_are_not_pictures(made):
    box = opened("gan_images").selectbox(key="gan")
    assert len(box.options) == 3


def test_the_verdict_of_a_run_that_still_gets_better(made):
    run_told = history(made.plain)
    before = SimpleNamespace(validation=run_told.validation, best=30)
    assert "So far the last checkpoint is the best: 6.5" in gan_training.verdict(before)


def test_without_a_measure_no_checkpoint_is_called_the_best(made):
    found = opened("gan_images", gan=made.unmeasured.id)
    assert "then worse" not in text_of(found)
    assert re.search("no classifier|is not over yet", text_of(found))


def test_a_path_has_a_row_for_every_checkpoint(made):
    text = text_of(opened("gan_images", gan=made.plain.id, gan_view="between"))
    for epoch in (1, 2, 3):
        assert text.count(f"epoch {epoch}<") == 2  # on the sphere and straight through


def test_losses_stand_side_by_side_without_being_asked(made):
    at = opened("gan_images", gan=made.plain.id, gan_view="plane")
    assert at.multiselect(key="beside").value == [made.told.id]
    assert text_of(at).count(" · mean step") == 2
    sound(at.multiselect(key="beside").set_value([]).run())
    assert text_of(at).count(" · mean step") == 1
    again = opened("gan_images", gan=made.plain.id, gan_view="plane", beside="")
    assert again.multiselect(key="beside").value == []


def test_what_stands_beside_follows_the_model_until_it_is_chosen(made):
    at = opened("gan_images", gan=made.plain.id, gan_view="plane")
    sound(at.selectbox(key="gan").set_value(made.told.id).run())
    (beside,) = at.multiselect(key="beside").value
    assert beside in (made.plain.id, made.unmeasured.id)  # one of the other loss


def test_any_two_latents_can_be_the_axes(made):
    address = {"gan_view": "plane", "directions": "axes", "latent_i": "3", "latent_j": "4"}
    assert not told(opened("gan_images", gan=made.plain.id, **address))
    at = opened("gan_images", gan=made.plain.id, **address | {"latent_j": "3"})
    assert "Two different latents from 1 to 4" in told(at)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"gan_view": "x"}, "There is no"),
        ({"gan": "pretrained:nope"}, "no shipped model"),
        ({"gan_view": "plane", "reach": "11"}, "between 0 and 10"),
        ({"gan_view": "plane", "beside": "nothing"}, "no other model 'nothing'"),
    ],
)
def test_impossible_addresses_are_told_and_the_page_works(made, address, said):
    at = opened("gan_images", **{"gan": made.plain.id, **address})
    assert said in told(at)
    assert "latent 4" in text_of(at)


@pytest.fixture
def shipped(made, tmp_path, monkeypatch):
    """A shipped model with its film, as `explorer pack` writes it, and no runs."""
    run = made.plain
    best = catalog.entry(f"{run.id}@20")
    model, made_of = checkpoints.load(best.path), best.header.recipe
    facts = {"step": 20, "epoch": 2.0, "title": "GAN", "measured": {"classifier distance": 4.0}}
    film = films.run_film(history(run))
    packed = checkpoints.pack(model, checkpoints.Recipe.read(made_of), film=film, **facts)
    (tmp_path / "gan-fashion.safetensors").write_bytes(packed)
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    st.cache_data.clear()
    yield "pretrained:gan-fashion"
    st.cache_data.clear()


def test_a_shipped_model_shows_what_it_carries_and_says_the_rest(shipped):
    assert header.film(catalog.entry(shipped).path)
    at = opened("gan_images")
    assert at.query_params.get("gan") is None  # it is the usual one
    assert "not its curves" in text_of(at)
    assert players(at)


def test_without_a_gan_one_click_trains_one(made, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    st.cache_data.clear()
    at = opened("gan_images")
    assert labels(at) == ["Train it now"]
    assert "forger" in text_of(at)
    st.cache_data.clear()


def test_words_around_rows_are_text_and_loud_ones_are_marked():
    html = rows([Row(np.zeros((3, 4, 4), np.uint8), "<b>", "2.5", True)])
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert html.count("<img") == 1
    assert "font-weight:600" in html


# The other pages ------------------------------------------------------------------------------


def test_models_that_only_decode_invent_and_copy_nothing(made):
    at = opened("reconstruct", a=made.plain.id, b=made.told.id, prior="mixture")
    assert told(at, "info").count("has no encoder") == 2
    assert not told(at), told(at)
    assert players(at) == ["explorer.drag"]
    assert "Your own picture" not in text_of(at)


def test_a_gan_has_curves_of_its_own_on_its_page_and_beside_others(made):
    at = opened("train", run=made.plain.id)
    assert not told(at), told(at)
    assert len(at.get("plotly_chart")) >= 3  # both losses and the classifier distance
    at = opened("runs", runs=f"{made.plain.id},{made.told.id}")
    assert len(at.get("plotly_chart")) == 3
    assert "Loss" in list(at.dataframe[1].value["setting"])
