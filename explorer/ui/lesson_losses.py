"""What each loss would tell G of the pictures that it drew long ago, by GANs that ship."""

import numpy as np

from explorer import films, header
from explorer.answers import Curve, Film
from explorer.catalog import Entry
from explorer.lessons.handin import Figure
from explorer.lessons.schema import Picture
from explorer.pictures import enlarge, sheet, tiles
from explorer.ui.asking import ask

ALSO = {"non-saturating": "minimax"}  # loss of G -> another one whose D is trained alike
ROWS = 3  # noises whose pictures are shown


def told(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """The first model's early pictures, and what is left of L′(d) in each loss, over epochs."""
    there = [(e, film) for e in entries if (film := header.film(e.path)) is not None]
    if not there:
        return []
    slopes = [curve for entry, film in there for curve in _slopes(picture, entry, film)]
    slopes.sort(key=lambda one: one.group)
    passed = "; ".join(f"{one.name}: {100 * one.y[0]:.0f} %" for one in slopes)
    note = (
        "Every D, trained to the end, judges what its own G drew in each epoch. Of the first "
        f"pictures it is almost sure, and of its slope there each loss passes on to G: {passed}."
    )
    axes = ("epoch in which G drew them", "|L′(d)|")
    title = "What a loss leaves of D's advice"
    return [_early(picture, *there[0]), Figure(title, note, None, tuple(slopes), axes)]


def _slopes(picture: Picture, entry: Entry, film: Film) -> list[Curve]:
    """Mean |L′(d)| of a model's loss, and of one that shares its D, at the pictures of its film."""
    drawn = _drawn(picture, entry, film)  # F N C H W
    d = ask("judged", checkpoint=entry.exact, x=drawn.reshape(-1, *drawn.shape[2:]))
    losses, loss = ask("loss_curves"), entry.header.recipe["model"]["loss"]
    found = []
    for group, (name, one) in enumerate(losses.items()):
        if name in (loss, ALSO.get(loss)):
            slope = np.abs(np.interp(d, one["d"], one["gradient"])).reshape(drawn.shape[:2])
            found.append(Curve(one["title"], np.array(films.epochs(film)), slope.mean(1), group))
    return found


def _early(picture: Picture, entry: Entry, film: Film) -> Figure:
    """Some of these pictures: a noise a row, an epoch a column."""
    epochs = np.array(films.epochs(film))
    at = [int(np.abs(epochs - wanted).argmin()) for wanted in picture.epochs]
    some = _drawn(picture, entry, film)[at, :ROWS].swapaxes(0, 1)  # ROWS E C H W
    note = "epochs " + ", ".join(f"{epochs[i]:.3g}" for i in at)
    cells = tiles(some.reshape(-1, *some.shape[2:]))
    return Figure(f"{entry.title}: what G drew", note, enlarge(sheet(cells, len(at), 2), 2))


def _drawn(picture: Picture, entry: Entry, film: Film) -> np.ndarray:
    """The tiles of a film's sheets: uint8 F N C H W."""
    frames = next(t.frames for t in film.tracks if t.title == picture.track)
    channels, height, width = entry.header.facts["spec"]["shape"]
    rows, columns = frames.shape[1] // height, frames.shape[2] // width
    cut = frames.reshape(len(frames), rows, height, columns, width, channels)
    return cut.transpose(0, 1, 3, 5, 2, 4).reshape(len(frames), -1, channels, height, width)
