"""A discriminator that is sure: G stands still far off while D learns, and what still reaches G.

With supports that do not meet, D can tell all points apart, and the sharper it does so the less the
minimax loss tells G (Arjovsky & Bottou 2017, theorem 2.4 and figure 2).  A critic whose slope is
held at 1 keeps telling (Arjovsky et al. 2017, figure 2; Gulrajani et al. 2017).
"""

from collections.abc import Iterator
from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer.adversarial import LOSSES
from explorer.answers import Curve, Film
from explorer.config import SEED_LIMIT, Setting, Settings, describe, setting
from explorer.gradients import Watch, numbered, penalty, slope
from explorer.models.base import Batch, Objective
from explorer.models.gan import GAN
from explorer.plane_games import (
    FAR,
    SHOWN,
    Playing,
    game,
    latents,
    moments,
    played,
    push,
    real_points,
)
from explorer.training import Trainer

FIRM = 10.0  # λ: alone, D can be held to a slope of 1 without unsettling a game
MEASURED = 2 * SHOWN  # generated points
REACH = 2.4  # half the length of the diagonal along which D is read
BESIDE = 0.2  # real points so near the diagonal are shown on it


class SureSettings(Settings):
    """How long D learns alone."""

    updates: int = setting(
        300, "Updates of D alone", "G stands still meanwhile.", ge=20, le=2000, log=True
    )
    seed: int = setting(0, "Seed", "All games begin with the same networks.", ge=0, le=SEED_LIMIT)


class Sure(TypedDict):
    """What would reach G from a D that has learned alone, by loss.

    ``norms`` of G's whole gradient over D's updates; at the end ``factors`` are the means of
    |L′(d)| and ‖∂d/∂x‖ over generated points, and ``line`` is D along the diagonal, at ``along``,
    on which generated and real points lie at ``generated`` and ``real``.
    """

    film: Film
    norms: tuple[Curve, ...]
    factors: dict[str, tuple[float, float]]
    along: np.ndarray
    line: dict[str, np.ndarray]
    generated: np.ndarray
    real: np.ndarray


class OnlyD(GAN):
    """A game in which G stands still."""

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """D's part of a round, and no more."""
        yield next(super().objectives(batch))


def sure_settings() -> tuple[Setting, ...]:
    """The settings of the experiment, for forms."""
    return describe(SureSettings)


def sure_critic(values: dict[str, Any]) -> Iterator[Playing | Sure]:
    """Train D alone, for each loss, against a G that is far off.  Raises InputError."""
    settings = SureSettings.read(values)
    updates = settings.updates
    games = {name: lonely(name, settings) for name in LOSSES}
    watch, z = Watch(settings.seed), latents(settings.seed, MEASURED)
    norms: dict[str, list[float]] = {name: [] for name in LOSSES}
    for step in played(games.values(), updates, moments(updates)):
        for name, one in games.items():
            norms[name].append(generator_norm(one.model, name, z))
        yield Playing(step=step, total=updates, film=watch(step, games, "update of D"))
    x = np.array(watch.steps)
    lines = tuple(Curve(LOSSES[n].title, x, np.array(y), i) for n, y, i in numbered(norms))
    yield _sure(watch.film(), lines, {name: one.model for name, one in games.items()}, z)


def lonely(loss: str, settings: SureSettings) -> Trainer:
    """A game on the ring whose D alone is updated."""
    values = {"penalty": penalty(loss), "steps": settings.updates, "seed": settings.seed}
    return game(loss, OnlyD, gradient_weight=FIRM, **values)


def generator_norm(model: GAN, loss: str, z: Tensor) -> float:
    """‖∂L/∂θ‖ of G's mean loss L over the points of ``z``, θ being all weights of G."""
    value = LOSSES[loss].generator(model.judge(model.generator(z))).mean()
    found = torch.autograd.grad(value, list(model.generator.parameters()))
    return torch.nn.utils.get_total_norm(found).item()


def factors(model: GAN, loss: str, x: Tensor) -> tuple[float, float]:
    """The means of |L′(d)| and of ‖∂d/∂x‖ over points: what the loss and what D contribute."""
    d, down = push(model, x, lambda d: d)
    given = slope(LOSSES[loss].generator, d).abs().mean().item()
    return given, down.norm(dim=1).mean().item()


def _sure(film: Film, norms: tuple[Curve, ...], models: dict[str, GAN], z: Tensor) -> Sure:
    direction = -torch.tensor(FAR) / torch.tensor(FAR).norm()
    along = torch.linspace(-REACH, REACH, 161)
    with torch.no_grad():
        generated = next(iter(models.values())).decode(z)
        line = {n: one.judge(along[:, None] * direction).numpy() for n, one in models.items()}
    return Sure(
        film=film,
        norms=norms,
        factors={name: factors(one, name, generated) for name, one in models.items()},
        along=along.numpy(),
        line=line,
        generated=(generated @ direction).numpy(),
        real=_near(torch.tensor(real_points()), direction),
    )


def _near(x: Tensor, direction: Tensor) -> np.ndarray:
    """Where the points that lie beside a line lie along it."""
    along = x @ direction
    away = (x - along[:, None] * direction).norm(dim=1)
    return along[away < BESIDE].numpy()
