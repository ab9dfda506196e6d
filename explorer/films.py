"""The previews of runs as films: one run's tracks, or several on one slider of steps or epochs."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from explorer.answers import Film, Track
from explorer.errors import StoreError
from explorer.history import History
from explorer.levels import evenly
from explorer.pictures import read_png

SHOWN = (0, 1, 9, 10, 20, 25)  # epochs that the course looks at
BUDGET = 24_000_000  # bytes of one film; beyond it tracks are cropped, then frames left out
WAY = "reverse"  # the track in which a row shows one sample on its way
BESIDE = 64  # frames of packed films beside each other
TITLES = {
    "reconstructions": "Test images above, reconstructions below",
    "samples": "Samples from fixed noise",
    WAY: "From noise (left) to picture (right), a row a sample",
}
EPOCH = re.compile(r"epoch (\d+(?:\.\d+)?)$")  # how the label of a frame ends


def run_film(told: History, frames: int | None = None) -> Film | None:
    """All tracks of one run under their own names, or at most so many `telling` frames of them.

    None before its first preview.
    """
    names = dict.fromkeys(track for _, track in told.previews)
    steps = sorted({step for step, _ in told.previews})
    if frames is not None:
        steps = telling(steps, told.per_epoch, frames)
    return _film([(name, told, name) for name in names], steps, told.per_epoch)


def telling(steps: list[int], per_epoch: int, most: int) -> list[int]:
    """At most ``most`` of some steps: every whole epoch, or else those of `SHOWN`; then others.

    The first and the last are among them, and the others are evenly spaced.
    """
    if len(steps) <= most:
        return steps
    whole = {step for step in steps if step % per_epoch == 0} | {steps[0], steps[-1]}
    if len(whole) > most:
        shown = {epoch * per_epoch for epoch in SHOWN}
        whole = whole & shown | {steps[0], steps[-1]}
    if len(whole) > most:
        return [steps[i] for i in evenly(len(steps) - 1, most)] if most else []
    others = [step for step in steps if step not in whole]
    more = evenly(len(others) - 1, most - len(whole)) if len(whole) < most else []
    return sorted(whole | {others[i] for i in more})


def cropped(film: Film, shape: Sequence[int], tiles: int) -> Film:
    """The first ``tiles`` rows and columns of sheets whose tiles are of ``shape``, C H W.

    A row of the way from noise to a picture keeps all its columns; pictures of points are whole.
    """
    if len(shape) < 3:
        return film
    rows, columns = (side * tiles for side in shape[1:])
    tracks = (
        replace(t, frames=t.frames[:, :rows, : None if t.title == WAY else columns])
        for t in film.tracks
    )
    return replace(film, tracks=tuple(tracks))


def titled(film: Film) -> Film:
    """The film with its tracks named for people."""
    tracks = tuple(replace(t, title=TITLES.get(t.title, t.title)) for t in film.tracks)
    return replace(film, tracks=tracks)


def shortened(film: Film, frames: int) -> Film:
    """At most ``frames`` frames, evenly spaced, the first and the last among them."""
    count = len(film.labels)
    kept = evenly(count - 1, min(frames, count))
    tracks = tuple(replace(t, frames=t.frames[kept]) for t in film.tracks)
    return replace(film, tracks=tracks, labels=tuple(film.labels[i] for i in kept))


def comparison(runs: list[tuple[str, History]], track: str) -> Film | None:
    """One ``track`` of several titled runs; each shows its newest preview up to the step."""
    told = [(title, h, track) for title, h in runs if any(t == track for _, t in h.previews)]
    steps = sorted({step for _, h, _ in told for step, t in h.previews if t == track})
    return _film(told, steps, told[0][1].per_epoch if told else 1)


def newest(moments: Sequence[float], moment: float) -> int | None:
    """Which of some ascending ``moments`` is the last at or before ``moment``; None if none is."""
    after = bisect_right(moments, moment)
    return after - 1 if after else None


def epochs(film: Film) -> tuple[float, ...]:
    """The epoch of each frame, as its label tells (StoreError if not told, or not in order)."""
    found = [EPOCH.search(label) for label in film.labels]
    told = tuple(float(one[1]) for one in found if one)
    if len(told) < len(found) or list(told) != sorted(told):
        raise StoreError("A film does not say at which epoch each of its pictures was made.")
    return told


def at_epochs(film: Film, track: str, moments: Sequence[float]) -> np.ndarray | None:
    """A track's newest picture at or before each of some epochs, never a later one.

    uint8 F H W [3], black before its first picture; None if there is no such track.
    """
    frames = next((t.frames for t in film.tracks if t.title == track), None)
    if frames is None or not len(frames):
        return None
    told = epochs(film)
    places = [newest(told, moment) for moment in moments]
    nothing = np.zeros_like(frames[0])
    return np.stack([nothing if i is None else frames[i] for i in places])


def moments(films: Sequence[Film], most: int, kept: Sequence[float] = ()) -> tuple[float, ...]:
    """All epochs at which any of some films has a picture, once each.

    Of more than ``most``, evenly spaced ones, and those of ``kept`` that are among them.
    """
    found = sorted({epoch for film in films for epoch in epochs(film)})
    if len(found) <= most:
        return tuple(found)
    few = {found[i] for i in evenly(len(found) - 1, most)}
    return tuple(sorted(few | (set(kept) & set(found))))


def side_by_side(named: Sequence[tuple[str, Film]], track: str) -> Film | None:
    """One track of several packed films, title and film each, on one slider of epochs.

    Those without it are left out; None if none has it.
    """
    found = [(t, film) for t, film in named if any(one.title == track for one in film.tracks)]
    if not found:
        return None
    times = moments([film for _, film in found], BESIDE)
    tracks = tuple(Track(title, at_epochs(film, track, times)) for title, film in found)
    return Film(tracks, tuple(f"epoch {moment:g}" for moment in times), fps=5)


def thumbnail(told: History) -> np.ndarray | None:
    """The newest samples, at most a quarter of the tiles; None before the first preview."""
    if not any(track == "samples" for _, track in told.previews):
        return None
    picture = _newest(told, "samples", max(step for step, _ in told.previews))
    return picture[: picture.shape[0] // 2, : picture.shape[1] // 2]


def _film(found: list[tuple[str, History, str]], steps: list[int], per_epoch: int) -> Film | None:
    if not found or not steps:
        return None
    steps = _affordable(steps, found)
    tracks = tuple(Track(title, _frames(h, track, steps)) for title, h, track in found)
    labels = tuple(f"step {step:,} · epoch {step / per_epoch:.2f}" for step in steps)
    return Film(tracks, labels)


def _affordable(steps: list[int], found: list[tuple[str, History, str]]) -> list[int]:
    """As many steps as the budget allows, evenly spaced, the first and the last among them."""
    one = sum(_newest(h, track, steps[-1]).nbytes for _, h, track in found)
    most = max(2, BUDGET // one)
    if len(steps) <= most:
        return steps
    return [steps[i] for i in evenly(len(steps) - 1, most)]


def _frames(told: History, track: str, steps: list[int]) -> np.ndarray:
    return np.stack([_newest(told, track, step) for step in steps])


def _newest(told: History, track: str, step: int) -> np.ndarray:
    """The track's picture at ``step`` or the last before it (its first, if there is none)."""
    there = sorted(s for s, t in told.previews if t == track)
    at = there[newest(there, step) or 0]
    return _picture(told.previews[at, track].path)


@lru_cache(maxsize=256)
def _picture(path: Path) -> np.ndarray:
    """A preview, cropped to its first quarter if it is large (StoreError)."""
    try:
        picture = read_png(path.read_bytes())
    except (OSError, ValueError, SyntaxError):  # Pillow's ways to say that it is no PNG
        raise StoreError(
            f"The preview {path.name} is damaged or missing. Everything else of the run is shown."
        ) from None
    if picture.nbytes > 400_000:
        picture = picture[: picture.shape[0] // 2, : picture.shape[1] // 2]
    return picture
