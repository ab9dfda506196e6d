"""What a lesson shows by itself, drawn from shipped weights: pictures, films and curves of a step.

`shown` answers plain pictures and curves, which the hand-in takes over too; `draw` puts them on
the page, and plays films where there are any.
"""

import re
from typing import Any

import numpy as np
import streamlit as st

from explorer import catalog, data, figures, films, forward, header, levels
from explorer.answers import Curve, Film, Track
from explorer.catalog import Entry
from explorer.lesson import lesson as real_pictures
from explorer.lessons import slips
from explorer.lessons.handin import Figure
from explorer.lessons.schema import Picture, Step
from explorer.pictures import enlarge, sheet, tiles
from explorer.schedules import schedule
from explorer.standings import shipped_wall
from explorer.ui import jobs, kept, lesson_losses, theme
from explorer.ui.asking import ask, literal
from explorer.ui.player import player
from explorer.ui.wander_ends import between_noises

USUAL = "Heun, 10 steps"  # how shipped samples of a diffusion were drawn
SPOILT = (1000, 100, 10)  # steps of a sampler that adds noise at its end
UPDATES = 40


def draw(step: Step, entries: tuple[Entry, ...], key: str) -> list[Figure]:
    """Show a step's pictures; returns them for the hand-in."""
    if step.picture.kind == "simple":
        return _simple(step.picture, key)
    if (film := film_of(step.picture, chosen(step.picture, entries))) is not None:
        player(film, key=f"lesson-film-{key}", height=360, autoplay=True, report=False)
        return [_still(film)]
    found = shown(step, entries)
    pictures = [one for one in found if one.picture is not None]
    for one in found:
        if one.picture is None and not one.curves:
            st.info(literal(one.title), icon=":material/movie:")
    if pictures:
        strips = [theme.strip(one.title, one.note, one.picture) for one in pictures]
        theme.show(theme.row(*strips, least="15rem") if _square(pictures) else "".join(strips))
    for i, one in enumerate(one for one in found if one.curves):
        figure = figures.curves(
            list(one.curves),
            title=one.title,
            x_title=one.axes[0],
            y_title=one.axes[1],
            log_x=one.log_x,
            log_y=one.log_y,
            legend="above",
        )
        st.plotly_chart(figure, key=f"lesson-curves-{key}-{i}", config=figures.CONFIG)
        if one.note:
            st.caption(one.note)
    return found


def shown(step: Step, entries: tuple[Entry, ...]) -> list[Figure]:
    """The pictures and curves of a step.  Raises ExplorerError where the engine refuses."""
    picture = step.picture
    return KINDS[picture.kind](picture, chosen(picture, entries))


def _square(pictures: list[Figure]) -> bool:
    """Whether pictures stand better beside than under each other."""
    return len(pictures) > 1 and all(p.picture.shape[0] > p.picture.shape[1] / 2 for p in pictures)


def still(step: Step, entries: tuple[Entry, ...]) -> list[Figure]:
    """The same for paper: a film's last moment, and of what is learned live the known result."""
    picture = step.picture
    if picture.kind == "simple":
        found = kept.find("simple_diffusion", _learned(picture))
        return _ends(found[-1] if isinstance(found, list) else found) if found else []
    film = film_of(picture, chosen(picture, entries))
    return [_still(film)] if film else shown(step, entries)


