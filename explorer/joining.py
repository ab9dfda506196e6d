"""Newcomers on a UMAP that is fitted already."""

import numpy as np


def joined(
    z: np.ndarray,
    positions: np.ndarray,
    new: np.ndarray,
    n_neighbors: int,
    min_dist: float,
    metric: str,
    seed: int,
    epochs: int = 100,
) -> np.ndarray:
    """Where UMAP puts ``new`` latents M D on the map ``positions`` N d of ``z`` N D: float32 M d.

    What ``UMAP.transform`` does, from its own parts, so that a map from the shelf needs no new fit:
    each newcomer starts amid its neighbours and is pulled and pushed while the map stands still.
    """
    import scipy.sparse
    from sklearn.neighbors import NearestNeighbors
    from umap import layouts, umap_

    search = NearestNeighbors(n_neighbors=n_neighbors, metric=metric, algorithm="brute").fit(z)
    away, found = search.kneighbors(new)
    away = away.astype(np.float32)
    sigmas, rhos = umap_.smooth_knn_dist(away, float(n_neighbors), local_connectivity=0.0)
    rows, columns, values, _ = umap_.compute_membership_strengths(
        found.astype(np.int32), away, sigmas, rhos, bipartite=True
    )
    shape = len(new), len(z)
    graph = scipy.sparse.coo_matrix((values, (rows, columns)), shape=shape)
    first = umap_.init_graph_transform(graph.tocsr(), positions)
    graph.data[graph.data < graph.data.max() / epochs] = 0.0
    graph.eliminate_zeros()
    a, b = umap_.find_ab_params(1.0, min_dist)
    return layouts.optimize_layout_euclidean(
        first.astype(np.float32),
        positions.astype(np.float32, copy=True),
        graph.row,
        graph.col,
        epochs,
        len(z),
        umap_.make_epochs_per_sample(graph.data, epochs),
        a,
        b,
        np.random.RandomState(seed).randint(-(2**31), 2**31 - 1, 3).astype(np.int64),
        initial_alpha=0.25,
        tqdm_kwds={"disable": True},
    )
