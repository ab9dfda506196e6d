"""Our numbers, looked up where they were measured, and judged beside those of the documents."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer import capabilities, catalog, data, few_shots, standings
from explorer.answers import FewShots, Standing
from explorer.catalog import Entry
from explorer.errors import InputError, StoreError
from explorer.history import history
from explorer.lesson import lesson as real_pictures
from explorer.lessons.reading import model_of, shipped
from explorer.lessons.schema import Number, Ours
from explorer.runs import Run
from explorer.schedules import schedule

State = Literal["near", "differs", "not comparable", "not measured", "ours alone"]
UNITS = {  # of figures whose sources do not say it
    "reconstruction": "squared error per image",
    "KL": "nats per image",
    "classifier distance": "classifier distance",
    "step": "rounds",
    "effective classes": "classes",
    "FID": "FID",
    "FID at infinity": "FID",
}


SHOTS = {  # the units of *Few shots*
    "kl": UNITS["KL"],
    "reconstruction": UNITS["reconstruction"],
    "samples": UNITS["classifier distance"],
    "fitted": UNITS["classifier distance"],
}
ABILITIES = {  # the units of the matrix of capabilities
    "reconstruct": "squared error per image",
    "likelihood": "bits per dimension",
    "represent": "share right",
    "sample": "classifier distance",
    "cost": "ms a picture",
}


@dataclass(frozen=True)
class Found:
    """Our number, its standard ``error`` if known, its unit, of which ``data``, from ``where``."""

    value: float
    unit: str = ""
    error: float | None = None
    data: str = ""
    where: str = ""


@dataclass(frozen=True)
class Verdict:
    """What comes of a comparison, and the reasons that are certain."""

    state: State
    reason: str = ""


def found(ours: Ours, entries: tuple[Entry, ...]) -> Found:
    """Our number.  Raises InputError in a sentence where it was not measured."""
    return SOURCES[ours.source](ours, model_of(ours, entries))


def of_run(ours: Ours, run: Run) -> Found | None:
    """The newest of the same number in a student's own run; None while there is none."""
    if ours.source != "model":
        return None
    try:
        told, name = history(run), run.settings["data"]
    except StoreError:
        return None
    values = told.validation.curve(ours.name)[1]
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    unit = told.facts.get("units", {}).get(ours.name, "")
    return Found(float(values[-1]), unit, None, title(name), run.id)


def judge(number: Number, ours: Found | None) -> Verdict:
    """Near or not: within a share of the document's number, or twice our standard error.

    Numbers of different units are not compared; those of other pictures always differ.
    """
    if ours is None:
        return Verdict("not measured")
    if number.document is None:
        return Verdict("ours alone")
    if number.unit != ours.unit:
        theirs, here = number.unit or "no unit", ours.unit or "no unit of its own"
        return Verdict("not comparable", f"theirs: {theirs}; ours: {here}")
    if number.data and ours.data and _base(number.data) != _base(ours.data):
        return Verdict("differs", f"other pictures: {title(number.data)} there, {ours.data} here")
    room = max(number.within * abs(number.document), 2 * (ours.error or 0.0))
    near = abs(ours.value - number.document) <= room
    return Verdict("near" if near else "differs")


