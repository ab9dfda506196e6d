"""FID and KID of sets of known pictures, while they are measured: real ones, whole or corrupted.

Features are kept on shelves chunk by chunk: more pictures, or another choice among the same ones,
repeat nothing.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer import corrupting, data
from explorer.corrupting import CHUNK, DATA
from explorer.device import choose, default_precision
from explorer.errors import InputError, StoreError
from explorer.evaluation import against, as_input, features
from explorer.metrics import inception, reference
from explorer.metrics.classifier import classifier, problem
from explorer.metrics.frechet import frechet_of
from explorer.metrics.kernel import kid
from explorer.pictures import tiles
from explorer.shelf import Shelf, key_of

REAL = 1000  # training pictures that KID compares with, at most
COUNTS = (500, 1000, 2000)  # pictures of a set


def shelf_of(name: str, strength: float) -> Shelf:
    """Where the features of a set's chunks are kept; a choice of real pictures shares theirs."""
    split = corrupting.UNCHANGED.get(name, "test")
    facts = {"data": data.load(DATA, split).digest, "chunk": CHUNK, "order": 0}
    if corrupting.changes(name):
        facts |= {"corruption": name, "strength": float(strength)}
    return Shelf(key_of(facts))


def looked_at(
    name: str, strength: float, n: int, precision: str
) -> Iterator[tuple[float, np.ndarray]]:
    """The share that is done, and the features of a set's n pictures as far as they are known."""
    where, place = corrupting.places(name, strength, n), shelf_of(name, strength)
    numbers = [int(k) for k in np.unique(where // CHUNK)]
    table = np.full((where.max() // CHUNK + 1) * CHUNK, -1)  # place -> row of what was seen
    seen = np.empty((0, inception.FEATURES), np.float32)
    for i, number in enumerate(numbers):
        pictures = corrupting.chunk(name, strength, number)
        for found in features(place, pictures, number, precision):
            if isinstance(found, int):
                yield (i + found / len(pictures)) / len(numbers), seen[:0]
        table[number * CHUNK : number * CHUNK + len(found)] = len(seen) + np.arange(len(found))
        seen = np.concatenate([seen, found])
        rows = table[where]
        yield (i + 1) / len(numbers), seen[rows[rows >= 0]]
    place.used()


def measured(name: str, strength: float, n: int) -> Iterator[dict[str, Any]]:
    """FID and KID of n pictures of a set against the training images, as they are measured.

    Each item tells the ``stage``, the ``share`` of it that is done, and ``fid``, pairs of pictures
    seen and their FID; the last adds ``value``, ``kid``, ``kid_error`` and ``precision``.  Raises
    InputError, StoreError.
    """
    if n not in COUNTS:
        raise InputError(f"{n} pictures are asked for. Take one of {', '.join(map(str, COUNTS))}.")
    if said := inception.problem():
        raise StoreError(said)
    precision = default_precision(choose().name)
    for known in against(tiles(data.load(DATA).x[: reference.FIRST]), precision):
        if isinstance(known, float):
            yield _told("reference", known)
    others = "real" if name == "train" else "train"  # no picture is compared with itself
    for share, real in looked_at(others, 0, min(n, REAL), precision):  # noqa: B007
        yield _told("real", share)
    curve: tuple[tuple[int, float], ...] = ()
    for share, seen in looked_at(name, strength, n, precision):
        if len(seen) > (curve[-1][0] if curve else 1):
            curve += ((len(seen), frechet_of(seen, known)),)
        yield _told("set", share, curve)
    found = kid(seen, real)
    answer = {"kid": found.full, "kid_error": found.error, "precision": precision}
    yield _told("done", 1.0, curve) | {"value": curve[-1][1]} | answer


def _told(stage: str, share: float, fid: tuple = ()) -> dict[str, Any]:
    return {"stage": stage, "share": float(share), "fid": fid}


def quick(name: str, strength: float, n: int) -> float:
    """The classifier distance of n pictures of a set.  Raises StoreError without a classifier."""
    judge = classifier(DATA)
    if judge is None:
        raise StoreError(problem(DATA))
    return judge.distance(judge.features(as_input(corrupting.corrupted(name, strength, n))))
