"""Films, races and repairs of a model that denoises."""

import numpy as np
import pytest
import torch
from conftest import small

from explorer import denoising, latents
from explorer.answers import Cost, Film, Walk
from explorer.checkpoints import build
from explorer.data import Spec
from explorer.errors import InputError, NonFinite
from explorer.recipe import recipe
from explorer.sampling import SampleSettings
from explorer.ui.repair import MISSING

CLASSES = ("nw", "ne", "sw", "se")
SPEC = Spec((1, 28, 28), CLASSES)
BRIEF = SampleSettings(sampler="ddim", steps=5)


def model(name="diffusion", spec=SPEC, **values):
    made = build(recipe(name, "any", small(name, **({"T": 20} | values))), spec).eval()
    for weights in made.parameters():  # so that the last layers, zero at first, say something
        weights.data += 0.02 * torch.randn(
            weights.shape, generator=torch.Generator().manual_seed(3)
        )
    return made


@pytest.fixture(scope="module")
def subject():
    return model()


def test_a_film_begins_with_noise_and_ends_with_the_samples(subject):
    moments = list(denoising.film(subject, 4, 7, BRIEF, columns=2))
    assert [m.index for m in moments] == [0, 1, 2, 3, 4, 5]
    assert [m.level for m in moments] == [20, 16, 12, 8, 4, 0]
    assert moments[0].x.shape == (58, 58)  # 2 x 2 tiles with a gap
    assert np.array_equal(moments[-1].x, moments[-1].x0)
    assert (moments[-1].eps[:28, :28] == 128).all()  # no noise is left
    again = list(denoising.film(subject, 4, 7, BRIEF, columns=2))
    assert all(np.array_equal(a.x, b.x) for a, b in zip(moments, again, strict=True))


def test_a_long_film_shows_its_first_and_last_moments_and_few_between():
    subject = model(T=200)
    shown = [m.index for m in denoising.film(subject, 1, 0, BRIEF.changed(steps=200))]
    assert len(shown) == denoising.FRAMES
    assert (shown[0], shown[-1]) == (0, 200)


