"""A run becomes one small file with its film, its curves and a place in the index."""

import base64
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explorer import catalog, checkpoints, files, probes, shipping
from explorer.catalog import weights
from explorer.errors import InputError
from explorer.films import cropped, run_film
from explorer.header import read_header
from explorer.history import history, packed
from explorer.models.base import Model
from explorer.pictures import png, sheet
from explorer.recipe import Recipe
from explorer.runs import Run
from explorer.shipping import Machine, Shipped
from explorer.zoo.matching import differences, told
from explorer.zoo.recipes import Packing, ZooRecipe

SIDE = 4  # samples of a card, a side
STARTS = ("start", "resume")  # events after which a worker trains


def pack_run(run: Run, title: str, how: Packing) -> bytes:
    """A run's best or last model as a weight file in float16.  Raises InputError, StoreError."""
    tale = history(run)
    path = weights(run, tale.best if how.keep == "best" else None)
    film = run_film(tale, how.frames) if how.frames else None
    header = read_header(path)
    facts = {key: header.facts[key] for key in ("step", "epoch")}
    facts |= {"title": title, "measured": tale.validation.at(facts["step"])}
    facts |= {"events": packed(tale)}
    return checkpoints.pack(
        checkpoints.load(path),
        Recipe.read(run.settings).checked(),
        dtype=torch.float16,
        film=cropped(film, header.facts["spec"]["shape"], how.tiles) if film else None,
        **facts,
    )


def ship(name: str, asked: ZooRecipe, run: Run) -> Path:
    """Pack a finished run of a recipe into the folder of shipped models and write the index.

    Raises InputError if the run is not finished or was trained otherwise, naming how.
    """
    _check(name, asked, run)
    path = catalog.FOLDER / f"{name}.safetensors"
    files.publish(path, pack_run(run, asked.title, asked.pack))
    enter(path, **training(run.events()))
    return path


def _check(name: str, asked: ZooRecipe, run: Run) -> None:
    if different := differences(asked, run.settings):
        raise InputError(
            f"The run {run.id} is not of this recipe: {told(different)}. Train one that is: "
            f"python -m explorer zoo build {name}"
        )
    if run.status.state != "done":
        raise InputError(f"The run {run.id} is not finished. python -m explorer resume {run.id}")


def adopt(path: Path) -> Shipped:
    """Write a file into the index as it is; of its training only what the index says already."""
    known = shipping.index(path.parent).get(path.stem)
    same = known is not None and known.sha256 == shipping.digest(path)
    kept = ("seconds", "machine", "date")
    return enter(path, **{name: getattr(known, name) for name in kept} if same else {})


def enter(path: Path, **facts: Any) -> Shipped:
    """Write what is known of a weight file into the index beside it."""
    known = shipping.index(path.parent)
    header = read_header(path)
    steps = {key: header.facts.get(key) for key in ("step", "epoch")}
    content = {"sha256": shipping.digest(path), "size": path.stat().st_size}
    others = {name: one for name, one in known.items() if name != path.stem}
    shipping.write(path.parent, others)  # so that the new weights are not taken for altered ones
    picture = base64.b64encode(png(samples(checkpoints.load(path)))).decode("ascii")
    one = Shipped(**content, **steps, **facts, samples=picture)
    shipping.write(path.parent, others | {path.stem: one})
    return one


def samples(model: Model) -> np.ndarray:
    """A few samples from seed 0 as one picture, uint8 H W [3]."""
    if not model.spec.is_image:
        return probes.sample(model, 2000, 0).pictures[0]
    return sheet(probes.sample(model, SIDE * SIDE, 0).pictures, SIDE)


def training(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Seconds, machine and date of a run's training; waiting and pauses between are not counted."""
    seconds = sum(
        later["time"] - event["time"]
        for event, later in pairwise(events)
        if later["event"] not in STARTS
    )
    first = next(event for event in events if event["event"] in STARTS)
    machine = Machine(title=first["device"], threads=first["threads"], torch=first["torch"])
    date = time.strftime("%Y-%m-%d", time.gmtime(events[-1]["time"]))
    return {"seconds": round(seconds, 1), "machine": machine, "date": date}
