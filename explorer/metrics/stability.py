"""How steady a training was."""

import numpy as np

from explorer.errors import InputError

LEAST = 4  # values of a course


def swing(values: np.ndarray) -> float:
    """The largest ratio, in the second half, of a distance to the lowest one before it.

    ``values`` N (above 0, lower is better) were measured one after another.  1: it never got worse
    again; 2: at some moment samples were twice as far away as they had been.  Raises InputError.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < LEAST or not (values > 0).all():
        raise InputError(f"A course needs at least {LEAST} distances, all above 0.")
    ratios = values / np.minimum.accumulate(values)
    return float(ratios[len(values) // 2 :].max())
