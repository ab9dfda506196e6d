"""What a competitor costs: its network, its samples and its training, and how steady that was."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from torch import nn

from explorer import catalog, checkpoints, denoising, probes
from explorer.answers import Score
from explorer.competitors import Competitor
from explorer.metrics import cost
from explorer.metrics.cost import Operations
from explorer.metrics.stability import LEAST, swing
from explorer.models.base import Model
from explorer.models.diffusing import Diffusing
from explorer.sampling import SampleSettings
from explorer.worth import course, images_seen

COUNTED = 20  # pictures drawn at once to count what they take


def expenses(one: Competitor) -> Iterator[tuple[str, Score]]:
    """Parameters, network evaluations and 10⁹ operations a sample, images seen, and the swing.

    Nothing for what has no weights, and no swing where no such curve is known.
    """
    if one.real or one.key.startswith(catalog.EXACT):
        return
    model = checkpoints.load(one.entry.path)
    taken = operations(model, one.how)
    yield "parameters", Score(sum(p.numel() for p in model.parameters()))
    yield "network evaluations", Score(taken.evaluations)
    yield "GFLOP", Score(taken.total / 1e9)
    yield "images seen", Score(images_seen(one.entry))
    curve = course(catalog.past(one.entry))
    if len(curve) >= LEAST:
        yield "swing", Score(swing(curve))


def operations(model: Model, how: dict[str, Any]) -> Operations:
    """What `COUNTED` samples take, by picture."""
    own = deepcopy(model)  # its calls are counted, so nobody else may use it meanwhile
    return cost.operations(lambda: few(own, how), COUNTED, _network(own))


def few(model: Model, how: dict[str, Any]) -> np.ndarray:
    """`COUNTED` samples; where latents are drawn from makes no difference."""
    if isinstance(model, Diffusing):
        settings = SampleSettings.read({"steps": min(20, model.schedule.T)} | how)
        return next(denoising.sample(model, COUNTED, 0, settings))
    return probes.sample(model, COUNTED, 0).pictures


def _network(model: Model) -> nn.Module:
    """The network that is evaluated on the way to a sample, once or many times."""
    names = ("net", "generator", "decoder")
    return next(getattr(model, name) for name in names if hasattr(model, name))
