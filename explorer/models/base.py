"""What every family is: settings, networks, objectives, a way to generate, and capabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from explorer.config import Settings
from explorer.data import Spec
from explorer.device import own_randomness
from explorer.sampling import Step
from explorer.schedules import Schedule


class Objective(NamedTuple):
    """One loss for one part of a model; the trainer steps that part before asking for the next."""

    part: str
    loss: Tensor
    terms: dict[str, Tensor]  # named scalars, each in one documented unit


@dataclass(frozen=True)
class Batch:
    """A batch in the data's scale ([0, 1] for images) and everything random about this step."""

    x: Tensor  # B C H W or B D
    y: Tensor | None  # B
    seed: int
    step: int
    epoch: float

    def noise(self, purpose: str, shape: tuple[int, ...]) -> Tensor:
        """Standard normal noise that depends only on (seed, step, purpose)."""
        generator = own_randomness(self.seed, self.step, purpose, device=str(self.x.device))
        return torch.randn(shape, generator=generator, device=self.x.device)


class Model(nn.Module):
    """A family: built from its ``Config`` and a data ``Spec``, trained through ``objectives``."""

    title: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    Config: ClassVar[type[Settings]]
    memory_format: ClassVar[torch.memory_format] = torch.channels_last
    training_defaults: ClassVar[dict[str, Any]] = {}  # where the usual `TrainSettings` do not suit
    watched: ClassVar[str] = "loss"  # the validation term that decides which checkpoint is best

    def __init__(self, config: Settings, spec: Spec):
        super().__init__()
        self.config = config
        self.spec = spec

    @property
    def foundation(self) -> str:
        """Key of a checkpoint that a new model takes weights from; none as a rule."""
        return ""

    def adopt(self, other: "Model") -> None:
        """Take the weights of the foundation."""
        raise NotImplementedError

    def parts(self) -> dict[str, nn.Module]:
        """What gets an optimizer each."""
        return {"model": self}

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """The losses of one training step, in the order in which their parts are updated."""
        raise NotImplementedError

    def units(self) -> dict[str, str]:
        """The unit of every logged term; terms without one have none."""
        return {}

    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """Named scalars on held-out data, in the units of the objectives."""
        return {k: v for objective in self.objectives(batch) for k, v in objective.terms.items()}

    def generate(self, n: int, generator: torch.Generator) -> Iterator[Step]:
        """Yield every step on the way to ``n`` new samples; the last one is the answer."""
        raise NotImplementedError

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Names of the capabilities this model has; pages ask for these, never for a family."""
        return tuple(name for name, kind in CAPABILITIES.items() if isinstance(self, kind))


@runtime_checkable
class Encodes(Protocol):
    """Images to latents: ``posterior`` gives mean and standard deviation, each B Z."""

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]: ...


@runtime_checkable
class Decodes(Protocol):
    """Latents to data: B Z -> B C H W in [0, 1]."""

    latent: int

    def decode(self, z: Tensor) -> Tensor: ...


@runtime_checkable
class Denoises(Protocol):
    """Noise to data: guesses x_0 from x at a level of its schedule; see `explorer.sampling`."""

    schedule: Schedule
    inner: tuple[int, ...]
    classes: tuple[str, ...]

    def denoise(self, x: Tensor, level: int, y: Tensor | None = None) -> Tensor: ...

    def way(self, n: int, generator: torch.Generator) -> Iterator[Step]: ...

    def from_data(self, x: Tensor) -> Tensor: ...

    def to_data(self, x: Tensor) -> Tensor: ...


CAPABILITIES: dict[str, type] = {"Encodes": Encodes, "Decodes": Decodes, "Denoises": Denoises}


def last(steps: Iterator[Step]) -> Tensor:
    """Only the end of a sampler: its final ``x``."""
    *_, step = steps
    return step.x