def digits(value: float) -> str:
    """A number as a table shows it: three digits that count, and thousands apart."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"


def _base(name: str) -> str:
    return title(name.removesuffix("-full")).lower()


def given(value: float) -> str:
    """A number as a document gives it."""
    return f"{value:,.10g}"


def title(name: str) -> str:
    """What people call a data set, whole or its bundled part."""
    return data.title(name.removesuffix("-full"))


# Where a number comes from ------------------------------------------------------------------------


def _model(ours: Ours, key: str) -> Found:
    """The header of a weight file: what was measured of its last validation."""
    entry = _entry(key)
    facts = entry.header.facts
    value = (facts.get("measured") or {}).get(ours.name)
    if value is None and ours.name in ("step", "epoch"):
        value = facts.get(ours.name)
    if value is None:
        value = entry.header.recipe.get("model", {}).get(ours.name)
    if not isinstance(value, int | float):
        raise InputError(f"{entry.title} does not say its {ours.name}.")
    unit = facts.get("units", {}).get(ours.name) or UNITS.get(ours.name, "")
    return Found(float(value), unit, None, _data(entry), f"{entry.title}, its own file")


def _board(ours: Ours, key: str) -> Found:
    """The scoreboard that ships; the first entry of a model is sampled in the usual way."""
    for one in standings.all_shipped():
        if one.key == key and _is_current(key, one):
            score = one.scores.get(ours.name)
            if score is not None and score.value is not None:
                told = f"Compare: {one.title}, {one.protocol.samples:,} samples"
                name = one.protocol.reference.rpartition(" of ")[2]
                unit = UNITS.get(ours.name, "")
                return Found(float(score.value), unit, score.error, name, told)
    raise InputError("It is not on the scoreboard that ships. The page Compare measures it.")


def _is_current(key: str, one: Standing) -> bool:
    """Whether a model still has the weights that were measured."""
    if not key.startswith(catalog.SHIPPED):
        return True
    return _entry(key).digest == one.protocol.checkpoint_sha256


def _shots(ours: Ours, key: str) -> Found:
    """The figures of *Few shots*: a model's, or those of a run of the sweeps."""
    for one in few_shots.shipped(ours.data) if ours.data else ():
        if one.key == key if key else _of_sweep(one, ours):
            value, error = _shot(one, ours.name)
            where = f"Few shots: {one.command or one.title}"
            unit = SHOTS.get(ours.name, "per cent right")
            return Found(value, unit, error, title(one.data), where)
    raise InputError("It is not among the figures that ship. The page Few shots measures it.")


def _of_sweep(one: FewShots, ours: Ours) -> bool:
    """Whether it is the VAE of this β and latent size."""
    return one.family == "vae" and (one.beta, one.latent) == (ours.beta, ours.latent)


def _shot(one: FewShots, name: str) -> tuple[float, float | None]:
    """A figure by its name; "vote 10" is per cent right by neighbours, 10 labels a class."""
    judge_, _, labels = name.partition(" ")
    if judge_ in ("vote", "probe") and labels.isdigit() and int(labels) in one.labels:
        mean, error = getattr(one, judge_)[one.labels.index(int(labels))]
        return 100 * mean, 100 * error
    value = getattr(one, name, None)
    if not isinstance(value, int | float):
        raise InputError(f"{one.title} has no figure {name!r} there.")
    return float(value), None


def _capability(ours: Ours, key: str) -> Found:
    """A cell of the matrix of capabilities, or a fact beside it."""
    entry = _entry(key)
    cells = capabilities.shipped(entry) | capabilities.kept(entry)
    cell = cells.get(ours.ability)
    value = cell and (cell.facts.get(ours.name) if ours.name else cell.value)
    if not isinstance(value, int | float):
        told = cell.text if cell and not ours.name else "It is not measured yet."
        raise InputError(f"{told} The page Capabilities has the whole matrix.")
    error = None if ours.name else cell.error
    where = f"Capabilities: {entry.title}"
    return Found(float(value), ABILITIES.get(ours.ability, ""), error, _data(entry), where)


def _real(ours: Ours, _key: str) -> Found:
    """FID of so many real test images: the floor that no honest model is far below."""
    for one in real_pictures().real:
        if one.n == ours.samples:
            told = f"What is FID?: {one.n:,} test images"
            return Found(one.fid, "FID", one.spread, "Fashion-MNIST", told)
    raise InputError(f"No FID of {ours.samples:,} real pictures ships.")


def _schedule(ours: Ours, _key: str) -> Found:
    """How much of the picture is left at the end of a linear β schedule: sqrt(ᾱ_T)."""
    alpha = schedule("linear", ours.T, 1e-4, 0.02).alpha[-1]
    return Found(float(alpha), "of the picture", None, "", "Schedules: computed by formula")


def _seed(ours: Ours, key: str) -> Found:
    """The seed a model was trained from."""
    entry = _entry(key)
    return Found(float(entry.header.recipe["training"]["seed"]), "", None, "", entry.title)


SOURCES = {
    "model": _model,
    "board": _board,
    "shots": _shots,
    "capability": _capability,
    "real": _real,
    "schedule": _schedule,
    "seed": _seed,
}


def _entry(key: str) -> Entry:
    if not key:
        raise InputError("The model that it is measured on is not here.")
    return catalog.entry(key) if ":" in key or "@" in key else shipped(key)


def _data(entry: Entry) -> str:
    return title(entry.header.recipe["data"])
