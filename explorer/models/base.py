"""What every family is: settings, networks, objectives, a way to generate, and capabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from explorer.config import Settings
from explorer.data import Spec
from explorer.device import own_randomness
from explorer.recipe import TrainSettings
from explorer.sampling import Step
from explorer.schedules import Schedule


class Objective(NamedTuple):
    """One loss for one part of a model; the trainer steps that part before asking for the next.

    Its gradient also stays in the parts that it ``reaches``, until those are stepped: none should.
    """

    part: str
    loss: Tensor
    terms: dict[str, Tensor]  # named scalars, each in one documented unit
    reaches: tuple[str, ...] = ()


class Optimization(NamedTuple):
    """How one part is stepped: ``kind`` is adam, adamw or sgd; ``betas`` are Adam's."""

    kind: str
    learning_rate: float
    betas: tuple[float, float]


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
        return torch.randn(shape, generator=self._chance(purpose), device=self.x.device)

    def uniform(self, purpose: str, shape: tuple[int, ...]) -> Tensor:
        """Numbers from [0, 1) that depend only on (seed, step, purpose)."""
        return torch.rand(shape, generator=self._chance(purpose), device=self.x.device)

    def _chance(self, purpose: str) -> torch.Generator:
        return own_randomness(self.seed, self.step, purpose, device=str(self.x.device))


class Model(nn.Module):
    """A family: built from its ``Config`` and a data ``Spec``, trained through ``objectives``."""

    title: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    Config: ClassVar[type[Settings]]
    memory_format: ClassVar[torch.memory_format] = torch.channels_last
    training_defaults: ClassVar[dict[str, Any]] = {}  # where the usual `TrainSettings` do not suit
    watched: ClassVar[str] = "loss"  # the validation term that decides which checkpoint is best
    scored: int = 0  # how many of its samples are measured after each epoch

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

    @property
    def phases(self) -> tuple[float, ...]:
        """Epochs at which a phase of training begins, whose steps may cost more or less."""
        return (0.0,)

    @property
    def batches(self) -> int:
        """How many batches of real data one step takes."""
        return 1

    def optimization(self, part: str, settings: TrainSettings) -> Optimization:
        """How ``part`` is stepped: as the settings say, unless the family knows better."""
        betas = settings.beta1, settings.beta2
        return Optimization(settings.optimizer, settings.learning_rate, betas)

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


@runtime_checkable
class Judges(Protocol):
    """Data to logits: how real each item looks, B C H W in [0, 1] -> B."""

    def judge(self, x: Tensor, y: Tensor | None = None) -> Tensor: ...


CAPABILITIES: dict[str, type] = {
    "Encodes": Encodes,
    "Decodes": Decodes,
    "Denoises": Denoises,
    "Judges": Judges,
}


def last(steps: Iterator[Step]) -> Tensor:
    """Only the end of a sampler: its final ``x``."""
    *_, step = steps
    return step.x
