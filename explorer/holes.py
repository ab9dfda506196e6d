r"""Where a model's latents are, and where N(0, I) would look for them.

A decoder has learned on draws of the aggregate posterior q(z), the mean of q(z | x) over images
(Hoffman & Johnson 2016, "ELBO surgery"); samples are drawn from N(0, I).  d(z) is the distance of a
place to the nearest of N training latents, which are draws of q(z).  A place is a *hole* if

    d(z) > the 99th percentile of d(z_i), each z_i among the other training latents.

Were N(0, I) just q(z), a sample would be one more latent like the others, and 1 in 100 would be in
a hole, in any space (the argument of conformal prediction, Vovk et al. 2005).  The same question
with both sides exchanged says how much of q(z) samples *miss*.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from explorer.errors import InputError
from explorer.metrics import checks
from explorer.metrics.frechet import statistics
from explorer.metrics.neighbours import nearest

QUANTILE = 0.99  # of training latents lie nearer to another one than the edge of a hole
ASKED = 2000  # of the latents that are asked how near the next one is
NAME = "a distance to the nearest latent"


@dataclass(frozen=True, eq=False)
class Support:
    """Latents N Z; how far the next one ``usual``ly is (median), and in 99 of 100 (``edge``)."""

    z: np.ndarray
    usual: float
    edge: float


@dataclass(frozen=True)
class Share:
    """A share from 0 to 1 and its standard error."""

    value: float
    error: float


def support(z: np.ndarray) -> Support:
    """Of latents N Z, at least 3.  InputError unless they are finite and not all in one place."""
    z = checks.rows(z, 3, NAME, "latents")
    _, away = nearest(z[:ASKED], z, 2)  # the first is the latent itself
    usual = float(np.median(away[:, 1]))
    if usual == 0:
        raise InputError(
            "Most latents of this model are one and the same, so no distance between them says "
            "anything. Choose another checkpoint, or data with more than one image."
        )
    return Support(z, usual, float(np.quantile(away[:, 1], QUANTILE)))


def off(z: np.ndarray, where: Support) -> np.ndarray:
    """How far places N Z are off the training latents, float64 N.

    In distances that are usual between a training latent and the next: about 1 or less is among
    them, more is where the decoder has learned nothing.
    """
    _, away = nearest(z, where.z)
    return away[:, 0] / where.usual


def beyond(z: np.ndarray, where: Support) -> np.ndarray:
    """Which of places N Z are holes between the latents of ``where``: bool N."""
    _, away = nearest(z, where.z)
    return away[:, 0] > where.edge


def share(found: np.ndarray) -> Share:
    """How many of bool N."""
    value = float(found.mean())
    return Share(value, sqrt(value * (1 - value) / len(found)))


# Moments ------------------------------------------------------------------------------------------


def matched_kl(z: np.ndarray) -> float:
    r"""KL from N(0, I) of the Gaussian with the mean and covariance of latents N Z, in nats.

    ½ (tr Σ + μᵀμ − Z − ln det Σ).  Infinite if the latents do not fill the space.
    """
    found = statistics(z)
    spread = np.linalg.eigvalsh(found.covariance)
    if spread[0] <= 1e-9 * max(spread[-1], 1.0):
        return float("inf")
    return float(0.5 * (spread - 1 - np.log(spread)).sum() + 0.5 * found.mean @ found.mean)


def unlike_normal(z: np.ndarray) -> np.ndarray:
    """The same for each latent alone: float64 Z, in nats."""
    mean, variance = z.mean(0, dtype=float), z.var(0, dtype=float)
    variance = np.maximum(variance, 1e-12)
    return 0.5 * (mean**2 + variance - 1 - np.log(variance))


def densities(z: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Histograms of latents N Z between ``edges`` B+1, as densities float32 Z B."""
    counts = np.stack([np.histogram(column, edges)[0] for column in z.T])
    return (counts / (len(z) * np.diff(edges))).astype(np.float32)


def widest(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean Z of latents and their two leading principal axes 2 Z (the second 0 if Z is 1)."""
    found = statistics(z)
    _, axes = np.linalg.eigh(found.covariance)
    leading = axes[:, ::-1][:, :2].T
    if len(leading) < 2:
        leading = np.concatenate([leading, 0 * leading])
    return found.mean, leading
