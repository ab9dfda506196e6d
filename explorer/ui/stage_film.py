"""The film of the stage: who stands there, and all columns on one slider of epochs."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from explorer import catalog, stage
from explorer.answers import Film
from explorer.stage import Column
from explorer.ui.player import player

LEAST = 2  # columns of a film
SHORT = 16  # frames of the film on the start page: one block of the player
FEW = 3  # tiles a side there


class Stage(NamedTuple):
    """The columns of a data set, from left to right, and the titles of those that are not here."""

    data: str
    columns: tuple[Column, ...]
    missing: tuple[str, ...]


def on(
    data_name: str, more: Sequence[str] = (), places: Sequence[str] = tuple(stage.NAMES)
) -> Stage:
    """The shipped models in these ``places`` and ``more`` checkpoints by key, as a Stage."""
    keys = stage.shipped_keys(data_name)
    found = {p: _column(keys[p], data_name, stage.NAMES[p]) for p in places if p in keys}
    missing = tuple(stage.NAMES[p] for p in places if not found.get(p))
    others = (_column(key, data_name, "") for key in more)
    return Stage(data_name, tuple(filter(None, [*found.values(), *others])), missing)


def _column(key: str, data_name: str, title: str) -> Column | None:
    return _read(key, data_name, title, catalog.resolve(key).stat().st_mtime_ns)


@st.cache_resource(max_entries=64, show_spinner=False)
def _read(key: str, data_name: str, title: str, _stamp: int) -> Column | None:
    return stage.column(key, data_name, title)


def first() -> Stage | None:
    """The first data set of which enough families are here, one column each."""
    told = (on(data_name, places=stage.FAMILIES) for data_name in stage.SHIPPED)
    return next((one for one in told if len(one.columns) >= LEAST), None)


def short(found: Stage) -> Film:
    """A short film of few tiles, which is there at once."""
    return _short(_key(found), found)


@st.cache_resource(max_entries=4, show_spinner=False)
def _short(key: tuple, _found: Stage) -> Film:
    moments = stage.spread(stage.epochs(_found.columns), SHORT)
    return stage.samples(_found.columns, _found.data, moments, FEW)


def whole(found: Stage) -> tuple[Film, tuple[int, ...]]:
    """Samples, below them copies of test images, and the column in which each track stands."""
    return _whole(_key(found), found)


@st.cache_resource(max_entries=8, show_spinner=False)
def _whole(key: tuple, _found: Stage) -> tuple[Film, tuple[int, ...]]:
    moments = stage.epochs(_found.columns)
    film = stage.samples(_found.columns, _found.data, moments, stage.SIDE)
    copied = stage.copies(_found.columns, moments, stage.SIDE)
    places = (*range(len(film.tracks)), *(1 + i for i in copied))
    return Film((*film.tracks, *copied.values()), film.labels, film.ticks, film.unit, 4.0), places


def _key(found: Stage) -> tuple:
    return found.data, *((c.title, c.entry.exact, c.film.labels) for c in found.columns)


def show(found: Stage, asked: float | None) -> float:
    """The whole film; the epoch at which a person last let go, or what was ``asked``, or the end.

    It plays from the start unless an epoch is asked for.
    """
    film, places = whole(found)
    frame = None if asked is None else stage.frame_at(film.ticks, asked)
    marks = {f"Epoch {e:g}": stage.frame_at(film.ticks, e) for e in stage.MARKS if e in film.ticks}
    at = player(
        film,
        key=f"stage-{found.data}",
        autoplay=frame is None,
        value=frame,
        places=places,
        marks=marks,
    )
    return film.ticks[-1 if at is None else at]
