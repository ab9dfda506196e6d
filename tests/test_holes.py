"""Where latents are: clouds whose holes are known."""

import numpy as np
import pytest

from explorer import holes
from explorer.errors import InputError


def normal(n: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, size)).astype(np.float32)


def ring(n: int, seed: int = 0) -> np.ndarray:
    """Points on a circle of radius 2, without its inside."""
    random = np.random.default_rng(seed)
    turn, radius = random.uniform(0, 2 * np.pi, n), random.normal(2, 0.05, n)
    return (radius * np.stack([np.cos(turn), np.sin(turn)])).T.astype(np.float32)


@pytest.mark.parametrize("size", [1, 2, 16])
def test_a_normal_cloud_has_one_hole_in_a_hundred(size):
    found = holes.share(holes.beyond(normal(2000, size, 1), holes.support(normal(3000, size))))
    assert abs(found.value - 0.01) < 0.008
    assert found.error == pytest.approx(np.sqrt(found.value * (1 - found.value) / 2000))


def test_a_ring_has_a_hole_inside_and_one_outside():
    where = holes.support(ring(3000))
    probes = normal(2000, 2, 1)
    hole = holes.beyond(probes, where)
    radius = np.linalg.norm(probes, axis=1)
    assert hole[(radius < 1.5) | (radius > 2.5)].all()
    assert hole.mean() > 0.6
    assert holes.beyond(ring(1000, 1), where).mean() < 0.03


def test_being_off_counts_in_distances_that_are_usual():
    line = np.arange(50, dtype=np.float32)[:, None] * [[3.0, 0.0]]
    where = holes.support(line)
    assert (where.usual, where.edge) == (3.0, 3.0)
    assert holes.off(np.array([[6.0, 0.0], [6.0, 4.5], [-6.0, 0.0]]), where) == pytest.approx(
        [0, 1.5, 2]
    )
    assert holes.beyond(np.array([[0.0, 2.9], [0.0, 3.1]]), where).tolist() == [False, True]


def test_where_latents_are_does_not_depend_on_their_scale():
    where, wide = holes.support(normal(500, 4)), holes.support(1000 * normal(500, 4))
    assert wide.usual == pytest.approx(1000 * where.usual, rel=1e-4)
    asked = normal(100, 4, 1)
    assert holes.off(1000 * asked, wide) == pytest.approx(holes.off(asked, where), rel=1e-3)


@pytest.mark.parametrize(
    ("z", "said"),
    [
        (np.full((10, 3), np.nan), "not finite numbers"),
        (normal(1, 3), "needs at least 3"),
        (np.ones((10, 3)), "one and the same"),
    ],
)
def test_latents_that_are_nowhere_are_told(z, said):
    with pytest.raises(InputError, match=said):
        holes.support(z)


# Moments --------------------------------------------------------------------------------------


def test_the_kl_is_that_of_a_gaussian_with_these_moments():
    z = normal(400, 3) @ np.array([[2, 0, 0], [0.5, 1, 0], [0, 0.3, 0.2]], np.float32) + 0.7
    mean, covariance = z.mean(0, dtype=float), np.cov(z.T)
    _, determinant = np.linalg.slogdet(covariance)
    expected = (np.trace(covariance) + mean @ mean - 3 - determinant) / 2
    assert holes.matched_kl(z) == pytest.approx(expected, rel=1e-5)
    turn, _ = np.linalg.qr(normal(9, 1).reshape(3, 3))
    assert holes.matched_kl(z @ turn) == pytest.approx(expected, rel=1e-4)
    assert holes.matched_kl(normal(5000, 2)) < 0.005
    assert holes.matched_kl(np.concatenate([z, z], axis=1)) == float("inf")


def test_one_latent_alone_against_the_closed_form():
    z = np.stack([normal(4000, 1)[:, 0], 3 + 2 * normal(4000, 1, 1)[:, 0]], axis=1)
    found = holes.unlike_normal(z)
    assert found[0] < 0.002
    assert found[1] == pytest.approx(0.5 * (9 + 4 - 1 - np.log(4)), rel=0.05)


def test_histograms_are_densities():
    edges = np.linspace(-6, 6, 61)
    found = holes.densities(normal(20_000, 2), edges)
    assert (found * np.diff(edges)).sum(1) == pytest.approx([1, 1])
    middle = (edges[1:] + edges[:-1]) / 2
    bell = np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi)
    assert np.abs(found - bell).max() < 0.03


def test_the_widest_axes_are_the_leading_singular_vectors():
    z = normal(300, 5) * [1, 4, 2, 0.5, 0.1] + 3
    mean, axes = holes.widest(z)
    _, _, vectors = np.linalg.svd(z - z.mean(0))
    assert mean == pytest.approx(z.mean(0))
    assert np.abs((axes * vectors[:2]).sum(1)) == pytest.approx([1, 1])


def test_one_latent_has_one_axis():
    mean, axes = holes.widest(normal(100, 1))
    assert mean.shape == (1,)
    assert np.abs(axes).tolist() == [[1], [0]]
    assert holes.matched_kl(normal(5000, 1)) < 0.005
