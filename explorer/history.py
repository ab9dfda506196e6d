"""What a run has told so far, as columns ready for curves: read once, then only what is new."""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer.runs import Preview, Run
from explorer.runs.checkpoints import PREVIEW

PACKED = 100  # reports of either kind that travel in a weight file
KEPT = 200  # histories kept in memory, those of the runs looked at last


@dataclass(eq=False)
class Columns:
    """Reports of one kind by step; a resumed run repeats some steps and overwrites them."""

    steps: list[int] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)
    terms: dict[str, list[float]] = field(default_factory=dict)
    vectors: dict[str, list[float]] = field(default_factory=dict)  # only the newest of each

    def add(self, event: dict[str, Any]) -> None:
        step, epoch, terms = int(event["step"]), float(event["epoch"]), dict(event["terms"])
        vectors = {k: terms.pop(k) for k, v in event["terms"].items() if isinstance(v, list)}
        scalars = {k: _number(v) for k, v in terms.items()}
        scalars["learning rate"] = _number(event["learning_rate"])
        while self.steps and self.steps[-1] >= step:
            self._drop_last()
        for name, value in scalars.items():
            column = self.terms.setdefault(name, [])
            column += [np.nan] * (len(self.steps) - len(column))
            column.append(value)
        self.steps.append(step)
        self.epochs.append(epoch)
        self.vectors |= vectors

    def _drop_last(self) -> None:
        self.steps.pop()
        self.epochs.pop()
        for column in self.terms.values():
            del column[len(self.steps) :]

    def at(self, step: int) -> dict[str, float]:
        """The finite terms reported at ``step``; nothing when it has no report."""
        if step not in self.steps:
            return {}
        found = {name: self.curve(name)[1][self.steps.index(step)].item() for name in self.terms}
        return {name: value for name, value in found.items() if np.isfinite(value)}

    def curve(self, term: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of one term, equally long."""
        column = self.terms.get(term, [])
        values = column + [np.nan] * (len(self.steps) - len(column))
        return np.array(self.steps), np.array(values, dtype=float)


@dataclass(eq=False)
class History:
    """A run's facts, reports, previews and changes; `refresh` reads what has come since."""

    run: Run | None  # None: told by a file that was packed from one
    facts: dict[str, Any] = field(default_factory=dict)
    train: Columns = field(default_factory=Columns)
    validation: Columns = field(default_factory=Columns)
    previews: dict[tuple[int, str], Preview] = field(default_factory=dict)
    checkpoints: dict[int, bool] = field(default_factory=dict)  # step -> best so far
    changes: list[dict[str, Any]] = field(default_factory=list)
    speed: float | None = None  # images per second, over the last report
    seconds: float = 0.0  # while its workers ran
    clock: float | None = None  # when the last event was told, by a worker that still runs
    offset: int = 0
    last: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self) -> "History":
        """Read the events that have come since the last look."""
        with self.lock:
            events, self.offset = self.run.tail(self.offset)
            for event in events:
                if event["n"] > self.last:
                    self.last = event["n"]
                    with suppress(KeyError, TypeError, ValueError):  # of another program's making
                        self._take(event)
        return self

    def _take(self, event: dict[str, Any]) -> None:
        name = event["event"]
        self._pass(name, event.get("time"))
        if name in ("start", "resume"):
            self.facts = event
            self.seconds = float(event.get("seconds", self.seconds))
        elif name == "progress":
            self.train.add(event)
            self.speed = event.get("images_per_second") or self.speed
        elif name == "validation":
            self.validation.add(event)
        elif name == "preview" and re.fullmatch(PREVIEW, event["file"]):
            path = self.run.folder / "previews" / event["file"]
            self.previews[event["step"], event["track"]] = Preview(
                event["name"], event["step"], path
            )
        elif name == "checkpoint":
            self.checkpoints[event["step"]] = event["best"]
        elif name in ("change", "refused"):
            self.changes.append(event)

    def _pass(self, name: str, now: float | None) -> None:
        """Count the seconds since the last event, unless another worker begins with this one."""
        if self.clock is not None and now is not None and name not in ("start", "resume"):
            self.seconds += max(0.0, now - self.clock)
        self.clock = now

    @property
    def best(self) -> int | None:
        """The step of the checkpoint with the lowest validation."""
        found = [step for step, best in self.checkpoints.items() if best]
        return found[-1] if found else None

    @property
    def total(self) -> int:
        """How many steps the run is to make; 0 before it has started."""
        return self.facts.get("total_steps", 0)

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        return self.facts.get("steps_per_epoch", 1)


def packed(told: History) -> list[dict[str, Any]]:
    """What a run told, in at most some hundred events: its curves, to travel in a weight file."""
    best = [{"event": "checkpoint", "step": s, "best": b} for s, b in told.checkpoints.items()]
    start = {"event": "start", "units": told.facts.get("units", {}), "seconds": round(told.seconds)}
    return [start, *_events("progress", told.train), *_events("validation", told.validation), *best]


def unpacked(events: list[dict[str, Any]]) -> History:
    """The history in what ``packed`` answered; what cannot be read is left out."""
    told = History(None)
    for event in events:
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            told._take(event)
    return told


def _events(name: str, columns: Columns) -> Iterator[dict[str, Any]]:
    """Means of neighbouring reports, at most `PACKED`; five digits are more than a plot shows."""
    parts = np.array_split(np.arange(len(columns.steps)), min(PACKED, len(columns.steps)) or 1)
    curves = {term: columns.curve(term)[1] for term in columns.terms}
    for part in parts if columns.steps else ():
        terms = {term: _mean(values[part]) for term, values in curves.items()}
        rate, last = terms.pop("learning rate", None), part[-1]
        step, epoch = columns.steps[last], columns.epochs[last]
        yield {"event": name, "step": step, "epoch": epoch, "terms": terms, "learning_rate": rate}


def _mean(values: np.ndarray) -> float | None:
    there = values[np.isfinite(values)]
    return float(f"{there.mean():.5g}") if len(there) else None


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


_kept: OrderedDict[str, History] = OrderedDict()
_lock = threading.Lock()


def history(run: Run) -> History:
    """The history of a run, up to date; raises StoreError if its log cannot be read."""
    with _lock:
        found = _kept.pop(str(run.folder), None) or History(run)
        _kept[str(run.folder)] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found.refresh()
