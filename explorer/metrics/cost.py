"""What a model costs: parameters, operations, evaluations and seconds a sample, and its training.

Operations are counted by PyTorch as the networks run: matrix products, convolutions and attention,
where a multiplication and the addition that follows are two.  Normalisations and activations are
not counted.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from explorer.models import family
from explorer.recipe import TrainSettings

Work = Callable[[], object]


@dataclass(frozen=True)
class Operations:
    """Of one picture: ``evaluations`` of the network, ``each`` evaluation's operations, and all."""

    evaluations: float
    each: float
    total: float


@torch.no_grad()
def operations(draw: Work, pictures: int, network: nn.Module) -> Operations:
    """Count what ``draw()`` does, which makes so many pictures and asks ``network`` for them."""
    inputs: list[tuple] = []
    hook = network.register_forward_hook(lambda _, args, out: inputs.append(args))
    try:
        total = counted(draw)
    finally:
        hook.remove()
    seen = sum(len(args[0]) for args in inputs)
    each = counted(lambda: network(*inputs[0])) / len(inputs[0][0]) if inputs else 0.0
    return Operations(seen / pictures, each, total / pictures)


def counted(work: Work) -> int:
    """Floating-point operations of ``work()``, a multiply-add counting as 2."""
    from torch.utils.flop_counter import FlopCounterMode  # loads much: not before it is needed

    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


@dataclass(frozen=True)
class Timing:
    """The median ``seconds`` of so many ``draws``, and its standard ``error``."""

    seconds: float
    error: float
    draws: int


def timed(work: Work, patience: float = 1.0, least: int = 5) -> Timing:
    """How long ``work()`` takes here and now: repeated for ``patience`` seconds, ``least`` times.

    One more goes before, to warm up.  The error is 1.25 times that of the mean, as for a normal
    spread.
    """
    work()
    taken: list[float] = []
    while len(taken) < least or sum(taken) < patience:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    error = 1.2533 * np.std(taken, ddof=1) / math.sqrt(len(taken))
    return Timing(float(np.median(taken)), float(error), len(taken))


def machine() -> str:
    """What the seconds were taken on."""
    threads = torch.get_num_threads()
    return f"CPU, {threads} {'thread' if threads == 1 else 'threads'}"


# Training -----------------------------------------------------------------------------------------


def command(recipe: dict[str, Any]) -> str:
    """The command that trains it: ``python -m explorer train …`` with all that is not usual."""
    kind = family(recipe["family"])
    training = TrainSettings.read(kind.training_defaults).model_dump()
    usual = [(recipe["model"], kind.Config().model_dump()), (recipe["training"], training)]
    given = [
        f"--{name.replace('_', '-')} {_text(value)}"
        for values, defaults in usual
        for name, value in values.items()
        if value is not None and value != defaults.get(name)
    ]
    head = f"python -m explorer train {recipe['family']} --data {recipe['data']}"
    return " ".join([head, *given])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
