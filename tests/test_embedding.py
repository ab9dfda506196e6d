"""UMAP and t-SNE in a process of their own: progress, leaving, and how far a map is trusted."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from explorer import embedding
from explorer.joining import joined

CHANCE = np.random.default_rng(0)
TWO = np.concatenate([CHANCE.normal(size=(40, 8)), CHANCE.normal(size=(40, 8)) + 9]).astype("f4")
GROUP = np.repeat([0, 1], 40)


def test_a_map_that_changes_nothing_is_trusted_wholly():
    flat = CHANCE.normal(size=(60, 2))
    assert embedding.judged(flat, 3 * flat + 1) == (1.0, 1.0, 60)


def test_a_map_that_means_nothing_is_not():
    trust, continuity, _ = embedding.judged(TWO, CHANCE.normal(size=(80, 2)))
    assert max(trust, continuity) < 0.65


def test_laying_strangers_over_each_other_costs_trust_and_tearing_costs_continuity():
    """Continuity counts, per point, by how far neighbours in the latents are torn on the map."""
    flat = CHANCE.uniform(size=(200, 2))
    folded = np.stack([np.abs(flat[:, 0] - 0.5), flat[:, 1]], 1)
    trust, continuity, _ = embedding.judged(flat, folded)
    assert trust < continuity
    torn = flat + 5 * (flat[:, :1] > 0.5)
    trust, continuity, _ = embedding.judged(flat, torn)
    assert continuity < trust
    # the definition of Venna & Kaski, written out
    k, order = embedding.CIRCLE, np.argsort(np.linalg.norm(flat[:, None] - flat, axis=2), axis=1)
    near = np.argsort(np.linalg.norm(torn[:, None] - torn, axis=2), axis=1)
    rank = np.argsort(near, axis=1)
    lost = sum(max(0, rank[i, j] - k) for i in range(200) for j in order[i, 1 : k + 1])
    assert continuity == pytest.approx(1 - 2 * lost / (200 * k * (2 * 200 - 3 * k - 1)))
    assert trust == pytest.approx(trustworthiness(flat, torn, n_neighbors=k))


def test_the_text_of_a_fit_says_how_far_it_is():
    told = embedding.Told(r"(\d+)/(\d+)")
    print("\r 5/20", file=told, end="")
    assert told.share == 0.25
    counted = embedding.Told(r"Iteration (\d+)", 1000)
    counted.write("[t-SNE] Iteration 250: error = 1.2")
    assert counted.share == 0.25


def test_whoever_leaves_ends_the_fit():
    told, ended = embedding.Told("^$"), []

    def fit():
        try:
            while True:
                told.write("x")
        finally:
            ended.append(True)

    work = embedding._followed(fit, told)
    assert next(work) == 0.0
    work.close()  # returns only after the fit has ended
    assert ended


@pytest.fixture
def process():
    """The real process, ended afterwards."""
    yield embedding.process()
    embedding.process().close()


def test_tsne_is_fitted_in_a_process_of_its_own(process):
    start = TWO[:, :2].copy()
    work = process.stream("tsne", z=TWO, start=start, perplexity=10.0, metric="euclidean", seed=0)
    *shares, found = work
    assert all(0 <= one <= 1 for one in shares)
    assert found.shape == (80, 2)
    middles = [found[g == GROUP].mean(0) for g in (0, 1)]
    own = np.linalg.norm(found - np.array(middles)[GROUP], axis=1)
    assert np.linalg.norm(middles[0] - middles[1]) > own.max()


@pytest.mark.slow
def test_umap_holds_groups_together_and_lets_newcomers_join(process):
    start = TWO[:, :2].copy()
    asked = {"n_neighbors": 10, "min_dist": 0.1, "metric": "euclidean", "seed": 0}
    runs = [[*process.stream("umap", z=TWO, start=start, **asked)][-1] for _ in range(2)]
    assert np.array_equal(*runs)
    found = runs[0]
    middles = np.array([found[g == GROUP].mean(0) for g in (0, 1)])
    near = np.linalg.norm(found[:, None] - middles, axis=2).argmin(1)
    assert np.array_equal(near, GROUP)
    new = joined(TWO, found, TWO[[0, 50]] + 0.01, **asked)
    assert np.linalg.norm(new[:, None] - middles, axis=2).argmin(1).tolist() == [0, 1]
