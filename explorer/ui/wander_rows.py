"""*Interpolate*: the same ends through every model, the quick ones at once, the slow ones later."""

import numpy as np
import streamlit as st

from explorer.answers import Film, Track, Ways
from explorer.catalog import Entry
from explorer.pictures import enlarge
from explorer.ui import jobs, leaving, theme
from explorer.ui.asking import ask, literal
from explorer.ui.player import player
from explorer.ui.rows import Row, figure, rows
from explorer.ui.wander_ends import Asked

STOP = "wander"
JUMPY = 2.5  # largest step over the mean from which on a row is marked
PIXELS = "Pixels"
FOUND = {  # how each family finds an end that is a picture
    "autoencoder": "its encoder says the latents",
    "vae": "its encoder says the mean of q(z | x)",
    "gan": "it has no encoder, so latents are searched for: 200 steps of Adam (inversion)",
    "diffusion": "20 steps up the probability-flow ODE to the noise that becomes the picture",
    "latent-diffusion": "its autoencoder, then 20 steps up the ODE in the latent space",
}
DRAWN = {  # and one that is noise
    "autoencoder": "latents from N(0, I), which it has never met",
    "vae": "latents from N(0, I), which its KL term asks for",
    "gan": "latents from N(0, I), the only ones it knows",
    "diffusion": "noise as large as a picture, then 20 steps down the ODE",
    "latent-diffusion": "noise in the latent space, then 20 steps down the ODE",
}


def through(entries: dict[str, Entry], asked: Asked) -> dict[str, Ways]:
    """Draw all ways that are known, work on the next one; what is known by now."""
    found = {name: _known(entry, asked) for name, entry in entries.items()}
    place = st.container()
    missing = [name for name, one in found.items() if one is None]
    if missing and not leaving.stopped(STOP, asked.key, f"{len(missing)} more rows", "Draw them"):
        for name in missing:
            i = list(entries).index(name)
            found[name] = _awaited(name, entries[name], asked, i, missing)
            if jobs.working(_slot(i)):
                break
    with place:
        _show(found, asked)
    return {name: one for name, one in found.items() if one is not None}


def _known(entry: Entry, asked: Asked) -> Ways | None:
    """What takes no time, or was waited for before."""
    question = {"checkpoint": entry.exact} | asked.arguments
    if quick(entry, asked):
        return ask("wander_now", **question)
    return jobs.known("wander", **question)


def quick(entry: Entry, asked: Asked) -> bool:
    """Whether its rows can be drawn while one waits."""
    return entry.header.has("Encodes") or (asked.pictures is None and entry.header.has("Judges"))


def words(asked: Asked) -> dict[str, str]:
    """How each family gets to these ends."""
    return DRAWN if asked.pictures is None else FOUND


def _slot(i: int) -> str:
    return f"wander-{i}"


def _awaited(name: str, entry: Entry, asked: Asked, i: int, missing: list[str]) -> Ways | None:
    """The answer, or None and a bar that says how far it is."""

    def meanwhile(items: list[float | Ways]) -> None:
        shares = [one for one in items if isinstance(one, float)]
        left = len(missing) - missing.index(name) - 1
        more = f", then {left} more" if left else ""
        how = words(asked).get(entry.header.family, "working")
        with jobs.stoppable(STOP, _slot(i), asked.key):
            text = literal(f"{name}: {how}{more} …")
            st.progress(min(1.0, shares[-1]) if shares else 0.0, text)

    return jobs.awaited(_slot(i), meanwhile, "wander", checkpoint=entry.exact, **asked.arguments)


# What is seen -------------------------------------------------------------------------------------


def _show(found: dict[str, Ways | None], asked: Asked) -> None:
    there = {name: one for name, one in found.items() if one is not None}
    if asked.view == "film" and there:
        _play(_beside(there, asked))
    elif asked.count == 2:
        theme.show(rows(_lines(_beside(found, asked), asked)))
    else:
        theme.show(theme.row(*_grids(found, asked), least="17rem"))


def _beside(found: dict[str, Ways | None], asked: Asked) -> dict[str, Ways | None]:
    """With what fading the pixels of two pictures would do."""
    if asked.pictures is None or asked.count != 2:
        return found
    about = {name: asked.arguments[name] for name in ("data_name", "steps", "x")}
    return {PIXELS: ask("faded_way", **about)} | found


def _lines(found: dict[str, Ways | None], asked: Asked) -> list[Row]:
    """A row a model; what is still being drawn is grey."""
    size = next((one.pictures.shape[2:] for one in found.values() if one), (28, 28))
    empty = np.full((asked.arguments["steps"], *size), 127, np.uint8)
    lines = []
    for name, one in found.items():
        jump = one.jump[0] if one else 0
        said = f"{jump:.1f}" if one else "…"
        lines.append(Row(one.pictures[0] if one else empty, name, said, bool(jump >= JUMPY)))
    return lines


def _grids(found: dict[str, Ways | None], asked: Asked) -> list[str]:
    """A square a model."""
    squares = []
    for name, one in found.items():
        if one is None:
            squares.append(figure(name, "still to come", _lines({"": None}, asked)))
        else:
            squares.append(figure(name, "", [Row(pictures) for pictures in one.pictures]))
    return squares


def _play(found: dict[str, Ways]) -> None:
    player(film(found), key=f"wander-film-{len(found)}", autoplay=True, report=False)


def film(found: dict[str, Ways]) -> Film:
    """Frames along the way and back; of a grid around its four sides."""
    tracks = tuple(
        Track(name, np.stack([enlarge(p, 4) for p in around(one.pictures)]))
        for name, one in found.items()
    )
    count = len(tracks[0].frames)
    labels = tuple(f"{i / count:.0%} of the way there and back" for i in range(count))
    return Film(tracks, labels, fps=6.0)


def around(pictures: np.ndarray) -> np.ndarray:
    """A row there and back; of a grid rows columns ... the border, clockwise from the top left.

    The last picture comes before the first again, so that a film of them has no seam.
    """
    if len(pictures) == 1:
        return np.concatenate([pictures[0], pictures[0, -2:0:-1]])
    top, right = pictures[0], pictures[1:, -1]
    bottom, left = pictures[-1, -2::-1], pictures[-2:0:-1, 0]
    return np.concatenate([top, right, bottom, left])
