"""Competitors measured side by side, while one looks on.

Three stages, each told step by step: pictures are drawn and measured by the classifier in passing;
the Inception network looks at them, a chunk of each competitor in turn, and the FID of as many as
it has seen follows; at the end come the measures that need them all.  Whatever was computed stands
on a shelf (`explorer.shelf`), so that a second look, more samples or a broken-off run repeat
nothing.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch

from explorer import competitors, data, recipe, scoring, standings
from explorer.answers import Standing
from explorer.competitors import CHUNK, Competitor
from explorer.data import Data
from explorer.errors import InputError
from explorer.expenses import expenses
from explorer.metrics import inception, reference
from explorer.metrics.classifier import Classifier, classifier
from explorer.metrics.frechet import Moments, Statistics, frechet_of
from explorer.pictures import tiles
from explorer.rulers import LEAST, Asked, protocol
from explorer.shelf import Shelf, key_of

LOOKS = 40  # pictures that the Inception network sees between two signs of life
AT = (250, 500, 1000, 1500, 2000, 3000, 4000, 5000, 7500, 10_000)  # where curves have a point
SMALL = 1e-6  # mean variance of pixels in [0, 1] over pictures, below which they are all one

Told = Iterator[tuple[int, Standing]]


@dataclass(eq=False)
class _Work:
    """One competitor while it is measured; ``told`` is what anyone may know of it."""

    one: Competitor
    told: Standing
    pictures: list[np.ndarray] = field(default_factory=list)
    quick: list[np.ndarray] = field(default_factory=list)  # features of the classifier
    slow: list[np.ndarray] = field(default_factory=list)  # features of the Inception network

    def __post_init__(self):
        self.shelf = Shelf(self.one.shelf)

    def tell(self, **news: Any) -> None:
        self.told = replace(self.told, **news)


def evaluate(ones: list[Competitor], asked: Asked) -> Told:
    """Measure competitors: yields (index, its standing) whenever something has changed.

    Raises InputError: nothing to measure, too few pictures, other data, or all pictures alike.
    """
    yield from _Contest(ones, asked).run()


def known(ones: list[Competitor], asked: Asked) -> list[Standing]:
    """The standing of each competitor that was measured in just this way before, or a waiting one.

    Raises InputError as `evaluate` does.
    """
    contest = _Contest(ones, asked)
    for _ in contest.each(contest.recall):
        pass
    return [work.told for work in contest.works]


class _Contest:
    def __init__(self, ones: list[Competitor], asked: Asked):
        self.asked = asked
        self.real = _comparable(ones, asked)
        self.judge: Classifier | None = classifier(self.real.name)
        self.works = [self._entered(one) for one in ones]

    def _entered(self, one: Competitor) -> _Work:
        how = protocol(one, self.asked, self.real)
        total = self.asked.samples
        return _Work(one, Standing(one.key, one.title, one.sampling, "waiting", 0, total, how))

    def run(self) -> Told:
        yield from enumerate(work.told for work in self.works)
        yield from self.each(self.recall)
        yield from self.each(self._draw)
        if self.asked.inception and self.open:
            yield from self._look()
        yield from self.each(self._score)

    @property
    def open(self) -> list[_Work]:
        """Those that are not finished yet."""
        return [work for work in self.works if work.told.stage != "done"]

    def recall(self, work: _Work) -> Iterator[None]:
        """A competitor that was measured in just this way before is finished at once."""
        noted = standings.kept(work.shelf.noted(_name(work)), work.told)
        if found := noted or standings.shipped(work.told, self.asked.precision == "auto"):
            work.told = found
            yield

    def each(self, stage: Callable[[_Work], Iterator[None]]) -> Told:
        for i, work in enumerate(self.works):
            if work in self.open:
                for _ in stage(work):
                    yield i, work.told

    # First stage: pictures ------------------------------------------------------------------------

    def _draw(self, work: _Work) -> Iterator[None]:
        """Pictures, and what the classifier sees in them, chunk by chunk."""
        seconds = count = 0.0
        for chunk in range(-(-self.asked.samples // CHUNK)):
            for kept in drawn(work.one, work.shelf, chunk):
                if isinstance(kept, int):
                    work.tell(stage="drawing", done=chunk * CHUNK + kept)
                    yield
            seconds, count = seconds + float(kept["seconds"]), count + len(kept["pictures"])
            work.pictures.append(kept["pictures"][: self.asked.samples - chunk * CHUNK])
            done = many(work.pictures)
            each = None if work.one.real else seconds / count
            work.tell(stage="drawing", done=done, seconds=each)
            self._judge(work)
            yield
        _check(work)

    def _judge(self, work: _Work) -> None:
        """The classifier distance of as many pictures as there are."""
        if not self.judge:
            return
        work.quick.append(self.judge.features(as_input(work.pictures[-1])).numpy())
        n = many(work.quick)
        if n in AT or n == self.asked.samples:
            found = self.judge.distance(torch.tensor(np.concatenate(work.quick)))
            work.tell(quick=(*work.told.quick, (n, found)))

    # Second stage: the Inception network ----------------------------------------------------------

    def _look(self) -> Told:
        """Features of all pictures, and of some real ones to compare with."""
        if said := inception.problem():
            for work in self.open:
                work.tell(problem=said)
                yield self.works.index(work), work.told
            return
        first = self.open[0]
        place = self.works.index(first)
        reals = self.real.x[: self.asked.most]
        for found in against(tiles(reals), self.asked.in_precision):
            if isinstance(found, float):
                first.tell(stage="reference", done=round(found * len(reals)), total=len(reals))
                yield place, first.told
        self.against: Statistics = found
        first.tell(total=self.asked.samples)
        for chunk in range(-(-self.asked.samples // CHUNK)):
            for work in self.open:
                for _ in self._see(work, chunk):
                    yield self.works.index(work), work.told
        yield from self._see_real(first)

    def _see(self, work: _Work, chunk: int) -> Iterator[None]:
        """The features of one chunk, and the FID of all chunks so far."""
        before = many(work.slow)
        for seen in features(work.shelf, work.pictures[chunk], chunk, self.asked.in_precision):
            if isinstance(seen, int):
                work.tell(stage="looking", done=before + seen)
                yield
        work.slow.append(seen)
        n = many(work.slow)
        work.tell(stage="looking", done=n)
        if n in AT or n == self.asked.samples:
            found = frechet_of(np.concatenate(work.slow), self.against)
            work.tell(fid=(*work.told.fid, (n, found)))
        yield

    def _see_real(self, first: _Work) -> Told:
        """Features of some real pictures, of the kind that the reference is made of."""
        place = self.works.index(first)
        real = competitors.real(self.real.name, self.real.split)
        count = min(scoring.SOME, len(self.real))
        shelf, parts = Shelf(real.shelf), []
        for chunk in range(-(-count // CHUNK)):
            pictures = np.concatenate(list(competitors.draw(real, chunk)))
            for seen in features(shelf, pictures, chunk, self.asked.in_precision):
                if isinstance(seen, int):
                    first.tell(stage="reference", done=many(parts) + seen, total=count)
                    yield place, first.told
            parts.append(seen)
        first.tell(total=self.asked.samples)
        shelf.used()
        self.seen_real = np.concatenate(parts)

    # Third stage: what needs them all -------------------------------------------------------------

    def _score(self, work: _Work) -> Iterator[None]:
        work.tell(stage="comparing", done=0)
        yield
        for found in self._scores(work):
            if found:
                work.tell(scores=work.told.scores | dict([found]))
            yield
        work.tell(stage="done", done=self.asked.samples)
        if not work.told.problem:  # or it would stay unmeasured when the problem is gone
            work.shelf.note(_name(work), standings.to_json(work.told))
        work.shelf.used()
        yield

    def _scores(self, work: _Work) -> scoring.Scores:
        yield from scoring.of_pictures(np.concatenate(work.pictures), tiles(self.real.x))
        if self.judge:
            yield from scoring.of_classes(np.concatenate(work.quick), self.judge)
            # Who learned from the full set may copy a picture that is not here: no figure then.
            if not work.one.real and data.at_hand(work.one.data) == work.one.data:
                yield from self._copies(work)
        if work.slow:
            seen = np.concatenate(work.slow)
            curve = work.told.fid
            yield from scoring.of_features(seen, self.seen_real, self.against, curve)
        yield from expenses(work.one)

    def _copies(self, work: _Work) -> scoring.Scores:
        """Against all that the model was trained on, and the test images."""
        learned = recipe.learned(work.one.entry.header.recipe)
        both = []
        for images in (learned, data.load(self.real.name, "test")):
            for found in judged(images, self.judge):
                if isinstance(found, int):
                    work.tell(stage="copies", done=found, total=len(images))
                    yield None
            work.tell(stage="comparing", done=0, total=self.asked.samples)
            both.append(found)
        yield from scoring.of_copies(np.concatenate(work.quick), *both)


def _name(work: _Work) -> str:
    return f"standing-{key_of(asdict(work.told.protocol))}"


def _comparable(ones: list[Competitor], asked: Asked) -> Data:
    """The real pictures that all competitors can be compared with."""
    if not ones:
        raise InputError("Nothing is chosen to be measured. Choose a checkpoint.")
    names = {one.data.removesuffix("-full") for one in ones}
    if len(names) > 1:
        known = " and ".join(sorted(map(data.title, names)))
        raise InputError(
            f"These are of different data ({known}): no number would compare them. "
            "Choose competitors of one data set."
        )
    for one in ones:
        limit = competitors.available(one)
        if limit is not None and limit < asked.samples:
            raise InputError(
                f"There are {limit:,} of {one.title}, but {asked.samples:,} samples are asked for. "
                f"Ask for at most {limit:,}."
            )
    return asked.real(names.pop())


def _check(work: _Work) -> None:
    """A number where none is honest would be worse than none."""
    some = np.concatenate(work.pictures)[:LEAST].astype(np.float32) / 255
    if some.var(0).mean() < SMALL:
        raise InputError(
            f"All pictures of {work.told.title} are the same: they have no spread, and no measure "
            "of a distribution means anything. Choose another checkpoint."
        )


def many(parts: list[np.ndarray]) -> int:
    """How many there are in all parts."""
    return sum(map(len, parts))


def as_input(pictures: np.ndarray) -> torch.Tensor:
    """uint8 N H W [3] -> float N C H W in [0, 1]."""
    x = torch.tensor(pictures).float() / 255
    return x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2)


# Kept on shelves ----------------------------------------------------------------------------------


def drawn(one: Competitor, shelf: Shelf, chunk: int) -> Iterator[int | dict[str, np.ndarray]]:
    """``pictures`` of a chunk and the ``seconds`` they took, at last; before, how many there are.

    From the shelf, or drawn now.
    """
    name = f"pictures-{chunk:04d}"
    kept = shelf.get(name)
    if kept is None:
        start, parts = time.perf_counter(), []
        for part in competitors.draw(one, chunk):
            parts.append(part)
            yield many(parts)
        seconds = np.array(time.perf_counter() - start)
        kept = {"pictures": np.concatenate(parts), "seconds": seconds}
        shelf.put(name, **kept)
    yield kept


def features(
    shelf: Shelf, pictures: np.ndarray, chunk: int, precision: str
) -> Iterator[int | np.ndarray]:
    """Inception features N 2048 of a chunk, at last; before, how many pictures were looked at."""
    name = f"inception-{precision}-{chunk:04d}"
    kept = shelf.get(name)
    if kept is None or len(kept["features"]) < len(pictures):
        parts = []
        for start in range(0, len(pictures), LOOKS):
            some = pictures[start : start + LOOKS]
            parts.append(np.concatenate(list(inception.features(some, precision))))
            if many(parts) < len(pictures):  # then it is all kept before anyone can leave
                yield many(parts)
        kept = {"features": np.concatenate(parts).astype(np.float16)}
        shelf.put(name, **kept)
    yield kept["features"][: len(pictures)].astype(np.float32)


def against(reals: np.ndarray, precision: str) -> Iterator[float | Statistics]:
    """Statistics of real pictures uint8 N H W [3], at last: shipped, kept, or computed now.

    Before, how much is done, 0 to 1; what was looked at is kept.  Raises InputError for fewer than
    2 pictures.
    """
    key = reference.digest(reals, precision)
    if found := reference.shipped(key):
        yield found
        return
    shelf = Shelf(f"reference-{key[:24]}")
    if kept := shelf.get("statistics"):
        yield reference.unpack(kept)
        return
    moments = Moments()
    for chunk, start in enumerate(range(0, len(reals), CHUNK)):
        for seen in features(shelf, reals[start : start + CHUNK], chunk, precision):
            if isinstance(seen, int):
                yield (start + seen) / len(reals)
        moments.update(seen)
        yield (start + len(seen)) / len(reals)
    found = moments.compute()
    shelf.put("statistics", **reference.pack(found))
    shelf.used()
    yield found


def judged(real: Data, judge: Classifier) -> Iterator[int | np.ndarray]:
    """What the classifier sees in all real pictures, N 128, at last; before, in how many."""
    shelf = Shelf(key_of({"classifier": judge.accuracy, "data": real.digest}))
    kept = shelf.get("features")
    if kept is None:
        parts = []
        for start in range(0, len(real), CHUNK):
            x = torch.tensor(real.x[start : start + CHUNK]).float() / 255
            parts.append(judge.features(x).numpy())
            yield start + len(x)
        kept = {"features": np.concatenate(parts)}
        shelf.put("features", **kept)
        shelf.used()
    yield kept["features"]
