"""The page Model zoo, in Streamlit's own simulation: cards, one card, and what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from conftest import small
from live_pages import players, told
from test_pages import _navigation, labels, opened, sound, text_of

from explorer import catalog, data
from explorer.answers import Film, Track
from explorer.checkpoints import build, pack
from explorer.errors import ResourceError
from explorer.pictures import sheet
from explorer.recipe import recipe
from explorer.ui import pickers, zoo_links
from explorer.zoo import packing
from explorer.zoo import recipes as book
from explorer.zoo.recipes import ZooRecipe, recipes

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table

TINY = small("vae", epochs=2.0, beta=0.5)


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> Iterator[Path]:
    """Two recipes, of which one has been packed with a film."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    for module, folder in ((book, "recipes"), (catalog, "pretrained")):
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(module, "FOLDER", tmp_path / folder)
    for name in ("tiny", "later"):
        one = ZooRecipe(title=f"A {name} VAE", family="vae", data="mnist", settings=TINY)
        (tmp_path / f"recipes/{name}.json").write_text(one.model_dump_json())
    made = recipe("vae", "mnist", TINY)
    model = build(made, data.info("mnist").spec).eval()
    frames = sheet(data.load("mnist", "test").x[:4, 0], 2)[None].repeat(3, axis=0)
    film = Film((Track("samples", frames),), ("a", "b", "c"))
    facts = {"step": 156, "epoch": 2.0, "title": "A tiny VAE", "measured": {"KL": 12.345}}
    path = tmp_path / "pretrained/tiny.safetensors"
    path.write_bytes(pack(model, made, film=film, **facts))
    packing.enter(path, seconds=123.0, date="2026-11-26")
    st.cache_data.clear()
    yield path
    st.cache_data.clear()


def test_the_page_opens_with_every_card_and_the_recipes_to_come(shipped):
    at = sound(opened("zoo"))
    said = text_of(at)
    assert "A tiny VAE" in said
    assert "data:image/png;base64," in said
    assert "Recipes whose weights are not here yet (1)" in [one.label for one in at.expander]
    assert "A later VAE" in said


def test_a_card_is_opened_with_a_click(shipped):
    at = sound(opened("zoo"))
    at.button("zoo-open-tiny").click()
    assert players(sound(at.run())) == 1


def test_back_from_a_page_that_a_card_opened_shows_the_card_again(shipped):
    at = sound(opened("zoo", model="tiny"))
    asked = {"family": "vae", "data": "mnist"}  # so Back leads to /zoo?family=vae&data=mnist
    at.session_state[zoo_links.LEFT] = "tiny", asked
    at.query_params.clear()
    at.query_params.update(asked)
    assert players(sound(at.run())) == 1
    assert at.query_params["model"] in ("tiny", ["tiny"])
    assert "zoo-left" not in at.session_state


def test_filters_live_in_the_address(shipped):
    at = sound(opened("zoo", zoo_family="vae", zoo_data="mnist"))
    assert "A tiny VAE" in text_of(at)
    assert at.session_state["zoo_family"] == "vae"
    assert at.session_state["zoo_data"] == "mnist"


def test_a_card_tells_recipe_time_figures_and_hash(shipped):
    at = sound(opened("zoo", model="tiny"))
    said = text_of(at)
    assert players(at) == 1
    for words in ("2 min", "156", "12.35", "as shipped"):
        assert words in said
    assert "Train it further" in labels(at)
    code = [one.value for one in at.code]
    assert code == [
        "python -m explorer zoo build tiny",
        "python -m explorer zoo check tiny",
        packing.shipping.digest(shipped),
    ]
    rows = at.dataframe[0].value
    assert ["β", "0.5", "0.3"] in rows.to_numpy().tolist()


def test_a_damaged_and_a_missing_file_are_told_and_the_rest_is_shown(shipped):
    whole = shipped.read_bytes()
    shipped.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    at = sound(opened("zoo", model="tiny"))
    assert "contents have changed" in told(at, "warning")
    assert "zoo build tiny" in told(at, "warning")
    shipped.unlink()
    at = sound(opened("zoo"))
    assert "Not as they were shipped: A tiny VAE" in told(at, "warning")
    assert "Its file tiny.safetensors is missing." in text_of(at)
    assert "A later VAE" in text_of(at)


def test_an_unknown_model_is_told(shipped):
    at = sound(opened("zoo", model="nope"))
    assert "There is no shipped model 'nope'" in told(at)
    assert "A tiny VAE" in text_of(at)


def test_the_link_to_train_holds_the_recipe():
    from explorer.config import describe
    from explorer.models import family
    from explorer.recipe import TrainSettings

    one = recipes()["gan-collapsed-fashion"]
    known = {s.name: s for s in (*describe(family("gan").Config), *describe(TrainSettings))}
    address = zoo_links.training(one, known)
    assert (address["family"], address["data"]) == ("gan", "fashion-mnist")
    assert (address["leak"], address["minibatch_std"]) == ("0", "false")
    read = {name: known[name].read(text) for name, text in address.items() if name in known}
    assert read == {name: one.settings[name] for name in read}
    assert read.keys() == one.settings.keys()


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("vae-fashion", "reconstruct compare memorised latent_map traverse ae_vae"),
        ("gan-fashion", "reconstruct gan_images compare memorised latent_map traverse"),
        ("diffusion-fashion", "reverse compare memorised latent_map"),
    ],
)
def test_links_follow_from_what_a_model_can_do(name, pages):
    found = dict(zoo_links.links(catalog.entry(f"{catalog.SHIPPED}{name}")))
    assert [link.page for link in found] == pages.split()
    assert all(f"{catalog.SHIPPED}{name}" in str(address) for address in found.values())


def test_a_model_whose_pictures_are_not_here_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    pickers.datasets.clear()
    with pytest.raises(ResourceError, match=r"Birds.*not on this machine.*EXPLORER_DATA"):
        pickers.dataset("images", (3, 32, 32), "cifar10-birds")
