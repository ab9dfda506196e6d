"""The adversarial game in the plane, played by its rules: whole rounds, one player alone, slowly.

A game is a GAN with a trainer of its own and a memory of how it went.  All its chance comes from
its seed and the number of the round, and it is looked at without being touched: the same seed and
the same acts give the same game.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from explorer.answers import Board, SlowRound
from explorer.checkpoints import build
from explorer.config import Setting, describe
from explorer.errors import NonFinite
from explorer.game_sight import SHOWN, Sight
from explorer.models.gan import GAN, Config, D
from explorer.points import SPEC, Cloud, unlabelled
from explorer.recipe import Recipe, TrainSettings, recipe
from explorer.state import Window
from explorer.training import Trainer

FAMILY = "gan"
EVERY = 4  # rounds between two that are remembered, at first
REMEMBERED = 160  # boards; then every other one is forgotten, and the gaps double
TILED = 8192  # fewer points are repeated, so that several batches of them differ

# What suits the plane, where it differs from training on pictures; a highest value bounds work.
USUAL = {"latent": 2, "width": 16, "d_width": 16, "batch_size": 256, "r1": 0.01, "d_norm": "none"}
USUAL |= {
    "gradient_weight": 1.0,
    "learning_rate": 2e-3,
    "d_learning_rate": 4e-3,
    "beta1": 0.5,
    "beta2": 0.9,
    "d_beta1": 0.5,
    "d_beta2": 0.9,
}
FIXED = {"r1_every": 1, "decay": "constant", "clip": 0.0, "ema": 0.0, "norm": "none"}
FIXED |= {"device": "cpu", "precision": "float32", "epochs": 1.0}
HIGHEST = {"latent": 64, "width": 64, "d_width": 64, "batch_size": 1024, "d_steps": 10}
HIGHEST |= {"g_steps": 10, "r1": 100, "gradient_weight": 100, "instance_noise": 1}
HIGHEST |= {"learning_rate": 0.1, "d_learning_rate": 0.1}
RULES = ("loss", "penalty", "r1", "gradient_weight", "d_steps", "g_steps", "d_learning_rate")
RULES += ("learning_rate", "label_smoothing", "instance_noise")
PLAYERS = ("latent", "width", "d_width", "leak", "d_norm", "batch_size", "beta1", "d_beta1", "seed")
TITLES = {"learning_rate": "Learning rate of G", "beta1": "β₁ of G's Adam"}
NORMS = ("none", "spectral")  # of D; batches of places would mislead the others


# Settings -------------------------------------------------------------------------------------


def game_settings() -> tuple[Setting, ...]:
    """The settings that matter in the plane; ``live`` ones are rules, the others a new game."""
    found = {s.name: s for s in (*describe(TrainSettings, **USUAL), *describe(Config, **USUAL))}
    return tuple(_of_the_plane(found[name]) for name in (*RULES, *PLAYERS))


def _of_the_plane(one: Setting) -> Setting:
    return replace(
        one,
        title=TITLES.get(one.name, one.title),
        high=HIGHEST.get(one.name, one.high),
        choices=NORMS if one.name == "d_norm" else one.choices,
        hint=replace(one.hint, live=one.name in RULES, advanced=False),
    )


def chosen(name: str, values: dict[str, Any]) -> Recipe:
    """The recipe behind ``values`` for points called ``name``.  Raises InputError."""
    for one in game_settings():
        if one.name in values:
            one.read(str(values[one.name]))
    return recipe(FAMILY, name, {**GAN.training_defaults, **USUAL, **FIXED, **values})


# The game -------------------------------------------------------------------------------------


class Game:
    """Two players on a cloud of points; whoever plays or looks holds its ``lock``."""

    def __init__(self, cloud: Cloud, values: dict[str, Any]):
        """Set up a game by the rules and with the players in ``values``.  Raises InputError."""
        made = chosen(cloud.name, values)
        self.name, self.values, self.lock = cloud.name, values, threading.Lock()
        self.trainer = Trainer(build(made, SPEC), made.training, *unlabelled(cloud, TILED))
        latent, seed = made.config().latent, made.training.seed
        self.sight = Sight(cloud.train, cloud.modes, latent, seed)
        self.latest = self._look()
        self.every, self.past = EVERY, [self.latest]

    @property
    def round(self) -> int:
        """How often it was somebody's turn."""
        return self.trainer.step

    def story(self) -> list[Board]:
        """The boards that are remembered, and last the one as it stands."""
        if self.latest.round != self.round:
            self.latest = self._look()
        return [*(board for board in self.past if board.round != self.round), self.latest]

    def follow(self, values: dict[str, Any]) -> None:
        """Go on by the rules in ``values``; the players stay who they are.  Raises InputError."""
        new = self.values | {name: values[name] for name in RULES if name in values}
        if new == self.values:
            return
        made = chosen(self.name, new)
        self.values, self.trainer.settings = new, made.training
        self.trainer.model.config = made.config()
        self.latest = self._look()

    def play(self, *parts: str) -> None:
        """One round, or the moves of ``parts`` alone.  Raises NonFinite before weights are lost."""
        for _ in self._moves(*parts):
            pass

    def slow(self) -> SlowRound:
        """One round like any other, looked at between the moves."""
        left, before, judged = self.trainer.model.config.d_steps, self._look(), None
        for part in self._moves():
            left -= part == D
            if judged is None and not left:
                judged = self._look()
        z, grid = (t[..., :2].numpy() for t in (self.sight.z[:SHOWN], self.sight.grid))
        steps = self.trainer.model.config.d_steps, self.trainer.model.config.g_steps
        return SlowRound(_flat(z), _flat(grid), before, judged, self.story()[-1], steps)

    def _look(self) -> Board:
        return self.sight.board(self.trainer.model, self.round)

    def _moves(self, *parts: str) -> Iterator[str]:
        """A round move by move; whatever comes of it, the game can go on and is remembered."""
        try:
            yield from self.trainer.updates(*parts)
        except NonFinite:
            for optimizer in self.trainer.optimizers.values():
                optimizer.zero_grad(set_to_none=True)  # the refused move's gradients
            self.latest = self._look()  # the other player may have moved before
            raise
        finally:
            self.trainer.window = Window()  # a trainer's notes for reports, which nobody reads here
        self._remember()

    def _remember(self) -> None:
        if self.round % self.every:
            return
        self.latest = self._look()
        self.past.append(self.latest)
        if len(self.past) > REMEMBERED:
            self.past, self.every = self.past[::2], 2 * self.every


def _flat(z: np.ndarray) -> np.ndarray:
    """Noise as places in the plane: ... Z -> ... 2, one number alone along the middle."""
    return z if z.shape[-1] == 2 else np.concatenate([z, np.zeros_like(z)], axis=-1)
