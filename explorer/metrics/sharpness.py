"""How sharp pictures are: the variance of their Laplacian (Pech-Pacheco et al. 2000, LAPV).

Blurred pictures, such as those of a VAE, have little of it; noise has more than any real picture.
So the number says something only beside that of real pictures, and 1 is the best ratio.
"""

from dataclasses import dataclass

import numpy as np

from explorer.errors import InputError
from explorer.metrics import checks

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green, blue (ITU-R BT.601)
AT_ONCE = 512  # pictures
NAME = "sharpness"


@dataclass(frozen=True)
class Sharpness:
    """Means over samples and over real pictures, in squared grey levels (0 to 255).

    ``ratio`` of the first to the second, with its standard ``error`` (the delta method).
    """

    value: float
    real: float
    ratio: float
    error: float


def sharpness(samples: np.ndarray, real: np.ndarray) -> Sharpness:
    """Of uint8 pictures N H W [3], at least two of each (InputError).

    InputError also if the real ones are all plain: there is nothing to be as sharp as.
    """
    own, theirs = laplacian_variance(samples), laplacian_variance(real, "real pictures")
    value, best = own.mean(), theirs.mean()
    if best == 0:
        raise InputError("The real pictures show nothing but plain areas. Choose other data.")
    spread = own.var(ddof=1) / len(own) + (value / best) ** 2 * theirs.var(ddof=1) / len(theirs)
    return Sharpness(*map(float, (value, best, value / best, np.sqrt(spread) / best)))


def laplacian_variance(pictures: np.ndarray, what: str = "samples") -> np.ndarray:
    """Of each picture, float64 N: that of up + down + left + right − 4 · here, mirrored at edges.

    As OpenCV computes it, but for its rounding of colours to grey levels.
    """
    checks.rows(pictures, 2, NAME, what)
    if pictures.ndim not in (3, 4) or min(pictures.shape[1:3]) < 2:
        raise InputError(f"The {what} are no pictures of 2 x 2 pixels or more. Choose image data.")
    parts = range(0, len(pictures), AT_ONCE)
    return np.concatenate([_variances(pictures[i : i + AT_ONCE]) for i in parts])


def _variances(pictures: np.ndarray) -> np.ndarray:
    x = pictures @ LUMA if pictures.ndim == 4 else pictures.astype(np.float32)
    x = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    across = x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    down = x[:, :-2, 1:-1] + x[:, 2:, 1:-1]
    laplacian = across + down - 4 * x[:, 1:-1, 1:-1]
    return laplacian.var((1, 2), dtype=np.float64)