def chosen(picture: Picture, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Those of the step's models that its picture is of."""
    if picture.models is None:
        return entries
    return tuple(entries[i] for i in picture.models if i < len(entries))


# Films --------------------------------------------------------------------------------------------


def film_of(picture: Picture, entries: tuple[Entry, ...]) -> Film | None:
    """The training films of some models on one slider, if the picture is a film."""
    if picture.kind != "film":
        return None
    found = [(e.title, header.film(e.path)) for e in entries]
    return films.side_by_side([(title, film) for title, film in found if film], picture.track)


def _track(film: Film, name: str) -> Track | None:
    return next((one for one in film.tracks if one.title == name), None)


def _still(film: Film) -> Figure:
    """The last moment of a film, for paper."""
    ends = [enlarge(track.frames[-1], 2) for track in film.tracks]
    height = max(len(end) for end in ends)
    padded = [np.pad(_colour(end), ((0, height - len(end)), (0, 8), (0, 0))) for end in ends]
    titles = " · ".join(track.title for track in film.tracks)
    return Figure(titles, film.labels[-1], np.concatenate(padded, axis=1))


def _colour(picture: np.ndarray) -> np.ndarray:
    return np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture


# Pictures -----------------------------------------------------------------------------------------


def _row(title: str, note: str, pictures: np.ndarray, times: int = 3) -> Figure:
    return Figure(title, note, enlarge(sheet(pictures, len(pictures), gap=2), times))


def _wall(title: str, note: str, pictures: np.ndarray, columns: int, times: int = 3) -> Figure:
    return Figure(title, note, enlarge(sheet(pictures, columns, gap=1), times))


def _nothing(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    return []


def _data(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """Original pictures of what the step's models learned, or of its own data."""
    name = _data_of(entries[0]) if entries else picture.data
    test = data.load(name, "test").x[: picture.n]
    return [_wall("Original pictures", data.title(name), tiles(test), 16)]


def _epochs(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """Original pictures, then each model's samples at some epochs, always from the same noise."""
    found = _data(picture, entries)
    for entry in entries:
        film = header.film(entry.path)
        track = film and _track(film, picture.track)
        if not track:
            found.append(Figure(f"{entry.title}: its file carries no film of its training."))
            continue
        epochs = np.array([_epoch(label) for label in film.labels])
        at = [int(np.abs(epochs - wanted).argmin()) for wanted in picture.epochs]
        note = "epochs " + ", ".join(f"{epochs[i]:.3g}" for i in at)
        height, width = track.frames.shape[1:3]
        some = track.frames[at, : height // 2, : width // 2]
        found.append(Figure(entry.title, note, enlarge(sheet(some, len(at), 6, 128), 2)))
    return found


def _epoch(label: str) -> float:
    """ "step 78 · epoch 1.00" -> 1.0"""
    match = re.search(r"epoch ([\d.]+)", label)
    return float(match.group(1)) if match else 0.0


def _samples(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """Samples of each model from one seed; those that ship drawn are taken from there."""
    return [_sampled(picture, entry) for entry in entries]


def _sampled(picture: Picture, entry: Entry) -> Figure:
    columns = 8 if picture.n % 8 == 0 else 4
    how = USUAL if entry.header.has("Denoises") else ""
    prior = picture.prior if entry.header.has("Encodes") else "normal"
    told = "" if prior == "normal" else f", from a fitted {prior}"
    pictures = shipped_wall(entry.digest, how, picture.seed) if prior == "normal" else None
    if pictures is None or len(pictures) < picture.n:
        if prior != "normal":
            _fit(entry, prior)
        asked = {"checkpoint": entry.exact, "n": picture.n, "seed": picture.seed, "prior": prior}
        pictures = ask("sample", **asked).pictures
    note = f"seed {picture.seed}{told}"
    return _wall(entry.title, note, pictures[: picture.n], columns, 3)


def _fit(entry: Entry, prior: str) -> None:
    """Have the engine fit a density to the model's latents, once."""
    text = f"Looking where the latents of {entry.title} lie …"
    kept.awaited("fit_prior", text, checkpoint=entry.exact, kind=prior)


def _copies(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """Test images and what each model makes of them."""
    found = []
    for entry in entries:
        if entry.header.has("Encodes"):
            asked = {"data_name": _data_of(entry), "indices": picture.images}
            answer = ask("reconstruct", checkpoint=entry.exact, **asked)
            if not found:
                found.append(_row("Original", f"{data.title(_data_of(entry))}", answer.original))
            note = f"squared error {answer.squared_error.mean():.1f} per image"
            found.append(_row(entry.title, note, answer.reconstruction))
    return found


def _ways(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """The way between two test images through each model."""
    found, pairs = [], tuple(zip(picture.images[::2], picture.images[1::2], strict=False))
    for entry in entries:
        asked = {"data_name": _data_of(entry), "pairs": pairs, "steps": 11}
        if not found:
            for row in ask("faded_ways", **asked).pictures[:1]:
                found.append(_row("Pixels faded into each other", "a double exposure", row))
        for i, row in enumerate(ask("latent_ways", checkpoint=entry.exact, **asked).pictures):
            found.append(_row(entry.title, f"way {i + 1}: a straight line between latents", row))
    return found


def _noises(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """The way between two random latents."""
    found = []
    for entry in entries:
        seeds = (picture.seed, picture.seed + 1)
        asked = {"data_name": _data_of(entry), "steps": 13, "straight": False}
        ways = ask("wander_now", checkpoint=entry.exact, **asked, **between_noises(seeds))
        note = f"from noise {seeds[0]} to noise {seeds[1]}, on the sphere"
        found.append(_row(entry.title, note, ways.pictures[0]))
    return found


def _plane(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """Two latent directions of each model as a grid."""
    found = []
    asked: dict[str, Any] = {"kind": "steepest", "axes": (0, 1), "reach": 5.0, "side": 9}
    for entry in entries:
        plane = ask("latent_plane", checkpoint=entry.exact, seed=picture.seed, **asked)
        note = f"largest step over mean step {plane.jump.mean():.2f}; 1 is perfectly even"
        rows = plane.pictures.reshape(-1, *plane.pictures.shape[2:])
        found.append(_wall(entry.title, note, rows, plane.pictures.shape[1], 2))
    return found


def _styles(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """A class a row, one latent a column."""
    found = []
    for entry in entries:
        styles = ask("styles", checkpoint=entry.exact, n=12, seed=picture.seed)
        rows = styles.pictures.reshape(-1, *styles.pictures.shape[2:])
        note = "a class a row, one latent a column"
        found.append(_wall(entry.title, note, rows, styles.pictures.shape[1], 2))
    return found


def _forward(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """Pictures under more and more noise."""
    x0 = forward.signal(data.load(picture.data, "test").x[:3])
    chosen_ = schedule("linear", picture.T, 1e-4, 0.02)
    at = levels.evenly(picture.T, 11)
    strip = forward.strip(x0, forward.noise(x0.shape, picture.seed), chosen_, at)
    note = f"linear β, levels {', '.join(map(str, at))}; {chosen_.alpha[-1]:.3f} of it is left"
    return [Figure("Forward process", note, enlarge(strip, 3))]


def _last_noise(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """Finished samples, and the same with noise that the last step must not add."""
    found = []
    for entry in entries[:1]:
        film = header.film(entry.path)
        track = film and _track(film, picture.track)
        if track is None:
            continue
        end = track.frames[-1]
        found.append(Figure("As it should be", "no noise at the last step", enlarge(end, 2)))
        for steps in SPOILT:
            sigma = slips.last_noise(1000, steps)
            title, note = f"The mistake, {steps:,} steps", f"noise of deviation {sigma:.2f} is left"
            found.append(Figure(title, note, enlarge(slips.spoiled(end, sigma), 2)))
    return found


# Curves -------------------------------------------------------------------------------------------


def _curves(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """What was measured of each model while it trained, over epochs."""
    lines = []
    for i, entry in enumerate(entries):
        told = catalog.past(entry)
        values = told.validation.curve(picture.term)[1] if told else np.array([])
        there = np.isfinite(values)
        if there.sum() > 1:
            epochs = np.array(told.validation.epochs)[there]
            lines.append(Curve(entry.title, epochs, values[there], i))
    if not lines:
        titles = ", ".join(entry.title for entry in entries)
        return [Figure(f"No curves: the files of {titles} carry none. Your own runs do.")]
    unit = entries[0].header.facts.get("units", {}).get(picture.term, "")
    title = f"{picture.term[0].upper()}{picture.term[1:]} on test images"
    positive = all((line.y > 0).all() for line in lines)
    return [Figure(title, "", None, tuple(lines), ("epoch", unit), log_y=positive)]


def _real(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """FID of nothing but real pictures, over how many there are."""
    counts = real_pictures().real
    line = Curve(
        "real test images", np.array([c.n for c in counts]), np.array([c.fid for c in counts])
    )
    note = (
        "FID of real test images against 10,000 real training images: with few of them it is far "
        "from 0, though nothing is wrong with the pictures."
    )
    axes = ("number of pictures", "FID")
    return [Figure("FID of real pictures", note, None, (line,), axes, True)]


def _sign(picture: Picture, entries: tuple[Entry, ...]) -> list[Figure]:
    """The KL of one latent under gradient descent, with and without the minus of its formula."""
    steps = np.arange(UPDATES + 1)
    lines = (
        Curve("−½ (1 + log σ² − μ² − σ²)", steps, slips.descended(UPDATES), 0),
        Curve("the minus forgotten", steps, slips.descended(UPDATES, -1.0), 7),
    )
    note = "One latent, from μ = 1 and σ = 0.5, by gradient descent with rate 0.1."
    axes = ("update", "nats")
    return [Figure("The KL while it is minimised", note, None, lines, axes, log_y=True)]


# Simple diffusion ---------------------------------------------------------------------------------


def _simple(picture: Picture, key: str) -> list[Figure]:
    """One picture and one noise, learned by heart while one watches."""

    def live(items: list[Any]) -> None:
        told = [loss for one in items if isinstance(one, tuple) for loss in one[0]]
        st.progress(min(len(told), 100) / 100, f"Iteration {len(told)}")

    found = jobs.awaited("lesson-simple", live, "simple_diffusion", **_learned(picture))
    if not found:
        return []
    player(found["film"], key=f"lesson-film-{key}", autoplay=True, report=False)
    ends = _ends(found)
    theme.show(theme.row(*(theme.strip(r.title, r.note, r.picture) for r in ends), least="18rem"))
    return ends


def _learned(picture: Picture) -> dict[str, Any]:
    """What the engine is asked to learn by heart."""
    test = data.load(picture.data, "test").x
    return {"x": test[picture.images[0]], "other": test[picture.images[0] + 1], "values": {}}


def _ends(found: dict[str, Any]) -> list[Figure]:
    """The first and the last iteration."""
    film, losses = found["film"], found["losses"]
    strips = {at: np.stack([t.frames[at] for t in film.tracks]) for at in (0, len(losses) - 1)}
    return [_row(f"Iteration {at}", f"loss {losses[at]:.2g}", x) for at, x in strips.items()]


def _data_of(entry: Entry) -> str:
    """The test images of what it learned from."""
    return data.at_hand(entry.header.recipe["data"].removesuffix("-full"))


KINDS = {
    "none": _nothing,
    "film": _nothing,  # of models without one
    "simple": _nothing,  # it is trained while one watches
    "data": _data,
    "epochs": _epochs,
    "samples": _samples,
    "copies": _copies,
    "ways": _ways,
    "noises": _noises,
    "plane": _plane,
    "styles": _styles,
    "forward": _forward,
    "last-noise": _last_noise,
    "curves": _curves,
    "real": _real,
    "sign": _sign,
    "told": lesson_losses.told,
}
