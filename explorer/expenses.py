"""What a competitor costs: its network, its samples and its training, and how steady that was."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from torch import nn

from explorer import catalog, checkpoints, denoising, probes
from explorer.answers import Score
from explorer.catalog import Entry
from explorer.competitors import Competitor
from explorer.errors import ExplorerError
from explorer.metrics import cost
from explorer.metrics.cost import Operations
from explorer.metrics.stability import LEAST, swing
from explorer.models.base import Model
from explorer.models.diffusing import Diffusing
from explorer.sampling import SampleSettings

COUNTED = 20  # pictures drawn at once to count what they take
COURSE = "classifier distance"  # the validation term whose swings tell how steady a training was


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
    curve = course(one.entry)
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


def images_seen(entry: Entry) -> int:
    """How many pictures it has learned from, each time counted, with its foundation's."""
    before = foundation(entry)
    earlier = cost.images_seen(before.header.facts) if before else 0
    return earlier + cost.images_seen(entry.header.facts)


def foundation(entry: Entry) -> Entry | None:
    """The autoencoder that a latent diffusion took over, if it is still here."""
    key = entry.header.recipe["model"].get("autoencoder", "")
    try:
        return catalog.entry(key) if key else None
    except ExplorerError:
        return None


def course(entry: Entry) -> np.ndarray:
    """The distances to real pictures that were measured while it trained; none if unknown."""
    told = catalog.past(entry)
    values = told.validation.curve(COURSE)[1] if told else np.array([])
    return values[np.isfinite(values)]
