"""One session's place at a game in the engine: what it was begun with, how it stands, who plays."""

import secrets
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.answers import Board, Course, SlowRound
from explorer.errors import ExplorerError
from explorer.ui.asking import key_of, stream
from explorer.ui.game_board import Wish

FIRST = 600  # rounds that a game plays by itself before it pauses
WARM = 60  # rounds before a first one is looked at slowly
FORGOTTEN = (
    "The engine no longer has this game: it was restarted, or others needed the room. "
    "It begins anew from the same seed."
)


@dataclass
class Seat:
    """A game, known to the engine as ``game``; it plays by itself up to the round ``until``."""

    game: str
    about: str
    values: dict[str, Any]
    board: Board
    course: Course
    turn: int = 0
    until: int = FIRST
    said: str = ""
    slow: SlowRound | None = None

    @property
    def playing(self) -> bool:
        """Whether it plays by itself."""
        return self.board.round < self.until


def taken(subject: dict[str, Any], values: dict[str, Any], rules: set[str]) -> Seat:
    """This session's seat: at a new game if the points or the players are others.

    ``subject`` is name and points; of the ``values`` those named in ``rules`` act on a game as it
    goes.  Raises what the engine raises when no game can begin.
    """
    players = {name: value for name, value in values.items() if name not in rules}
    about = key_of(subject | players)
    seat = st.session_state.get("g_seat")
    if seat is None or seat.about != about:
        turn = seat.turn if seat else 0
        seat = st.session_state["g_seat"] = begun(subject, values, about, turn)
    elif seat.values != values:
        seat.values = values
        play(seat, subject, 0)
    return seat


def begun(subject: dict[str, Any], values: dict[str, Any], about: str, turn: int) -> Seat:
    """A seat at a new game."""
    game = secrets.token_hex(8)
    board, course = ask("game_begin", game=game, values=values, **subject)
    return Seat(game, about, values, board, course, turn)


def act(seat: Seat, subject: dict[str, Any], wish: Wish) -> None:
    """Do what was wished for, once."""
    if wish.turn <= seat.turn:
        return
    seat.turn, seat.said = wish.turn, ""
    if wish.act == "restart":
        begin_anew(seat, subject)
    elif wish.act == "pause":
        seat.until = 0
    elif wish.act == "play":
        if not seat.playing:
            seat.until = seat.board.round + FIRST
        play(seat, subject, min(wish.rounds, seat.until - seat.board.round))
    else:
        seat.until = 0
        play(seat, subject, 1, () if wish.act == "both" else (wish.act,))


def play(seat: Seat, subject: dict[str, Any], rounds: int, parts: tuple[str, ...] = ()) -> None:
    """Play some rounds; what goes wrong is said, and pauses the game."""
    asked = {"game": seat.game, "values": seat.values, "rounds": rounds, "parts": parts}
    found = attempt(seat, subject, "game_play", **asked)
    if found:
        seat.board, seat.course = found


def slow(seat: Seat, subject: dict[str, Any]) -> SlowRound | None:
    """One round, seen phase by phase; it counts like any other.

    Before the first one both players learn a little: two that know nothing have nothing to show.
    """
    while seat.board.round < WARM and not seat.said:
        play(seat, subject, WARM - seat.board.round)
    seat.slow = attempt(seat, subject, "game_slow", game=seat.game, values=seat.values)
    if seat.slow:
        play(seat, subject, 0)  # only looks
    return seat.slow


def attempt(seat: Seat, subject: dict[str, Any], question: str, **asked: Any) -> Any:
    """An answer about the game; None if there is none, which is said.

    A game that the engine has forgotten begins anew.
    """
    try:
        found = ask(question, **asked)
        if found is None:
            begin_anew(seat, subject)
            seat.said = FORGOTTEN
        return found
    except ExplorerError as error:
        seat.said, seat.until = str(error), 0
        return None


def begin_anew(seat: Seat, subject: dict[str, Any]) -> None:
    """The same game from its first round, playing by itself."""
    seat.board, seat.course = ask("game_begin", game=seat.game, values=seat.values, **subject)
    seat.until = FIRST


def ask(question: str, **args: Any) -> Any:
    """The engine's answer, not kept: a game is never twice the same."""
    *_, answer = stream(question, **args)
    return answer
