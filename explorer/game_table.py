"""Games in play, each under the name that a page gave it; what pages ask of them.

There is room for a few: the one that was longest left alone is forgotten, and whoever asks for a
game that is not there is answered None and begins anew.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.answers import Board, Course, Film, SlowRound
from explorer.errors import InputError
from explorer.game import Game
from explorer.game_pictures import course, film
from explorer.models.gan import D, G
from explorer.points import cloud

KEPT = 32  # games, of about 2 MB
MOST = 100  # rounds at once
PATIENCE = 0.1  # seconds after which no further round is begun

_games: OrderedDict[str, Game] = OrderedDict()
_lock = threading.Lock()


def game_begin(
    game: str, name: str, values: dict[str, Any], points: np.ndarray | None = None
) -> tuple[Board, Course]:
    """Begin a game called ``game`` on the toy ``name`` or on own points.  Raises InputError."""
    begun = Game(cloud(name, points), values)
    with _lock:
        _games[game] = begun
        _games.move_to_end(game)
        while len(_games) > KEPT:
            _games.popitem(last=False)
    return _told(begun)


def game_play(
    game: str, values: dict[str, Any], rounds: int = 1, parts: Sequence[str] = ()
) -> tuple[Board, Course] | None:
    """Play up to ``rounds`` by the rules in ``values``, or the moves of ``parts`` alone.

    It ends early where rounds take long, so that a picture never does; 0 only looks.  None if the
    game is not known any more.  Raises InputError, or NonFinite when a move would ruin a player.
    """
    if not 0 <= rounds <= MOST or not {*parts} <= {D, G}:
        raise InputError(f"A game is played 0 to {MOST} rounds at once, by D, by G or by both.")
    found = _find(game)
    if found is None:
        return None
    with found.lock:
        found.follow(values)
        end = time.monotonic() + PATIENCE
        for _ in range(rounds):
            found.play(*parts)
            if time.monotonic() > end:
                break
        return _told(found)


def game_slow(game: str, values: dict[str, Any]) -> SlowRound | None:
    """Play one round by the rules in ``values`` and show all of it."""
    found = _find(game)
    if found is None:
        return None
    with found.lock:
        found.follow(values)
        return found.slow()


def game_film(game: str) -> tuple[Film, Course] | None:
    """The whole game so far; of a long one a part of the rounds, evenly spread."""
    found = _find(game)
    if found is None:
        return None
    with found.lock:
        boards = found.story()
    return film(boards), course(boards)


def _find(game: str) -> Game | None:
    with _lock:
        if game in _games:
            _games.move_to_end(game)
        return _games.get(game)


def _told(game: Game) -> tuple[Board, Course]:
    boards = game.story()
    return boards[-1], course(boards)
