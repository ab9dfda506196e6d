"""What a model makes of real images: latents, statistics, maps, newcomers, and the shelf."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gan_runs import gan_run, unshipped

from explorer import catalog, charting, data, embedding, hovering, layouts, probes, runs
from explorer.charting import Cut
from explorer.checkpoints import build, load, pack
from explorer.errors import InputError
from explorer.header import MODEL
from explorer.map_settings import MapSettings
from explorer.questions import mapping as questions
from explorer.recipe import recipe

N = 60
FLAT = MapSettings(method="pca")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A VAE, and a GAN of three checkpoints."""
    with unshipped(tmp_path_factory.mktemp("charting")):
        yield SimpleNamespace(vae=vae_run(), gan=gan_run())


def vae_run() -> runs.Run:
    """An untrained VAE with the file of a real run."""
    asked = recipe("vae", "fashion-mnist", {"width": 4, "latent": 3, "device": "cpu"})
    run = runs.create(asked.model_dump())
    with runs.Writer(run) as writer:
        writer.begin(0, total_steps=10, steps_per_epoch=10, units={}, parameters=1)
        model = build(asked, data.info("fashion-mnist").spec).eval()
        facts = {"step": 10, "epoch": 1.0}
        weights = pack(model, asked, run=run.id, **facts)
        writer.checkpoint(contents={MODEL: weights}, **facts)
        writer.end("done")
    return run


@pytest.fixture
def here(monkeypatch):
    """The questions of the other process, answered in this one."""

    def stream(name, **asked):
        return getattr(embedding, name)(**asked)

    monkeypatch.setattr(embedding, "process", lambda: SimpleNamespace(stream=stream))


def cut_of(run, **other) -> Cut:
    asked = {"checkpoint": run.id, "name": "fashion-mnist", "split": "test", "n": N, "seed": 0}
    return Cut(**(asked | other))


def answer(work):
    *shares, found = work
    assert all(isinstance(one, float) and 0 <= one <= 1 for one in shares)
    assert shares == sorted(shares)
    return found


def test_every_figure_is_that_of_the_probes(made):
    cut = cut_of(made.vae)
    found = answer(charting.points(cut))
    some = data.load("fashion-mnist", "test").take(found.places)
    code = probes.encode(cut.model, some.x)
    assert (found.total, found.size, len(found.places)) == (10_000, 3, N)
    assert np.bincount(some.y).tolist() == [6] * 10
    error = probes.reconstruct(cut.model, some.x).squared_error
    assert np.allclose(found.values["reconstruction error"], error, rtol=1e-5)
    use = probes.latent_use(cut.model, some.x)
    assert found.values["KL of its posterior"].mean() == pytest.approx(use.kl.sum(), rel=1e-5)
    length = np.linalg.norm(code.mean, axis=1)
    assert np.allclose(found.values["distance from the origin"], length, rtol=1e-5)
    same = (some.y[found.near] == some.y[:, None]).mean(1)
    assert np.allclose(found.values["label purity of its neighbours"], same)
    assert found.share.sum() == pytest.approx(1)


def test_a_second_look_comes_from_the_shelf(made, monkeypatch):
    first = answer(charting.points(cut_of(made.vae, seed=1)))
    monkeypatch.setattr(charting, "features", None)
    again = answer(charting.points(cut_of(made.vae, seed=1)))
    assert np.array_equal(first.flat, again.flat)
    assert first.values.keys() == again.values.keys()


def test_a_gan_is_seen_through_its_discriminator(made):
    found = answer(charting.points(cut_of(made.gan)))
    assert found.representation == "what D's last layer sees"
    assert "what D says of it" in found.values
    assert "reconstruction error" not in found.values


def test_a_map_and_those_who_join_it(made, here):
    cut = cut_of(made.vae)
    points = answer(charting.points(cut))
    found = answer(layouts.layout(cut, FLAT))
    assert np.allclose(found.positions, points.flat[:, :2], atol=1e-5)
    assert 0.5 < found.trustworthiness <= 1
    assert found.judged == N
    x = data.load("fashion-mnist", "test").x[points.places[:2]]
    for how in (FLAT, MapSettings(method="tsne")):
        new = answer(layouts.newcomers(cut, how, x, found.positions))
        assert np.allclose(new.positions, found.positions[:2], atol=1e-4)
        assert new.near[:, 0].tolist() == [0, 1]


def test_a_known_layout_needs_no_fit(made, here, monkeypatch):
    cut = cut_of(made.vae, seed=2)
    first = answer(layouts.layout(cut, FLAT))
    monkeypatch.setattr(layouts, "_fit", None)
    assert np.array_equal(first.positions, answer(layouts.layout(cut, FLAT)).positions)


def test_samples_are_drawn_and_dropped(made, here):
    cut = {"checkpoint": made.vae.id, "name": "fashion-mnist", "split": "test", "n": N, "seed": 0}
    positions = answer(charting.points(cut_of(made.vae))).flat[:, :2]
    told = answer(questions.map_samples(cut, FLAT.facts(), positions, 9, 0))
    assert told.pictures.shape == (9, 28, 28)
    assert told.positions.shape == (9, 2)
    with pytest.raises(InputError, match="1 to 1,000"):
        answer(questions.map_samples(cut, FLAT.facts(), positions, 0, 0))


