"""How steady a training was, against courses that are easily judged."""

import numpy as np
import pytest

from explorer.errors import InputError
from explorer.metrics.stability import swing


def test_what_only_falls_is_steady():
    assert swing(np.array([9.0, 5.0, 3.0, 2.0, 2.0])) == 1


def test_the_worst_relapse_of_the_second_half_counts():
    assert swing([8.0, 80.0, 4.0, 2.0, 6.0, 5.0, 1.0, 1.5]) == 3
    assert swing([1.0, 50.0, 4.0, 2.0]) == 4


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0, 2.0, 0.0, 1.0], [1, 2, np.nan, 3]])
def test_what_has_no_ratio_is_refused(values):
    with pytest.raises(InputError, match="at least 4 distances"):
        swing(values)
