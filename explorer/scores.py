"""How good a model's samples are while it trains: quick measures of a fixed few, by what they are.

Pictures are measured through a small classifier of their data set, points by the modes of the
mixture behind them; other data have nothing to be measured with.
"""

import numpy as np
import torch
from torch import Tensor

from explorer import data
from explorer.data import toys
from explorer.device import own_randomness
from explorer.errors import NonFinite
from explorer.metrics.classes import class_shares, condition_accuracy
from explorer.metrics.classifier import Classifier, classifier
from explorer.metrics.diversity import pairwise_distance
from explorer.metrics.modes import mode_shares
from explorer.models.base import Model, last

AT_ONCE = 250  # samples: a whole number of rounds through ten classes


@torch.no_grad()
def score(model: Model, data_name: str, seed: int, n: int = 2000) -> dict[str, float]:
    """Measures of ``n`` samples from fixed noise, by name; {} if nothing can be measured.

    The model is in evaluation mode.  Nothing is drawn where nothing can be measured.

    Pictures: the Fréchet distance of classifier features ("classifier distance"), the effective
    number of classes, classes hit ("modes hit"), the mean distance of two samples in pixels, and
    for conditional models the share that shows the class asked for.  Points: modes covered, and
    the share of points near one.  Raises NonFinite.
    """
    if data_name in toys.MIXTURES:
        return _points(_drawn(model, seed, n), data_name)
    judge = classifier(data_name)
    return _pictures(model, judge, _drawn(model, seed, n)) if judge else {}


def _drawn(model: Model, seed: int, n: int) -> Tensor:
    """n *shape; the classes of a conditional model in turn from the first sample on."""
    generator = own_randomness(seed, "score", device=str(model.device))
    size = _round(model)
    few = (min(size, n - done) for done in range(0, n, size))
    x = torch.cat([last(model.generate(k, generator)) for k in few]).float()
    if not x.isfinite().all():
        raise NonFinite(
            "The model's samples are not finite numbers any more. "
            "Go back to an earlier checkpoint, or start again with a lower learning rate."
        )
    return x


def _round(model: Model) -> int:
    """Samples at once, so many that each class has been asked for equally often."""
    classes = max(1, len(_classes(model)))
    return max(1, AT_ONCE // classes) * classes


def _classes(model: Model) -> tuple[str, ...]:
    return getattr(model, "classes", ())


def _points(x: Tensor, data_name: str) -> dict[str, float]:
    found = mode_shares(x.cpu().numpy(), data.mixture(data_name))
    return {"modes covered": float(found.covered), "near a mode": found.near}


def _pictures(model: Model, judge: Classifier, x: Tensor) -> dict[str, float]:
    features = judge.features(x)
    predicted = judge.read(features).argmax(1).numpy()
    shares = class_shares(predicted, len(judge.classes))
    terms = {
        "classifier distance": judge.distance(features),
        "effective classes": shares.effective,
        "modes hit": float(shares.hit),
        "pairwise distance": pairwise_distance(x.cpu().numpy()),
    }
    if classes := len(_classes(model)):
        terms["condition accuracy"] = condition_accuracy(np.arange(len(x)) % classes, predicted)
    return terms
