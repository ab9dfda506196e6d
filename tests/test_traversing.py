"""Walks along latents, grids, single posteriors and attribute vectors have answers known before."""

import numpy as np
import pytest
import torch
from conftest import blobs, small
from scipy import stats
from test_questions import travelled

from explorer import attributes, catalog, data, ellipses, probes, traversing
from explorer.answers import LatentCode
from explorer.checkpoints import build, pack
from explorer.data import Spec
from explorer.errors import InputError
from explorer.questions import attributing, coders
from explorer.questions import traversing as questions
from explorer.recipe import recipe


class Linear:
    """Encoder and decoder of 2 x 2 pictures that are linear in the latents; spread ``std``."""

    spec = Spec((1, 2, 2))
    memory_format = torch.contiguous_format
    capabilities = ("Encodes", "Decodes")

    def __init__(self, *rows, std=0.0):
        self.matrix = torch.tensor(rows, dtype=torch.float32)
        self.latent, self.std = len(rows), std

    def decode(self, z, y=None):
        return (z @ self.matrix).reshape(-1, 1, 2, 2)

    def posterior(self, x):
        mean = torch.linalg.lstsq(self.matrix.T, x.flatten(1).T).solution.T
        return mean, torch.full_like(mean, self.std)


def last(steps):
    *shares, answer = steps
    assert all(isinstance(share, float) and 0 <= share <= 1 for share in shares)
    assert shares == sorted(shares)
    return answer


# One latent at a time -------------------------------------------------------------------------


def test_the_aggregate_posterior_is_that_of_draws_from_it():
    random = np.random.default_rng(0)
    code = LatentCode(random.normal(2, 3, (400, 2)), random.uniform(0.1, 2, (400, 2)))
    drawn = code.mean + code.std * random.normal(size=(5000, 400, 2))
    mean, std = traversing.aggregate(code)
    assert mean == pytest.approx(drawn.mean((0, 1)), abs=0.01)
    assert std == pytest.approx(drawn.std((0, 1)), rel=1e-3)


def test_a_latent_changes_a_picture_by_what_its_row_says():
    model = Linear([0.2, 0, 0, 0], [0.1, 0.1, 0.1, 0.1], [0, 0, 0, 0])
    found = last(traversing.changes(model, torch.randn(5, 3), np.array([1.0, 3.0, 2.0])))
    assert found == pytest.approx([2 * 0.2 / 2, 2 * 3 * 0.1, 0], rel=1e-5)


def test_axes_come_in_the_order_of_what_they_do_and_say_no_kl_without_a_posterior():
    model = Linear([1, 0, 0, 0], [0, 1, 0, 0], std=0.0)
    x = np.random.default_rng(0).integers(0, 255, (50, 1, 2, 2), dtype=np.uint8)
    x[:, :, 0, 0] //= 8  # so that the first latent varies less
    found = last(traversing.axes(model, x))
    assert found.kl is None
    assert found.order.tolist() == [1, 0]
    assert found.std == pytest.approx(x[:, 0, 0].std(0) / 255, rel=1e-4)
    assert found.images == 50


def test_axes_of_a_vae_come_in_the_order_of_their_kl(images):
    model = build(recipe("vae", "any", small("vae")), images[1].spec).eval()
    found = last(traversing.axes(model, images[1].x))
    assert found.kl == pytest.approx(probes.latent_use(model, images[1].x).kl)
    assert (np.diff(found.kl[found.order]) <= 0).all()
    assert (found.change > 0).all()


