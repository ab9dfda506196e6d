"""Made or memorised?  Whether samples come nearer to training pictures than unseen ones do.

A generator that learned the law of the data is as near to pictures it never saw as to those it was
trained on.  One that copies is nearer to the latter: FID does not notice, and even praises it.
"""

from dataclasses import dataclass

import numpy as np

from explorer.metrics import checks
from explorer.metrics.neighbours import nearest

COPY = 1 / 3  # of the distance to the second nearest training picture (Yoon et al. 2023)
NAME = "the search for copies"


@dataclass(frozen=True, eq=False)
class Memorised:
    """What distances of N samples to training and to test pictures tell.

    - ``nearer``: share of samples nearer to a training picture than to any of equally many test
      pictures; ½ is expected if nothing is memorised, give or take ``error``, one standard error.
    - ``z``: Z_U of Meehan, Chaudhuri & Dasgupta 2020, their C_T with a single cell: below −3 the
      samples are nearer to the training set than unseen pictures are; above 3, farther away, as
      poor or noisy samples are.  They hide each other, so a z near 0 does not prove innocence.
    - ``copied``: share of samples at less than a third of the distance to their nearest training
      picture than to their second nearest, or at distance 0 (Yoon et al. 2023).
    - ``nearest`` int N 2 and ``away`` float64 N 2: the two nearest training pictures, how far.
    - ``to_train``, ``to_test`` float64 N: distances to the nearest of ``compared`` pictures each.
    - ``unseen``: distances of as many test pictures to the whole training set.
    """

    nearer: float
    error: float
    z: float
    copied: float
    nearest: np.ndarray
    away: np.ndarray
    to_train: np.ndarray
    to_test: np.ndarray
    unseen: np.ndarray
    compared: int


def memorised(samples: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int = 0) -> Memorised:
    """Of pictures (uint8 N ..., distances in [0, 1] pixels) or features N D; at least two of each.

    ``train`` must be what the model was trained on, and all of it: a copy of a picture that is left
    out goes unseen.  Of more pictures one is nearer by chance alone, so ``nearer`` compares random
    subsets (from ``seed``) of equal size, as many as the smaller set has; everything else uses the
    whole training set.
    """
    x = checks.rows(samples, 2, NAME)
    learned = checks.rows(train, 2, NAME, "training pictures")
    unseen = checks.rows(test, 2, NAME, "test pictures")
    random = np.random.default_rng(seed)
    m = min(len(learned), len(unseen))
    found, away = nearest(x, learned, 2)
    (i, to_train), (j, to_test) = (nearest(x, _some(all_, m, random)) for all_ in (learned, unseen))
    to_train, to_test = to_train[:, 0], to_test[:, 0]
    _, real = nearest(_some(unseen, len(x), random), learned)
    first = np.where(to_train <= to_test, i[:, 0], m + j[:, 0])
    return Memorised(
        nearer=float((to_train < to_test).mean() + (to_train == to_test).mean() / 2),
        error=_chance(np.bincount(first, minlength=2 * m)),
        z=mann_whitney(away[:, 0], real[:, 0]),
        copied=float(((away[:, 0] < COPY * away[:, 1]) | (away[:, 0] == 0)).mean()),
        nearest=found,
        away=away,
        to_train=to_train,
        to_test=to_test,
        unseen=real[:, 0],
        compared=m,
    )


def _some(rows: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else rows[random.choice(len(rows), most, replace=False)]


def _chance(counts: np.ndarray) -> float:
    """Standard deviation of the share that falls to a random half of the pictures.

    ``counts``: how many samples each of them is nearest to.  If nothing is memorised, any half may
    be called training; a few pictures that are nearest to many samples make the share uncertain
    in a way that √(¼ / N) does not know.
    """
    size = len(counts)
    share = counts / counts.sum()
    return float(np.sqrt(((share**2).sum() - 1 / size).clip(0) * size / (size - 1)) / 2)


def mann_whitney(a: np.ndarray, b: np.ndarray) -> float:
    """How much larger a is than b, in standard deviations of the U statistic if both are alike.

    Negative if values of a tend to be smaller.  Ties count half; 0 if all values are equal.
    """
    n, m = len(a), len(b)
    _, place, count = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    u = ranks[:n].sum() - n * (n + 1) / 2
    ties = (count.astype(float) ** 3 - count).sum() / ((n + m) * (n + m - 1))
    variance = n * m * (n + m + 1 - ties) / 12
    return float((u - n * m / 2) / np.sqrt(variance)) if variance > 0 else 0.0
