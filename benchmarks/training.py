"""Images a second of our Trainer against a bare loop written by hand.

Both train the same network on the same 10,000 images, which lie in memory: bfloat16 where the
device has it, channels last, fused Adam, averaged weights. The bare loop has nothing else: no
report, no clipping, no check for infinities, no seeds. Windows of both alternate (ours, bare, bare,
ours ...), so that whatever else the machine does hits both; on a machine that is never quiet, trust
the ratio of processor seconds, which leaves out the time that other programs took.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import product
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import measure  # first: it decides how idle threads wait

import numpy as np
import torch
import torch.nn.functional as F

from explorer import data, device, runs, worker
from explorer.checkpoints import build
from explorer.recipe import Recipe, recipe
from explorer.training import Progress, Trainer, total_steps

DATA = "fashion-mnist"
FAMILIES = ("autoencoder", "vae")
LONG = 1000  # epochs: longer than any measurement
BATCHES = (128, 512)
WINDOW = 10  # steps, the last of which makes a report
WARM = 2  # windows of each side that are not counted


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

    def train(self) -> np.ndarray:
        """One window of updates; the seconds it took."""
        start = now()
        for _ in range(WINDOW):
            x = self.next_batch()
            with torch.autocast(self.kind, torch.bfloat16, enabled=self.bf16):
                loss = self.loss(x)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(self.average, self.weights, 0.005)
        return now() - start

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


def now() -> np.ndarray:
    """Seconds of the wall and of this process on all cores, once a GPU has done all it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return np.array([time.perf_counter(), time.process_time()])


class Stopwatch:
    """Time spent in a method, and how often it was called."""

    def __init__(self) -> None:
        self.seconds, self.calls = np.zeros(2), 0


@contextmanager
def watched(owner: type, method: str) -> Iterator[Stopwatch]:
    """Inside ``with``, every call of ``owner.method`` is timed."""
    watch, original = Stopwatch(), getattr(owner, method)

    def timed(self, *args: Any, **more: Any) -> Any:
        start = now()
        answer = original(self, *args, **more)
        watch.seconds = watch.seconds + now() - start
        watch.calls += 1
        return answer

    setattr(owner, method, timed)
    try:
        yield watch
    finally:
        setattr(owner, method, original)


def ends_window(event: Any) -> bool:
    """Whether a window of `Trainer.run` ends with this report."""
    return isinstance(event, Progress) and event.split == "train" and event.step % WINDOW == 0


def ours(made: Recipe, looks: Stopwatch) -> Iterator[np.ndarray]:
    """Seconds of each window of `Trainer.run`, the looks at itself left out."""
    train, test = (data.load(made.data, split) for split in ("train", "test"))
    trainer = Trainer(build(made, train.spec), made.training, train, test)
    start, looked = now(), looks.seconds
    for event in trainer.run():
        if ends_window(event):
            yield now() - start - (looks.seconds - looked)
            start, looked = now(), looks.seconds


def side_by_side(made: Recipe, pairs: int) -> dict[str, Any]:
    """Training alone: both loops alternate on one device."""
    with watched(Trainer, "_look") as looks:
        bare, own, seconds = Bare(made), ours(made, looks), []
        for pair in range(WARM + pairs):
            first, second = (bare.train, own.__next__)[:: 1 if pair % 2 else -1]
            a, b = first(), second()
            seconds.append((b, a) if pair % 2 else (a, b))
    mine, other = np.array(seconds[WARM:]).transpose(1, 0, 2)  # pairs x (wall, processor)
    images = WINDOW * made.training.batch_size
    return named(made) | {
        "ours images/s": images / measure.median(mine[:, 0]),
        "bare images/s": images / measure.median(other[:, 0]),
        "ratio of medians": measure.median(other[:, 0]) / measure.median(mine[:, 0]),
        "median pair": measure.median(other[:, 0] / mine[:, 0]),
        "quartiles": measure.spread(other[:, 0] / mine[:, 0]),
        "by processor seconds": measure.median(other[:, 1]) / measure.median(mine[:, 1]),
        "load": measure.load(),
    }


def whole_run(made: Recipe) -> dict[str, Any]:
    """All that a run does: validation, previews, events and checkpoints written to its folder."""
    bare, windows, began = Bare(made), [], []
    bare.train()

    def listen(event: Any) -> None:
        began.append(now())
        if ends_window(event):
            windows.append(bare.train())

    with watched(Trainer, "_look") as looks, watched(worker._Work, "_record") as records:
        worker.work(runs.create(made.model_dump()), tell=listen)
    spent = np.sum(windows, axis=0)
    mine, written = now() - began[0] - spent, records.seconds - spent
    training = mine - looks.seconds - written
    steps = total_steps(made.training, len(bare.x))
    ratio = spent / (len(windows) * WINDOW) / (mine / steps)
    return named(made) | {
        "epochs": f"{made.training.epochs:g}",
        "ratio, all included": float(ratio[0]),
        "by processor seconds": float(ratio[1]),
        "validation and previews, %": float(100 * looks.seconds[0] / training[0]),
        "events and checkpoints, %": float(100 * written[0] / training[0]),
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
    asked = measure.options(__doc__.partition("\n")[0], pairs=20, epochs=4)
    report = measure.Report("training")
    rows = (side_by_side(made, asked.pairs) for made in recipes(LONG, BATCHES))
    report.table("Training steps and reports, windows alternating", rows)
    with TemporaryDirectory() as folder:
        os.environ |= {"EXPLORER_RUNS": folder, "EXPLORER_LOCKS": f"{folder}/locks"}
        rows = (whole_run(made) for made in recipes(asked.epochs, BATCHES[:1]))
        report.table("Whole runs as users have them, written to a folder", rows)
    report.close(asked.json)


if __name__ == "__main__":
    main()
