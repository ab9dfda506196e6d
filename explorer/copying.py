"""Does a model copy?  Its samples beside all that it learned from, and beside unseen pictures.

Everything slow is told step by step as (what is done, how much of it, of how much), and kept on
shelves, so that a second look costs nothing.
"""

from collections.abc import Generator, Iterator

import numpy as np
import torch

from explorer import competitors, data, evaluation
from explorer.answers import Copies, CopyRate, Shifts
from explorer.competitors import CHUNK, Competitor
from explorer.data import Data
from explorer.device import choose, default_precision
from explorer.errors import InputError
from explorer.metrics import classifier
from explorer.metrics.classifier import Classifier
from explorer.metrics.frechet import frechet_of, statistics
from explorer.metrics.memorised import COPY, memorised
from explorer.metrics.neighbours import nearest
from explorer.pictures import tiles
from explorer.recipe import learned
from explorer.shelf import Shelf, key_of

SPACES = ("pixels", "classifier", "inception")
NEIGHBOURS = 5
SLOW = 1000  # test images that the Inception network looks at
SHIFTS = 5  # 0 to 4 pixels
SHIFTED = 100  # pictures that are moved

Told = tuple[str, int, int]
Work = Generator[Told, None, np.ndarray]


def copies(one: Competitor, space: str, n: int) -> Iterator[Told | np.ndarray | Copies]:
    """The samples of a checkpoint as soon as they are drawn, and at last how near they come.

    Raises InputError for real pictures, for points, and for data without a network to look.
    """
    train, test, note = _real(one)
    shelf = Shelf(one.shelf)
    pictures = yield from drawn(one, n, shelf)
    yield pictures
    seen = [
        (yield from looked(space, train.name, pictures, shelf)),
        (yield from looked_real(space, train)),
        (yield from looked_real(space, test)),
    ]
    yield "Looking for the nearest", 0, 1
    yield _compared(space, pictures, seen, note)


def rates(keys: list[str], n: int, seed: int) -> Iterator[Told | tuple[CopyRate, ...]]:
    """How much several checkpoints copy: after each of them, all so far."""
    found: list[CopyRate] = []
    for key in keys:
        found.append((yield from _rate(competitors.competitor(key, seed=seed), n)))
        yield tuple(found)


def _rate(one: Competitor, n: int) -> Generator[Told, None, CopyRate]:
    train, test, _ = _real(one)
    shelf = Shelf(one.shelf)
    pictures = yield from drawn(one, n, shelf)
    m = memorised(_flat(pictures), _flat(train.x), _flat(test.x))
    distance = unseen = floor = None
    if classifier.classifier(train.name):
        x = yield from looked("classifier", train.name, pictures, shelf)
        a = yield from looked_real("classifier", train)
        b = yield from looked_real("classifier", test)
        own, other = statistics(a), statistics(b)
        distance, unseen = frechet_of(x, own), frechet_of(x, other)
        floor = frechet_of(_some(b, n), own)
    step = one.entry.header.facts.get("step", 0)
    figures = (m.copied, m.nearer, m.error, m.z)
    return CopyRate(one.key, one.title, step, len(train), *figures, distance, unseen, floor)


# What is compared ---------------------------------------------------------------------------------


def _real(one: Competitor) -> tuple[Data, Data, str]:
    """What a model learned from, test images, and what to know about them."""
    if one.real:
        raise InputError("Real pictures copy nothing. Choose a checkpoint.")
    settings = one.entry.header.recipe
    train = learned(settings)
    note = ""
    if train.name != settings["data"]:
        note = (
            f"It learned from {data.title(settings['data'])}; only {len(train):,} of these are "
            "here, so a copy of any other goes unseen, and the shares are too low."
        )
    return train, data.load(train.name, "test"), note


