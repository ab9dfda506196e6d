"""One run from its settings to its end: recipe -> data -> model -> Trainer -> events in the folder.

The same function serves the Train button, the command line and a machine that only shares the
folder.  torch is imported once it is the run's turn, so that waiting costs nothing.
"""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from explorer import data, launch
from explorer.errors import ExplorerError, InputError, ResourceError, StoreError
from explorer.pictures import png
from explorer.recipe import Recipe
from explorer.runs import Run, Writer, patiently

if TYPE_CHECKING:
    from explorer.training import Change, Event, Trainer

SAVE_EVERY = 60.0  # seconds; the most that a power cut can cost
LOOK_EVERY = 0.2  # seconds between two looks for a wish to stop
MODEL, STATE = "model.safetensors", "trainer.safetensors"


def work(
    run: Run,
    interrupted: threading.Event | None = None,
    tell: Callable[[Any], None] = lambda e: None,
) -> str:
    """Train ``run`` until it is done, stopped or interrupted, and return which.

    ``interrupted`` asks to save and leave; ``tell`` hears every event.  What goes wrong is written
    into the run and raised as an ExplorerError.
    """
    interrupted = interrupted or threading.Event()
    with Writer(run) as writer, launch.turn(run, interrupted=interrupted.is_set) as mine:
        if not mine:
            state = "interrupted" if interrupted.is_set() else "stopped"
            writer.end(state, "It left the queue before its turn.")
            return state
        return _Work(run, writer, interrupted, tell).train()


