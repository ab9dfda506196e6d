"""What a trainer remembers beside the weights, all of it as flat named tensors."""

import math
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explorer.grafting import graft


def under(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries whose name starts with ``prefix``, without it."""
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def flat(groups: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    """The reverse of `under` for several prefixes at once."""
    return {f"{group}.{k}": v for group, values in groups.items() for k, v in values.items()}


def of_weights(model: nn.Module, step: int) -> dict[str, Tensor]:
    """A trainer's state at ``step`` where only averaged weights were kept, as in a shipped file.

    The average goes on from them as one of ``step`` updates, or it would forget them within a few;
    no optimizer remembers anything.
    """
    average = Average(model, decay=1.0).state() | {"updates": torch.tensor(step)}
    return flat({"model": model.state_dict(), "average": average}) | {"step": torch.tensor(step)}


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimizer's slots as ``index.name`` tensors."""
    slots = optimizer.state_dict()["state"]
    return {f"{i}.{name}": v for i, slot in slots.items() for name, v in slot.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Tensor]) -> None:
    """The reverse of `optimizer_state`; settings such as the learning rate stay as they are."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    slots: dict[int, dict[str, Tensor]] = defaultdict(dict)
    for key, value in state.items():
        index, name = key.split(".", 1)
        slots[int(index)][name] = _laid_out_like(parameters[int(index)], value)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": dict(slots), "param_groups": groups})


def fits(optimizer: torch.optim.Optimizer, state: dict[str, Tensor]) -> bool:
    """Whether slots are those of such an optimizer over weights of the same shapes."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    slot = ".momentum_buffer" if isinstance(optimizer, torch.optim.SGD) else ".exp_avg"
    found = {int(k.removesuffix(slot)): v.shape for k, v in state.items() if k.endswith(slot)}
    return bool(found) and all(parameters[i].shape == shape for i, shape in found.items())


def _laid_out_like(parameter: Tensor, value: Tensor) -> Tensor:
    """A copy whose elements lie in memory in the order of their weight's.

    Fused steps walk through both side by side; a file holds every tensor row by row.
    """
    if value.shape != parameter.shape:
        return value.clone()
    return torch.empty_like(parameter, dtype=value.dtype, device=value.device).copy_(value)


class Average:
    """Exponential moving average of the weights; a decay of 0 keeps none.

    The decay grows as (1 + t) / (10 + t) at first, so that the random start is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.updates = 0
        self.followed = list(model.parameters())  # walking through the modules takes its time
        self.weights = [p.detach().clone() for p in self.followed] if decay else []
        self.names = [name for name, _ in model.named_parameters()][: len(self.weights)]

    @torch.no_grad()
    def update(self) -> None:
        """Move every average a little towards the weight it follows."""
        self.updates += 1
        if self.decay:
            decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
            torch._foreach_lerp_(self.weights, self.followed, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the model carries the averaged weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for weight, average in zip(self.followed, self.weights, strict=False):
            weight.data, average.data = average.data, weight.data

    def state(self) -> dict[str, Tensor]:
        named = {f"weights.{i}": w for i, w in enumerate(self.weights)}
        return named | {"updates": torch.tensor(self.updates)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up the averages of ``state``, whose network may have had fewer inputs."""
        self.updates = int(state["updates"])
        known = {name: state[f"weights.{i}"] for i, name in enumerate(self.names)}
        fresh = dict(zip(self.names, self.weights, strict=True))
        for name, average in graft(known, fresh, new=1.0).items():
            fresh[name].copy_(average)


class Window:
    """Named scalars of the steps since the last report; nothing is computed until then."""

    def __init__(self) -> None:
        self.values: dict[str, list[Tensor]] = {}

    def add(self, terms: dict[str, Tensor]) -> None:
        for name, value in terms.items():
            self.values.setdefault(name, []).append(value.detach())

    def flush(self) -> dict[str, float]:
        """The means; the window is empty afterwards."""
        means = {name: math.fsum(v.tolist()) / len(v) for name, v in self.state().items()}
        self.values = {}
        return means

    def state(self) -> dict[str, Tensor]:
        return {name: torch.stack(values) for name, values in self.values.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        self.values = {name: list(values) for name, values in state.items()}