def drawn(one: Competitor, n: int, shelf: Shelf) -> Work:
    """The first ``n`` samples, uint8 n H W [3]: from the shelf, or drawn now."""
    chunks = []
    for chunk in range(-(-n // CHUNK)):
        for kept in evaluation.drawn(one, shelf, chunk):
            if isinstance(kept, int):
                yield "Drawing samples", chunk * CHUNK + kept, n
        chunks.append(kept["pictures"])
    shelf.used()
    return np.concatenate(chunks)[:n]


def looked(space: str, data_name: str, pictures: np.ndarray, shelf: Shelf) -> Work:
    """Pictures uint8 N H W [3] as rows N D of a space: their pixels, or what a network sees."""
    if space == "pixels":
        return _flat(pictures)
    if space == "classifier":
        yield "Asking the classifier", 0, 1
        return judge_of(data_name).features(evaluation.as_input(pictures)).numpy()
    if space != "inception":
        raise InputError(f"There is no space {space!r}. Choose one of {', '.join(SPACES)}.")
    parts, precision = [], default_precision(choose().name)
    for chunk in range(-(-len(pictures) // CHUNK)):
        some = pictures[chunk * CHUNK : (chunk + 1) * CHUNK]
        for seen in evaluation.features(shelf, some, chunk, precision):
            if isinstance(seen, int):
                done = evaluation.many(parts) + seen
                yield "The Inception network looks", done, len(pictures)
        parts.append(seen)
    return np.concatenate(parts)


def looked_real(space: str, real: Data) -> Work:
    """The same for all of one split; of test images the Inception network sees the first few."""
    if space == "classifier":
        judge = judge_of(real.name)
        said = f"The classifier looks at {real.split} images"
        for seen in evaluation.judged(real, judge):
            if not isinstance(seen, int):
                return seen
            yield said, seen, len(real)
    x = real.x[:SLOW] if space == "inception" and real.split == "test" else real.x
    shelf = Shelf(key_of({"digest": real.digest, "family": "real", "order": "as stored"}))
    return (yield from looked(space, real.name, tiles(x), shelf))


def judge_of(data_name: str) -> Classifier:
    """The classifier of a data set (InputError if there is none)."""
    judge = classifier.classifier(data_name)
    if judge is None:
        raise InputError(f"{classifier.problem(data_name)} Choose pixels instead.")
    return judge


def _compared(space: str, pictures: np.ndarray, seen: list[np.ndarray], note: str) -> Copies:
    x, train, test = seen
    m = memorised(x, train, test)
    near = [nearest(x, real, min(NEIGHBOURS, len(real))) for real in (train, test)]
    away = m.away
    return Copies(
        space=space,
        pictures=pictures,
        train=near[0][0],
        test=near[1][0],
        train_away=near[0][1],
        test_away=near[1][1],
        copied=(away[:, 0] < COPY * away[:, 1]) | (away[:, 0] == 0),
        nearer=m.nearer,
        error=m.error,
        z=m.z,
        to_train=m.to_train,
        to_test=m.to_test,
        unseen=m.unseen,
        compared=m.compared,
        learned=len(train),
        distances={} if space == "pixels" else _distances(x, train, test),
        note=note,
    )


def _distances(x: np.ndarray, train: np.ndarray, test: np.ndarray) -> dict[str, float]:
    """Fréchet distances to what was learned from; both of equally many, so equally biased."""
    own = statistics(train)
    return {"samples": frechet_of(x, own), "test": frechet_of(_some(test, len(x)), own)}


def _some(rows: np.ndarray, n: int) -> np.ndarray:
    """``n`` rows at random, always the same."""
    return rows[np.random.RandomState(0).permutation(len(rows))[:n]]


def _flat(x: np.ndarray) -> np.ndarray:
    """Rows of pixels in one order, however the pictures are laid out: N C H W or N H W [3]."""
    return (tiles(x) if x.shape[1] in (1, 3) else x).reshape(len(x), -1)


# Why pixels mislead -------------------------------------------------------------------------------


def shifts(data_name: str, index: int) -> Iterator[Told | Shifts]:
    """The training picture ``index`` and many others, moved, and looked for where they came from.

    Raises InputError for data without a classifier, or without that picture.
    """
    train = data.load(data.at_hand(data_name))
    if not 0 <= index < len(train):
        raise InputError(f"There is no picture {index}. Choose one from 0 to {len(train) - 1:,}.")
    judge = judge_of(train.name)
    table = yield from looked_real("classifier", train)
    chosen = np.append(index, np.random.RandomState(0).permutation(len(train))[:SHIFTED])
    found, moved = [], []
    for s in range(SHIFTS):
        yield "Moving pictures", s, SHIFTS
        x = shifted(train.x[chosen], s)
        features = judge.features(torch.tensor(x).float() / 255).numpy()
        sought = ((_flat(x), _flat(train.x)), (features, table))
        found.append([nearest(queries, rows)[0][:, 0] for queries, rows in sought])
        moved.append(tiles(x[:1])[0])
    places = np.array(found).transpose(1, 0, 2)  # space shift picture
    again = (places[..., 1:] == chosen[1:]).mean(-1)
    yield Shifts(np.stack(moved), places[..., 0], again)


def shifted(x: np.ndarray, pixels: int) -> np.ndarray:
    """uint8 N C H W moved to the right; what comes in from the left is black."""
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (pixels, 0)))[..., : x.shape[-1]]
