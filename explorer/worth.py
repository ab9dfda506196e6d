"""What a model is worth and what it costs, as far as it is written down; read without torch.

Quality, diversity and copies are those of an epoch of its training, from what its run told then;
the rest is of the whole training and of a sample.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer import capabilities, catalog, films, standings
from explorer.answers import Standing
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.header import images_seen as seen_by
from explorer.history import History
from explorer.metrics.stability import LEAST, swing

COURSE = "classifier distance"  # the validation term whose swings tell how steady a training was
ALIKE = 0.02  # share of a figure within which another one is no better and no worse
AT_AN_EPOCH = (COURSE, "effective classes", "pairwise distance", "reconstruction")

Figures = dict[str, float]  # by name, such as those of `MEASURES`


@dataclass(frozen=True)
class Measure:
    """What ranks models: what a good and a bad one are, and how its figure is said."""

    good: str
    bad: str
    text: Callable[[float], str]
    lower: bool = True  # is better


def short(number: float) -> str:
    """2,231,364,864 -> 2.23 G: three digits and k, M or G."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.3g}"


MEASURES = {  # the weighty ones first
    COURSE: Measure(
        "samples like real pictures",
        "samples unlike real pictures",
        "classifier distance {:.3g}".format,
    ),
    "effective classes": Measure(
        "all classes in turn",
        "some classes hardly ever",
        "{:.1f} effective classes".format,
        lower=False,
    ),
    "reconstruction": Measure("true copies", "loose copies", "squared error {:.1f}".format),
    "operations": Measure(
        "a cheap sample", "a costly sample", lambda count: f"{short(count)} operations"
    ),
    "swing": Measure("a steady training", "a training with relapses", "swing {:.2f}".format),
    "images seen": Measure(
        "little to learn from", "much to learn from", lambda count: f"{short(count)} images seen"
    ),
}


# What is known ------------------------------------------------------------------------------------


def at_epoch(told: History | None, epoch: float) -> Figures:
    """What was measured of samples and copies at an epoch or last before it; {} if nothing was."""
    found: Figures = {}
    for term in AT_AN_EPOCH if told else ():
        _, values = told.validation.curve(term)
        known = np.flatnonzero(np.isfinite(values))
        place = films.newest([told.validation.epochs[i] for i in known], epoch + 0.005)
        if place is not None:
            found[term] = float(values[known[place]])
    return found


def of_weights(entry: Entry, epoch: float) -> Figures:
    """The same of a file that tells nothing of its training but what its weights were worth.

    What was measured of its samples for the board counts where the file itself says nothing.
    """
    facts = entry.header.facts
    if facts["epoch"] > epoch + 0.005:
        return {}
    ranked = fid(entry)
    scores = {name: one.value for name, one in ranked.scores.items()} if ranked else {}
    known = scores | (facts.get("measured") or {})
    return {term: known[term] for term in AT_AN_EPOCH if term in known}


def of_training(entry: Entry, told: History | None) -> Figures:
    """How much it saw, and its foundation before it; how long it took, and how steady it went.

    What is not known is left out.
    """
    before = seen_before(entry)
    found: Figures = {"images seen": before + seen_by(entry.header.facts)}
    if before:
        found["images seen before"] = before
    if told and told.seconds:
        found["seconds"] = told.seconds
    curve = course(told)
    if len(curve) >= LEAST and (curve > 0).all():
        found["swing"] = swing(curve)
    return found


def of_a_sample(entry: Entry) -> Figures:
    """Evaluations of the network, operations and milliseconds, once they have been measured."""
    cells = capabilities.kept(entry) | capabilities.shipped(entry)
    cell = cells.get("cost")
    if cell is None or cell.value is None:
        return {}
    return {"ms": cell.value} | {k: cell.facts[k] for k in ("evaluations", "operations")}


def fid(entry: Entry) -> Standing | None:
    """The standing with the lowest FID that came with the program for exactly these weights.

    Of samples from the model's own prior: a fitted one belongs to no weights.
    """
    same = [s for s in standings.all_shipped() if s.key == entry.key and "FID" in s.scores]
    same = [s for s in same if s.protocol.checkpoint_sha256 == entry.digest] if same else []
    same = [s for s in same if not s.protocol.fitted]
    return min(same, key=lambda standing: standing.scores["FID"].value, default=None)


def images_seen(entry: Entry) -> int:
    """How many pictures it has learned from, each time counted, with its foundation's."""
    return seen_before(entry) + seen_by(entry.header.facts)


def seen_before(entry: Entry) -> int:
    """How many of them its foundation learned from; 0 without one."""
    before = foundation(entry)
    return seen_by(before.header.facts) if before else 0


def foundation(entry: Entry) -> Entry | None:
    """The autoencoder that a latent diffusion took over, if it is still here."""
    key = entry.header.recipe["model"].get("autoencoder", "")
    try:
        return catalog.entry(key) if key else None
    except ExplorerError:
        return None


def course(told: History | None) -> np.ndarray:
    """The distances to real pictures that were measured while it trained; none if unknown."""
    values = told.validation.curve(COURSE)[1] if told else np.array([])
    return values[np.isfinite(values)]


# What follows -------------------------------------------------------------------------------------


def verdicts(known: Sequence[Figures]) -> list[tuple[str, str]]:
    """For each of some models where it stands best among them, and where worst.

    Two empty texts where it cannot be compared with another one, or all are alike.
    """
    ranks = [dict[str, tuple[float, int, int]]() for _ in known]
    for name, measure in MEASURES.items():
        values = {i: one[name] for i, one in enumerate(known) if name in one}
        for i, place in _places(values, measure.lower).items():
            ranks[i][name] = (place - 1) / (len(values) - 1), place, len(values)
    return [_verdict(own, figures) for own, figures in zip(ranks, known, strict=True)]


def _places(values: Mapping[int, float], lower: bool) -> dict[int, int]:
    """The place of each value, 1 the best; those that are alike share the better place."""
    sign = 1 if lower else -1
    ahead = {
        i: sum(sign * (a - b) > ALIKE * abs(a) for b in values.values()) for i, a in values.items()
    }
    return {i: 1 + n for i, n in ahead.items()} if any(ahead.values()) else {}


def _verdict(ranks: Mapping[str, tuple[float, int, int]], figures: Figures) -> tuple[str, str]:
    best = min(ranks, key=lambda name: ranks[name][0], default="")
    worst = max(ranks, key=lambda name: ranks[name][0], default="")
    if best == worst:
        return "", ""
    return _said(best, True, ranks, figures), _said(worst, False, ranks, figures)


def _said(name: str, good: bool, ranks: Mapping[str, tuple[float, int, int]], own: Figures) -> str:
    measure, (_, place, count) = MEASURES[name], ranks[name]
    kind = measure.good if good else measure.bad
    return f"{kind} ({measure.text(own[name])}: place {place} of {count})"
