"""Runs of GANs that look trained: untrained networks with the events and files of a real run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from workspaces import workspace

from explorer import catalog, data, runs
from explorer.checkpoints import build, pack
from explorer.header import MODEL
from explorer.pictures import png
from explorer.previews import preview
from explorer.recipe import recipe
from explorer.runs import Run, Writer

SMALL = {"width": 4, "d_width": 4, "latent": 4}
DISTANCES = {10: 9.0, 20: 4.0, 30: 6.5}  # by step; the best is in the middle
PER_EPOCH = 10


@contextmanager
def unshipped(beside: Path) -> Iterator[None]:
    """A workspace without shipped models."""
    with workspace(beside) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "FOLDER", folder / "none")
        yield


def gan_run(data_name: str = "fashion-mnist", measured: bool = True, **values) -> Run:
    """Three checkpoints, each of another seed, and everything that a run tells of them."""
    spec = data.info(data_name).spec
    made = recipe("gan", data_name, SMALL | {"device": "cpu"} | values)
    run = runs.create(made.model_dump())
    with Writer(run) as writer:
        writer.begin(0, **_facts())
        for step, distance in DISTANCES.items():
            model = build(made.model_copy(update={"training": _seeded(made, step)}), spec).eval()
            _tell(writer, step, distance if measured else None)
            _save(writer, step, model, made)
        writer.end("done")
    return run


def _facts() -> dict:
    units = {"D(real)": "probability", "D(generated)": "probability"}
    return {"total_steps": 30, "steps_per_epoch": PER_EPOCH, "units": units, "parameters": 1}


def _seeded(made, seed: int):
    return made.training.changed(seed=seed)


def _tell(writer: Writer, step: int, distance: float | None) -> None:
    terms = {"discriminator loss": 1.3, "generator loss": 0.8, "D(real)": 0.6, "D(generated)": 0.4}
    common = {"step": step, "epoch": step / PER_EPOCH, "learning_rate": 2e-4}
    writer.event("progress", terms=terms, images_per_second=100.0, **common)
    scores = {"classifier distance": distance, "effective classes": 8.0, "condition accuracy": 0.5}
    writer.event("validation", terms=terms | (scores if distance else {}), **common)


def _save(writer: Writer, step: int, model, made) -> None:
    sheets = preview(model, np.empty(0), 0)
    writer.preview(f"{step:07d}-samples.png", png(sheets["samples"]), step=step, track="samples")
    facts = {"step": step, "epoch": step / PER_EPOCH, "best": step <= 20}
    weights = pack(model, made, run=writer.run.id, **facts)
    writer.checkpoint(contents={MODEL: weights}, **facts)
