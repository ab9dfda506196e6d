"""The pages Reverse process and Latent diffusion, in Streamlit's own simulation."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import streamlit as st
from gan_runs import unshipped
from test_pages import _navigation, opened, players, sound, text_of, told

from explorer import cli, runs

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
BRIEF = ("--steps", "4", "--batch-size", "8", "--T", "20", "--blocks", "1")
KINDS = {
    "classes": ("diffusion", "--width", "8"),
    "plain": ("diffusion", "--width", "8", "--conditional", "false"),
    "latent": (
        *("latent-diffusion", "--width", "4", "--latent", "4", "--denoiser-width", "16"),
        *("--autoencoder-epochs", "0.01"),
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """A tiny model of each kind, no shipped ones, and an engine that knows them."""
    with unshipped(tmp_path_factory.mktemp("reverse")):
        found = SimpleNamespace()
        for name, words in KINDS.items():
            before = {run.id for run in runs.runs()}
            assert cli.main(["train", *words, *BRIEF]) == 0
            setattr(found, name, next(r for r in runs.runs() if r.id not in before))
        st.cache_data.clear()
        yield found


def asked(at) -> set[str]:
    """The names of the widgets."""
    kinds = ("slider", "select_slider", "selectbox")
    return {one.label for kind in kinds for one in at.get(kind)}


def test_it_opens_on_a_film(made):
    at = opened("reverse", model=made.classes.id)
    assert len(players(at)) == 1
    assert "knows its classes" in text_of(at)
    assert {"Guidance", "Class", "Sampler"} <= asked(at)


def test_an_unconditional_model_is_not_asked_for_classes(made):
    at = opened("reverse", model=made.plain.id)
    assert len(players(at)) == 1
    assert not {"Guidance", "Class"} & asked(at)


@pytest.mark.parametrize("view", ["watch", "race", "epochs", "between", "repair"])
@pytest.mark.parametrize("kind", ["classes", "plain", "latent"])
def test_every_view_works_for_every_kind(made, kind, view):
    at = opened("reverse", model=getattr(made, kind).id, view=view)
    assert not told(at), told(at)
    assert bool(players(at)) == (view != "between")


def test_a_part_can_be_filled_in_by_a_model_of_pixels_alone(made):
    at = opened("reverse", model=made.classes.id, view="repair", repair="fill", missing="top")
    assert len(players(at)) == 1
    at = opened("reverse", model=made.latent.id, view="repair", repair="fill")
    assert "works on pixels" in told(at)


def test_more_steps_than_levels_are_refused_with_the_limit(made):
    at = opened("reverse", model=made.classes.id, sampling_steps="21")
    assert "between 1 and 20" in told(at)
    assert len(players(at)) == 1  # with the usual number


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"eta": "2", "sampler": "ddim"}, "between 0 and 1"),
        ({"guidance": "-1"}, "between 0 and 10"),
        ({"view": "x"}, "There is no"),
        ({"model": "pretrained:nope"}, "no shipped model"),
    ],
)
def test_impossible_addresses_are_told_and_the_page_works(made, address, said):
    at = opened("reverse", **{"model": made.classes.id, **address})
    assert said in told(at)
    assert players(at)


def test_another_sampler_makes_another_film(made):
    at = opened("reverse", model=made.classes.id, sampler="ddim", eta="0.5")
    at.slider(key="eta").set_value(1.0).run()
    assert len(players(sound(at))) == 1
    assert at.query_params["eta"] in ("1", ["1"])


def test_the_latent_page_shows_the_walk_and_compares(made):
    at = opened("latent", latent_model=made.latent.id, pixels=made.classes.id)
    assert not told(at), told(at)
    assert len(players(at)) == 1
    assert text_of(at).count("Distance to real") == 2


def test_without_models_one_page_shows_the_exact_one_and_the_other_says_what_to_do(
    made, tmp_path, monkeypatch
):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    st.cache_data.clear()
    at = opened("reverse")
    assert "only draw the very pictures" in text_of(at)
    assert players(at)
    assert "Train one first" in told(opened("latent"), "info")
    st.cache_data.clear()


@pytest.mark.parametrize("view", ["watch", "epochs", "between"])
def test_the_exact_denoiser_is_a_model_like_any_other(made, view):
    at = opened("reverse", model="exact:fashion-mnist", view=view, n="1", sampling_steps="5")
    assert not told(at), told(at)
    assert bool(players(at)) == (view == "watch")
