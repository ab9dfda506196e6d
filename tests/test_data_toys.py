"""The 2-D toys have the moments that their formulas say, and are the same every time."""

import numpy as np
import pytest

from explorer import data
from explorer.data import toys
from explorer.errors import InputError

NAMES = [info.name for info in toys.INFOS]


@pytest.mark.parametrize("name", NAMES)
def test_a_toy_is_deterministic_and_of_unit_scale(name):
    train, test = toys.load(name, "train"), toys.load(name, "test")
    assert (train.x.shape, test.x.shape, train.x.dtype) == ((10_000, 2), (2_000, 2), "f4")
    assert toys.load(name, "train").digest == train.digest
    assert not np.array_equal(train.x[:2_000], test.x)
    assert np.mean(np.abs(train.x) <= 1.5) > 0.995
    assert np.abs(train.x).max() < 1.7
    assert 0.4 < train.x.std(axis=0).min() <= train.x.std(axis=0).max() < 0.9


@pytest.mark.parametrize("name", [name for name in NAMES if name != "swiss-roll"])
def test_every_label_has_its_share_of_points(name):
    found = toys.load(name, "train")
    counts = np.bincount(found.y, minlength=len(found.classes))
    expected = 10_000 / len(found.classes)
    assert len(counts) == len(found.classes)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25)])
def test_a_mixture_is_what_its_parameters_say(name, modes):
    exact, found = data.mixture(name), toys.load(name, "train")
    assert exact.means.shape == (modes, 2)
    assert exact.weights.sum() == pytest.approx(1)
    covariance = exact.std**2 * np.eye(2) + np.cov(exact.means.T, aweights=exact.weights, ddof=0)
    assert np.cov(found.x.T) == pytest.approx(covariance, abs=0.02)
    for k in range(modes):
        points = found.x[found.y == k]
        error = 5 * exact.std / np.sqrt(len(points))
        assert points.mean(axis=0) == pytest.approx(exact.means[k], abs=error)
        assert points.std() == pytest.approx(np.hypot(exact.std, points.mean(0).std()), rel=0.1)


def test_only_mixtures_have_parameters():
    with pytest.raises(InputError, match="ring, grid"):
        data.mixture("moons")


def test_moons_lie_on_two_half_circles():
    found = toys.load("moons", "train")
    centre = 0.9 * np.where(found.y[:, None] == 0, [-0.5, -0.25], [0.5, 0.25])
    offset = found.x - centre
    distance = np.linalg.norm(offset, axis=1) - 0.9
    assert np.abs(distance).max() < 6 * toys.NOISE
    assert distance.std() == pytest.approx(toys.NOISE, rel=0.05)
    assert np.where(found.y == 0, offset[:, 1], -offset[:, 1]).min() > -6 * toys.NOISE


def test_spiral_arms_are_each_others_image_under_half_a_turn():
    found = toys.load("spirals", "train")
    radius = np.linalg.norm(found.x, axis=1)
    angle = 3 * np.pi * radius / 1.3 + np.pi * found.y
    on_arm = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    assert np.median(np.linalg.norm(found.x - on_arm, axis=1)) < 6 * toys.NOISE
    assert np.linalg.norm(found.x[found.y == 0].mean(0) + found.x[found.y == 1].mean(0)) < 0.1


def test_the_swiss_roll_is_one_unlabelled_arm_of_growing_radius():
    found = toys.load("swiss-roll", "train")
    radius = np.linalg.norm(found.x, axis=1)
    t = radius * 4.5 * np.pi / 1.3
    on_arm = radius[:, None] * np.stack([np.cos(t), np.sin(t)], axis=1)
    assert found.y is None
    assert found.classes == ()
    assert radius.min() == pytest.approx(1.3 / 3, abs=6 * toys.NOISE)
    assert np.median(np.linalg.norm(found.x - on_arm, axis=1)) < 13 * toys.NOISE


def test_the_checkerboard_fills_every_other_square_evenly():
    found = toys.load("checkerboard", "train")
    column, row = np.floor((found.x / 1.2 + 1) / 2 * 4).astype(int).T
    assert set((column + row) % 2) == {0}
    assert np.array_equal(found.y, row * 2 + column // 2)
    assert found.x.var(axis=0) == pytest.approx(1.2**2 / 3, rel=0.05)