class _Work:
    """A run that has its slot."""

    def __init__(self, run: Run, writer: Writer, interrupted: threading.Event, tell: Callable):
        self.run, self.writer, self.interrupted, self.tell = run, writer, interrupted, tell
        self.stopped = False
        self.saved_at, self.saved_step = time.monotonic(), -1
        self.best: int | None = None
        self._looked = 0.0

    def train(self) -> str:
        self.recipe = Recipe.read(self.run.settings).checked()
        self.trainer = self._trainer()
        self.writer.begin(self.trainer.step, **self._facts())
        from explorer.training import NonFinite

        try:
            for event in self.trainer.run(self._stop):
                self._record(event)
                self._grant()
        except NonFinite:
            self._save(best=False)
            raise
        except (MemoryError, RuntimeError) as error:
            raise _out_of_memory(error) from error
        return self._end()

    def _trainer(self) -> "Trainer":
        from explorer.checkpoints import build, unpack_state
        from explorer.training import Trainer

        train, test = (data.load(self.recipe.data, split) for split in ("train", "test"))
        self.digest = train.digest
        self._same_data()
        model = build(self.recipe, train.spec)
        trainer = Trainer(model, self.recipe.training, train, test, changes(self.run))
        if latest := self.run.latest_checkpoint():
            trainer.restore(unpack_state(latest.path / STATE))
            self.saved_step = trainer.step
        return trainer

    def _same_data(self) -> None:
        """A resumed run must go on with the very images it began with."""
        first = next((e for e in self.run.events() if e["event"] == "start"), None)
        if first and first.get("data_digest") not in (None, self.digest):
            raise StoreError(
                f"The images of {self.recipe.data} are not those this run began with. "
                "Bring them back, or start a new run."
            )

    def _facts(self) -> dict[str, Any]:
        import torch

        from explorer import device

        trainer, precision = self.trainer, self.recipe.training.precision
        if precision == "auto":
            precision = device.default_precision(trainer.device.name)
        return {
            "device": trainer.device.title,
            "precision": precision,
            "parameters": sum(p.numel() for p in trainer.model.parameters()),
            "total_steps": trainer.total,
            "steps_per_epoch": trainer.per_epoch,
            "units": trainer.model.units(),
            "shape": list(trainer.model.spec.shape),
            "watched": trainer.model.watched,
            "data_digest": self.digest,
            "torch": torch.__version__,
        }

    # Events -------------------------------------------------------------------------------------

    def _record(self, event: "Event") -> None:
        """Write what happened, pausing while the disk is full."""
        from explorer.training import Checkpoint, Preview

        if isinstance(event, Checkpoint):
            self._save(event.best)
        elif isinstance(event, Preview):
            for track, sheet in event.sheets.items():
                self._preview(event, track, png(sheet))
        else:
            name = "progress" if event.split == "train" else "validation"
            facts = {k: v for k, v in vars(event).items() if k != "split"}
            patiently(self.writer, lambda: self.writer.event(name, **facts))
        self.tell(event)
        if time.monotonic() - self.saved_at > SAVE_EVERY:
            self._save(best=False)

    def _preview(self, event, track: str, picture: bytes) -> None:
        name = f"{event.step:07d}-{track}.png"
        facts = {"step": event.step, "epoch": event.epoch, "track": track}
        patiently(self.writer, lambda: self.writer.preview(name, picture, **facts))

    def _save(self, best: bool) -> None:
        """Publish a checkpoint, then thin the older ones."""
        if self.trainer.step == self.saved_step and not best:
            return
        trainer, step = self.trainer, self.trainer.step
        contents = {MODEL: self._model(), STATE: self._state()}
        facts = {"step": step, "epoch": trainer.epoch, "best": best}
        patiently(self.writer, lambda: self.writer.checkpoint(contents=contents, **facts))
        self.saved_at, self.saved_step = time.monotonic(), step
        self.best = step if best else self.best
        self.writer.prune(self.recipe.training.checkpoints, protect=self._best())

    def _best(self) -> set[int]:
        found = [e["step"] for e in self.run.events() if e["event"] == "checkpoint" and e["best"]]
        return {found[-1]} if found else set()

    def _model(self) -> bytes:
        """The averaged weights: what is shown, sampled and shared."""
        from explorer.checkpoints import pack

        trainer = self.trainer
        facts = {"step": trainer.step, "epoch": trainer.epoch, "run": self.run.id}
        with trainer.average.applied(trainer.model):
            return pack(trainer.model, self.recipe, **facts)

    def _state(self) -> bytes:
        from explorer.checkpoints import pack_state

        return pack_state(self.trainer.state())

    # Wishes ---------------------------------------------------------------------------------------

    def _stop(self) -> bool:
        """Whether to save and leave; looks at the folder a few times a second at most."""
        if time.monotonic() - self._looked > LOOK_EVERY:
            self._looked = time.monotonic()
            self.stopped = self.stopped or self.run.stop_wished()
        return self.stopped or self.interrupted.is_set()

    def _grant(self) -> None:
        """Do what pages have asked for since the last look."""
        for wish in self.run.take_wishes():
            if wish["wish"] == "stop":
                self.stopped = True
            elif wish["wish"] == "checkpoint":
                self._save(best=False)
            else:
                self._change(wish["name"], wish["value"])

    def _change(self, name: str, value: Any) -> None:
        step = self.trainer.step
        try:
            done = self.trainer.change(name, value)
            self.writer.event("change", step=step, name=done.name, value=done.value)
        except InputError as error:
            self.writer.event("refused", step=step, name=str(name)[:80], reason=str(error))

    def _end(self) -> str:
        if self.trainer.step >= self.trainer.total:
            state, reason = "done", ""
        elif self.stopped:
            state, reason = "stopped", "Stopped by a person. Resume goes on from here."
        else:
            state, reason = "interrupted", "The app was closed. Resume goes on from here."
        patiently(self.writer, lambda: self.writer.end(state, reason))
        return state


def changes(run: Run) -> "tuple[Change, ...]":
    """The live changes that a run's log tells of, in the order they were made."""
    from explorer.training import Change

    made = [e for e in run.events() if e["event"] == "change"]
    return tuple(Change(e["step"], e["name"], e["value"]) for e in made)


def _out_of_memory(error: Exception) -> ExplorerError | Exception:
    """The sentence for a machine that is too small; any other error stays what it is."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return ResourceError(
            "The machine ran out of memory. What was trained is kept. "
            "Try a smaller batch, a smaller width, or another device."
        )
    return error
