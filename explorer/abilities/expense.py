"""What a sample costs here and now, and what the training has cost."""

from copy import deepcopy
from typing import Any

import numpy as np
from torch import nn

from explorer import catalog, denoising, probes
from explorer.abilities.samples import usual
from explorer.abilities.subject import Measure, Subject
from explorer.capabilities import Cell
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.metrics import cost as costs
from explorer.models.base import Model
from explorer.models.diffusing import Diffusing
from explorer.sampling import SampleSettings

TIMED = 20  # pictures drawn at once


def cost(of: Subject) -> Measure:
    """Milliseconds a sample here and now, and what else it takes."""
    own = deepcopy(of.model)  # its calls are counted, so nobody else may use it meanwhile
    how = usual(of).how

    def draw() -> int:
        return len(_few(own, how))

    yield 0.1
    counted = costs.operations(draw, TIMED, _network(own))
    yield 0.4
    found = costs.timed(draw)
    took, error = (1000 * value / TIMED for value in (found.seconds, found.error))
    header = of.entry.header
    facts = {
        "parameters": header.parameters,
        "evaluations": counted.evaluations,
        "operations": counted.total,
        "operations each": counted.each,
        "machine": costs.machine(),
        "images seen": costs.images_seen(header.facts),
        "training set": header.recipe["data"],
        "command": costs.command(header.recipe),
    }
    if before := _foundation(header.recipe):
        facts["images seen before"] = costs.images_seen(before.header.facts)
    yield Cell("cost", took, error, f"median of {found.draws} draws of {TIMED}", facts)


def _few(model: Model, how: dict[str, Any]) -> np.ndarray:
    """`TIMED` samples; where latents are drawn from makes no difference."""
    if isinstance(model, Diffusing):
        settings = SampleSettings.read({"steps": min(20, model.schedule.T)} | how)
        return next(denoising.sample(model, TIMED, 0, settings))
    return probes.sample(model, TIMED, 0).pictures


def _network(model: Model) -> nn.Module:
    """The network that is evaluated on the way to a sample, once or many times."""
    names = ("net", "generator", "decoder")
    return next(getattr(model, name) for name in names if hasattr(model, name))


def _foundation(recipe: dict[str, Any]) -> Entry | None:
    """The autoencoder that a latent diffusion took over, if it is still here."""
    key = recipe["model"].get("autoencoder", "")
    try:
        return catalog.entry(key) if key else None
    except ExplorerError:
        return None
