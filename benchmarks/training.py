"""Images a second of our Trainer against a bare loop written by hand.

Both train the same network on the same 10,000 images, which lie in memory: bfloat16 where the
device has it, channels last, fused Adam, averaged weights. The bare loop has nothing else: no
report, no clipping, no check for infinities, no seeds. The two take turns, step by step (on a GPU
ten by ten, as it works ahead), so that whatever else the machine does hits both.
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
import torch.nn.functional as F

from benchmarks import measure
from explorer import data, device, runs, worker
from explorer.checkpoints import build
from explorer.recipe import Recipe, recipe
from explorer.training import Progress, Trainer, total_steps

DATA = "fashion-mnist"
FAMILIES = ("autoencoder", "vae")
LONG = 1000  # epochs: longer than any measurement
BATCHES = (128, 512)
WARM = 2  # windows that are not counted
LEAST = 8  # windows, however slow the machine is


class Bare:
    """The loop that a course would hand out, with every trick that makes it fast."""

    def __init__(self, made: Recipe):
        train, name = data.load(made.data), device.choose(made.training.device).name
        self.kind, self.bf16 = torch.device(name).type, device.default_precision(name) == "bf16"
        self.batch, self.at = made.training.batch_size, len(train)
        self.x = torch.tensor(train.x, device=name)
        self.model = build(made, train.spec).to(name, memory_format=torch.channels_last).train()
        self.weights = list(self.model.parameters())
        self.average = [w.detach().clone() for w in self.weights]
        self.optimizer = torch.optim.Adam(self.weights, made.training.learning_rate, fused=True)
        self.loss = {"autoencoder": self.autoencoder, "vae": self.vae}[made.family]

    def step(self) -> None:
        """One update."""
        x = self.next_batch()
        with torch.autocast(self.kind, torch.bfloat16, enabled=self.bf16):
            loss = self.loss(x)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 0.005)

    def next_batch(self) -> torch.Tensor:
        if self.at + self.batch > len(self.x):
            self.order, self.at = torch.randperm(len(self.x), device=self.x.device), 0
        x = self.x[self.order[self.at : self.at + self.batch]]
        self.at += self.batch
        return (x.float() / 255).contiguous(memory_format=torch.channels_last)

    def autoencoder(self, x: torch.Tensor) -> torch.Tensor:
        drawn = self.model.decoder(self.model.encoder(x)).float().sigmoid()
        return F.mse_loss(drawn, x, reduction="sum") / len(x)

    def vae(self, x: torch.Tensor) -> torch.Tensor:
        mean, log_var = self.model.encoder(x).float().chunk(2, dim=1)
        z = mean + (log_var / 2).exp() * torch.randn_like(mean)
        drawn = self.model.decoder(z).float().sigmoid()
        kl = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum()
        return (F.mse_loss(drawn, x, reduction="sum") + kl) / len(x)


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
    with taking_turns(Bare(made)) as bare, watched(Trainer, "_look") as looks:
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
        taking_turns(Bare(made)) as bare,
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
    return {"device": asked.device, "family": made.family, "batch": str(asked.batch_size)}


def recipes(epochs: float, batches: Iterable[int]) -> list[Recipe]:
    """Every family on every device, with these batch sizes."""
    names = sorted({device.choose().name, "cpu"})
    return [
        recipe(family, DATA, {"device": name, "batch_size": batch, "epochs": float(epochs)})
        for name, family, batch in product(names, FAMILIES, batches)
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
