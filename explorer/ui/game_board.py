"""The board of a game: the newest picture, drawn by the browser, which sets the pace.

A picture that was painted asks for the next one, so a game plays as fast as the slowest of engine,
server and browser allows, and no faster; a tab that is closed or hidden asks for nothing. Pause is
the browser's own: it stops asking at once.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import Board, Course
from explorer.game_pictures import plane
from explorer.ui.pack import pack, source
from explorer.ui.player import drawing, reels_of

ACTS = ("play", "pause", "both", "generator", "discriminator", "restart")
MOST = 100  # rounds a picture
NAMES = {  # what the browser calls the terms of a course
    "D loss": "dLoss",
    "G loss": "gLoss",
    "D(real)": "real",
    "D(generated)": "fake",
    "modes": "modes",
}

_component = st.components.v2.component(
    "explorer.game",
    html=source("game.html"),
    css=source("common.css", "game.css"),
    js=source("pack.js", "film.js", "plane.js", "screens.js", "game_plots.js", "game.js"),
)


@dataclass(frozen=True)
class Wish:
    """What a person or the picture last asked for; ``turn`` grows with every wish."""

    turn: int = 0
    act: str = "pause"
    rounds: int = 1


def wish(key: str) -> Wish:
    """The newest wish of the board called ``key``; what is none of ours is a pause."""
    return read(st.session_state.get(key))


def read(state: Any) -> Wish:
    """The browser's state as a wish."""
    told = state.get("wish") if hasattr(state, "get") else None
    told = told if hasattr(told, "get") else {}
    turn, act, rounds = (told.get(name) for name in ("turn", "act", "rounds"))
    if type(turn) is not int or turn < 0 or act not in ACTS:
        return Wish()
    return Wish(turn, act, min(rounds, MOST) if type(rounds) is int and rounds > 0 else 1)


def board(
    seen: Board, course: Course, *, key: str, turn: int, playing: bool, probability: bool
) -> None:
    """Show the board as it stands after wish ``turn``; ``playing`` asks for the next picture."""
    about = {"turn": turn, "playing": playing, "round": seen.round, "probability": probability}
    about |= {"terms": {name: _told(value) for name, value in seen.terms.items()}}
    about |= {"modes": seen.modes, "near": seen.near, "course": _course(course)}
    _component(key=key, data=message(seen, about), on_wish_change=lambda: None)


def message(seen: Board, about: dict[str, Any]) -> bytes:
    """What ``game.js`` reads: ``about``, how to draw, and the plane's arrays as they are."""
    drawn = plane([seen])
    reels = reels_of(drawn, 1)
    shapes = {n: {"shape": r.shape[1:], "wide": r.itemsize == 2} for n, r in reels.items()}
    body = b"".join(np.ascontiguousarray(r).tobytes() for r in reels.values())
    return pack({**about, "track": {"reels": shapes, **drawing(drawn)}}, body)


def _course(course: Course) -> dict[str, Any]:
    terms = {NAMES[n]: [_told(v) for v in values] for n, values in course.terms.items()}
    return {"rounds": course.rounds.tolist(), **terms}


def _told(value: float) -> float | None:
    """A number of four digits; what is none leaves a gap."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
