"""What few labels are worth in a model's own numbers, and what its samples are worth beside that.

Representation against generation: a model that keeps everything tells classes well and may invent
badly, and the other way round.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer import capabilities
from explorer.abilities.classes import ASKED, LABELLED, features, representation
from explorer.abilities.samples import distance, drawn
from explorer.abilities.samples import sample as measure_samples
from explorer.abilities.subject import Subject, first
from explorer.answers import FewShots
from explorer.capabilities import Cell
from explorer.competitors import competitor
from explorer.data import Data
from explorer.errors import InputError
from explorer.evaluation import as_input as from_tiles
from explorer.metrics import cost
from explorer.metrics.classifier import Classifier, classifier
from explorer.metrics.few_shots import LabelCurve, few_shots
from explorer.models.base import Model
from explorer.models.diffusing import Diffusing
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.models.vae import VAE
from explorer.pictures import tiles
from explorer.probes import latent_use, reconstruct

COPIED = 512  # test images whose copies are measured
PARTS = {"features": 0.35, "labels": 0.3, "samples": 0.35}  # of the work, roughly


def shots(of: Subject) -> Iterator[float | FewShots]:
    """How much is done (0 to 1), then all figures of one model.  Raises InputError, NonFinite."""
    train, test = _labelled(of.train), first(of.test, ASKED)
    way = representation(of.model)
    rows = yield from _rows(of.model, np.concatenate([train.x, test.x]))
    vote, probe = yield from _told(rows, train, test)
    quality = yield from _quality(of)
    header = of.entry.header
    model = header.recipe["model"]
    yield FewShots(
        of.entry.exact,
        of.entry.title,
        header.family,
        of.train.name,
        of.entry.digest,
        way,
        rows.shape[1],
        *curves(vote, probe),
        model.get("latent"),
        model.get("beta") if header.family == "vae" else None,
        *quality,
        *_copies(of.model, of.test.x[:COPIED]),
        cost.command(header.recipe),
    )


def curves(vote: LabelCurve, probe: LabelCurve) -> tuple[tuple, ...]:
    """As plain values: labels a class, pairs of the vote, pairs of the probe."""
    pairs = (tuple(zip(c.mean.tolist(), c.error.tolist(), strict=True)) for c in (vote, probe))
    return vote.labels, *pairs


def _labelled(train: Data) -> Data:
    if train.y is None:
        raise InputError("These data have no labels, so nothing can be told from few of them.")
    return first(train, LABELLED)


def _rows(model: Model, x: np.ndarray) -> Iterator[float]:
    """The numbers of each picture, N D."""
    found = []
    for chunk in features(model, x):
        found.append(chunk)
        yield PARTS["features"] * sum(map(len, found)) / len(x)
    return np.concatenate(found)


def _told(rows: np.ndarray, train: Data, test: Data) -> Iterator[float]:
    """Both curves of features of training and test pictures."""
    known, asked = rows[: len(train)], rows[len(train) :]
    for told in few_shots(known, train.y, asked, test.y):
        if isinstance(told, float):
            yield PARTS["features"] + PARTS["labels"] * told
    return told


# Its samples --------------------------------------------------------------------------------------


def _quality(of: Subject) -> Iterator[float]:
    """Classifier distances of samples from its own prior, and from a mixture fitted to latents."""
    judge = classifier(of.train.name)
    if judge is None:
        return None, None
    if isinstance(of.model, Diffusing):  # takes minutes
        known = capabilities.shipped(of.entry) | capabilities.kept(of.entry)
        return (yield from _known(of, known.get("sample"))), None
    plain = yield from _drawn(of, judge, {})
    if "Encodes" not in of.model.capabilities:
        return plain, None
    return plain, (yield from _drawn(of, judge, {"prior": "mixture"}))


def _drawn(of: Subject, judge: Classifier, how: dict[str, Any]) -> Iterator[float]:
    half, begin = PARTS["samples"] / 2, 1 - PARTS["samples"] / (1 if not how else 2)
    one = competitor(of.entry.key, how)
    work = drawn(one, 1.0)
    while True:
        try:
            yield begin + half * next(work)
        except StopIteration as end:
            return distance(end.value, judge)[0]


def _known(of: Subject, cell: Cell | None) -> Iterator[float]:
    """A figure of the page Capabilities, or that measured now."""
    if cell is None:
        for told in measure_samples(of):
            if isinstance(told, float):
                yield 1 - PARTS["samples"] * (1 - told)
        cell = told
    return cell.value


def _copies(model: Model, x: np.ndarray) -> tuple[float | None, float | None]:
    """Squared error an image, and KL in nats; None where there is none."""
    coder = model.autoencoder if isinstance(model, LatentDiffusion) else model
    if "Encodes" not in coder.capabilities:
        return None, None
    kl = float(latent_use(coder, x).kl.sum()) if isinstance(coder, VAE) else None
    return float(reconstruct(coder, x).squared_error.mean()), kl


# What they are compared with ----------------------------------------------------------------------


def lines(train: Data, test: Data) -> Iterator[FewShots]:
    """The same of raw pixels, and of the features of a classifier that was told all labels."""
    train, test = _labelled(train), first(test, ASKED)
    flat = np.concatenate([train.x, test.x]).reshape(len(train) + len(test), -1)
    yield _line("pixels", "raw pixels", train, test, flat / np.float32(255))
    if judge := classifier(train.name):
        x = from_tiles(tiles(np.concatenate([train.x, test.x])))
        name = "features of a classifier, told 60,000 labels"
        yield _line("classifier", name, train, test, judge.features(x).numpy())


def _line(family: str, way: str, train: Data, test: Data, rows: np.ndarray) -> FewShots:
    *_, told = few_shots(rows[: len(train)], train.y, rows[len(train) :], test.y)
    named = "", way.capitalize(), family, train.name, ""
    return FewShots(*named, way, rows.shape[1], *curves(*told))
