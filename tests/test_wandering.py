"""Ways from one end to another: ends, spheres, grids, and what lies on them."""

import numpy as np
import pytest
import torch

from explorer import denoising, probes, wandering
from explorer.abilities import copies
from explorer.checkpoints import build
from explorer.errors import InputError
from explorer.models.base import last
from explorer.questions import wandering as questions
from explorer.recipe import recipe
from explorer.sampling import SampleSettings


@pytest.fixture
def made(images, monkeypatch):
    """A model of any family, untrained, with little to do."""
    monkeypatch.setattr(copies, "STEPS", 3)
    monkeypatch.setattr(copies, "TRIED", 8)

    def build_one(family: str, **values):
        values = {"width": 4, "device": "cpu"} | values
        return build(recipe(family, "blobs", values), images[0].spec).eval()

    return build_one


ENDS = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0))
FAMILIES = {
    "autoencoder": {"latent": 3},
    "vae": {"latent": 2},
    "gan": {"latent": 3, "d_width": 4},
    "diffusion": {"T": 20, "width": 8},
    "latent-diffusion": {"latent": 4, "denoiser_width": 16, "blocks": 1, "T": 20},
}


def end_of(stream):
    *shares, found = stream
    assert all(isinstance(share, float) and 0 <= share <= 1 for share in shares)
    assert shares == sorted(shares)
    return found


# Ways -----------------------------------------------------------------------------------------


def test_a_straight_way_is_a_straight_line():
    (found,) = wandering.way(ENDS[:2], 5, straight=True)
    for i, place in enumerate(found):
        assert torch.allclose(place, ENDS[0] + i / 4 * (ENDS[1] - ENDS[0]), atol=1e-6)


def test_a_way_on_the_sphere_is_the_closed_form_of_a_plane():
    turn = torch.linspace(0, 2.0, 7)
    ends = 3 * torch.stack([turn[[0, -1]].cos(), turn[[0, -1]].sin()], 1)
    (found,) = wandering.way(ends, 7, straight=False)
    assert torch.allclose(found, 3 * torch.stack([turn.cos(), turn.sin()], 1), atol=1e-5)


def test_a_way_on_the_sphere_keeps_its_length():
    ends = ENDS[:2] / ENDS[:2].flatten(1).norm(dim=1).reshape(2, 1, 1)
    (found,) = wandering.way(ends, 9, straight=False)
    assert torch.allclose(found.flatten(1).norm(dim=1), torch.ones(9), atol=1e-5)


@pytest.mark.parametrize("other", [1.0, -1.0, 0.0])
def test_where_no_arc_is_defined_the_way_is_straight(other):
    ends = torch.stack([ENDS[0], other * ENDS[0]])
    ways = [wandering.way(ends, 5, straight)[0] for straight in (False, True)]
    assert torch.allclose(*ways, atol=1e-5)
    assert ways[0].isfinite().all()


@pytest.mark.parametrize("straight", [True, False])
def test_the_corners_of_a_grid_are_its_ends(straight):
    found = wandering.way(ENDS, 4, straight)
    assert found.shape == (4, 4, 3, 5)
    corners = torch.stack([found[0, 0], found[0, -1], found[-1, 0], found[-1, -1]])
    assert torch.allclose(corners, ENDS, atol=1e-5)
    assert torch.allclose(found[0], wandering.way(ENDS[:2], 4, straight)[0], atol=1e-5)


def test_a_straight_grid_is_bilinear():
    found = wandering.way(ENDS, 3, straight=True)
    assert torch.allclose(found[1, 1], ENDS.mean(0), atol=1e-6)


def test_a_grid_on_the_sphere_stays_there():
    ends = ENDS / ENDS.flatten(1).norm(dim=1).reshape(4, 1, 1)
    found = wandering.way(ends, 5, straight=False)
    assert torch.allclose(found.flatten(2).norm(dim=2), torch.ones(5, 5), atol=1e-5)


@pytest.mark.parametrize("size", [1, 1024])
@pytest.mark.parametrize("straight", [True, False])
def test_a_way_needs_neither_many_latents_nor_few(size, straight):
    ends = torch.randn(2, size, generator=torch.Generator().manual_seed(3))
    (found,) = wandering.way(ends, 5, straight)
    assert found.isfinite().all()
    assert torch.allclose(found[[0, -1]], ends, atol=1e-5)


def test_three_ends_are_refused():
    with pytest.raises(InputError, match="3 ends"):
        wandering.way(ENDS[:3], 5, straight=True)


# Through models -------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("count", [2, 4])
def test_every_family_finds_a_way_between_pictures(family, count, made, images):
    model = made(family, **FAMILIES[family])
    real = images[1].take(np.arange(count))
    ends = end_of(wandering.of_images(model, real.x, real.y))
    assert len(ends.z) == count
    x = end_of(wandering.drawn(model, ends, 3, straight=False))
    assert x.shape == (1 if count == 2 else 3, 3, 1, 28, 28)
    assert 0 <= x.min() <= x.max() <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_noises_are_those_that_samples_begin_with(family, made):
    model = made(family, **FAMILIES[family])
    found = wandering.of_noise(model, (7, 2))
    own = denoising.start if "Denoises" in model.capabilities else wandering.latents
    assert torch.equal(found.z[1:], own(model, 1, 2))


