"""What is asked of a model has a right answer known from mathematics."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from explorer import priors, probes
from explorer.checkpoints import build
from explorer.device import own_randomness
from explorer.models import families
from explorer.pictures import to_uint8
from explorer.recipe import recipe

SMALL = {"width": 4, "latent": 3, "device": "cpu"}
LATENT = [name for name, kind in families().items() if hasattr(kind, "posterior")]


@pytest.fixture(params=LATENT)
def model(request, images):
    made = recipe(request.param, "blobs", SMALL)
    return build(made, images[0].spec).eval()


@pytest.fixture
def vae(images):
    return build(recipe("vae", "blobs", SMALL), images[0].spec).eval()


def direct(model, x) -> torch.Tensor:
    """What the model makes of images, in one go and without the probe."""
    with torch.no_grad():
        mean, _ = model.posterior(torch.tensor(x).float() / 255)
        return model.decode(mean)


def test_every_family_with_latents_is_tested():
    assert {"autoencoder", "vae"} <= set(LATENT)


def test_reconstruction_errors_by_hand(model, images):
    x, y = images[1].x[:7], images[1].y[:7]
    found = probes.reconstruct(model, x, y)
    off = direct(model, x).numpy().astype(np.float64) - x / 255
    assert found.squared_error == pytest.approx((off**2).sum((1, 2, 3)), rel=1e-4)
    assert found.absolute_error == pytest.approx(np.abs(off).sum((1, 2, 3)), rel=1e-4)
    assert np.array_equal(found.original, x[:, 0])
    assert np.abs(found.error - np.abs(off)[:, 0] * 255).max() <= 0.51
    assert np.array_equal(found.labels, y)
    assert found.original.dtype == found.reconstruction.dtype == found.error.dtype == np.uint8


def test_a_perfect_copy_has_no_error(vae, images, monkeypatch):
    x = images[1].x[:4]
    monkeypatch.setattr(vae, "decode", lambda z: torch.tensor(x).float() / 255)
    found = probes.reconstruct(vae, x)
    assert not found.squared_error.any()
    assert not found.error.any()
    assert np.array_equal(found.reconstruction, found.original)


def test_many_images_are_encoded_in_pieces_without_a_seam(model, images):
    x = np.tile(images[0].x, (3, 1, 1, 1))  # 600: three pieces
    whole = probes.encode(model, x)
    part = probes.encode(model, x[250:270])
    assert whole.mean.shape == whole.std.shape == (600, 3)
    assert np.allclose(whole.mean[250:270], part.mean, atol=1e-4)
    assert np.allclose(whole.mean[:200], whole.mean[400:], atol=1e-4)


def test_an_interpolation_ends_at_the_reconstructions(model, images):
    a, b = images[1].x[:3], images[1].x[3:6]
    found = probes.interpolate(model, a, b, steps=5).pictures
    assert found.shape == (3, 5, 28, 28)
    for end, x in ((0, a), (-1, b)):
        expected = probes.reconstruct(model, x).reconstruction.astype(int)
        assert np.abs(found[:, end].astype(int) - expected).max() <= 1
    halfway = probes.encode(model, a).mean / 2 + probes.encode(model, b).mean / 2
    expected = to_uint8(probes.decode(model, halfway)).astype(int)
    assert np.abs(found[:, 2].astype(int) - expected).max() <= 1


def test_the_use_of_latents_against_torchs_own_kl(vae, images):
    x = images[0].x[:100]
    code = probes.encode(vae, x)
    posterior = Normal(torch.tensor(code.mean), torch.tensor(code.std))
    expected = kl_divergence(posterior, Normal(0, 1)).mean(0).numpy()
    found = probes.latent_use(vae, x)
    assert found.kl == pytest.approx(expected, rel=1e-4)
    assert found.spread == pytest.approx(code.mean.std(0))
    assert found.active == int((code.mean.var(0) > 0.01).sum())


def test_the_kl_of_a_posterior_that_is_the_prior_is_zero(vae, images, monkeypatch):
    monkeypatch.setattr(vae, "posterior", lambda x: (torch.zeros(len(x), 3), torch.ones(len(x), 3)))
    found = probes.latent_use(vae, images[0].x[:10])
    assert not found.kl.any()
    assert found.active == 0


def test_the_aggregate_posterior_has_the_variance_of_its_parts(vae, images, monkeypatch):
    """Var z = Var E[z | x] + E Var[z | x]."""
    n = 20_000
    mean = torch.linspace(-3, 3, n)[:, None].expand(n, 3)
    monkeypatch.setattr(probes, "encode", lambda m, x: probes.LatentCode(*_code(mean)))
    (z,) = probes.aggregate_posterior(vae, images[0].x)
    assert z.var(0) == pytest.approx(mean.var(0) + 0.25, rel=0.03)
    assert torch.equal(z, *probes.aggregate_posterior(vae, images[0].x))


def _code(mean: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    return mean.numpy().copy(), np.full(mean.shape, 0.5, np.float32)


# --- sampling


def fitted(model, images) -> priors.Mixture:
    return priors.fit("mixture", torch.cat(list(probes.aggregate_posterior(model, images[0].x))))


def test_temperature_zero_is_the_mean_of_the_prior(model, images):
    prior = fitted(model, images)
    centre = (prior.weights @ prior.means)[None]
    for given, mean in ((None, torch.zeros(1, 3)), (prior, centre)):
        found = probes.sample(model, 4, 0, given, temperature=0).pictures
        expected = to_uint8(probes.decode(model, mean)).astype(int)
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_temperature_scales_the_distance_from_the_mean(model, monkeypatch):
    seen = []
    monkeypatch.setattr(
        probes, "decode", lambda m, z, y: seen.append(z) or np.zeros((len(z), 1, 4, 4))
    )
    for temperature in (1.0, 0.5):
        probes.sample(model, 6, 3, temperature=temperature)
    assert torch.allclose(seen[0], 2 * seen[1])


@pytest.mark.parametrize("which", ["normal", "fitted"])
def test_the_first_samples_do_not_depend_on_how_many_are_drawn(model, images, which):
    prior = fitted(model, images) if which == "fitted" else None
    many = probes.sample(model, 20, 5, prior)
    few = probes.sample(model, 7, 5, prior)
    assert np.abs(many.pictures[:7].astype(int) - few.pictures).max() <= 1
    assert (many.prior, many.seed) == (which, 5)
    again = probes.sample(model, 20, 5, prior)
    assert np.array_equal(again.pictures, many.pictures)
    assert not np.array_equal(probes.sample(model, 20, 6, prior).pictures, many.pictures)


def test_samples_are_the_decoded_prior(model):
    z = torch.stack(
        [torch.randn(3, generator=g) for g in [own_randomness(9, "sample")] for _ in range(5)]
    )
    expected = to_uint8(probes.decode(model, z))
    assert np.array_equal(probes.sample(model, 5, 9).pictures, expected)


def test_probes_leave_no_trace(model, images):
    before = {k: v.clone() for k, v in model.state_dict().items()}
    chance = torch.get_rng_state()
    probes.reconstruct(model, images[1].x[:3])
    probes.sample(model, 3, 0)
    probes.interpolate(model, images[1].x[:1], images[1].x[1:2])
    probes.latent_use(model, images[1].x[:5])
    assert torch.equal(torch.get_rng_state(), chance)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_points_are_drawn_as_one_picture_of_their_density():
    from explorer import data

    made = recipe("vae", "ring", SMALL)
    model = build(made, data.load("ring").spec).eval()
    assert probes.sample(model, 500, 0).pictures.shape == (1, 224, 224)
    found = probes.encode(model, data.load("ring", "test").x[:9])
    assert found.mean.shape == (9, 3)
