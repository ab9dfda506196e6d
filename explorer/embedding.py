"""Maps that take seconds: UMAP and t-SNE, in a process of their own.

numba's threads can abort a process that other threads share, so these two never run in the engine:
``python -m explorer.embedding --fd N`` answers its questions and ends with it.  It stays warm,
because the first UMAP of a process compiles for seconds.  A fit tells how far it is through the
text of its own progress bar; whoever leaves makes that text raise, so the fit ends at its next
epoch.
"""

import argparse
import io
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import redirect_stdout
from functools import cache
from typing import Any

import numpy as np

from explorer.engine import Engine
from explorer.engine.server import serve
from explorer.joining import joined

COMMAND = (sys.executable, "-m", "explorer.embedding")
ITERATIONS = 1000  # of t-SNE
JUDGED = 2000  # points that trustworthiness and continuity are measured on
CIRCLE = 15  # neighbours whose loss or gain they count
EVERY = 0.1  # seconds between two signs of life


@cache
def process() -> Engine:
    """The process; it starts with the first question."""
    return Engine(COMMAND)


class Left(Exception):
    """The one who asked has gone."""


class Told(io.TextIOBase):
    """A text stream that reads how far a fit is, and ends it once nobody listens."""

    def __init__(self, pattern: str, total: int = 0):
        self.share, self.left = 0.0, False
        self._pattern, self._total = re.compile(pattern), total

    def write(self, text: str) -> int:
        if self.left:
            raise Left
        if found := self._pattern.search(text):
            done, *total = map(int, found.groups())
            self.share = done / (total[0] if total else self._total)
        return len(text)


# Fits ---------------------------------------------------------------------------------------------


def umap(
    z: np.ndarray,
    start: np.ndarray,
    n_neighbors: int,
    min_dist: float,
    metric: str,
    seed: int,
) -> Iterator[float | np.ndarray]:
    """Shares done, then positions float32 N d of latents N D; ``start`` N d is where they begin.

    McInnes, Healy & Melville 2018; the neighbours are exact, not approximate.
    """
    told = Told(r"(\d+)/(\d+)")

    def fit() -> np.ndarray:
        from umap import UMAP

        warnings.filterwarnings("ignore", "precomputed_knn", UserWarning)  # `place` needs no index
        found, away = _neighbours(z, min(n_neighbors, len(z) - 1), metric)
        model = UMAP(
            n_neighbors=found.shape[1],
            n_components=start.shape[1],
            min_dist=min_dist,
            metric=metric,
            random_state=seed,
            n_jobs=1,
            init=_spread(start, 10.0),
            precomputed_knn=(found, away, None),
            tqdm_kwds={"file": told, "disable": False, "bar_format": "{n_fmt}/{total_fmt}"},
        )
        return model.fit_transform(z)

    return _followed(fit, told)


def tsne(
    z: np.ndarray, start: np.ndarray, perplexity: float, metric: str, seed: int
) -> Iterator[float | np.ndarray]:
    """Shares done, then positions float32 N d (van der Maaten & Hinton 2008, Barnes-Hut)."""
    told = Told(r"Iteration (\d+)", ITERATIONS)

    def fit() -> np.ndarray:
        from sklearn.manifold import TSNE

        model = TSNE(
            start.shape[1],
            perplexity=min(perplexity, (len(z) - 1) / 3),
            metric=metric,
            init=_spread(start, 1e-4),
            max_iter=ITERATIONS,
            random_state=seed,
            verbose=2,
        )
        with redirect_stdout(told):
            return model.fit_transform(z)

    return _followed(fit, told)


def _neighbours(z: np.ndarray, k: int, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` nearest of each, itself first as UMAP expects: int32 and float32 N k."""
    from sklearn.neighbors import NearestNeighbors

    away, found = (
        NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(z).kneighbors(z)
    )
    return found.astype(np.int32), away.astype(np.float32)


def _spread(start: np.ndarray, largest: float) -> np.ndarray:
    """The first positions, the first axis with the spread that the method expects to begin with."""
    width = start[:, 0].std() if largest < 1 else np.abs(start).max()
    noise = np.random.RandomState(0).normal(scale=1e-4, size=start.shape)
    return (largest * (start / max(float(width), 1e-12) + noise)).astype(np.float32)


# How far a map can be trusted ---------------------------------------------------------------------


def quality(z: np.ndarray, positions: np.ndarray) -> Iterator[float | tuple[float, float, int]]:
    """Trustworthiness and continuity of a map, and of how many points (Venna & Kaski 2001).

    Trustworthiness falls with every neighbour on the map that is none in the latents, by how far
    down the latents' order it stands; continuity with every neighbour in the latents that the map
    tears away: the same with both spaces exchanged.  1 is perfect, about one half is chance.
    """
    return _followed(lambda: judged(z, positions), Told("^$", 1))


def judged(z: np.ndarray, positions: np.ndarray) -> tuple[float, float, int]:
    """What `quality` tells in the end."""
    from sklearn.manifold import trustworthiness

    z, positions = z[:JUDGED], positions[:JUDGED]  # they come in a random order
    k = min(CIRCLE, (len(z) - 1) // 2)
    trust = trustworthiness(z, positions, n_neighbors=k)
    return float(trust), float(trustworthiness(positions, z, n_neighbors=k)), len(z)


# Newcomers ----------------------------------------------------------------------------------------


def place(
    z: np.ndarray,
    positions: np.ndarray,
    new: np.ndarray,
    n_neighbors: int,
    min_dist: float,
    metric: str,
    seed: int,
) -> Iterator[float | np.ndarray]:
    """Shares done, then where newcomers belong: see `explorer.joining.joined`."""
    asked = (z, positions, new, min(n_neighbors, len(z)), min_dist, metric, seed)
    return _followed(lambda: joined(*asked), Told(r"(\d+)/(\d+)"))


# The process --------------------------------------------------------------------------------------

_one_at_a_time = threading.Lock()


def _followed(job: Callable[[], Any], told: Told) -> Iterator[Any]:
    """Run a job in a thread: shares of it that are done, now and then, and at last its answer."""

    def alone() -> Any:
        with _one_at_a_time:
            return job()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(alone)
        try:
            while not wait([future], timeout=EVERY).done:
                yield told.share
        finally:
            told.left = True
        yield future.result()


def main() -> None:
    """Answer questions on a socket until the engine hangs up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    questions = {f.__name__: f for f in (umap, tsne, quality, place)}
    serve(questions, parser.parse_args().fd)


if __name__ == "__main__":
    main()
