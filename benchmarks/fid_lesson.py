"""What the page "What is FID?" shows when it opens: FID and KID of real pictures made worse.

Every picture goes through the Inception network once; features stay on shelves beside the runs
(`explorer.shelf`), so a run that was broken off goes on where it was, the most telling sets first.
About 35,000 pictures: half an hour on two idle cores.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from explorer import competitors, corrupting, data, files, lesson, trials
from explorer.corrupting import CHUNK, CORRUPTIONS, DATA
from explorer.device import choose, default_precision
from explorer.evaluation import against, features
from explorer.metrics import inception, reference
from explorer.metrics.frechet import Statistics, frechet, frechet_of, statistics
from explorer.metrics.kernel import kid
from explorer.metrics.uncertainty import at_infinity
from explorer.pictures import tiles
from explorer.shelf import Shelf

MODELS = ("pretrained:gan-fashion", "pretrained:vae-fashion", "pretrained:diffusion-fashion")
COUNTS = (100, 200, 350, 500, 1000, 1500, 2000, 3000, 5000, 7500, 10_000)
LARGE = 10_000  # real test pictures
SUBSETS = 10  # of one size, at most
RESIZED = 1000  # pictures that are enlarged in the other way


def main() -> None:
    """Look at what is missing, then write the file; ``--write`` only what is kept by now."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=lesson.FILE, help="default: where pages read")
    parser.add_argument("--write", action="store_true", help="look at nothing; write what is kept")
    asked = parser.parse_args()
    precision = default_precision(choose().name)
    for title, work in () if asked.write else _stages(precision):
        start = time.perf_counter()
        for _ in work:
            pass
        print(f"{title}: {time.perf_counter() - start:.0f} s", flush=True)
    _write(asked.out, precision)


def _stages(precision: str) -> Iterator[tuple[str, Iterator]]:
    changing = [one for one in CORRUPTIONS.values() if one.change]
    grid = [(one.name, one.strengths[i]) for i in (1, 2, 0, 3) for one in changing]
    real = (trials.looked_at(name, 0, n, precision) for name, n in (("train", 500), ("real", 1000)))
    yield "real pictures", chain.from_iterable(real)
    for name, strength in grid:
        yield f"{name} {strength:g}", trials.looked_at(name, strength, 500, precision)
    for key in MODELS[:2]:
        yield key, _model(key, 500, precision)
    yield "real training pictures", trials.looked_at("train", 0, trials.REAL, precision)
    for n in (2000, 3000):
        yield f"{n} real test pictures", trials.looked_at("real", 0, n, precision)
    for key in MODELS:
        yield key, _model(key, 1000, precision)
    for n in (5000, LARGE):
        yield f"{n} real test pictures", trials.looked_at("real", 0, n, precision)
    yield "the other resize", _resized(precision)
    for name, strength in grid:
        yield f"{name} {strength:g}", trials.looked_at(name, strength, 1000, precision)


