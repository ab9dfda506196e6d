"""The classifier score against torch-fidelity on the same logits, and closed forms."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch_fidelity.metric_isc import isc_features_to_metric

from explorer.errors import InputError
from explorer.metrics.inception_score import classifier_score


def logits(n: int, scale: float = 3.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, scale, (n, 10))


@pytest.mark.parametrize(("n", "splits"), [(500, 10), (503, 10), (64, 1), (20, 10)])
def test_it_is_that_of_torch_fidelity_on_the_same_logits(n, splits):
    its = isc_features_to_metric(torch.tensor(logits(n)), splits=splits)
    found = classifier_score(softmax(logits(n), 1), splits)
    assert found.value == pytest.approx(its["inception_score_mean"], rel=1e-10)
    assert found.deviation == pytest.approx(its["inception_score_std"], rel=1e-8, abs=1e-12)


def test_float32_probabilities_serve_as_well():
    exact = classifier_score(softmax(logits(400), 1))
    rounded = classifier_score(softmax(logits(400).astype(np.float32), 1))
    assert rounded.value == pytest.approx(exact.value, rel=1e-5)


@pytest.mark.parametrize("k", [1, 2, 10])
def test_certain_and_all_classes_as_often_is_the_number_of_classes(k):
    found = classifier_score(np.eye(k)[np.arange(60 * k) % k], 1)
    assert (found.value, found.deviation) == pytest.approx((k, 0))


def test_uncertain_or_always_the_same_is_one():
    assert classifier_score(np.full((100, 10), 0.1)).value == pytest.approx(1, abs=1e-12)
    assert classifier_score(np.repeat(np.eye(10)[[3]], 100, 0)).value == 1


def test_certain_one_time_in_two_is_between():
    """Half of the time certain of one of two classes, half undecided: exp(½ ln 2)."""
    p = np.array([[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5]] * 20)
    assert classifier_score(p, 1).value == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (np.full((19, 4), 0.25), "There are 19 samples, but the classifier score .* at least 20"),
        (np.full((50, 4), np.nan), "not finite"),
        (np.full((50, 4), 0.2), "do not sum to 1"),
        (np.tile([1.5, -0.5], (50, 1)), "negative"),
    ],
)
def test_what_has_no_score_says_why(p, said):
    with pytest.raises(InputError, match=said):
        classifier_score(p)
