"""Paths, planes, truncation and classes in a latent space have answers known from mathematics."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import small
from scipy import stats
from test_questions import travelled

from explorer import inventing, probes
from explorer.checkpoints import build
from explorer.data import Spec
from explorer.errors import InputError
from explorer.questions import inventing as questions
from explorer.recipe import recipe

GREY, LABELLED = Spec((1, 28, 28)), Spec((1, 28, 28), ("a", "b", "c"))


def gan(spec=GREY, **values):
    """An untrained GAN whose pictures differ from each other."""
    model = build(recipe("gan", "any", small("gan", **values)), spec)
    for weight in model.parameters():
        weight.data *= 3
    return model.eval().requires_grad_(False)


class Linear:
    """A decoder whose pictures are linear in the latents: 2 x 2 pixels."""

    spec = Spec((1, 2, 2))

    def __init__(self, *rows):
        self.matrix = torch.tensor(rows, dtype=torch.float32)
        self.latent = len(rows)

    def decode(self, z, y=None):
        return (z @ self.matrix).reshape(-1, 1, 2, 2)


def drawn(model, z):
    return model.decode(z).numpy()


# Truncation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.3, 1.0, 2.5])
def test_truncated_latents_have_the_distribution_of_a_truncated_normal(threshold):
    z = torch.tensor(stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000))
    found = inventing.truncated(z, threshold)
    right = stats.truncnorm(-threshold, threshold)
    assert found.var().item() == pytest.approx(right.var(), rel=1e-3)
    assert np.abs(found.numpy() - right.ppf((np.arange(20_000) + 0.5) / 20_000)).max() < 1e-8
    assert found.abs().max() < threshold


def test_a_far_threshold_changes_nothing_and_a_near_one_leaves_the_middle():
    z = torch.tensor([-4.5, -1.0, 0.0, 0.3, 5.0])
    assert torch.allclose(inventing.truncated(z, 9.0), z, atol=1e-3)
    assert inventing.truncated(z, 1e-6).abs().max() < 1e-6
    assert (inventing.truncated(z, 0.5).diff() > 0).all()


def test_the_spread_is_that_of_all_pairs():
    x = np.random.default_rng(0).random((7, 1, 4, 4))
    squares = [((x[i] - x[j]) ** 2).mean() for i in range(7) for j in range(i)]
    assert inventing.spread(x) == pytest.approx(np.sqrt(np.mean(squares)))
    classes = np.arange(8).reshape(-1, 1, 1, 1) % 2 + np.zeros((8, 1, 4, 4))
    assert inventing.spread(classes, 2) == 0
    assert inventing.spread(classes) > 0.5


# Paths ----------------------------------------------------------------------------------------


def test_an_arc_keeps_its_length_and_a_line_is_shorter_in_the_middle():
    a, b = torch.eye(8)[:2] * 3
    arc, line = (inventing.line(a, b, 5, straight) for straight in (False, True))
    assert torch.allclose(arc.norm(dim=1), torch.full((5,), 3.0))
    assert line[2].norm().item() == pytest.approx(3 / np.sqrt(2))
    for path in (arc, line):
        assert torch.allclose(path[[0, -1]], torch.stack([a, b]), atol=1e-6)


@pytest.mark.parametrize(
    ("levels", "step", "jump"),
    [
        ((0.0, 0.2, 0.4, 0.6, 0.8), 0.2, 1.0),  # even
        ((0.0, 0.0, 0.0, 0.8, 0.8), 0.2, 4.0),  # one jump: as many as there are steps
        ((0.5, 0.5, 0.5, 0.5, 0.5), 0.0, 1.0),  # nothing at all
        ((0.0, 0.3, 0.0, 0.3, 0.6), 0.3, 1.0),  # back and forth is even too
    ],
)
def test_the_smoothness_of_a_row(levels, step, jump):
    row = np.array(levels)[None, :, None, None, None] * np.ones((1, 1, 1, 3, 3))
    found = inventing.smoothness(row)
    assert found[0] == pytest.approx([step])
    assert found[1] == pytest.approx([jump])


def test_rows_of_pictures_come_in_the_order_of_their_latents():
    model = gan()
    z = inventing.latents(model, 6, 0).reshape(2, 3, -1)
    found = inventing.along(model, z)
    assert found.pictures.shape == (2, 3, 28, 28)
    assert np.array_equal(found.pictures[1, 2], probes.shown(model, drawn(model, z[1, 2:]))[0])
    assert found.jump.shape == (2,)


def test_one_seed_means_the_same_pictures_as_on_other_pages():
    model = gan()
    x = probes.decode(model, inventing.latents(model, 5, 3))
    assert np.array_equal(probes.shown(model, x), probes.sample(model, 5, 3).pictures)


# Planes ---------------------------------------------------------------------------------------


def test_a_plane_runs_along_its_axes_and_leaves_the_rest():
    model = Linear((0.1, 0, 0, 0), (0, 0.05, 0, 0), (0, 0, 0.5, 0))
    z = torch.tensor([9.0, 9.0, 1.0])  # what it is along the axes does not matter
    found = inventing.plane(model, z, inventing.coordinates(3, 1, 0), 4.0, 3)
    pixels = found.pictures.reshape(3, 3, 4).astype(int)
    assert pixels[0, :, 1].tolist() == [0, 0, 51]  # to the right, the second latent: 0.05 * 4
    assert pixels[:, 0, 0].tolist() == [0, 0, 102]  # downwards, the first: 0.1 * 4
    assert (pixels[..., 2] == 128).all()
    assert found.jump == pytest.approx(np.ones(3))
    assert found.step == pytest.approx(np.full(3, 0.05 * 4 / 2))  # one of four pixels


def test_random_directions_are_orthonormal_and_of_their_seed():
    u = inventing.random_axes(16, 0)
    assert torch.allclose(u @ u.T, torch.eye(2), atol=1e-6)
    assert torch.equal(u, inventing.random_axes(16, 0))
    assert not torch.allclose(u, inventing.random_axes(16, 1))


def test_the_steepest_directions_are_the_first_singular_vectors():
    model = Linear((0.1, 0, 0, 0), (0, 0, 0.5, 0), (0, 0.3, 0, 0))
    found = inventing.steepest(model, torch.zeros(3))
    assert torch.allclose(found, torch.eye(3)[[1, 2]], atol=1e-5)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (-1, 1), (0, 4)])
def test_impossible_axes_are_refused(first, second):
    with pytest.raises(InputError, match="from 1 to 4"):
        inventing.coordinates(4, first, second)


# Classes --------------------------------------------------------------------------------------


def test_the_shares_of_variance_are_those_of_a_two_way_analysis():
    random = np.random.default_rng(0)
    rows, columns = random.random((4, 1, 1, 3, 3)), random.random((1, 5, 1, 3, 3))
    both = random.random((4, 5, 1, 3, 3))
    both -= both.mean(0, keepdims=True) + both.mean(1, keepdims=True) - both.mean((0, 1))
    parts = [np.broadcast_to(x, (4, 5, 1, 3, 3)) for x in (rows, columns, both)]
    sizes = np.array([x.var((0, 1)).sum() for x in parts])
    assert inventing.shares(sum(parts)) == pytest.approx(tuple(sizes / sizes.sum()))
    assert inventing.shares(np.ones((4, 5, 1, 3, 3))) == (0, 0, 0)


def test_every_class_is_drawn_from_the_same_latents():
    model = gan(LABELLED, conditional=True)
    found = inventing.styles(model, 4, 6, 0)
    z = inventing.latents(model, 6, 0)
    asked = model.decode(z[3:4], torch.tensor([2])).numpy()
    assert found.pictures.shape == (3, 4, 28, 28)
    assert np.array_equal(found.pictures[2, 3], probes.shown(model, asked)[0])
    assert found.by_class + found.by_latent + found.by_both == pytest.approx(1)


def test_the_way_between_classes_begins_and_ends_in_them():
    model = gan(LABELLED, conditional=True)
    before = model.generator.label.weight.clone()
    z = inventing.latents(model, 2, 0)
    found = inventing.between_classes(model, z, 0, 2, 5)
    assert found.pictures.shape == (2, 5, 28, 28)
    for column, label in ((0, 0), (-1, 2)):
        asked = model.decode(z, torch.full((2,), label)).numpy()
        assert np.array_equal(found.pictures[:, column], probes.shown(model, asked))
    assert torch.equal(model.generator.label.weight, before)  # the model is as it was


class Told:
    """A GAN that draws its class as brightness; every other time it misunderstands the last."""

    classes, latent = ("dark", "grey", "bright"), 1

    def decode(self, z, y):
        odd = torch.arange(len(z)) % 2
        seen = torch.where((y == 2) & (odd == 1), 1, y)
        return (seen / 2).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4)


def by_brightness(x):
    return -(x.mean((1, 2, 3))[:, None] - torch.tensor([0.0, 0.5, 1.0])).abs()


def test_what_is_seen_is_counted_against_what_was_asked():
    classifier = SimpleNamespace(logits=by_brightness, accuracy=0.9)
    *progress, found = inventing.condition(Told(), classifier, 10, 0)
    assert progress == pytest.approx([1 / 3, 2 / 3, 1])
    assert found.counts.tolist() == [[10, 0, 0], [0, 10, 0], [0, 5, 5]]
    assert found.examples[2, 1].tolist() == np.full((4, 4), 128).tolist()
    assert not found.examples[0].any()
    assert found.real == 0.9


# Questions ------------------------------------------------------------------------------------


@pytest.fixture
def named(monkeypatch):
    """Models that the questions find under these names, without files."""
    models = {
        "plain": gan(),
        "told": gan(LABELLED, conditional=True),
        "narrow": gan(latent=1),
        "points": gan(Spec((2,))),
    }
    monkeypatch.setattr(questions, "model_of", models.__getitem__)
    return models


PLANE = {"kind": "random", "axes": (0, 1), "seed": 0, "reach": 2.0, "side": 3}


@pytest.mark.parametrize("kind", ["random", "axes", "steepest"])
@pytest.mark.parametrize("name", ["plain", "told"])
def test_every_plane_is_drawn(named, name, kind):
    found = travelled(questions.latent_plane(name, **PLANE | {"kind": kind}, label=None))
    assert found.pictures.shape == (3, 3, 28, 28)
    assert (found.jump >= 1).all()


def test_a_plane_shows_the_class_asked_for(named):
    first, second = (questions.latent_plane("told", **PLANE, label=i).pictures for i in (0, 1))
    assert not np.array_equal(first, second)


def test_less_is_different_the_more_is_truncated(named):
    spreads = [questions.truncated("plain", 16, 0, t)[1] for t in (0.1, 0.5, 1.0, 4.0)]
    assert all(a < b for a, b in pairwise(spreads))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda: questions.truncated("plain", 4, 0, 0.0), "above 0"),
        (lambda: questions.truncated("plain", 400, 0, 1.0), "between 2 and 256"),
        (lambda: questions.truncated("told", 5, 0, 1.0), "3 classes need two"),
        (lambda: questions.truncated("points", 4, 0, 1.0), "GAN of images"),
        (lambda: questions.latent_plane("narrow", **PLANE), "single latent"),
        (lambda: questions.latent_plane("plain", **PLANE | {"kind": "x"}), "axes, random or"),
        (lambda: questions.latent_plane("told", **PLANE, label=3), "knows 0 to 2"),
        (lambda: questions.styles("plain", 4, 0), "conditional GAN"),
        (lambda: questions.class_paths("told", 0, 9, 2, 0, 3), "knows 0 to 2"),
        (lambda: next(questions.condition("told", 0, 0)), "1 to 1,000"),
    ],
)
def test_impossible_questions_are_refused_with_the_limit(named, asked, said):
    with pytest.raises(InputError, match=said):
        asked()


def test_pictures_are_judged_by_the_models_own_discriminator(monkeypatch):
    model, x = gan(), np.random.default_rng(0).integers(0, 255, (3, 1, 28, 28), np.uint8)
    monkeypatch.setattr(questions, "model_of", lambda checkpoint: model)
    right = model.judge(torch.tensor(x) / 255)
    assert travelled(questions.judged("g", x)) == pytest.approx(right.detach().numpy(), abs=1e-5)
    monkeypatch.setattr(questions, "model_of", lambda checkpoint: gan(LABELLED, conditional=True))
    with pytest.raises(InputError, match="without classes"):
        questions.judged("g", x)
