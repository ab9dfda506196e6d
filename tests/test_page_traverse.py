"""The page Traverse, in Streamlit's own simulation: every view, every kind of model."""

from collections.abc import Iterator

import pytest
import streamlit as st
from conftest import small
from test_pages import _navigation, opened, players, sound, text_of, told
from workspaces import workspace

from explorer import catalog, data, runs
from explorer.checkpoints import build, pack
from explorer.header import MODEL
from explorer.recipe import recipe
from explorer.runs import Writer

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table

MADE = {
    "vae-fashion": ("vae", {}),
    "wide": ("autoencoder", {"latent": 40}),
    "gan": ("gan", {"conditional": True}),
    "pixels": ("diffusion", {}),
    "inside": ("latent-diffusion", {}),
}


@pytest.fixture(scope="module", autouse=True)
def shipped(tmp_path_factory) -> Iterator[None]:
    """A small untrained model of each kind, as weight files of runs that the engine finds."""
    with workspace(tmp_path_factory.mktemp("traverse")), pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "FOLDER", tmp_path_factory.mktemp("nothing"))
        spec = data.info("fashion-mnist").spec
        for name, (family, values) in MADE.items():
            made = recipe(family, "fashion-mnist", small(family, **values) | {"device": "cpu"})
            run = runs.create(made.model_dump())
            with Writer(run) as writer:
                writer.begin(0, total_steps=1, steps_per_epoch=1, units={}, parameters=1)
                facts = {"step": 1, "epoch": 1.0, "best": True}
                weights = pack(build(made, spec).eval(), made, run=run.id, **facts)
                writer.checkpoint(contents={MODEL: weights}, **facts)
                writer.end("done")
            KEYS[name] = run.id
        st.cache_data.clear()
        yield
    st.cache_data.clear()


KEYS: dict[str, str] = {}


def walked(name: str, walk: str = "sliders", **more: str):
    at = opened("traverse", coder=KEYS[name], walk=walk, **more)
    assert not told(at), told(at)
    return at


def test_every_latent_is_a_slider_with_its_kl():
    at = walked("vae-fashion")
    assert players(at) == ["explorer.drag"]
    assert "KL in nats" in text_of(at)
    assert "latent 4" in text_of(at)


def test_one_latent_a_row_asks_before_it_tells():
    at = walked("vae-fashion", "rows", begin="mean")
    assert "around the first of the latents" in text_of(at)
    assert "of 4** say more" not in text_of(at)
    sound(at.get("button_group")[-1].set_value("all").run())
    assert "of 4** say more than 0.1 nats" in text_of(at)


def test_two_latents_are_pictures_a_map_and_draws():
    at = walked("vae-fashion", "plane", begin="image", image="3", places="quantiles")
    text = text_of(at)
    assert "equal shares of N(0, 1)" in text
    assert "11 draws from its posterior" in text
    assert "95 % of the posterior" in text
    assert len(at.get("plotly_chart")) == 1
    assert "sure of its latents" in text_of(walked("wide", "plane"))


def test_attributes_are_added_counted_and_calculated_with():
    at = walked("vae-fashion", "attributes")
    text = text_of(at)
    assert "With the whole vector" in text
    assert "seen as" in text
    assert "= sum" in text
    sound(at.selectbox(key="attribute_from").set_value("0").run())
    assert not told(at)
    at = walked("vae-fashion", "attributes", terms="image")
    assert [one.value for one in at.number_input] == [1, 2, 0]


def test_of_many_latents_the_most_used_are_shown_and_others_on_demand():
    at = walked("wide")
    box = at.selectbox(key="latents_from")
    assert box.options[0] == "1 to 16, the most used"
    assert box.options[-1] == "33 to 40"
    sound(box.set_value("32").run())
    assert not told(at)
    assert "no KL" in text_of(at)


@pytest.mark.parametrize("walk", ["sliders", "rows", "plane", "attributes"])
def test_a_gan_is_walked_from_noise_and_says_what_it_cannot(walk):
    at = walked("gan", walk)
    said = {"plane": "A GAN has no encoder", "attributes": "has no encoder that would find them"}
    assert said.get(walk, "no KL") in text_of(at)


def test_a_latent_diffusion_is_walked_through_its_autoencoder():
    assert "seen through its autoencoder" in text_of(walked("inside", "rows"))


def test_a_model_without_latents_says_what_it_has_instead():
    at = walked("pixels")
    assert "works on all pixels at once" in told(at, "info")
    assert not players(at)


def test_an_image_that_is_not_there_is_told():
    at = opened("traverse", coder=KEYS["vae-fashion"], begin="image", image="99999")
    assert "there are only 0 to 9999" in told(at)
    assert not at.get("progress")
