"""What a map of latents is made of: which images are on it, principal axes, who is near whom.

A map is a picture of N points of D numbers in two or three.  Nothing of it may be believed unasked:
*who is near* is always answered in the D numbers, never on the map.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from explorer.errors import InputError
from explorer.metrics.neighbours import nearest

FEWEST = 5  # images of which a map says anything


def stratified(labels: np.ndarray | None, total: int, n: int, seed: int) -> np.ndarray:
    """Places of ``n`` of ``total`` images in a random order: int n, or all if there are no more.

    With ``labels`` (int ``total``) every class keeps its share to within one image (largest
    remainders); the numbers alone decide which, for ever.
    """
    if n < 1:
        raise InputError(f"{n} images are asked for, but a map needs at least one. Ask for more.")
    chance = np.random.RandomState(seed)
    order = chance.permutation(total)
    if n >= total:
        return order
    if labels is None:
        return order[:n]
    classes, counts = np.unique(labels, return_counts=True)
    wanted = dict(zip(classes.tolist(), _shares(counts, n).tolist(), strict=True))
    kept = [place for place in order if _take(wanted, int(labels[place]))]
    return np.array(kept, np.int64)


def _shares(counts: np.ndarray, n: int) -> np.ndarray:
    """Whole numbers in proportion to ``counts`` that add up to ``n``."""
    exact = counts * (n / counts.sum())
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: n - whole.sum()]] += 1
    return whole


def _take(wanted: dict[int, int], label: int) -> bool:
    wanted[label] -= 1
    return wanted[label] >= 0


def sound(z: np.ndarray) -> np.ndarray:
    """Latents N D that a map can be made of, as they are.  Raises InputError."""
    if len(z) < FEWEST:
        raise InputError(
            f"A map needs at least {FEWEST} images, and there are {len(z)}. Choose more images."
        )
    bad = int((~np.isfinite(z).all(axis=1)).sum())
    if bad:
        raise InputError(
            f"{bad:,} of {len(z):,} latents are not finite numbers, so they have no place on a "
            "map. Choose an earlier checkpoint."
        )
    return z


# Principal axes -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Axes:
    """The ``directions`` K D (orthonormal) in which latents around their ``mean`` D vary most.

    ``share`` K of all their variance lies along each.
    """

    mean: np.ndarray
    directions: np.ndarray
    share: np.ndarray

    def of(self, z: np.ndarray) -> np.ndarray:
        """Latents N D -> their places along the axes, float32 N K."""
        return ((z - self.mean) @ self.directions.T).astype(np.float32)


def principal(z: np.ndarray, k: int) -> Axes:
    """The first ``k`` principal axes of latents N D (fewer where N or D leave no more).

    The sign is chosen so that each axis' largest number is positive.  Of D numbers and N images the
    smaller one decides the work: for N < D the axes come from the N x N products of the images.
    """
    mean = z.mean(0, dtype=np.float64)
    x = z - mean
    wide = x.shape[1] > len(x)
    table = x @ x.T if wide else x.T @ x
    size = len(table)
    k = min(k, size - wide)  # centring leaves N − 1 directions
    values, vectors = scipy.linalg.eigh(table, subset_by_index=[size - k, size - 1])
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    directions = (x.T @ vectors if wide else vectors).T
    directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-300)
    turn = np.sign(directions[np.arange(k), np.abs(directions).argmax(1)])
    total = np.trace(table)
    return Axes(mean, directions * turn[:, None], values / total if total > 0 else 0 * values)


def widened(flat: np.ndarray, k: int) -> np.ndarray:
    """Places N j with zeros for the axes up to ``k`` that do not exist: one latent is a line."""
    return np.pad(flat, ((0, 0), (0, max(0, k - flat.shape[1]))))[:, :k]


# Neighbours ---------------------------------------------------------------------------------------


def neighbours(z: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` others that are nearest to each of latents N D: int N k, and how far, float32."""
    k = min(k, len(z) - 1)
    found, away = nearest(z, z, k + 1)
    own = found == np.arange(len(z))[:, None]
    own[~own.any(1), -1] = True  # among equal ones oneself need not be found; drop the last
    return found[~own].reshape(-1, k), away[~own].reshape(-1, k).astype(np.float32)


def purity(near: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The share of each one's neighbours (int N k) that have its own label: float32 N."""
    return (labels[near] == labels[:, None]).mean(1).astype(np.float32)


def placed(found: np.ndarray, away: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Where newcomers belong on a map of others: the mean of their neighbours' places.

    ``found`` and ``away`` M k are those neighbours, weighted by 1 / distance; float32 M d.
    """
    weights = 1 / np.maximum(away, 1e-12)
    weights = weights / weights.sum(1, keepdims=True)
    return np.einsum("mk,mkd->md", weights, positions[found]).astype(np.float32)
