"""The pages AE against VAE and Interpolate, in Streamlit's own simulation."""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from gan_runs import gan_run, unshipped
from live_pages import players, settled
from test_pages import _navigation, button, labels, opened, sound, text_of, told

from explorer import data, runs
from explorer.checkpoints import build, pack
from explorer.header import MODEL
from explorer.recipe import recipe
from explorer.runs import Writer
from explorer.ui import scope_ways, wander_rows
from explorer.ui.scope_words import RIGHT

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """A model of each kind, untrained."""
    with unshipped(tmp_path_factory.mktemp("wander")):
        vae = untrained("vae", latent=2)
        ae = untrained("autoencoder", latent=4)
        digits = untrained("vae", "mnist", latent=2)
        latent = untrained("latent-diffusion", latent=2, denoiser_width=16, blocks=1, T=20)
        yield SimpleNamespace(vae=vae, ae=ae, digits=digits, latent=latent, gan=gan_run())


def untrained(family: str, data_name: str = "fashion-mnist", **values):
    """A run with one checkpoint, as if its training had just begun."""
    asked = recipe(family, data_name, {"width": 4, "device": "cpu"} | values)
    model = build(asked, data.info(data_name).spec).eval()
    run = runs.create(asked.model_dump())
    with Writer(run) as writer:
        facts = {"step": 1, "epoch": 0.1, "best": True}
        writer.checkpoint(contents={MODEL: pack(model, asked, run=run.id, **facts)}, **facts)
        writer.end("done")
    return run


def working(at) -> bool:
    """Whether the page still waits for an answer."""
    slots = ("scope-scores", "scope-cures", "scope-holes", "wander-off")
    slots += tuple(f"wander-{i}" for i in range(6))
    return any(slot in at.session_state and at.session_state[slot] for slot in slots)


# AE against VAE -------------------------------------------------------------------------------


def test_one_microscope_for_all_rows(made):
    at = opened("ae_vae", scope=f"{made.ae.id},{made.vae.id}", scope_each="1")
    settled(at, working)
    text = text_of(at)
    assert not told(at), told(at)
    for said in ("T-shirt/top → Bag", "Pixels", "AE", "VAE β = 0.3", "Measured", "Holes: AE"):
        assert said in text
    assert "From a mixture fitted to its latents" in text
    assert "Measure them" in labels(at)
    assert "Train a row of your own: VAE, β = 0.075" in text
    figures = at.dataframe[-1].value
    assert list(figures["model"]) == ["AE", "VAE β = 0.3"]
    assert figures[["off", "round trip", "holes (%)", "missed (%)", "KL"]].notna().all(axis=None)


def test_models_of_other_data_are_not_offered_together(made):
    at = opened("ae_vae", scope_each="1")
    assert set(at.selectbox(key="scope_data").options) == {"Fashion-MNIST", "MNIST"}
    offered = at.multiselect(key="scope").options
    assert len(offered) == 2
    at.selectbox(key="scope_data").set_value("mnist")
    sound(at.run())
    assert len(at.multiselect(key="scope").options) == 1
    assert not told(at), told(at)


def test_a_guess_is_answered(made):
    at = opened("ae_vae", scope=made.ae.id, scope_guess=RIGHT)
    assert "Just so" in told(at, "success")
    sound(at.radio(key="scope_guess").set_value("ae").run())
    assert "Look closely" in told(at, "info")


def test_an_unknown_row_in_the_address_is_told(made):
    assert "no other model 'nothing'" in told(opened("ae_vae", scope="nothing"))


def test_choosing_no_row_shows_the_usual_ones(made):
    at = opened("ae_vae", scope_each="1")
    sound(at.multiselect(key="scope").set_value([]).run())
    sound(at.run())
    assert "VAE β = 0.3" in text_of(at)


def test_without_an_autoencoder_one_can_be_trained(made):
    assert "Train a row of your own: Autoencoder" in text_of(opened("ae_vae", scope=made.vae.id))


def test_pairs_are_never_a_picture_and_itself():
    y = np.array([0, 1, 0, 1, 1, 0])
    test = data.Data("x", "test", np.zeros((6, 1, 4, 4), np.uint8), y, ("a", "b", "c"))
    assert scope_ways.indices(test, (0, 1), 2, 0) == [(0, 1), (2, 3)]
    assert scope_ways.indices(test, (1, 1), 1, 0) == [(1, 3)]
    assert scope_ways.indices(test, (0, 2), 2, 0) == []
    assert scope_ways.indices(test, None, 2, 1) == [(4, 5), (0, 1)]


# Interpolate ----------------------------------------------------------------------------------


def test_every_family_in_aligned_rows(made):
    at = opened("interpolate", wander=f"{made.ae.id},{made.vae.id},{made.latent.id}")
    settled(at, working)
    text = text_of(at)
    assert not told(at), told(at)
    for said in ("Pixels", "AE", "VAE β = 0.3", "Each row begins", "20 steps up the ODE"):
        assert said in text
    assert "neither has training latents" in text
    figures = at.dataframe[0].value
    assert len(figures) == 3
    assert figures[["off", "farthest", "round trip"]].notna().all(axis=None)


def test_a_picture_of_ones_own_stands_at_an_end(made):
    own = {0: np.full((1, 28, 28), 200, np.uint8), 1: np.zeros((3, 32, 32), np.uint8)}
    at = opened("interpolate", wander=made.vae.id, wander_between="own")
    at.session_state["wander_given"] = own  # the second is left from data of another shape
    settled(sound(at.run()), working)
    assert not told(at), told(at)
    assert "End 1** · your picture" in text_of(at)
    assert "wander_c1" not in {one.key for one in at.selectbox}
    assert at.selectbox(key="wander_c2").value == "8"
    assert "Back to test images" in labels(at)


def test_a_slow_row_can_be_cancelled_and_drawn_later(made):
    at = opened("interpolate", wander=made.gan.id)
    sound(button(at, "Cancel").click().run())
    assert "Cancelled before it was done: 1 more rows." in told(at, "info")
    assert "wander-0" not in at.session_state
    sound(button(at, "Draw them").click().run())
    assert "Cancelled" not in told(at, "info")  # by now it may be done
    assert not told(at), told(at)


def test_four_noises_are_a_grid_and_a_film(made):
    how = {"wander_between": "noise", "wander_count": "4"}
    at = opened("interpolate", wander=f"{made.vae.id},{made.gan.id}", **how)
    assert not told(at), told(at)
    assert "The corners are the four ends" in text_of(at)
    assert players(sound(at.segmented_control(key="wander_view").set_value("film").run())) == 1


def test_the_same_picture_twice_is_told(made):
    same = {"wander_c1": "8", "wander_i1": "2", "wander_c2": "8", "wander_i2": "2"}
    at = opened("interpolate", wander=made.vae.id, **same)
    assert "same picture" in told(at, "info")
    assert not told(at), told(at)


def test_impossible_numbers_in_the_address_are_told_or_bounded(made):
    at = opened("interpolate", wander=made.vae.id, wander_i1="x", wander_i2="99999")
    assert "not the number of a picture" in told(at)
    assert at.number_input(key="wander_i2").value == 999


def test_the_film_of_a_grid_goes_around_it_without_a_seam():
    grid = np.arange(9).reshape(3, 3)
    assert wander_rows.around(grid).tolist() == [0, 1, 2, 5, 8, 7, 6, 3]
    assert wander_rows.around(np.arange(4)[None]).tolist() == [0, 1, 2, 3, 2, 1]
