"""Images a second of our Trainer against a bare loop written by hand.

Both train the same network on the same 10,000 images, which lie in memory: bfloat16 where the
device has it, channels last, fused Adam, averaged weights. The bare loop has nothing else: no
report, no clipping, no check for infinities, no seeds. Windows of both alternate (ours, bare, bare,
ours ...), so that whatever else the machine does hits both.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import measure  # first: it decides how idle threads wait

import torch
import torch.nn.functional as F

from explorer import data, device, runs, worker
from explorer.checkpoints import build
from explorer.recipe import Recipe, recipe
from explorer.training import Progress, Trainer

DATA = "fashion-mnist"
LONG = {"epochs": 1000.0}  # longer than any measurement
WINDOW = {128: 20, 512: 10}  # steps by batch size; a report comes every ten
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

    def train(self, steps: int) -> float:
        """Make ``steps`` updates; the seconds they took."""
        start = now(self.kind)
        for _ in range(steps):
            x = self.next_batch()
            with torch.autocast(self.kind, torch.bfloat16, enabled=self.bf16):
                loss = self.loss(x)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(self.average, self.weights, 0.005)
        return now(self.kind) - start

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


@dataclass
class Stopwatch:
    """Seconds spent in a method, and how often it was called."""

    seconds: float = 0.0
    calls: int = 0


@contextmanager
def watched(owner: type, method: str) -> Iterator[Stopwatch]:
    """Inside ``with``, every call of ``owner.method`` is timed."""
    watch, original = Stopwatch(), getattr(owner, method)

    def timed(self, *args: Any, **more: Any) -> Any:
        start = now()
        answer = original(self, *args, **more)
        watch.seconds += now() - start
        watch.calls += 1
        return answer

    setattr(owner, method, timed)
    try:
        yield watch
    finally:
        setattr(owner, method, original)


def now(kind: str = "cuda") -> float:
    """Seconds, once the GPU has done all it was given."""
    if kind == "cuda" and torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def ours(made: Recipe, steps: int, looks: Stopwatch) -> Iterator[float]:
    """Seconds of each ``steps`` updates of `Trainer.run`, its looks at itself left out."""
    train, test = (data.load(made.data, split) for split in ("train", "test"))
    trainer = Trainer(build(made, train.spec), made.training, train, test)
    start, looked = now(), 0.0
    for event in trainer.run():
        if isinstance(event, Progress) and event.split == "train" and event.step % steps == 0:
            yield now() - start - (looks.seconds - looked)
            start, looked = now(), looks.seconds


def side_by_side(made: Recipe, pairs: int) -> dict[str, Any]:
    """Alternate both loops on one device."""
    batch = made.training.batch_size
    steps = WINDOW[batch]
    with watched(Trainer, "_look") as looks:
        bare, own, seconds = Bare(made), ours(made, steps, looks), []
        for pair in range(WARM + pairs):
            if pair % 2:
                other, mine = bare.train(steps), next(own)
            else:
                mine, other = next(own), bare.train(steps)
            seconds.append((mine, other))
    mine, other = zip(*seconds[WARM:], strict=True)
    images = steps * batch
    look = looks.seconds / looks.calls
    epoch = len(data.load(made.data)) // batch * measure.median(mine) / steps
    return {
        "device": made.training.device,
        "family": made.family,
        "batch": batch,
        "ours images/s": images / measure.median(mine),
        "bare images/s": images / measure.median(other),
        "ratio of medians": measure.median(other) / measure.median(mine),
        "quartiles of the pairs": measure.spread(b / a for a, b in seconds[WARM:]),
        "a look, % of an epoch": 100 * look / epoch,
    }


def whole_run(made: Recipe, bare: Bare) -> dict[str, Any]:
    """The same with all that a run does: validation, previews, events and checkpoints on disk."""
    steps = WINDOW[made.training.batch_size]
    bare.train(steps)
    began, spent, windows = None, 0.0, 0

    def listen(event: Any) -> None:
        nonlocal began, spent, windows
        began = began or now()
        if isinstance(event, Progress) and event.split == "train" and event.step % steps == 0:
            spent += bare.train(steps)
            windows += 1

    with watched(Trainer, "_look") as looks, watched(worker._Work, "_record") as writes:
        worker.work(runs.create(made.model_dump()), tell=listen)
    mine, written = now() - began - spent, writes.seconds - spent
    total = made.training.epochs * (len(data.load(made.data)) // made.training.batch_size)
    training = mine - looks.seconds - written
    return {
        "device": made.training.device,
        "family": made.family,
        "batch": made.training.batch_size,
        "epochs": int(made.training.epochs),
        "ratio, all included": (spent / (windows * steps)) / (mine / total),
        "validation and previews, %": 100 * looks.seconds / training,
        "events and checkpoints, %": 100 * written / training,
    }


def main() -> None:
    """Measure every family, batch size and device."""
    asked = measure.options(__doc__.partition("\n")[0], pairs=15, epochs=4)
    report = measure.Report("training")
    kinds = [
        (family, {"device": name, "batch_size": batch})
        for name in {device.choose().name, "cpu"}
        for family in ("autoencoder", "vae")
        for batch in WINDOW
    ]
    long = [recipe(family, DATA, values | LONG) for family, values in kinds]
    report.table(
        "Training steps and reports, windows alternating",
        [side_by_side(made, asked.pairs) for made in long],
    )
    with TemporaryDirectory() as folder:
        os.environ |= {"EXPLORER_RUNS": folder, "EXPLORER_LOCKS": f"{folder}/locks"}
        short = [recipe(f, DATA, values | {"epochs": float(asked.epochs)}) for f, values in kinds]
        rows = [whole_run(made, Bare(made)) for made in short]
    report.table("Whole runs as users have them, written to a folder", rows)
    report.close(asked.json)


if __name__ == "__main__":
    main()
