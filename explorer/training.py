"""The only training loop: it yields what happens and knows neither files nor screens.

``Trainer.run`` is a generator of `Progress`, `Preview` and `Checkpoint` events; progress bars, run
folders, tests and pages are its consumers.  Nothing random is stored: the order of the data is a
function of (seed, epoch) and all noise of (seed, step, purpose), so a trainer restored from
``state`` repeats the unbroken one bit for bit on the CPU.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from explorer import device as devices
from explorer.data import Data, first_of
from explorer.errors import InputError, NonFinite
from explorer.grafting import graft
from explorer.models.base import Batch, Model, Objective
from explorer.previews import preview
from explorer.recipe import TrainSettings
from explorer.scores import score
from explorer.state import (
    Average,
    Window,
    fits,
    flat,
    optimizer_state,
    restore_optimizer,
    under,
)

HELD_OUT = 512  # test images a validation looks at
MANY = 200  # a run looks at itself about this often, however many epochs it has


@dataclass(frozen=True)
class Progress:
    """Means of the terms since the last report; ``split`` is train or validation."""

    step: int
    epoch: float
    split: str
    terms: dict[str, float | list[float]]
    learning_rate: float
    images_per_second: float | None = None


@dataclass(frozen=True)
class Preview:
    """Pictures at a step: uint8 sheets by track, always of the same images and noise."""

    step: int
    epoch: float
    sheets: dict[str, np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """A moment worth keeping: the consumer asks the trainer for its state."""

    step: int
    epoch: float
    best: bool


@dataclass(frozen=True)
class Change:
    """A live setting takes ``value`` after ``step`` steps."""

    step: int
    name: str
    value: float


Event = Progress | Preview | Checkpoint


def steps_per_epoch(settings: TrainSettings, images: int, batches: int = 1) -> int:
    """Whole steps of ``batches`` batches in an epoch (an incomplete one is left out), or one.

    ``images`` are those of the whole training set, of which the settings may want only a few.
    """
    images = min(images, settings.images or images)
    return max(1, images // (settings.batch_size * batches))


def total_steps(settings: TrainSettings, images: int, batches: int = 1) -> int:
    """How many steps a run of these settings makes on ``images`` images."""
    an_epoch = steps_per_epoch(settings, images, batches)
    return settings.steps or max(1, round(settings.epochs * an_epoch))


class Trainer:
    """One model, its data, its optimizers; `run` trains, `state` and `restore` stop and go on."""

    def __init__(
        self,
        model: Model,
        settings: TrainSettings,
        train: Data,
        test: Data,
        changes: tuple[Change, ...] = (),
    ):
        """``changes`` are those of an earlier part of the run; they are made again in time."""
        self.settings = settings
        self.device = devices.choose(settings.device)
        self.model = model.to(self.device.name, memory_format=model.memory_format)
        self.optimizers = {part: self._optimizer(part, n) for part, n in model.parts().items()}
        self.average = Average(model, settings.ema)
        self.window = Window()
        self.pending = list(changes)
        self.step = 0
        self.best = math.inf
        self.total = total_steps(settings, len(train), model.batches)
        self._load(train, test)
        if settings.compile:
            for net in model.children():
                net.compile()

    # The loop ---------------------------------------------------------------------------------

    def run(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train and yield what happens, until the last step or until ``stop()`` is true.

        Raises NonFinite before a non-finite loss or gradient touches the weights.
        """
        if self.step == 0:
            yield from self._look()
        saved = -1
        self._start_clock()
        while self.step < self.total and not stop():
            self.advance()
            if self._reports():
                yield self._progress()
            if self._looks():
                for event in self._look():
                    saved = self.step if isinstance(event, Checkpoint) else saved
                    yield event
                self._start_clock()
        if saved != self.step:
            yield Checkpoint(self.step, self.epoch, best=False)

    def advance(self) -> None:
        """One step: each objective updates its part before the next one is computed."""
        for _ in self.updates():
            pass

    def updates(self, *parts: str) -> Iterator[str]:
        """One step, update by update: the name of each part right after it was updated.

        Only ``parts`` are updated, or all if none is named; the step is over with the iterator.
        """
        self._make_pending_changes()
        if not self.model.training:  # setting it walks through every module: not at each step
            self.model.train()
        objectives = self.model.objectives(self._batch())
        while objective := self._compute(objectives):
            if parts and objective.part not in parts:
                continue
            norm = self._update(objective)
            self.window.add(objective.terms | {f"gradient norm · {objective.part}": norm})
            yield objective.part
        self.step += 1
        self.average.update()

    def _compute(self, objectives: Iterator[Objective]) -> Objective | None:
        """The forward pass of the next objective, in the run's precision."""
        with devices.precision(self.device.name, self.settings.precision):
            return next(objectives, None)

    def _update(self, objective: Objective) -> Tensor:
        """Backward, check, step; gradients reach the objective's own part, as a rule no other."""
        optimizer = self.optimizers[objective.part]
        own = _parameters(optimizer)
        others = [p for part in objective.reaches for p in _parameters(self.optimizers[part])]
        objective.loss.backward(inputs=own + others)
        norm = nn.utils.get_total_norm(p.grad for p in own if p.grad is not None)
        length = self._checked(objective, norm)
        if 0 < self.settings.clip < length:
            nn.utils.clip_grads_with_norm_(own, self.settings.clip, norm)
        for group in optimizer.param_groups:
            group["lr"] = self.learning_rate(objective.part)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return norm

    def _checked(self, objective: Objective, norm: Tensor) -> float:
        """The gradient's length; the only moment of a step that waits for the device."""
        loss, length = torch.stack((objective.loss.detach(), norm)).tolist()
        if math.isfinite(loss) and math.isfinite(length):
            return length
        raise NonFinite(self._advice(objective.part, loss, length))

    def _advice(self, part: str, loss: float, length: float) -> str:
        rate = self.learning_rate(part)
        return (
            f"Training stopped before step {self.step + 1}: the loss of the {part} is "
            f"{loss:.4g} and its gradient's length {length:.4g}. The weights "
            f"of step {self.step} are kept. Try a learning rate below {rate:.3g}, a "
            f"warm-up, a smaller gradient clipping, or float32 precision."
        )

    def _batch(self) -> Batch:
        """Batch ``step`` of its epoch's own permutation."""
        epoch, i = divmod(self.step, self.per_epoch)
        if epoch != self._order_epoch:
            shuffle = devices.own_randomness(self.settings.seed, epoch, "order")
            self._order = torch.randperm(len(self.x), generator=shuffle).to(self.device.name)
            self._order_epoch = epoch
        size = self.settings.batch_size * self.model.batches
        index = self._order[i * size : (i + 1) * size]
        y = None if self.y is None else self.y[index]
        return Batch(self._scaled(self.x[index]), y, self.settings.seed, self.step, self.epoch)

    @property
    def per_epoch(self) -> int:
        """Steps that see every training image about once."""
        return steps_per_epoch(self.settings, len(self.x), self.model.batches)

    @property
    def epoch(self) -> float:
        """Epochs done, with its fraction."""
        return self.step / self.per_epoch

    def learning_rate(self, part: str | None = None) -> float:
        """Warm-up times decay at the current step, of a part or else of the settings."""
        rate = self.settings.learning_rate
        if part:
            rate = self.model.optimization(part, self.settings).learning_rate
        if self.settings.warmup:
            rate *= min(1.0, (self.step + 1) / self.settings.warmup)
        if self.settings.decay == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * self.step / self.total))
        if self.settings.decay == "late":
            rate *= 1 - 0.95 * max(0.0, (self.step / self.total - 0.6) / 0.4)
        return rate

    # What it tells ------------------------------------------------------------------------------

    def _reports(self) -> bool:
        """Every step at first, then every tenth: enough for a curve, cheap at any speed."""
        return self.step <= 10 or self.step % 10 == 0 or self.step == self.total

    def _looks(self) -> bool:
        """At powers of two in the first epoch, at every epoch or so, and at the end."""
        early = self.step & (self.step - 1) == 0 and self.step < self.per_epoch
        every = self.per_epoch * max(1, self.total // self.per_epoch // MANY)
        return early or self.step % every == 0 or self.step == self.total

    def _progress(self) -> Progress:
        size = min(self.settings.batch_size * self.model.batches, len(self.x))
        images = (self.step - self._from) * size
        terms = self.window.flush()  # waits for the device, so the time below is true
        speed = images / (time.perf_counter() - self._since)
        self._start_clock()
        return Progress(self.step, self.epoch, "train", terms, self.learning_rate(), speed)

    def _start_clock(self) -> None:
        self._from, self._since = self.step, time.perf_counter()

    @torch.no_grad()
    def _look(self) -> list[Event]:
        """Validate and draw with the averaged weights; at whole epochs also score and save."""
        self.model.eval()
        whole = self.step and (self.step % self.per_epoch == 0 or self.step == self.total)
        precision = devices.precision(self.device.name, self.settings.precision)
        with self.average.applied(), precision:
            terms = self._validate()
            if whole and (n := self.model.scored):
                terms |= score(self.model, self.data_name, self.settings.seed, n)
            sheets = preview(self.model, self.x_test, self.settings.seed)
        events: list[Event] = [
            Progress(self.step, self.epoch, "validation", terms, self.learning_rate()),
            Preview(self.step, self.epoch, sheets),
        ]
        if whole:
            events.append(self._checkpoint(terms))
        return events

    def _checkpoint(self, terms: dict[str, float]) -> Checkpoint:
        """A checkpoint, which is the best one if its watched validation term is the lowest."""
        watched = terms.get(self.model.watched, math.inf)
        best, self.best = watched < self.best, min(watched, self.best)
        return Checkpoint(self.step, self.epoch, best)

    def _validate(self) -> dict[str, float | list[float]]:
        """Terms on held-out images with one fixed noise: the curve shows the model alone."""
        batch = Batch(self.x_test, self.y_test, self.settings.seed, -1, self.epoch)
        return {name: value.tolist() for name, value in self.model.validate(batch).items()}

    # Live changes -------------------------------------------------------------------------------

    def change(self, name: str, value: float) -> Change:
        """Give a live setting a new value from the next step on.  Raises InputError."""
        if name in self.settings.live():
            self.settings = self.settings.changed(**{name: value})
        elif name in self.model.config.live():
            self.model.config = self.model.config.changed(**{name: value})
        else:
            live = ", ".join(sorted(self.settings.live() | self.model.config.live()))
            raise InputError(f"{name} cannot be changed while a run trains. These can: {live}.")
        return Change(self.step, name, value)

    def now(self, name: str) -> float | None:
        """The value of a live setting at this moment; None if there is no such setting."""
        return getattr(self.settings, name, getattr(self.model.config, name, None))

    def _make_pending_changes(self) -> None:
        """Repeat what was changed in the part of the run that is being resumed."""
        while self.pending and self.pending[0].step <= self.step:
            change = self.pending.pop(0)
            self.change(change.name, change.value)

    # State --------------------------------------------------------------------------------------

    def state(self) -> dict[str, Tensor]:
        """Everything a resumed run needs, as flat named tensors."""
        groups = {
            "model": self.model.state_dict(),
            "average": self.average.state(),
            "window": self.window.state(),
            **{f"optimizer.{part}": optimizer_state(o) for part, o in self.optimizers.items()},
        }
        best = torch.tensor(self.best, dtype=torch.float64)
        return flat(groups) | {"best": best, "step": torch.tensor(self.step)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up where ``state`` was taken."""
        self.inherit(state)
        self.window.restore(under(state, "window."))
        self.best = state["best"].item()

    def inherit(self, state: dict[str, Tensor]) -> None:
        """Go on from another run's ``state`` under settings of one's own.

        The network may have more inputs than that run's (`explorer.grafting`); what an optimizer
        remembers is taken over where it fits.
        """
        self.model.load_state_dict(graft(under(state, "model."), self.model.state_dict()))
        self.average = Average(self.model, self.settings.ema)
        if "average.weights.0" in state:
            self.average.restore(under(state, "average."))
        for part, optimizer in self.optimizers.items():
            slots = under(state, f"optimizer.{part}.")
            if fits(optimizer, slots):
                restore_optimizer(optimizer, slots)
        self.step = int(state["step"])

    # Set-up -------------------------------------------------------------------------------------

    def _optimizer(self, part: str, net: nn.Module) -> torch.optim.Optimizer:
        wanted = self.model.optimization(part, self.settings)
        fused = self.device.torch.type in ("cuda", "cpu")
        options = {"lr": wanted.learning_rate, "weight_decay": self.settings.weight_decay}
        if wanted.kind == "sgd":
            return torch.optim.SGD(net.parameters(), momentum=0.9, fused=fused, **options)
        kind = torch.optim.AdamW if wanted.kind == "adamw" else torch.optim.Adam
        return kind(net.parameters(), betas=wanted.betas, fused=fused, **options)

    def _load(self, train: Data, test: Data) -> None:
        """The training set on the device as it is stored (uint8), a few test images scaled."""
        self._order_epoch = -1
        self.data_name = train.name
        train = first_of(train, self.settings.images, self.settings.seed)
        self.x, self.y = self._on_device(train.x), self._on_device(train.y)
        few = slice(0, HELD_OUT)
        self.x_test = self._scaled(self._on_device(test.x[few]))
        self.y_test = self._on_device(None if test.y is None else test.y[few])

    def _on_device(self, array: np.ndarray | None) -> Tensor | None:
        return None if array is None else torch.tensor(array, device=self.device.name)

    def _scaled(self, x: Tensor) -> Tensor:
        """uint8 -> float in [0, 1], images in the model's memory format; points as they are."""
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        return x.contiguous(memory_format=self.model.memory_format) if x.dim() == 4 else x


def _parameters(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [p for group in optimizer.param_groups for p in group["params"]]
