"""Images a second of our Trainer against a bare loop written by hand.

Both train the same network on the same 10,000 images, which lie in memory; the bare loop of
`benchmarks.bare` has nothing else: no report, no clipping, no check for infinities, no seeds. The
two take turns, step by step (on a GPU ten by ten, as it works ahead), so that whatever else the
machine does hits both.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import product
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from benchmarks import measure
from benchmarks.bare import Bare, bare_loop
from explorer import data, device, runs, worker
from explorer.checkpoints import build
from explorer.recipe import Recipe, recipe
from explorer.training import Progress, Trainer, total_steps

DATA = "fashion-mnist"
KINDS = {
    "autoencoder": ("autoencoder", {}),
    "VAE": ("vae", {}),
    "GAN": ("gan", {"penalty": "none"}),
    "WGAN-GP": ("gan", {"loss": "wasserstein"}),
}
LONG = 1000  # epochs: longer than any measurement
BATCHES = (128, 512)
WARM = 2  # windows that are not counted
LEAST = 8  # windows, however slow the machine is


def now() -> float:
    """Seconds, once a GPU has done all it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


class Stopwatch:
    """Seconds spent somewhere."""

    seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what is done inside ``with``."""
        start = now()
        yield
        self.seconds += now() - start


@contextmanager
def replaced(owner: type, method: str, change: Callable) -> Iterator[None]:
    """Inside ``with``, ``owner.method`` is ``change(owner.method)``."""
    original = getattr(owner, method)
    setattr(owner, method, change(original))
    try:
        yield
    finally:
        setattr(owner, method, original)


@contextmanager
def watched(owner: type, method: str) -> Iterator[Stopwatch]:
    """Inside ``with``, the time in ``owner.method`` is counted."""
    watch = Stopwatch()

    def timed(original: Callable) -> Callable:
        def call(*args: Any) -> Any:
            with watch.running():
                return original(*args)

        return call

    with replaced(owner, method, timed):
        yield watch


@contextmanager
def taking_turns(bare: Bare) -> Iterator[Stopwatch]:
    """Inside ``with``, the bare loop makes as many steps as any Trainer; its time is counted."""
    watch = Stopwatch()
    turn = 10 if bare.kind == "cuda" else 1

    def both(advance: Callable) -> Callable:
        def call(trainer: Trainer) -> None:
            advance(trainer)
            if trainer.step % turn == 0:
                with watch.running():
                    for _ in range(turn):
                        bare.step()

        return call

    with replaced(Trainer, "advance", both):
        yield watch


def ends_window(event: Any) -> bool:
    """Ten steps and one report make a window."""
    return isinstance(event, Progress) and event.split == "train" and event.step % 10 == 0


def training_alone(made: Recipe, seconds: float) -> dict[str, Any]:
    """Steps and reports of `Trainer.run`, its looks at itself left out."""
    train, test = (data.load(made.data, split) for split in ("train", "test"))
    trainer = Trainer(build(made, train.spec), made.training, train, test)
    laps, end = [], now() + seconds
    with taking_turns(bare_loop(made)) as bare, watched(Trainer, "_look") as looks:
        for event in trainer.run(stop=lambda: now() > end and len(laps) > LEAST):
            if ends_window(event):
                laps.append((now() - looks.seconds, bare.seconds))
    both, other = np.diff(laps[WARM:], axis=0).T
    mine = both - other
    images = 10 * made.training.batch_size
    return named(made) | {
        "ours images/s": images / measure.median(mine),
        "bare images/s": images / measure.median(other),
        "ratio of medians": measure.median(other) / measure.median(mine),
        "median pair": measure.median(other / mine),
        "quartiles of pairs": measure.spread(other / mine),
        "pairs": str(len(mine)),
        "load": measure.load(),
    }


def whole_run(made: Recipe) -> dict[str, Any]:
    """All that a run does: validation, previews, events and checkpoints written to its folder."""
    steps = total_steps(made.training, len(data.load(made.data)))
    told = []
    with (
        taking_turns(bare_loop(made)) as bare,
        watched(Trainer, "_look") as looks,
        watched(worker._Work, "_record") as records,
    ):
        worker.work(runs.create(made.model_dump()), tell=lambda event: told.append(now()))
        mine = now() - told[0] - bare.seconds
    training = mine - looks.seconds - records.seconds
    return named(made) | {
        "epochs": f"{made.training.epochs:g}",
        "ratio of images/s": bare.seconds / mine,
        "training alone": bare.seconds / training,
        "looks, %": 100 * looks.seconds / training,
        "records, %": 100 * records.seconds / training,
        "seconds": training,
        "steps": str(steps),
        "load": measure.load(),
    }


def named(made: Recipe) -> dict[str, Any]:
    """Which measurement a row tells of."""
    asked = made.training
    kind = next(
        kind
        for kind, (family, values) in KINDS.items()
        if family == made.family and values.items() <= made.model.items()
    )
    return {"device": asked.device, "kind": kind, "batch": str(asked.batch_size)}


def recipes(epochs: float, batches: Iterable[int]) -> list[Recipe]:
    """Every kind of model on every device, with these batch sizes."""
    names = sorted({device.choose().name, "cpu"})
    common = {"epochs": float(epochs)}
    return [
        recipe(family, DATA, common | values | {"device": name, "batch_size": batch})
        for name, (family, values), batch in product(names, KINDS.values(), batches)
    ]


def main() -> None:
    """Measure training alone, then whole runs."""
    usual = torch.get_num_threads()
    asked = measure.options(__doc__.partition("\n")[0], seconds=60, epochs=10, threads=usual)
    torch.set_num_threads(asked.threads)
    report = measure.Report(f"training, {asked.threads} threads")
    rows = (training_alone(made, asked.seconds) for made in recipes(LONG, BATCHES))
    report.table("Steps and reports alone (ratio = ours / bare, in images a second)", rows)
    with TemporaryDirectory() as folder:
        os.environ |= {"EXPLORER_RUNS": folder, "EXPLORER_LOCKS": f"{folder}/locks"}
        rows = (whole_run(made) for made in recipes(asked.epochs, BATCHES[:1]))
        report.table(
            "Whole runs in a folder (looks: validation and previews; records: events, pictures and "
            "checkpoints on disk; both in % of the time that training takes)",
            rows,
        )
    report.close(asked.json)


if __name__ == "__main__":
    main()