def test_a_traversal_ends_where_it_should_and_leaves_the_others():
    model, z = Linear([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), torch.tensor([0.3, 0.4, 0.5])
    by = torch.tensor([[-0.3, 0.0, 0.3], [-0.2, 0.0, 0.2]])
    found = traversing.traversals(model, z, torch.tensor([1, 2]), by).pictures
    ends = found.reshape(2, 3, 4)[:, [0, 2], :3] / 255
    wanted = [[[0.3, 0.1, 0.5], [0.3, 0.7, 0.5]], [[0.3, 0.4, 0.3], [0.3, 0.4, 0.7]]]
    assert ends == pytest.approx(np.array(wanted), abs=0.003)


def test_moving_some_latents_moves_no_others():
    z = torch.randn(4, 5)
    found = traversing.moved(z, torch.tensor([1, 3]), torch.tensor([2.0, -1.0])) - z
    assert torch.allclose(found, torch.tensor([0, 2.0, 0, -1, 0]).expand(4, 5), atol=1e-6)


def test_what_has_no_latents_or_only_broken_ones_says_so(images):
    pixels = build(recipe("diffusion", "any", small("diffusion")), images[1].spec)
    with pytest.raises(InputError, match="no few numbers"):
        traversing.coder(pixels)
    with pytest.raises(InputError, match="no encoder"):
        traversing.codes(build(recipe("gan", "any", small("gan")), images[1].spec), images[1].x)
    with pytest.raises(InputError, match="not finite"):
        traversing.codes(Linear([1, 0, 0, 0], std=float("nan")), np.zeros((3, 1, 2, 2), np.uint8))


def test_a_latent_diffusion_is_walked_through_its_autoencoder(images):
    model = build(recipe("latent-diffusion", "any", small("latent-diffusion")), images[1].spec)
    assert traversing.coder(model) is model.autoencoder


# Two latents ----------------------------------------------------------------------------------


def test_quantiles_cut_the_normal_distribution_into_equal_shares():
    found = traversing.quantiles(7).numpy()
    assert stats.norm.cdf(found) == pytest.approx((np.arange(7) + 0.5) / 7, abs=1e-6)
    assert found == pytest.approx(-found[::-1], abs=1e-6)


def test_a_grid_has_its_first_latent_to_the_right_and_its_second_downwards():
    model, z = Linear([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), torch.tensor([9.0, 0.5, 9.0])
    across, down = torch.tensor([0.0, 0.2, 0.4]), torch.tensor([0.6, 0.8])
    found = traversing.grid(model, z, (2, 0), across, down).pictures.reshape(2, 3, 4) / 255
    assert found[..., 2] == pytest.approx(np.tile(across, (2, 1)), abs=0.003)
    assert found[..., 0] == pytest.approx(np.tile(down[:, None], (1, 3)), abs=0.003)
    assert found[..., 1] == pytest.approx(0.5, abs=0.003)


def test_a_plane_needs_two_different_latents():
    steps = torch.zeros(2)
    with pytest.raises(InputError, match="a single latent"):
        traversing.grid(Linear([1, 0, 0, 0]), torch.zeros(1), (0, 0), steps, steps)
    with pytest.raises(InputError, match="Two different latents from 1 to 2"):
        traversing.grid(Linear([1, 0, 0, 0], [0] * 4), torch.zeros(2), (1, 1), steps, steps)


# Ellipses and draws ---------------------------------------------------------------------------


@pytest.mark.parametrize("mass", [0.1, 0.5, 0.95])
def test_an_ellipse_holds_its_mass(mass):
    mean, covariance = np.array([3.0, -1.0]), np.array([[2.0, 1.2], [1.2, 1.0]])
    drawn = np.random.default_rng(0).multivariate_normal(mean, covariance, 100_000)
    assert ellipses.inside(drawn, mean, covariance, mass).mean() == pytest.approx(mass, abs=0.006)
    assert ellipses.radius(mass) ** 2 == pytest.approx(stats.chi2(2).ppf(mass))
    line = ellipses.ellipse(mean, covariance, mass)
    assert ellipses.inside(mean + 0.999 * (line - mean), mean, covariance, mass).all()
    assert not ellipses.inside(mean + 1.001 * (line - mean), mean, covariance, mass).any()
    assert line[0] == pytest.approx(line[-1])


def test_an_ellipse_without_width_is_a_line_and_one_without_bounds_is_refused():
    flat = ellipses.ellipse(np.zeros(2), np.diag([1.0, 0.0]), 0.9)
    assert np.abs(flat[:, 1]).max() < 1e-9
    for mass in (0.0, 1.0):
        with pytest.raises(InputError, match="more than 0 and less than 1"):
            ellipses.radius(mass)


def test_draws_have_the_posterior_that_was_asked_for():
    model = Linear([1, 0, 0, 0], [0, 1, 0, 0])
    mean, std = torch.tensor([0.4, 0.6]), torch.tensor([0.1, 0.0])
    found = traversing.draws(model, mean, std, 4000, 0).reshape(-1, 4)
    assert found[:, 0].mean() == pytest.approx(0.4, abs=0.005)
    assert found[:, 0].std() == pytest.approx(0.1, abs=0.005)
    assert found[:, 1] == pytest.approx(0.6)
    again = traversing.draws(model, mean, std, 4000, 0).reshape(-1, 4)
    assert np.array_equal(found, again)


# Attributes -----------------------------------------------------------------------------------


def test_the_vector_of_shifted_gaussians_is_the_shift():
    random, shift = np.random.default_rng(0), np.array([2.0, -1.0, 0.0])
    has = random.random(20_000) < 0.3
    z = random.normal(size=(20_000, 3)) + has[:, None] * shift
    assert attributes.vector(z, has, ~has) == pytest.approx(shift, abs=0.06)
    moved = attributes.added(z[~has], shift, np.array([0.0, 1.0, -1.0]))
    assert moved[:, 1] - moved[:, 0] == pytest.approx(np.tile(shift, (len(moved), 1)))
    assert moved[:, 1].mean(0) == pytest.approx(z[has].mean(0), abs=0.06)
    assert moved[:, 0] + moved[:, 0] == pytest.approx(moved[:, 1] + moved[:, 2])
    with pytest.raises(InputError, match="No image has this label"):
        attributes.vector(z, has, np.zeros_like(has))


class Bright:
    """A judge that sees class 1 where the first pixel is above a half; 9 : 1 sure of it."""

    classes = ("dark", "bright")

    def logits(self, x):
        odds = torch.where(x[:, 0, 0, 0] > 0.5, 1.0, -1.0) * np.log(9) / 2
        return torch.stack([-odds, odds], 1)


def test_off_effects_are_what_a_judge_sees_and_how_far_pictures_move():
    model, z = Linear([1, 0, 0, 0], [0, 1, 0, 0]), np.array([[0.2, 0], [0.4, 0]], np.float32)
    s = np.array([0.0, 0.2, 0.5], np.float32)
    seen, moved = last(attributes.off_effects(model, Bright(), z, np.float32([1, 0]), s))
    assert seen[:, 1].tolist() == [0, 0.5, 1]
    assert moved == pytest.approx(s / 2)
    seen, _ = last(attributes.off_effects(model, None, z, np.float32([1, 0]), s))
    assert seen is None
    best, sure = attributes.verdicts(Bright(), model.decode(torch.tensor([[0.9, 0]])).numpy())
    assert (best.tolist(), sure.tolist()) == ([1], pytest.approx([0.9]))


# Questions ------------------------------------------------------------------------------------

FAMILIES = ("vae", "autoencoder", "gan", "latent-diffusion", "diffusion")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """An untrained model of every family, and a small labelled set that all of them are of."""
    folder = tmp_path_factory.mktemp("shipped")
    sides = {"train": blobs(80, (1, 28, 28), 0, "train"), "test": blobs(40, (1, 28, 28), 1, "test")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "FOLDER", folder)
        patch.setattr(data, "load", lambda name, split="train": sides[split])
        patch.setattr(data, "at_hand", lambda name: name)
        for family in FAMILIES:
            made = recipe(family, "blobs", small(family))
            packed = pack(build(made, sides["test"].spec).eval(), made, step=1, epoch=1.0)
            (folder / f"{family}.safetensors").write_bytes(packed)
        coders._codes.clear()
        yield {family: f"{catalog.SHIPPED}{family}" for family in FAMILIES}
        coders._codes.clear()


@pytest.mark.parametrize("family", FAMILIES[:4])
def test_walks_through_every_family_with_latents_travel(family, shipped, one_thread):
    key = shipped[family]
    axes = travelled(last(questions.latent_axes(key)))
    assert len(axes.order) == len(axes.std) == 4
    assert (axes.kl is not None) == (family in ("vae", "latent-diffusion"))
    z, y = travelled(last(questions.latent_start(key, "images", 3, 2)))
    assert (z.shape, y) == ((2, 4), None)
    assert questions.latent_moved(key, z, y, (0, 2), (1.0, -1.0)).shape == (2, 28, 28)
    assert questions.latent_rows(key, z, y, (1, 3), np.zeros((2, 5))).pictures.shape[:2] == (2, 5)
    found = questions.latent_grid(key, z, y, (0, 1), np.zeros(3), np.zeros(2))
    assert found.pictures.shape == (2, 3, 28, 28)
    for kind in ("samples", "mean"):
        assert last(questions.latent_start(key, kind, n=1))[0].shape == (1, 4)


def test_nothing_moved_is_the_reconstruction(shipped):
    key = shipped["vae"]
    z, y = last(questions.latent_start(key, "images", 0, 3))
    whole = probes.reconstruct(coders.coder(key), data.load("blobs", "test").x[:3])
    assert np.array_equal(questions.latent_moved(key, z, y, (), ()), whole.reconstruction)


def test_the_cloud_and_the_draws_of_an_encoder(shipped):
    found = travelled(questions.latent_cloud(shipped["vae"], (2, 0)))
    code = probes.encode(coders.coder(shipped["vae"]), data.load("blobs", "test").x)
    assert np.array_equal(found.mean, code.mean[:, [2, 0]])
    assert found.labels.shape == (40,)
    real, drawn = questions.latent_draws(shipped["vae"], 7, 5, 0)
    assert np.array_equal(real, data.load("blobs", "test").x[7, 0])
    assert drawn.shape == (5, 28, 28)
    real, drawn = questions.latent_draws(shipped["autoencoder"], 7, 3, 0)
    assert np.array_equal(drawn[0], drawn[2])  # an autoencoder is sure


def test_attributes_and_arithmetic_of_labelled_images(shipped):
    found = travelled(last(attributing.latent_attribute(shipped["vae"], 1, 0, (-1.0, 0.0, 1.0))))
    assert found.pictures.shape[1:] == (3, 28, 28)
    assert found.seen is None
    assert found.changed[1] == 0
    assert found.changed[0] > 0
    others = last(attributing.latent_attribute(shipped["vae"], 1, attributing.OTHERS, (0.0,)))
    y, z = data.load("blobs").y, probes.encode(coders.coder(shipped["vae"]), data.load("blobs").x)
    wanted = z.mean[y == 1].mean(0) - z.mean[y != 1].mean(0)
    assert others.vector == pytest.approx(wanted, abs=1e-5)
    sums = attributing.latent_arithmetic(shipped["vae"], ("class", 2), ("class", 0), ("class", 0))
    assert np.array_equal(sums.pictures[3], sums.pictures[0])  # A - B + B
    images = attributing.latent_arithmetic(shipped["vae"], ("image", 4), ("image", 4), ("image", 9))
    assert np.array_equal(images.pictures[3], images.pictures[2])


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda k: last(questions.latent_axes(k["diffusion"])), "no few numbers"),
        (lambda k: last(questions.latent_start(k["vae"], "images", 39, 2)), "only 0 to 39"),
        (lambda k: last(questions.latent_start(k["vae"], "x")), "no start 'x'"),
        (lambda k: questions.latent_moved(k["vae"], np.zeros((1, 3)), None, (), ()), "N x 4"),
        (
            lambda k: questions.latent_moved(k["vae"], np.full((1, 4), np.nan), None, (), ()),
            "not fi",
        ),
        (
            lambda k: questions.latent_moved(k["vae"], np.zeros((1, 4)), None, (4,), (1.0,)),
            "latent 5",
        ),
        (lambda k: questions.latent_quantiles(999), "999 pictures"),
        (lambda k: last(attributing.latent_attribute(k["vae"], 1, 1, (0.0,))), "the same class"),
        (lambda k: last(attributing.latent_attribute(k["vae"], 4, 1, (0.0,))), "The class is 4"),
        (lambda k: last(attributing.latent_attribute(k["gan"], 0, 1, (0.0,))), "no encoder"),
        (lambda k: attributing.latent_arithmetic(k["vae"], *[("mood", 1)] * 3), "no term 'mood'"),
        (lambda k: attributing.latent_arithmetic(k["vae"], *[("image", 40)] * 3), "only 0 to 39"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(ask, sentence, shipped):
    with pytest.raises(InputError, match=sentence):
        ask(shipped)


def test_data_without_labels_have_no_attributes(shipped, monkeypatch):
    bare = {s: data.load("blobs", s) for s in ("train", "test")}
    bare = {s: data.Data(d.name, s, d.x, None) for s, d in bare.items()}
    monkeypatch.setattr(data, "load", lambda name, split="train": bare[split])
    with pytest.raises(InputError, match="no labels"):
        attributing.latent_arithmetic(shipped["vae"], *[("class", 0)] * 3)