@pytest.mark.parametrize("family", ["autoencoder", "vae"])
def test_the_ends_are_the_reconstructions(family, made, images):
    model = made(family, latent=4)
    x = images[1].x[:2]
    found = end_of(wandering.drawn(model, end_of(wandering.of_images(model, x, None)), 5, True))
    ends = wandering.judged(found, None).pictures[0, [0, -1]].astype(int)
    assert np.abs(ends - probes.reconstruct(model, x).reconstruction).max() <= 1


def test_a_diffusion_comes_back_to_where_it_began(made, images):
    model = made("latent-diffusion", **FAMILIES["latent-diffusion"] | {"T": 1000})
    x = images[1].x[:2]
    found = end_of(wandering.drawn(model, end_of(wandering.of_images(model, x, None)), 2, True))
    with torch.no_grad():
        copied = model.to_data(model.from_data(probes.as_input(model, x))).clamp(0, 1).numpy()
    assert np.abs(found[0] - copied).max() < 0.02


@pytest.mark.parametrize("family", ["vae", "latent-diffusion"])
def test_what_was_passed_is_what_the_pictures_are_decoded_from(family, made, images):
    model = made(family, **FAMILIES[family])
    ends = end_of(wandering.of_images(model, images[1].x[:2], None))
    z = end_of(wandering.passed(model, ends, 3, straight=True))
    x = end_of(wandering.drawn(model, ends, 3, straight=True))
    coder = model if family == "vae" else model.autoencoder
    assert z.shape == (1, 3, model.latent if family == "vae" else 4)
    assert np.allclose(probes.decode(coder, z[0]), x[0], atol=1e-5)


def test_the_class_of_ones_own_picture_is_what_a_classifier_sees(images, monkeypatch):
    told = questions._told_classes
    x = images[1].x[:3]
    monkeypatch.setattr(questions, "classifier", lambda name: object())
    monkeypatch.setattr(questions, "verdicts", lambda judge, some: (np.full(len(some), 7), None))
    assert told("blobs", x, (2, questions.OWN, 1)).tolist() == [2, 7, 1]
    assert told("blobs", x, ()).tolist() == [7, 7, 7]
    monkeypatch.setattr(questions, "classifier", lambda name: None)
    assert told("blobs", x, (2, 0, 1)).tolist() == [2, 0, 1]
    with pytest.raises(InputError, match="draws by class"):
        told("blobs", x, (2, questions.OWN, 1))


def test_no_class_is_told_on_the_way(made, images):
    model = made("diffusion", T=20, width=8)
    assert model.conditional
    noise = wandering.of_noise(model, (0, 1))
    found = end_of(wandering.drawn(model, noise, 2, True))
    how = SampleSettings(sampler="heun", steps=20, guidance=0.0)
    end = model.to_data(last(model.walk(noise.z, how))).clamp(0, 1).numpy()
    assert np.abs(found[0] - end).max() < 0.1


def test_a_conditional_gan_goes_from_class_to_class(made):
    model = made("gan", latent=3, d_width=4, conditional=True)
    ends = wandering.of_noise(model, (0, 1))
    assert ends.y.tolist() == [0, 1]
    found = end_of(wandering.drawn(model, ends, 5, True))
    expected = probes.decode(model, ends.z, ends.y)
    assert found[0, [0, -1]] == pytest.approx(expected, abs=1e-5)
    other = end_of(wandering.drawn(model, ends._replace(y=torch.tensor([0, 0])), 5, True))
    assert np.abs(other[0, -1] - found[0, -1]).max() > 1e-6


def test_latents_that_are_not_numbers_are_told(made, images, monkeypatch):
    model = made("vae", latent=2)
    broken = torch.full((2, 2), torch.nan)
    monkeypatch.setattr(model, "posterior", lambda x: (broken, broken))
    with pytest.raises(InputError, match="not finite numbers"):
        list(wandering.of_images(model, images[1].x[:2], None))


def test_without_a_way_back_it_says_so(made, images):
    class Dumb:
        capabilities = ("Decodes",)

    with pytest.raises(InputError, match="no way back"):
        list(wandering.of_images(Dumb(), images[1].x[:2], None))


# What lies on them ----------------------------------------------------------------------------


def test_a_cross_fade_is_all_double_exposure():
    random = np.random.default_rng(0)
    a, b = random.integers(0, 255, (2, 6, 1, 8, 8), dtype=np.uint8)
    for steps in (5, 6):
        found = wandering.judged(wandering.faded(a, b, steps), None)
        assert found.blend == pytest.approx(np.ones(6), abs=1e-5)
        assert found.jump == pytest.approx(np.ones(6), rel=1e-4)
        assert np.array_equal(found.pictures[:, 0], a[:, 0])
        assert np.array_equal(found.pictures[:, -1], b[:, 0])


def test_what_stays_at_its_ends_is_no_double_exposure():
    a, b = np.zeros((1, 1, 4, 4), np.float32), np.ones((1, 1, 4, 4), np.float32)
    jump = np.stack([a, a, a, b, b], axis=1)
    assert wandering.blended(jump) == pytest.approx([0])
    assert np.isnan(wandering.blended(np.stack([a, a, a], axis=1))).all()  # the same end twice


def test_a_round_trip_of_an_exact_pair_comes_back(made, monkeypatch):
    model = made("vae", latent=3)
    monkeypatch.setattr(model, "decode", lambda z: z + 1)
    monkeypatch.setattr(model, "posterior", lambda x: (x - torch.tensor([1.0, 1.0, 3.0]), x))
    assert wandering.round_trip(model, torch.zeros(2, 3)) == pytest.approx([2, 2])
