"""Mode collapse and its cures: how surely the recipe collapses, and what each cure does.

``python -m benchmarks.collapse`` plays the 2-D clinic with seeds 0 to 9; ``pictures`` after it
trains on MNIST instead, which takes minutes a row.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from benchmarks import measure
from explorer import clinic, data, scores
from explorer.checkpoints import build
from explorer.collapse import CURES, INGREDIENTS, LOW, PICTURES, POINTS, collapsed_at, ended
from explorer.errors import NonFinite
from explorer.recipe import recipe
from explorer.training import Trainer

RECIPE = tuple(INGREDIENTS)
RING, MNIST = "ring", "mnist"
EFFECTIVE = "effective classes"
_kept: dict[int, dict[str, torch.Tensor]] = {}  # where the collapsed one of a seed stands


def points(seeds: range) -> Iterator[dict[str, Any]]:
    """Modes of the ring covered in the end by the twins, a row a seed."""
    for seed in seeds:
        start = time.process_time()
        *_, (healthy, sick) = clinic.collapse(RING, RECIPE, seed)
        seconds = time.process_time() - start
        steps, covered = (np.array([getattr(one, k) for one in sick]) for k in ("step", "covered"))
        row = {"seed": str(seed), "healthy": _covered(healthy), "recipe": _covered(sick)}
        row["alarm"] = str(collapsed_at(steps, covered, POINTS.steps // 5))
        yield row | {"CPU s": seconds}


def treated_points(seeds: range) -> Iterator[dict[str, Any]]:
    """Modes covered in the end of each cure, a row a seed."""
    for seed in seeds:
        yield {"seed": str(seed)} | {name: _treated(seed, name) for name in CURES}


def _covered(seen: tuple) -> float:
    return ended([one.covered for one in seen])


def _treated(seed: int, cure: str) -> float:
    try:
        *_, seen = clinic.treat(RING, RECIPE, cure, seed)
    except NonFinite:
        return float("nan")
    return _covered(seen)


def pictures(seeds: range) -> Iterator[dict[str, Any]]:
    """Effective classes of MNIST in the end of the twins, a row a seed."""
    for seed in seeds:
        start = time.process_time()
        healthy = trainer(PICTURES.healthy, seed)
        row = {"seed": str(seed), "healthy": ended(lived(healthy))}
        sick = trainer(PICTURES.sick(RECIPE), seed)
        values = lived(sick)
        steps = np.arange(1, len(values) + 1) * sick.per_epoch
        row |= {"recipe": ended(values), "alarm": str(collapsed_at(steps, values, sick.total // 5))}
        _kept[seed] = sick.state()
        yield row | {"CPU s": time.process_time() - start}


def treated_pictures(seeds: range) -> Iterator[dict[str, Any]]:
    """Effective classes in the end of each cure, a row a seed."""
    for seed in seeds:
        row: dict[str, Any] = {"seed": str(seed)}
        for name in CURES:
            fork = trainer(PICTURES.treated(RECIPE, name), seed, 2 * PICTURES.steps)
            fork.inherit(_kept[seed])
            row[name] = ended(lived(fork))
        yield row


def trainer(values: dict[str, Any], seed: int, steps: int = PICTURES.steps) -> Trainer:
    """What a run of these settings begins with."""
    made = recipe("gan", MNIST, values | {"seed": seed, "steps": steps})
    train, test = data.load(MNIST), data.load(MNIST, "test")
    return Trainer(build(made, train.spec), made.training, train, test)


def lived(subject: Trainer) -> np.ndarray:
    """Train to the end; the effective number of classes after each epoch (NaN: not finite)."""
    values = []
    while subject.step < subject.total:
        try:
            subject.advance()
        except NonFinite:
            return np.array([*values, np.nan])
        if subject.step % subject.per_epoch == 0:
            subject.model.eval()
            with subject.average.applied():
                values.append(scores.score(subject.model, MNIST, 0, n=1000)[EFFECTIVE])
            print(f"  step {subject.step:,}: {values[-1]:.2f}", file=sys.stderr, flush=True)
    return np.array(values)


def summary(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Over all seeds, what each treatment comes to."""
    for name in [name for name in ("healthy", "recipe", *CURES) if name in rows[0]]:
        values = np.array([row[name] for row in rows])
        yield {
            "treatment".ljust(14): name.ljust(14),
            "median": float(np.nanmedian(values)),
            "least": float(np.nanmin(values)),
            "most": float(np.nanmax(values)),
            f"at least {WELL:g}": f"{(values >= WELL).sum()} of {len(values)}",
            f"at most {LOW:g}": f"{(values <= LOW).sum()} of {len(values)}",
        }


GROUNDS: dict[str, tuple[str, Callable, Callable]] = {
    "points": ("Modes covered of 8", points, treated_points),
    "pictures": ("Effective classes of 10", pictures, treated_pictures),
}
WELL = 8.0  # modes or effective classes of a healthy generator


def main() -> None:
    """Measure a row a seed, then sum up."""
    words = [word for word in sys.argv[1:] if word in GROUNDS]
    sys.argv = [word for word in sys.argv if word not in GROUNDS]
    asked = measure.options(__doc__.partition("\n")[0], seeds=10, threads=1)
    torch.set_num_threads(asked.threads)
    title, twins, cures = GROUNDS[(words or ["points"])[0]]
    report = measure.Report(f"collapse, {asked.threads} threads")
    for table in (twins, cures):
        rows = report.table(f"{title}: {table.__name__}", table(range(asked.seeds)))
        report.table(f"Over all seeds: {table.__name__}", summary(rows))
    report.close(asked.json)


if __name__ == "__main__":
    main()
