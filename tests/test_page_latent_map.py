"""The page Latent map, in Streamlit's own simulation, and the parts of its components."""

import base64
from types import SimpleNamespace

import numpy as np
import pytest
from gan_runs import gan_run, unshipped
from live_pages import settled
from streamlit.testing.v1 import AppTest
from test_charting import vae_run
from test_pages import _navigation, button, labels, opened, players, sound, text_of, told

from explorer.answers import Alignment
from explorer.data import Data
from explorer.ui import latent_map, latent_pad, map_align

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A VAE and a GAN that look trained."""
    with unshipped(tmp_path_factory.mktemp("latent_map")):
        yield SimpleNamespace(vae=vae_run(), gan=gan_run())


def page(run, **address):
    """The page of a run, small enough to be quick, once nothing is being fitted any more."""
    asked = {"map_model": run.id, "map_method": "pca", "map_images": "500"} | address
    return settled(opened("latent_map", **asked), lambda at: "Cancel" in labels(at))


def test_it_shows_a_map_and_how_far_it_can_be_trusted(made):
    at = page(made.vae)
    text = text_of(at)
    assert not told(at), told(at)
    for said in (
        "500",
        "of 10,000",
        "Trustworthiness",
        "Continuity",
        "Neighbours of its own",
    ):
        assert said in text
    for said in ("Image, copy, what is missing", "Nearest **in the latents**", "means of q(z | x)"):
        assert said in text
    assert {"explorer.latent_map", "explorer.latent_pad", "explorer.player"} <= set(players(at))


def test_an_image_is_found_by_its_number(made):
    at = page(made.vae)
    before = int(at.number_input(key="map_place").value)
    assert f"test image {before:,}" in text_of(at)
    missing = next(i for i in range(10_000) if f"test image {i:,}" not in text_of(at))
    sound(at.number_input(key="map_place").set_value(missing).run())
    said = text_of(at)
    assert f"test image {missing:,}" in said or f"Image {missing:,} is not one of the 500" in said
    assert at.query_params["map_place"] in (str(missing), [str(missing)])


def test_a_gan_says_that_it_cannot_encode_and_offers_a_search(made):
    at = page(made.gan)
    text = text_of(at)
    assert "A GAN cannot encode" in text
    assert "last layer sees" in text
    assert "Search for it" in labels(at)
    assert "Two random directions" in str(at.get("button_group"))
    assert not told(at), told(at)


def test_a_run_shows_how_its_map_formed(made):
    at = page(made.gan)
    assert "Every frame is one checkpoint" in text_of(at)
    assert players(at).count("explorer.player") == 2  # the crossing and the film


def test_the_guess_is_answered(made):
    at = page(made.vae, map_guess="islands")
    assert "Look again." in told(at, "info")


def test_impossible_addresses_are_told(made):
    asked = {"map_model": made.vae.id, "map_method": "pca", "map_images": "500"}
    said = told(opened("latent_map", map_place="12345678", map_split="both", **asked))
    assert "from 0 to 9,999" in said
    assert "There is no shown 'both'" in said


def test_a_fit_that_was_cancelled_says_so_and_shows_pca(made):
    asked = {"map_model": made.vae.id, "map_method": "tsne", "map_images": "500"}
    at = opened("latent_map", **asked)
    sound(button(at, "Cancel").click().run())
    assert "before it was done: t-SNE's map, and half a map would mislead" in told(at, "info")
    assert "Fit t-SNE" in labels(at)
    assert "explorer.latent_map" in players(at)


def lasso(inside: int) -> None:
    """What is said of a lasso around so many of six images."""
    import numpy as np

    from explorer.answers import LatentPoints
    from explorer.catalog import entry
    from explorer.data import Data
    from explorer.map_settings import MapSettings
    from explorer.ui.map_choices import Choice
    from explorer.ui.map_closely import circled

    images = Data("six", "test", np.zeros((6, 1, 4, 4), np.uint8), np.arange(6) % 2, ("a", "b"))
    empty = np.empty((6, 0))
    points = LatentPoints(np.arange(6), 6, "means", 2, empty, empty[0], empty, empty, {})
    choice = Choice(entry("exact:fashion-mnist"), None, "test", 6, MapSettings())
    circled(choice, points, images, np.arange(6) < inside)


@pytest.mark.parametrize(
    ("inside", "said"),
    [(0, "No image lies inside"), (2, "a 1, b 1"), (6, "6 of 6 images circled.** That is all")],
)
def test_a_lasso_around_nothing_some_and_everything(inside, said):
    at = AppTest.from_function(lasso, args=(inside,)).run()
    assert not at.exception
    assert said in text_of(at) + told(at, "info")


# The components' parts ------------------------------------------------------------------------


def test_the_lasso_is_read_and_nothing_else():
    flags = np.array([1, 0, 0, 1, 1, 0, 0, 0, 0, 1], bool)
    bits = base64.b64encode(np.packbits(flags).tobytes()).decode()
    state = {"lasso": {"name": "here", "bits": bits}}
    assert np.array_equal(latent_map.circled(state, "here", 10), flags)
    assert latent_map.circled(state, "elsewhere", 10) is None
    for wrong in (None, {}, {"lasso": None}, {"lasso": {"name": "here", "bits": "?"}}):
        assert latent_map.circled(wrong, "here", 10) is None
    assert latent_map.circled(state, "here", 30) is None  # a lasso around fewer points


def test_positions_keep_their_proportions():
    placed, sides = latent_map.squared(np.array([[0, 0], [8, 2]]), np.array([[4, 9]]))
    assert np.allclose(placed, [[-1, -0.25], [1, 0.25], [0, 2]])
    assert sides == [1, 0.25]
    assert np.isfinite(latent_map.squared(np.ones((3, 2)), np.empty((0, 2)))[0]).all()


def test_a_map_in_three_dimensions_has_room_to_be_turned():
    corners = np.array([[0, 0, 0], [8, 8, 8], [8, 0, 0]])
    placed, sides = latent_map.squared(corners, np.empty((0, 3)))
    assert np.allclose(placed, [[-1, -1, -1], [1, 1, 1], [1, -1, -1]])
    assert np.allclose(sides, np.sqrt(3))


def test_a_map_in_three_dimensions_has_all_that_a_flat_one_has(made):
    at = page(made.vae, map_dimensions="3", map_drop="samples")
    assert not told(at), told(at)
    assert "drag to turn" in text_of(at)
    assert "100 samples" in str(at.get("button_group"))
    assert "explorer.latent_map" in players(at)


def test_thumbnails_are_means_that_fit():
    pictures = np.zeros((10, 28, 28), np.uint8)
    pictures[:, ::2] = 200
    small = latent_map.thumbnails(pictures, budget=2000)
    assert small.shape == (10, 14, 14)
    assert (small == 100).all()
    assert latent_map.thumbnails(pictures) is pictures


def test_the_pad_reads_places_on_its_plane():
    state = {"place": {"name": "here", "at": [9.0, -0.5]}}
    assert latent_pad.read(state, "here", 3.0, (0, 0)) == (3.0, -0.5)
    for wrong in (None, {"place": None}, {"place": {"name": "here", "at": ["a", 1]}}):
        assert latent_pad.read(wrong, "here", 3.0, (1, 2)) == (1, 2)
    assert latent_pad.read(state, "elsewhere", 3.0, (1, 2)) == (1, 2)
    infinite = {"place": {"name": "here", "at": [float("nan"), 1]}}
    assert latent_pad.read(infinite, "here", 3.0, (1, 2)) == (1, 2)


def test_the_crossing_goes_from_one_model_to_the_other_and_movers_come_first():
    first = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    second = np.array([[0, 0], [1, 0], [0, -1]], np.float32)
    moved = np.linalg.norm(first - second, axis=1)
    images = Data("made", "test", np.zeros((3, 1, 4, 4), np.uint8), np.array([7, 8, 9]))
    found = Alignment(np.arange(3), first, second, moved, 0.2, (1.0, 1.0))
    film = map_align.crossing(found, images, ("one", "other"))
    (plane,) = film.tracks
    assert (film.labels[0], film.labels[-1]) == ("one", "other")
    assert plane.groups.tolist() == [9, 7, 8]
    scale = plane.points[0, 2, 0]
    assert np.allclose(plane.points[0] / scale, first[[2, 0, 1]], atol=1e-6)
    assert np.allclose(plane.points[-1] / scale, second[[2, 0, 1]], atol=1e-6)
