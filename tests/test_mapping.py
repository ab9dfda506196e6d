"""Which images are on a map, its principal axes, and who is near whom."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from explorer import mapping
from explorer.errors import InputError
from explorer.map_settings import MapSettings

CHANCE = np.random.default_rng(0)


def test_every_class_keeps_its_share_to_within_one():
    labels = np.repeat([0, 1, 2], [700, 200, 100])
    for n in (10, 33, 101, 999):
        places = mapping.stratified(labels, 1000, n, seed=3)
        counts = np.bincount(labels[places], minlength=3)
        assert len(np.unique(places)) == n
        assert (np.abs(counts - n * np.array([0.7, 0.2, 0.1])) < 1).all()


def test_the_seed_decides_which_and_more_than_all_is_all():
    labels = CHANCE.integers(0, 4, 50)
    first, again, other = (mapping.stratified(labels, 50, 20, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert sorted(mapping.stratified(labels, 50, 99, 1)) == list(range(50))
    assert len(np.unique(mapping.stratified(None, 50, 7, 1))) == 7


def test_nothing_cannot_be_shown():
    with pytest.raises(InputError, match="at least one"):
        mapping.stratified(None, 50, 0, 1)


@pytest.mark.parametrize("shape", [(60, 5), (20, 300), (60, 1024)])
def test_principal_axes_are_those_of_scikit_learn(shape):
    z = CHANCE.normal(size=shape) * np.linspace(3, 0.1, shape[1]) + 7
    axes, known = mapping.principal(z, 3), PCA(3, svd_solver="full").fit(z)
    signs = np.sign((axes.directions * known.components_).sum(1))
    assert np.allclose(axes.directions, signs[:, None] * known.components_, atol=1e-6)
    assert np.allclose(axes.share, known.explained_variance_ratio_, atol=1e-9)
    assert np.allclose(axes.of(z), signs * known.transform(z), atol=1e-4)
    assert (axes.directions[np.arange(3), np.abs(axes.directions).argmax(1)] > 0).all()


def test_one_latent_is_a_line():
    z = CHANCE.normal(size=(30, 1)).astype(np.float32)
    flat = mapping.widened(mapping.principal(z, 3).of(z), 3)
    assert flat.shape == (30, 3)
    assert np.allclose(flat[:, 0], (z - z.mean())[:, 0], atol=1e-6)
    assert not flat[:, 1:].any()


def test_equal_latents_have_axes_without_a_share():
    axes = mapping.principal(np.ones((9, 4)), 2)
    assert not axes.share.any()
    assert np.isfinite(axes.of(np.ones((9, 4)))).all()


def test_neighbours_are_those_of_scikit_learn():
    z = CHANCE.normal(size=(200, 6)).astype(np.float32)
    found, away = mapping.neighbours(z, 4)
    far, known = NearestNeighbors(n_neighbors=5).fit(z.astype(float)).kneighbors(z.astype(float))
    assert np.array_equal(found, known[:, 1:])
    assert np.allclose(away, far[:, 1:], atol=1e-5)


def test_nobody_is_a_neighbour_of_itself_not_even_among_equals():
    found, away = mapping.neighbours(np.zeros((6, 3)), 3)
    assert not (found == np.arange(6)[:, None]).any()
    assert found.shape == away.shape == (6, 3)
    assert not away.any()


def test_purity_counts_neighbours_of_the_same_class():
    near = np.array([[1, 2], [0, 2], [0, 1]])
    assert mapping.purity(near, np.array([0, 0, 1])).tolist() == [0.5, 0.5, 0.0]


def test_newcomers_lie_amid_their_neighbours():
    positions = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    found = np.array([[0, 1], [1, 2]])
    at = mapping.placed(found, np.array([[1.0, 3.0], [0.0, 5.0]]), positions)
    assert np.allclose(at, [[1, 0], [4, 0]], atol=1e-6)


def test_what_no_map_can_be_made_of_is_said():
    with pytest.raises(InputError, match="at least 5 images, and there are 1"):
        mapping.sound(np.zeros((1, 4)))
    z = np.zeros((100, 4))
    z[[3, 7], 1] = np.nan, np.inf
    with pytest.raises(InputError, match="2 of 100 latents are not finite"):
        mapping.sound(z)


def test_equal_maps_have_equal_names():
    plain = MapSettings(method="pca")
    assert plain.facts() == MapSettings(method="pca", n_neighbors=50, map_seed=9).facts()
    assert MapSettings().facts() != MapSettings(n_neighbors=50).facts()
    assert MapSettings().facts() == MapSettings(perplexity=50).facts()
    with pytest.raises(InputError, match="between 2 and 200"):
        MapSettings.read({"n_neighbors": 1})
