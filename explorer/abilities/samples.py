"""How far samples are from real pictures, in the features of a small classifier."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer import copying, evaluation, scoring
from explorer.abilities.subject import SHOWN, Measure, Subject, picture
from explorer.capabilities import Cell
from explorer.competitors import Competitor, competitor
from explorer.metrics.classifier import Classifier, classifier, problem
from explorer.pictures import sheet
from explorer.shelf import Shelf

SAMPLES = 2000


def sample(of: Subject) -> Measure:
    """The classifier distance of samples, and some of them."""
    one = usual(of)
    pictures = yield from drawn(one, 0.6 if "prior" in one.how else 0.9)
    shown = picture(sheet(pictures[: 2 * SHOWN], SHOWN, gap=1))
    judge = classifier(of.train.name)
    if judge is None:
        yield Cell("sample", None, None, problem(of.train.name), {}, shown)
        return
    value, error = distance(pictures, judge)
    facts: dict[str, Any] = {"samples": len(pictures), "floor": judge.floor}
    if "prior" in one.how:
        plain = yield from drawn(competitor(of.entry.key), 0.9)
        facts["from N(0, I)"] = distance(plain, judge)[0]
    yield Cell("sample", value, error, _way(one), facts, shown)


def usual(of: Subject) -> Competitor:
    """As it is sampled on the board; an autoencoder, which has no prior, gets one fitted."""
    how = {"prior": "mixture"} if of.entry.header.family == "autoencoder" else {}
    return competitor(of.entry.key, how)


def drawn(one: Competitor, most: float) -> Iterator[float]:
    """The pictures, uint8 n H W [3]; up to ``most`` of all is done by then."""
    work = copying.drawn(one, SAMPLES, Shelf(one.shelf))
    while True:
        try:
            _, done, total = next(work)
        except StopIteration as end:
            return end.value
        yield most * done / total


def distance(pictures: np.ndarray, judge: Classifier) -> tuple[float, float]:
    """As on the board, with its standard error."""
    seen = judge.features(evaluation.as_input(pictures)).numpy()
    _, found = next(scoring.of_classes(seen, judge))
    return found.value, found.error


def _way(one: Competitor) -> str:
    if one.how.get("prior"):
        return "z from a mixture of 10 Gaussians, fitted to its latents afterwards"
    return one.sampling or "z from N(0, I)"
