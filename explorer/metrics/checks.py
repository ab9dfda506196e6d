"""What every measure asks of its input, once, and what it says to a person otherwise."""

import numpy as np

from explorer.errors import InputError


def rows(values: np.ndarray, least: int, measure: str, what: str = "samples") -> np.ndarray:
    """Features N D or pictures N ... as N D; InputError if too few or not finite."""
    if len(values) < least:
        raise InputError(
            f"There are {len(values)} {what}, but {measure} needs at least {least}. Take more."
        )
    x = np.asarray(values).reshape(len(values), -1)
    if not np.isfinite(x).all():
        raise InputError(
            f"Some {what} are not finite numbers, so {measure} would mean nothing. "
            "Choose an earlier checkpoint."
        )
    return x


def alike(*several: np.ndarray) -> None:
    """InputError unless all arrays N D have the same D, and all or none hold bytes of pixels."""
    sizes = sorted({x.shape[1] for x in several})
    if len(sizes) > 1:
        raise InputError(
            f"What is to be compared has {' and '.join(map(str, sizes))} values each. "
            "Choose data of one kind and size."
        )
    if len({x.dtype == np.uint8 for x in several}) > 1:
        raise InputError("Bytes are to be compared with other numbers. Choose data of one kind.")
