"""One run from its settings to its end: recipe -> data -> model -> Trainer -> events in the folder.

The same function serves the Train button, the command line and a machine that only shares the
folder.  torch is imported once it is the run's turn, so that waiting costs nothing.
"""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from explorer import catalog, data, launch
from explorer.errors import InputError, NonFinite, ResourceError, StoreError
from explorer.header import MODEL, read_header
from explorer.pictures import png
from explorer.recipe import Recipe
from explorer.runs import Checkpoint, Run, Writer, patiently

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.training import Change, Event

SAVE_EVERY = 60.0  # seconds; the most that a power cut can cost
LOOK_EVERY = 0.2  # seconds between two looks for what pages ask
STATE = "trainer.safetensors"
OUT_OF_MEMORY = (
    "The machine ran out of memory. The last checkpoint is kept. "
    "Try a smaller batch, a smaller width, or another device."
)


def work(
    run: Run,
    interrupted: threading.Event | None = None,
    tell: Callable[[Any], None] = lambda e: None,
    threads: int = 0,
) -> str:
    """Train ``run`` until it is done, stopped or interrupted, and return which.

    ``interrupted`` asks to save and leave; ``tell`` hears every event; ``threads`` compute on the
    CPU (0: as many as there are cores), unless the run began with another number: sums in another
    order would differ in their last bits.  What goes wrong is written into the run and raised as
    an ExplorerError.
    """
    interrupted = interrupted or threading.Event()
    with Writer(run) as writer, launch.turn(run, interrupted=interrupted.is_set) as mine:
        if not mine:
            state = "interrupted" if interrupted.is_set() else "stopped"
            writer.end(state, "It left the queue before its turn.")
            return state
        return _Work(run, writer, interrupted, tell, threads).train()