def test_the_film_of_a_run_ends_where_its_map_is(made):
    film = answer(questions.map_film(made.gan.id, "fashion-mnist", "test", N, 0))
    (plane,) = film.tracks
    assert plane.points.shape == (3, N, 2)
    assert film.labels[-1] == "epoch 3 · step 30"
    flat = answer(charting.points(cut_of(made.gan))).flat[:, :2]
    shown = plane.points[-1]
    assert np.allclose(shown / np.abs(shown).max(), flat / np.abs(flat).max(), atol=1e-3)


def test_the_same_model_twice_is_one_and_the_same_space(made):
    asked = ("fashion-mnist", "test", N, 0)
    same = answer(questions.map_alignment(made.vae.id, made.vae.id, *asked))
    assert same.disparity == pytest.approx(0, abs=1e-9)
    other = answer(questions.map_alignment(made.vae.id, made.gan.id, *asked))
    assert 0.01 < other.disparity < 1
    assert np.allclose(same.first, same.second, atol=1e-5)


def test_a_copy_of_an_image(made):
    asked = (made.vae.id, "fashion-mnist", "test", (3, 5))
    made_of, error, way = answer(questions.map_copies(*asked))
    assert made_of.shape == (2, 28, 28)
    assert error.shape == (2,)
    assert way == "encode, then decode"
    with pytest.raises(InputError, match="1 to 64"):
        answer(questions.map_copies(*asked[:3], ()))


# What cannot be shown -----------------------------------------------------------------------------


def test_bad_choices_are_said(made, monkeypatch):
    with pytest.raises(InputError, match="holds 1 to 20,000"):
        cut_of(made.vae, n=20_001)
    with pytest.raises(InputError, match="at least 5 images, and there are 1"):
        answer(charting.points(cut_of(made.vae, n=1)))
    vae_only = made.vae.id
    with pytest.raises(InputError, match="single checkpoint"):
        answer(questions.map_film(f"{vae_only}", "fashion-mnist", "test", N, 0))
    broken = [np.full((N, 3), np.nan, np.float32)]
    monkeypatch.setattr(charting, "features", lambda model, x: broken)
    with pytest.raises(InputError, match="60 of 60 latents are not finite"):
        answer(charting.points(cut_of(made.vae, seed=9)))


# Planes -------------------------------------------------------------------------------------------


def test_weights_of_the_four_around():
    for at in ([0.3, -1.7], [-2.0, 2.0], [2.0, 2.0], [0.0, 0.0]):
        corners, weights = hovering.around(np.array(at), 2.0, 5)
        assert weights.sum() == pytest.approx(1)
        assert np.allclose(weights @ corners, at)
        assert (weights > -1e-12).all()
        assert (np.abs(corners) <= 2 + 1e-12).all()


def test_the_picture_of_a_plane_is_that_of_its_latent(made):
    asked = (made.vae.id, "fashion-mnist", "widest", (), 0, 5)
    found = answer(hovering.plane(*asked))
    assert found.pictures.shape == (5, 5, 28, 28)
    place = (found.reach, -found.reach)  # the corner at the bottom on the right
    seen = hovering.looked(*asked, place)
    assert np.abs(seen.picture.astype(int) - found.pictures[-1, -1]).max() <= 1
    assert seen.off == pytest.approx(0, abs=1e-6)
    model = load(catalog.resolve(made.vae.id))
    z = probes.encode(model, data.load("fashion-mnist", "test").x[:2000]).mean
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(z.T, bias=True))[-1])
    assert found.reach == pytest.approx(3 * spread, rel=1e-4)
    middle = hovering.looked(*asked, (0.0, 0.0))
    mean = torch.tensor(z.mean(0)[None])
    assert np.abs(probes.decode(model, mean)[0, 0] * 255 - middle.picture).max() <= 1


def test_the_plane_through_two_images_holds_both(made):
    asked = (made.vae.id, "fashion-mnist", "chosen", (3, 8), 0, 3)
    found = answer(hovering.plane(*asked))
    x = data.load("fashion-mnist", "test").x[[3, 8]]
    wanted = probes.reconstruct(load(catalog.resolve(made.vae.id)), x)
    for mark, picture in zip(found.marks, wanted.reconstruction, strict=True):
        seen = hovering.looked(*asked, tuple(map(float, mark)))
        assert np.abs(seen.picture.astype(int) - picture).max() <= 1
    assert found.marks[0, 1] == pytest.approx(0, abs=1e-4)
    for pair, said in (((3, 3), "two different images"), ((3,), "Two test images")):
        with pytest.raises(InputError, match=said):
            answer(hovering.plane(*asked[:3], pair, 0, 3))


def test_what_cannot_encode_is_pointed_at_around_a_latent(made):
    found = answer(hovering.plane(made.gan.id, "fashion-mnist", "random", (), 4, 3))
    assert not len(found.points)
    with pytest.raises(InputError, match="cannot encode"):
        answer(hovering.plane(made.gan.id, "fashion-mnist", "widest", (), 0, 3))
    with pytest.raises(InputError, match="2 to 65"):
        answer(hovering.plane(made.gan.id, "fashion-mnist", "random", (), 0, 1))
