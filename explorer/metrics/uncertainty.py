"""How far a measure of n samples may be off: by chance, and by having n samples at all.

Two different things.  Chance gives a band around the value at this n.  Bias is what another draw of
n samples repeats: the Fréchet distance of n samples lies about c / n above its limit, so values at
different n are not comparable, and no band around a value at n need hold that limit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from explorer.errors import InputError
from explorer.metrics import checks

Statistic = Callable[[np.ndarray], float]  # of rows N ...


@dataclass(frozen=True)
class Band:
    """The ``value`` of all samples, its standard ``error``, and where it may lie, low to high."""

    value: float
    error: float
    low: float
    high: float


def bootstrap(
    statistic: Statistic, samples: np.ndarray, rounds: int = 200, seed: int = 0, level: float = 0.95
) -> Band:
    """The percentile band of resamples with replacement (Efron 1979), of at least 2 samples N ....

    For a statistic without bias, such as a mean.  Resamples repeat samples, and so have the bias of
    fewer: a band of Fréchet distances lies too high, often above the value itself.  Take
    `half_sampling` there.
    """
    checks.rows(samples, 2, "a bootstrap")
    random = np.random.default_rng(seed)
    n = len(samples)
    found = [statistic(samples[random.integers(n, size=n)]) for _ in range(rounds)]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Band(float(statistic(samples)), float(np.std(found, ddof=1)), float(low), float(high))


def half_sampling(
    statistic: Statistic, samples: np.ndarray, rounds: int = 50, seed: int = 0, level: float = 0.95
) -> Band:
    """A normal band whose error is the spread of random halves, of at least 4 samples N ....

    Drawn without replacement, halves spread among each other as fresh sets of all n would: of a
    mean, (s² / (n/2)) (1 − ½) = s² / n (Politis, Romano & Wolf 1999).  Only their spread is
    used, so whatever bias halves share drops out: the band is for the value expected at this n.
    Where the distance is nothing but bias, as of real pictures to real ones, it is too wide, by up
    to √3.
    """
    checks.rows(samples, 4, "half-sampling")
    random = np.random.default_rng(seed)
    half = len(samples) // 2
    found = [statistic(samples[random.permutation(len(samples))[:half]]) for _ in range(rounds)]
    error = np.std(found, ddof=1) * np.sqrt(half / (len(samples) - half))
    value = float(statistic(samples))
    reach = NormalDist().inv_cdf((1 + level) / 2) * float(error)
    return Band(value, float(error), value - reach, value + reach)


@dataclass(frozen=True)
class Extrapolation:
    """The ``value`` at infinitely many samples, its standard ``error``; n add ``slope`` / n."""

    value: float
    error: float
    slope: float


def at_infinity(ns: Sequence[int], values: Sequence[float], nested: bool = False) -> Extrapolation:
    """The line value + slope / n through values at three or more numbers of samples (InputError).

    So Chong & Forsyth 2020 find FID∞; the bias of a reference of few pictures stays.  Weighted, as
    the variance of a value falls with 1 / n.  Values of separate samples are taken as independent.
    ``nested`` are those of a curve that grows while samples are drawn, where each n includes the
    smaller: their covariance is 1 / the larger n.  As independent, they would look far too sure.
    """
    n, y = np.array(ns, float), np.array(values, float)
    different = len(np.unique(n))
    if len(n) != len(y) or different < 3 or n.min() < 1 or (nested and different < len(n)):
        raise InputError(
            "A line to infinitely many samples needs values at three different numbers of samples "
            "or more. Draw more samples."
        )
    if not np.isfinite(y).all():
        raise InputError("Some values are not finite, so no line fits. Leave those out.")
    covariance = 1 / np.maximum.outer(n, n) if nested else np.diag(1 / n)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    x = np.stack([np.ones_like(n), 1 / n], 1)
    a, b = whiten @ x, whiten @ y
    (value, slope), *_ = np.linalg.lstsq(a, b)
    noise = ((b - a @ [value, slope]) ** 2).sum() / (len(n) - 2)
    error = np.sqrt(noise * np.linalg.inv(a.T @ a)[0, 0])
    return Extrapolation(float(value), float(error), float(slope))
