r"""A GAN whose D step lacks ``detach``, beside its healthy twin from the same seed.

D's loss then also reaches the generator, and ∂L_D/∂θ stays in G until G's own step adds ∂L_G/∂θ:

    G gets  ∂L_G/∂θ + ∂L_D/∂θ,   which for a generated point with the logit d = D(x) is
            (L_G′(d) + L_D′(d)) · ∂d/∂θ    (D has moved a step in between)

The two terms pull in opposite directions.  Everything here is deterministic.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer import data, plane_games
from explorer.adversarial import LOSSES
from explorer.answers import Curve, Film
from explorer.config import SEED_LIMIT, Settings, setting
from explorer.data import mixture
from explorer.metrics.modes import mode_shares
from explorer.models.gan import GAN, D, G
from explorer.plane_games import RING, Look, Playing
from explorer.races import sliced_wasserstein

TITLES = ("Healthy", "With the mistake")
COLOURS = (0, 2)  # of the palette
MEASURED = 512  # generated points


class DetachSettings(Settings):
    """Twins in the plane."""

    loss: Literal["wasserstein", "non-saturating", "minimax", "least-squares", "hinge"] = setting(
        "wasserstein",
        "Loss",
        "What D's part of it does to G depends on the loss.",
        labels={name: loss.title for name, loss in LOSSES.items()},
    )
    rounds: int = setting(
        600, "Rounds", "Updates of D, and as many of G.", ge=20, le=3000, log=True
    )
    seed: int = setting(
        0, "Seed", "Both twins begin alike and see the same z.", ge=0, le=SEED_LIMIT
    )


class Detached(TypedDict):
    """What D's step leaves in G, and what that does; the healthy twin comes first.

    ``left`` are norms, ``cosine`` is between the gradient of G's own loss and what G gets,
    ``distance`` is the sliced 2-Wasserstein distance to the data, ``modes`` are those covered of
    8, and ``empty`` says that G had no gradient at all after any step of D.
    """

    film: Film
    left: tuple[Curve, ...]
    cosine: tuple[Curve, ...]
    distance: tuple[Curve, ...]
    modes: tuple[int, ...]
    empty: tuple[bool, ...]


def detach_twins(values: dict[str, Any]) -> Iterator[Playing | Detached]:
    """A game in the plane with and without ``detach`` in D's step.  Raises InputError."""
    settings = DetachSettings.read(values)
    twins = [Watched(settings, detach) for detach in (True, False)]
    steps, looks = [], plane_games.moments(settings.rounds)
    for step in plane_games.played([one.trainer for one in twins], settings.rounds, looks):
        steps.append(step)
        for one in twins:
            one.look()
        film = _film(twins, steps, slice(-1, None))
        yield Playing(step=step, total=settings.rounds, film=film)
    yield Detached(
        film=_film(twins, steps),
        left=curves(steps, [one.left for one in twins]),
        cosine=curves(steps, [one.cosine for one in twins]),
        distance=curves(steps, [one.distances for one in twins]),
        modes=tuple(mode_shares(one.drawn(), mixture(RING)).covered for one in twins),
        empty=tuple(one.empty for one in twins),
    )


class Watched:
    """One twin: what is seen of it, and what its G's optimizer finds, as means between looks."""

    def __init__(self, settings: DetachSettings, detach: bool):
        common = {"steps": settings.rounds, "seed": settings.seed}
        self.seed = settings.seed
        self.trainer = plane_games.game(settings.loss, detach=detach, **common)
        self.model: GAN = self.trainer.model
        self.own = list(self.model.generator.parameters())
        self.looks: list[Look] = []
        self.empty = True
        self.left: list[float] = []
        self.cosine: list[float] = []
        self.distances: list[float] = []
        self._rounds: list[tuple[float, float]] = []
        self.trainer.optimizers[D].register_step_post_hook(self._after_d)
        self.trainer.optimizers[G].register_step_pre_hook(self._before_g)

    def look(self) -> None:
        """Remember this moment; before the first round there is no gradient to tell of."""
        loss, z = self.model.config.loss, plane_games.latents(self.seed)
        self.looks.append(plane_games.look(self.model, loss, z, felt(self.model)))
        left, cosine = np.mean(self._rounds, axis=0) if self._rounds else (np.nan, np.nan)
        self.left.append(left)
        self.cosine.append(cosine)
        self.distances.append(
            sliced_wasserstein(self.drawn(), data.load(RING, "test").x[:MEASURED])
        )
        self._rounds = []

    @torch.no_grad()
    def drawn(self) -> np.ndarray:
        """Points to be measured: MEASURED 2."""
        return self.model.decode(plane_games.latents(self.seed, MEASURED)).numpy()

    def _after_d(self, *_: Any) -> None:
        self.empty &= all(p.grad is None for p in self.own)
        self._leftover = self._gradient()

    def _before_g(self, *_: Any) -> None:
        got = self._gradient()
        wanted = got - self._leftover
        cosine = torch.cosine_similarity(wanted, got, dim=0).item()
        self._rounds.append((self._leftover.norm().item(), cosine))

    def _gradient(self) -> Tensor:
        """G's gradient as one new vector, zeros where there is none."""
        found = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.own]
        return torch.cat([one.flatten() for one in found])


def felt(model: GAN) -> Callable[[Tensor], Tensor]:
    """What moves generated points: the loss of G, and that of D too unless it is detached."""
    loss = LOSSES[model.config.loss]
    if model.config.detach:
        return loss.generator
    return lambda d: loss.generator(d) + loss.fake(d)


def curves(x: list[int], values: list[list[float]]) -> tuple[Curve, ...]:
    """A curve for each twin, in its colour."""
    parts = zip(TITLES, values, COLOURS, strict=True)
    return tuple(Curve(title, np.array(x), np.array(y), colour) for title, y, colour in parts)


def _film(twins: list[Watched], steps: list[int], which: slice = slice(None)) -> Film:
    parts = zip(TITLES, twins, COLOURS, strict=True)
    tracks = tuple(plane_games.plane(t, one.looks[which], colour) for t, one, colour in parts)
    return Film(tracks, tuple(f"round {step:,}" for step in steps[which]))
