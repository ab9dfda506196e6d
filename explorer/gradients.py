r"""What the losses of a GAN tell the generator: their gradients, on games that can be watched.

A generated point x = G(z) with the logit d = D(x) is moved against

    ∂L/∂x = L′(d) · ∂d/∂x        (chain rule)

The loss L of the generator decides the first factor, D's slope is the second.  Both can vanish:
the sigmoid's first (Goodfellow et al. 2014, section 3; Arjovsky & Bottou 2017, theorem 2.4), and
the slope wherever D is flat, which the gradient penalty forbids (Gulrajani et al. 2017).
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer.adversarial import LOSSES
from explorer.answers import Curve, Film
from explorer.config import SEED_LIMIT, Setting, Settings, describe, setting
from explorer.plane_games import Look, Playing, game, latents, look, moments, plane, played
from explorer.training import Trainer

LOGITS = 10.0  # curves are drawn from minus this to this


class LossSettings(Settings):
    """The games that are compared."""

    penalty: Literal["own", "r1"] = setting(
        "own",
        "Penalty on D",
        "Wasserstein cannot do without its gradient penalty. The others were invented without one; "
        "R1 flattens their D on real points, which keeps it from growing too sure.",
        labels={"own": "Only Wasserstein's", "r1": "R1 for the others"},
    )
    rounds: int = setting(
        600, "Rounds", "Updates of D, and as many of G, in each game.", ge=20, le=3000, log=True
    )
    seed: int = setting(
        0, "Seed", "All games begin with the same networks and see the same z.", ge=0, le=SEED_LIMIT
    )


class LossCurves(TypedDict):
    """A loss over the logit d, each N: G's gradient L′(d), D's loss on real and on generated."""

    title: str
    d: np.ndarray
    gradient: np.ndarray
    real: np.ndarray
    fake: np.ndarray


class Watched(TypedDict):
    """Whole games by the names of their losses: the film, the logits F N, gradient norms."""

    film: Film
    steps: tuple[int, ...]
    fake: dict[str, np.ndarray]
    real: dict[str, np.ndarray]
    norms: dict[str, tuple[Curve, ...]]  # by part


# The engine's questions -----------------------------------------------------------------------


def loss_settings() -> tuple[Setting, ...]:
    """The settings of the games, for forms."""
    return describe(LossSettings)


def loss_curves() -> dict[str, LossCurves]:
    """Every loss over the logits from −10 to 10, its slope by differentiating our own code."""
    return {name: _curves(name) for name in LOSSES}


def loss_game(values: dict[str, Any]) -> Iterator[Playing | Watched]:
    """Play one game for each loss, all from the same seed, and watch them side by side.

    Raises InputError, NonFinite.
    """
    settings = LossSettings.read(values)
    games = {name: game(name, **_of(name, settings)) for name in LOSSES}
    watch = Watch(settings.seed)
    for step in played(games.values(), settings.rounds, moments(settings.rounds)):
        yield Playing(step=step, total=settings.rounds, film=watch(step, games))
    yield watch.answer()


def _of(loss: str, settings: LossSettings) -> dict[str, Any]:
    kind = penalty(loss, settings.penalty == "r1")
    return {"penalty": kind, "steps": settings.rounds, "seed": settings.seed}


def penalty(loss: str, r1: bool = False) -> str:
    """The penalty a loss cannot do without; ``r1`` for all others too."""
    if loss == "wasserstein":
        return "gradient"
    return "r1" if r1 else "none"


# Curves ---------------------------------------------------------------------------------------


def _curves(name: str) -> LossCurves:
    loss, d = LOSSES[name], torch.linspace(-LOGITS, LOGITS, 401, dtype=torch.float64)
    return LossCurves(
        title=loss.title,
        d=d.numpy(),
        gradient=slope(loss.generator, d).numpy(),
        real=loss.real(d, 1.0).numpy(),
        fake=loss.fake(d).numpy(),
    )


def slope(term: Callable[[Tensor], Tensor], d: Tensor) -> Tensor:
    """The derivative of an elementwise ``term`` at each of the logits ``d``."""
    d = d.detach().requires_grad_()
    (found,) = torch.autograd.grad(term(d).sum(), d)
    return found


def numbered(by_loss: dict[str, Any]) -> Iterator[tuple[str, Any, int]]:
    """Losses with what belongs to them and the number of their colour."""
    for i, name in enumerate(LOSSES):
        if name in by_loss:
            yield name, by_loss[name], i


# Watching ------------------------------------------------------------------------------------


class Watch:
    """Looks at games and keeps what was seen."""

    def __init__(self, seed: int):
        self.z = latents(seed)
        self.steps: list[int] = []
        self.looks: dict[str, list[Look]] = {}
        self.norms: dict[str, dict[str, list[float]]] = {}

    def __call__(self, step: int, games: dict[str, Trainer], noun: str = "round") -> Film:
        """Look at all games; returns a film of this moment."""
        self.steps.append(step)
        self.noun = noun
        for name, one in games.items():
            self.looks.setdefault(name, []).append(look(one.model, name, self.z))
            for term, value in one.window.flush().items():
                self.norms.setdefault(term, {}).setdefault(name, []).append(value)
        return self.film(slice(-1, None))

    def film(self, which: slice = slice(None)) -> Film:
        """The planes of all games side by side."""
        tracks = tuple(
            plane(LOSSES[name].title, looks[which], colour)
            for name, looks, colour in numbered(self.looks)
        )
        return Film(tracks, tuple(f"{self.noun} {step:,}" for step in self.steps[which]))

    def answer(self) -> Watched:
        """Everything that was seen."""
        seen = self.looks.items()
        return Watched(
            film=self.film(),
            steps=tuple(self.steps),
            fake={name: np.stack([one.fake for one in looks]) for name, looks in seen},
            real={name: np.stack([one.real for one in looks]) for name, looks in seen},
            norms={part: self._norms(part) for part in ("generator", "discriminator")},
        )

    def _norms(self, part: str) -> tuple[Curve, ...]:
        """Means between one look and the next."""
        found = numbered(self.norms[f"gradient norm · {part}"])
        x = np.array(self.steps[1:])
        return tuple(Curve(LOSSES[name].title, x, np.array(v), i) for name, v, i in found)