class _Work:
    """A run that has its slot."""

    def __init__(
        self,
        run: Run,
        writer: Writer,
        interrupted: threading.Event,
        tell: Callable[[Any], None],
        threads: int,
    ):
        self.run, self.writer, self.interrupted, self.tell = run, writer, interrupted, tell
        self.threads = threads
        self.recipe = Recipe.read(run.settings).checked()
        self.stopped = False
        self.looked_at, self.saved_at = -LOOK_EVERY, time.monotonic()
        self.saved_step = -1
        self.best: set[int] = set()  # the step of the best checkpoint, if there is one

    def train(self) -> str:
        try:
            self._begin()
            for event in self.trainer.run(self._between_steps):
                self._record(event)
                self.tell(event)
        except NonFinite:
            self._save(best=False)
            raise
        except (MemoryError, RuntimeError) as error:
            if _is_out_of_memory(error):
                raise ResourceError(OUT_OF_MEMORY) from error
            raise
        return self._end()

    # The start ----------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Build what the recipe says, take up what was saved, and say that training starts."""
        import torch

        from explorer.checkpoints import build, load
        from explorer.training import Trainer

        events = self.run.events()
        train, test = (data.load(self.recipe.data, split) for split in ("train", "test"))
        self.digest = train.digest
        first = next((e for e in events if e["event"] == "start"), {})
        self._same_data(first)
        if threads := first.get("threads", self.threads):
            torch.set_num_threads(threads)
        model, latest = build(self.recipe, train.spec), self._latest()
        if model.foundation and not latest:
            model.adopt(load(catalog.resolve(model.foundation)))
        self.trainer = Trainer(model, self.recipe.training, train, test, changes(events))
        if latest:
            self._take_up(latest)
        self.writer.begin(self.trainer.step, **self._facts())
        self._know_checkpoints(latest, events)

    def _same_data(self, first: dict[str, Any]) -> None:
        """A resumed run must go on with the very images it began with."""
        if first.get("data_digest") not in (None, self.digest):
            raise StoreError(
                f"The images of {self.recipe.data} are not those this run began with. "
                "Bring them back, or start a new run."
            )

    def _latest(self) -> Checkpoint | None:
        """The newest checkpoint whose every byte is right; without one a run starts anew."""
        latest = self.run.latest_checkpoint()
        if latest is None and self.recipe.parent:
            raise StoreError(
                "The checkpoint that this fork began with is damaged. Fork its parent again."
            )
        return latest

    def _is_inherited(self, one: Checkpoint) -> bool:
        """Whether a checkpoint is the parent's, which a fork begins with."""
        return self.recipe.parent is not None and self.recipe.parent.step == one.step

    def _take_up(self, latest: Checkpoint) -> None:
        inherited = self._is_inherited(latest)
        state = _state(latest, inherited)
        try:
            if inherited:
                self.trainer.inherit(state)
            else:
                self.trainer.restore(state)
        except (KeyError, RuntimeError, ValueError) as error:
            if _is_out_of_memory(error):
                raise
            raise StoreError(
                f"The checkpoint of step {latest.step} does not fit the settings of this run. "
                "Choose those of its network, or start a new run."
            ) from error
        self.saved_step = latest.step

    def _know_checkpoints(self, latest: Checkpoint | None, events: list[dict[str, Any]]) -> None:
        """Record a checkpoint that no event tells of: a fork's first, or one a kill came after."""
        said = {e["step"]: e["best"] for e in events if e["event"] == "checkpoint"}
        self.best = set([step for step, best in said.items() if best][-1:])
        if latest is None or latest.step in said:
            return
        facts = read_header(latest.path / MODEL).facts
        best = facts.get("best", False) and not self._is_inherited(latest)
        self._say("checkpoint", step=latest.step, epoch=facts["epoch"], best=best)
        self.best = {latest.step} if best else self.best

    def _facts(self) -> dict[str, Any]:
        import torch

        from explorer import device

        trainer, precision = self.trainer, self.recipe.training.precision
        if precision == "auto":
            precision = device.default_precision(trainer.device.name)
        return {
            "device": trainer.device.title,
            "precision": precision,
            "threads": torch.get_num_threads(),
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
        """Write what happened."""
        from explorer.training import Checkpoint, Preview

        if isinstance(event, Checkpoint):
            self._save(event.best)
        elif isinstance(event, Preview):
            for track, sheet in event.sheets.items():
                self._preview(event, track, png(sheet))
        else:
            name = "progress" if event.split == "train" else "validation"
            self._say(name, **{k: v for k, v in vars(event).items() if k != "split"})

    def _say(self, event: str, /, **payload: Any) -> None:
        self._patiently(lambda: self.writer.event(event, **payload))

    def _preview(self, event, track: str, picture: bytes) -> None:
        name = f"{event.step:07d}-{track}.png"
        facts = {"step": event.step, "epoch": event.epoch, "track": track}
        self._patiently(lambda: self.writer.preview(name, picture, **facts))

    def _save(self, best: bool) -> None:
        """Publish a checkpoint, unless this step has one, then thin the older ones."""
        from explorer.checkpoints import pack_state

        trainer, step = self.trainer, self.trainer.step
        if step == self.saved_step:
            return
        facts = {"step": step, "epoch": trainer.epoch, "best": best}
        contents = {MODEL: self._model(facts), STATE: pack_state(trainer.state())}
        self._patiently(lambda: self.writer.checkpoint(contents=contents, **facts))
        self.saved_at, self.saved_step = time.monotonic(), step
        self.best = {step} if best else self.best
        keep = self.recipe.training.checkpoints
        self._patiently(lambda: self.writer.prune(keep, protect=self.best))

    def _model(self, facts: dict[str, Any]) -> bytes:
        """The averaged weights: what is shown, sampled and shared."""
        from explorer.checkpoints import pack

        trainer = self.trainer
        with trainer.average.applied():
            return pack(trainer.model, self.recipe, run=self.run.id, **facts)

    def _patiently(self, action: Callable[[], Any]) -> None:
        """Do it; while the disk is full the run pauses, until it is asked to leave."""
        patiently(self.writer, action, self._leaving)

    # Wishes -------------------------------------------------------------------------------------

    def _between_steps(self) -> bool:
        """Do what pages ask for and save now and then; whether to leave.

        Only here, when everything about the step before is written, can a run be cut without a
        trace: a checkpoint amid the reports of a step would lose the rest of them.
        """
        now = time.monotonic()
        if now - self.looked_at >= LOOK_EVERY:
            self.looked_at = now
            self._grant()
        if now - self.saved_at >= SAVE_EVERY:
            self._save(best=False)
        return self.stopped or self.interrupted.is_set()

    def _leaving(self) -> bool:
        return self.stopped or self.interrupted.is_set() or self.run.stop_wished()

    def _grant(self) -> None:
        for wish in self.run.take_wishes():
            if wish["wish"] == "stop":
                self.stopped = True
            elif wish["wish"] == "checkpoint":
                self._save(best=False)
            else:
                self._change(str(wish["name"]), wish["value"])

    def _change(self, name: str, value: Any) -> None:
        if self.trainer.now(name) == value:
            return  # asked twice, as by a click on a page that is being drawn again
        step = self.trainer.step
        try:
            done = self.trainer.change(name, value)
        except InputError as error:
            self._say("refused", step=step, name=name[:80], reason=str(error))
        else:
            self._say("change", step=step, name=done.name, value=done.value)

    def _end(self) -> str:
        if self.trainer.step >= self.trainer.total:
            state, reason = "done", ""
        elif self.stopped:
            state, reason = "stopped", "Stopped by a person. Resume goes on from here."
        else:
            state, reason = "interrupted", "The app was closed. Resume goes on from here."
        self._patiently(lambda: self.writer.end(state, reason))
        return state


def _state(latest: Checkpoint, inherited: bool) -> "dict[str, Tensor]":
    """What a trainer saved there; a fork may have inherited weights alone, of a shipped model."""
    from explorer.checkpoints import load, unpack_state
    from explorer.state import of_weights

    if inherited and not (latest.path / STATE).exists():
        return of_weights(load(latest.path / MODEL), latest.step)
    return unpack_state(latest.path / STATE)


def changes(events: list[dict[str, Any]]) -> "tuple[Change, ...]":
    """The live changes that a run's log tells of, by step and then as they were made."""
    from explorer.training import Change

    made = [Change(e["step"], e["name"], e["value"]) for e in events if e["event"] == "change"]
    return tuple(sorted(made, key=lambda change: change.step))


def _is_out_of_memory(error: Exception) -> bool:
    """Whether the machine is too small, in the words of Python, CUDA or the CPU's allocator."""
    words = ("out of memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)