def test_samples_come_in_even_chunks_and_the_first_do_not_depend_on_how_many(subject):
    chunks = list(denoising.sample(subject, 70, 0, BRIEF))
    assert [len(c) for c in chunks] == [64, 6]
    few = np.concatenate(list(denoising.sample(subject, 5, 0, BRIEF)))
    assert np.abs(chunks[0][:5].astype(int) - few).max() <= 1


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_seed_decides_everything(subject, eta):
    how = BRIEF.changed(eta=eta)
    a, b, c = (next(denoising.sample(subject, 2, seed, how)) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize("name", MISSING)
def test_what_is_known_stays_as_it_is(subject, images, name):
    picture = images[1].x[0]
    kept = denoising.mask(name, 28)
    assert 0 < kept.sum() < kept.size
    *_, end = denoising.filled_film(subject, picture, kept, 4, 0, BRIEF)
    for tile in (end.x[:28, :28], end.x[30:, 30:]):
        assert np.abs(tile.astype(int) - picture[0])[kept == 1].max() <= 1
    assert np.abs(end.x[:28, :28].astype(int) - end.x[30:, 30:])[kept == 0].max() > 10


def test_masks_leave_out_what_they_say():
    assert (denoising.mask("left", 4)[:, :2] == 0).all()
    assert np.array_equal(denoising.mask("centre", 28), 1 - denoising.mask("frame", 28))
    with pytest.raises(InputError, match="no mask 'x'"):
        denoising.mask("x", 28)


def test_a_picture_is_noised_to_the_level_asked_for(subject, images):
    x = np.repeat(images[1].x[:1], 9, axis=0)
    first, *_, end = denoising.noised_film(subject, x, 10, 0, BRIEF)
    assert first.level == 10
    assert end.level == 0
    tiles = np.stack([first.x[:28, :28], first.x[30:58, 30:58]]).astype(float)
    assert np.abs(tiles[0] - tiles[1]).mean() > 20  # each has its own noise
    clear = next(denoising.noised_film(subject, x, 1, 0, BRIEF)).x[:28, :28]
    assert np.abs(clear.astype(int) - x[0, 0]).mean() < 12  # hardly any noise
    with pytest.raises(InputError, match="levels 1 to 20"):
        list(denoising.noised_film(subject, x, 21, 0, BRIEF))


def test_the_way_between_two_noises_stays_on_the_sphere():
    a, b = torch.randn(2, 784, generator=torch.Generator().manual_seed(0))
    a, b = 28 * a / a.norm(), 28 * b / b.norm()
    t = torch.linspace(0, 1, 9)[:, None]
    way = denoising.slerp(a, b, t)
    assert torch.allclose(way.norm(dim=1), torch.full((9,), 28.0), rtol=1e-4)
    assert torch.allclose(way[0], a, atol=1e-4)
    assert torch.allclose(way[-1], b, atol=1e-4)
    angles = torch.arccos((way[1:] * way[:-1]).sum(1) / 28**2)
    assert torch.allclose(angles, angles[0].expand(8), rtol=1e-2)  # evenly spaced
    assert torch.allclose(denoising.slerp(a, a, t), a.expand(9, -1))
    assert ((1 - t[4]) * a + t[4] * b).norm() < 0.8 * 28  # the straight way does not


def test_between_begins_and_ends_with_the_samples_of_its_noises(subject):
    row = denoising.between(subject, (1, 2), BRIEF.changed(guidance=0), 5, straight=False)
    ends = [denoising.strip(subject, seed, BRIEF.changed(guidance=0))[0, -1] for seed in (1, 2)]
    assert row.shape == (5, 28, 28)
    assert np.abs(row[0].astype(int) - ends[0]).max() <= 1
    assert np.abs(row[-1].astype(int) - ends[1]).max() <= 1


def test_a_race_measures_the_distance_to_its_first_runner(subject):
    runners = (BRIEF.changed(steps=20), BRIEF, BRIEF.changed(sampler="heun", steps=5))
    told = list(denoising.race(subject, 2, 0, runners))
    walks = [t for t in told if isinstance(t, Walk)]
    shares = [t for t in told if not isinstance(t, Walk)]
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    assert [w.calls for w in walks] == [20, 5, 9]
    assert walks[0].distance == 0
    assert walks[1].distance > 0


@pytest.mark.parametrize(
    ("values", "how", "said"),
    [
        ({}, {"steps": 21}, "20 noise levels"),
        ({}, {"label": 4}, "between 0 and 3"),
        ({"conditional": False}, {"guidance": 2.0}, "did not learn classes"),
        ({"conditional": False}, {"label": 1}, "did not learn classes"),
    ],
)
def test_what_a_model_cannot_do_is_refused_before_any_work(values, how, said):
    subject = model(**values)
    subject.network = None  # any work would fail
    with pytest.raises(InputError, match=said):
        list(denoising.film(subject, 1, 0, BRIEF.changed(**how)))


def test_an_answer_that_is_no_number_is_told_with_its_level():
    subject = model()
    subject.network = lambda x, t, y: x * (float("nan") if t[0] < 0.5 else 1)
    with pytest.raises(NonFinite, match="noise level 8 of 20"):
        list(denoising.film(subject, 1, 0, BRIEF))


# Latent diffusion ---------------------------------------------------------------------------------


def test_latents_go_to_data_and_back(images):
    subject = model("latent-diffusion")
    subject.scale.running_mean += 0.3
    subject.scale.running_var *= 4
    x = torch.tensor(images[1].x[:5]).float() / 255
    z = subject.from_data(x)
    mean, _ = subject.autoencoder.posterior(x)
    assert z.shape == (5, 4)
    assert torch.allclose(2 * z + 0.3, mean, atol=1e-3)
    assert torch.allclose(subject.to_data(z), subject.autoencoder.decode(mean), atol=1e-4)


def test_standardised_latents_have_mean_zero_and_variance_one(images):
    """After one pass with the encoder frozen, whatever the batches were."""
    from explorer.models.base import Batch

    subject = model("latent-diffusion", coder="autoencoder", autoencoder_epochs=0.01).train()
    x = torch.tensor(images[0].x).float() / 255
    for i, part in enumerate(x.split(40)):
        list(subject.objectives(Batch(part, torch.zeros(40, dtype=torch.long), 0, i, 1.0)))
    z = subject.eval().from_data(x)
    assert torch.allclose(z.mean(0), torch.zeros(4), atol=0.02)
    assert torch.allclose(z.var(0), torch.ones(4), atol=0.1)


def test_a_latent_film_has_a_map_and_the_decoded_pictures(images):
    subject = model("latent-diffusion")
    *shares, film = latents.latent_film(subject, images[0].x, 4, 0, BRIEF)
    assert isinstance(film, Film)
    plane, track = film.tracks
    assert shares == sorted(shares)
    assert plane.points.shape == (6, latents.CLOUD, 2)
    assert plane.ground.shape == (1, latents.SIDE, latents.SIDE)
    assert (plane.groups[:5] == [0, 1, 2, 3, 0]).all()
    assert track.frames.shape == (6, 58, 58)
    assert len(film.labels) == 6


def test_the_cost_of_samples_is_measured_against_a_floor(subject, images):
    real = images[0]
    *_, cost = latents.measured(subject, real, 40, 0, BRIEF)
    assert isinstance(cost, Cost)
    assert cost.parameters == sum(p.numel() for p in subject.net.parameters())
    assert cost.distance > 5 * cost.floor >= 0  # an untrained model