def _model(key: str, n: int, precision: str) -> Iterator[None]:
    """Samples of a shipped model and their features, on the shelf that the scoreboard uses too."""
    one = competitors.competitor(key)
    place = Shelf(one.shelf)
    for number in range(n // CHUNK):
        name = f"pictures-{number:04d}"
        if (kept := place.get(name)) is None:
            start = time.perf_counter()
            drawn = np.concatenate(list(competitors.draw(one, number)))
            kept = {"pictures": drawn, "seconds": np.array(time.perf_counter() - start)}
            place.put(name, **kept)
        for _ in features(place, kept["pictures"], number, precision):
            yield


def _resized(precision: str) -> Iterator[None]:
    """Features of pictures that were enlarged with antialiasing and half-pixel centres."""
    model = Shelf(competitors.competitor(MODELS[0]).shelf)
    for number in range(RESIZED // CHUNK):
        drawn = model.get(f"pictures-{number:04d}")["pictures"]
        for name, pictures in (("gan", drawn), ("train", corrupting.chunk("train", 0, number))):
            place = Shelf(f"antialiased-{name}")
            key = f"inception-{precision}-{number:04d}"
            if place.get(key) is None:
                found = np.concatenate(list(_antialiased(pictures, precision)))
                place.put(key, features=found.astype(np.float16))
            yield


def _antialiased(pictures: np.ndarray, precision: str) -> Iterator[np.ndarray]:
    """As torchmetrics enlarges by default; what is 299 wide already, the network leaves alone."""
    for start in range(0, len(pictures), 8):
        x = torch.tensor(pictures[start : start + 8])[:, None].float()
        size = (inception.SIDE, inception.SIDE)
        large = F.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)
        with torch.inference_mode():
            yield inception.inception(precision)(large[:, 0]).numpy()


# What is kept, as a file --------------------------------------------------------------------------


def _write(path: Path, precision: str) -> None:
    """Everything that can be told from the features that are there."""
    real, train = (_kept(trials.shelf_of(name, 0), precision) for name in ("real", "train"))
    *_, known = against(tiles(data.load(DATA).x[: reference.FIRST]), precision)
    found = {
        "protocol": _protocol(precision),
        "grid": _grid(known, precision, train, real),
        "real": _curve(real, known, train),
        "both": _both_sides(real),
        "models": [_told_model(key, known, precision, train) for key in MODELS],
        "resize": _pair(precision),
    }
    files.publish(path, files.json_bytes(found, indent=1))


def _protocol(precision: str) -> dict[str, Any]:
    real = data.load(DATA)
    return {
        "network": inception.NAME,
        "network_sha256": inception.SHA256,
        "resize": inception.RESIZE,
        "precision": precision,
        "data": data.title(DATA),
        "pictures": "test images in a shuffled order",
        "pictures_sha256": data.load(DATA, "test").digest,
        "reference": f"first {reference.FIRST:,} training images",
        "reference_sha256": real.digest,
        "kid": f"against up to {trials.REAL:,} of the training images",
        "made by": "python -m benchmarks.fid_lesson",
    }


def _kept(place: Shelf, precision: str) -> np.ndarray:
    """All features of a shelf, from its first chunk to the first that is missing, N 2048."""
    parts = [np.empty((0, inception.FEATURES), np.float32)]
    while kept := place.get(f"inception-{precision}-{len(parts) - 1:04d}"):
        parts.append(kept["features"].astype(np.float32))
    return np.concatenate(parts)


def _grid(known: Statistics, precision: str, train: np.ndarray, real: np.ndarray) -> dict[str, Any]:
    """All corruptions at one number of pictures, the largest that most are known at."""
    sets = [("real", 0.0), ("train", 0.0)]
    sets += [(one.name, s) for one in CORRUPTIONS.values() for s in one.strengths]
    for n in (1000, 500):
        seen = {one: _of_set(*one, n, precision) for one in sets}
        if n == 500 or all(one is not None for one in seen.values()):
            break
    others = {"train": real[:n]}  # no picture is compared with itself
    points = [
        {"name": name, "strength": strength, **_measures(x, known, others.get(name, train[:n]))}
        for (name, strength), x in seen.items()
        if x is not None
    ]
    return {"n": n, "points": points}


def _of_set(name: str, strength: float, n: int, precision: str) -> np.ndarray | None:
    """The features of a set if all are kept, n 2048."""
    whole = _kept(trials.shelf_of(name, strength), precision)
    where = corrupting.places(name, strength, n)
    return whole[where] if where.max() < len(whole) else None


def _measures(x: np.ndarray, known: Statistics, train: np.ndarray) -> dict[str, float]:
    found = kid(x, train)
    return {"fid": frechet_of(x, known), "kid": found.full, "kid_error": found.error}


def _curve(real: np.ndarray, known: Statistics, train: np.ndarray) -> dict[str, Any]:
    """FID of separate subsets of each size, their mean and standard deviation, and KID."""
    points = []
    for n in (n for n in COUNTS if n <= len(real)):
        parts = [real[k * n : (k + 1) * n] for k in range(min(SUBSETS, len(real) // n))]
        fids = [frechet_of(part, known) for part in parts]
        kids = [kid(part, train, subsets=1) for part in parts[:3]]
        spread = float(np.std(fids, ddof=1)) if len(fids) > 1 else None
        mine = {"fid": float(np.mean(fids)), "spread": spread}
        mine |= {"kid": kids[0].full, "kid_error": kids[0].error}
        points.append({"n": n, "subsets": len(parts)} | mine)
    return {"points": points, "infinity": _infinity([(p["n"], p["fid"]) for p in points])}


def _infinity(points: list[tuple[int, float]]) -> dict[str, float] | None:
    """The line in 1/n through the points from 250 pictures on."""
    some = [(n, fid) for n, fid in points if n >= 250]
    if len(some) < 3:
        return None
    found = at_infinity(*zip(*some, strict=True), nested=True)
    return {"value": found.value, "error": found.error, "slope": found.slope}


def _both_sides(real: np.ndarray) -> list[dict[str, float]]:
    """FID of n real pictures against n others."""
    return [
        {"n": n, "fid": frechet(statistics(real[:n]), statistics(real[n : 2 * n]))}
        for n in (500, 1000, 2000, 5000)
        if 2 * n <= len(real)
    ]


def _told_model(key: str, known: Statistics, precision: str, train: np.ndarray) -> dict[str, Any]:
    one = competitors.competitor(key)
    x = _kept(Shelf(one.shelf), precision)
    points = [(n, frechet_of(x[:n], known)) for n in range(CHUNK, len(x) + 1, CHUNK)]
    found = {"key": key, "title": one.title, "sha256": one.digest, "fid": points}
    if len(x):
        told = kid(x, train)
        found |= {"kid": told.full, "kid_error": told.error}
    return found | {"infinity": _infinity(points)}


def _pair(precision: str) -> dict[str, Any] | None:
    """One set of samples against one set of real pictures, enlarged in two ways."""
    model = Shelf(competitors.competitor(MODELS[0]).shelf)
    ours = [_kept(place, precision)[:RESIZED] for place in (model, trials.shelf_of("train", 0))]
    theirs = [_kept(Shelf(f"antialiased-{name}"), precision) for name in ("gan", "train")]
    if min(map(len, ours + theirs)) < RESIZED:
        return None
    both = {"tf1": frechet_of(ours[0], statistics(ours[1]))}
    both["antialiased"] = frechet_of(theirs[0], statistics(theirs[1]))
    both["mixed"] = frechet_of(theirs[0], statistics(ours[1]))
    return {"n": RESIZED, "title": competitors.competitor(MODELS[0]).title} | both


if __name__ == "__main__":
    main()
