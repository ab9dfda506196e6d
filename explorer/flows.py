r"""Films of the plane: points on their way from noise to data, and the field that moves them.

Beside everything learned stands the exact answer, which is known here (`explorer.exact`).
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from explorer import sampling
from explorer.answers import Curve, Film, Plane
from explorer.checkpoints import build
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.exact import Exact, of_examples
from explorer.points import EXTENT, SPEC, Cloud, Learning, chosen, cloud, learn
from explorer.sampling import Denoiser, SampleSettings, Step
from explorer.schedules import Schedule

POINTS = 1200  # that walk
FOLLOWED = 40  # points that draw their path
STEPS = 48  # of the walk that is shown, at most the model's T
GRID = 20  # arrows a side
PIXELS = 64  # of the ground, a side
BLUR = 0.07  # standard deviation of the kernel that turns samples into a density
COMPARED = 512  # held-out points whose x_0 is compared with the exact one

WALKS = {
    "ode": {"sampler": "ddim", "eta": 0.0},
    "ddpm": {"sampler": "ddim", "eta": 1.0},
}


class Walk(NamedTuple):
    """A denoiser's steps from noise to data."""

    schedule: Schedule
    steps: list[Step]


# The field ------------------------------------------------------------------------------------


def score(x: Tensor, x0: Tensor, alpha: float, sigma: float) -> Tensor:
    """∇ log p(x) from the guess x_0 = E[x_0 | x] (Tweedie's formula): where density grows."""
    return (alpha * x0 - x) / sigma**2


def velocity(x: Tensor, x0: Tensor, schedule: Schedule, level: int) -> Tensor:
    """dx/dt of the probability-flow ODE dx = x_0 dα + ε dσ, backwards: the way points go."""
    alpha, sigma = schedule.at(level)
    before, smaller = schedule.at(level - 1)
    eps = (x - alpha * x0) / sigma
    return schedule.T * (x0 * (before - alpha) + eps * (smaller - sigma))


def density(exact: Exact, alpha: float, sigma: float, blur: float = BLUR) -> np.ndarray:
    """p(x) of x = α x_0 + σ ε on PIXELS² cells, the top row first; smoothed by ``blur``.

    A round Gaussian is one along x times one along y, so a sum of them is a matrix product.
    """
    cell = torch.arange(PIXELS, dtype=torch.float32) + 0.5
    ticks = EXTENT * (2 * cell / PIXELS - 1)
    std = math.sqrt((alpha * exact.std) ** 2 + sigma**2 + blur**2)
    away = (ticks[:, None, None] - alpha * exact.means.float()) / std  # G N 2
    bell = torch.exp(-0.5 * away.square())
    found = (bell[..., 1] * exact.weights.float()) @ bell[..., 0].T
    return (found / (2 * math.pi * std**2)).flip(0).numpy()


def _arrows(denoise: Denoiser, schedule: Schedule, level: int, kind: str) -> np.ndarray:
    """The field on the grid: float32 M 4 as x, y, dx, dy."""
    ticks = EXTENT * (2 * (torch.arange(GRID) + 0.5) / GRID - 1)
    x = torch.cartesian_prod(ticks, ticks)
    x0 = denoise(x, level)
    if kind == "score":
        along = score(x, x0, *schedule.at(level))
    else:
        along = velocity(x, x0, schedule, level)
    return torch.cat([x, along], dim=1).numpy()


def _scaled(fields: list[np.ndarray]) -> list[np.ndarray]:
    """Fields of one moment with their arrows in cells: by one factor, the longest ones cut."""
    cell = 2 * EXTENT / GRID
    lengths = [np.linalg.norm(f[:, 2:], axis=1, keepdims=True) for f in fields]
    usual = max(float(np.quantile(lengths[-1], 0.9)), 1e-9)
    drawn = [np.minimum(length / usual, 1.15) * cell for length in lengths]
    return [
        np.concatenate([f[:, :2], f[:, 2:] / np.maximum(n, 1e-9) * d], axis=1).astype(np.float32)
        for f, n, d in zip(fields, lengths, drawn, strict=True)
    ]


def _grounds(densities: list[np.ndarray]) -> list[np.ndarray]:
    """Densities of one moment as uint8; the square root shows the thin parts too."""
    most = max(float(d.max()) for d in densities)
    return [(255 * np.sqrt(d / most)).round().astype(np.uint8) for d in densities]


# One model ------------------------------------------------------------------------------------


def points_film(
    name: str,
    values: dict[str, Any],
    points: np.ndarray | None = None,
    learned: bool = True,
    arrows: str = "score",
    walk: str = "ode",
    seed: int = 0,
) -> Iterator[Learning | tuple[Film, Curve | None]]:
    """Points flowing, what is expected of them, and the field: of the model and exact.

    Ends with the film and the mean squared error of x_0 over t; of the exact field alone, which
    needs no training, unless ``learned``.  Raises InputError.
    """
    if arrows not in ("score", "velocity") or walk not in WALKS:
        raise InputError("Arrows are score or velocity, and a walk is ode or ddpm. Choose one.")
    known = cloud(name, points)
    model = build(chosen(name, values), SPEC)
    if learned:
        model = (yield from learn(known, values)).model
    with torch.no_grad():
        yield _film(known, model if learned else None, model.schedule, arrows, walk, seed)


def _film(known: Cloud, model, schedule: Schedule, arrows: str, walk: str, seed: int):
    start = noise(POINTS, seed)
    exact = known.exact.denoiser(schedule)
    # Beside a model's points only those few are walked exactly that draw their path.
    true = _walk(exact, schedule, start[:FOLLOWED] if model else start, walk, seed)
    own = _walk(model.denoise, schedule, start, walk, seed) if model else true
    denoisers = [model.denoise, exact] if model else [exact]
    tracks = [*_points(own, start), *_fields(known.exact, denoisers, own, true, start, arrows)]
    times = [step.t for step in true.steps]
    labels = tuple(f"t = {t:.2f}" for t in times)
    film = Film(tuple(tracks), labels, tuple(times), fps=12)
    return film, _error(known, model, schedule, true) if model else None


def noise(n: int, seed: int) -> Tensor:
    """Where a walk begins: n x 2 of N(0, I), the same for everyone who has the seed."""
    return torch.randn(n, 2, generator=own_randomness(seed, "plane"))


def _walk(denoise: Denoiser, schedule: Schedule, x: Tensor, walk: str, seed: int) -> Walk:
    settings = SampleSettings(steps=min(STEPS, schedule.T), **WALKS[walk])
    return walked(denoise, schedule, x, settings, seed)


def walked(
    denoise: Denoiser, schedule: Schedule, x: Tensor, settings: SampleSettings, seed: int
) -> Walk:
    """All steps from ``x`` to data; the ``seed`` decides the fresh noise."""
    generator = own_randomness(seed, "fresh")
    fresh = lambda x: torch.randn(x.shape, generator=generator)  # noqa: E731
    levels = schedule.levels(settings.steps, settings.spacing)
    return Walk(schedule, list(sampling.walk(denoise, schedule, x, levels, settings, fresh)))


def _points(walk: Walk, start: Tensor) -> list[Plane]:
    x, x0 = (torch.stack([s[i] for s in walk.steps]).numpy() for i in (1, 2))
    groups = quadrants(start)
    return [
        Plane("x: noise becomes data", x, groups, trails=FOLLOWED, extent=EXTENT),
        Plane("x₀: where each is expected to end", x0, groups, extent=EXTENT),
    ]


def quadrants(start: Tensor) -> np.ndarray:
    """The quadrant of the noise that a point began in: a colour that lets it be followed."""
    return (2 * (start[:, 1] > 0) + (start[:, 0] > 0)).numpy().astype(np.int64)


def _fields(
    known: Exact, denoisers: list[Denoiser], own: Walk, true: Walk, start: Tensor, kind: str
) -> list[Plane]:
    """A track a denoiser: arrows, density and the first points; the exact one is the last."""
    arrows, grounds = [], []
    for mine, step in zip(own.steps, true.steps, strict=True):
        level = max(1, round(step.t * true.schedule.T))  # at t = 0 there is no score
        arrows.append(_scaled([_arrows(d, true.schedule, level, kind) for d in denoisers]))
        shown = [density(of_examples(mine.x), 1.0, 0.0)] if len(denoisers) == 2 else []
        at = true.schedule.at(round(step.t * true.schedule.T))
        grounds.append(_grounds([*shown, density(known, *at)]))
    titles = ["Learned field", "Exact field"][-len(denoisers) :]
    walks = [own, true][-len(denoisers) :]
    return [
        Plane(
            title,
            torch.stack([step.x[:FOLLOWED] for step in walk.steps]).numpy(),
            quadrants(start[:FOLLOWED]),
            np.stack([one[i] for one in arrows]),
            np.stack([one[i] for one in grounds]),
            trails=FOLLOWED,
            extent=EXTENT,
        )
        for i, (title, walk) in enumerate(zip(titles, walks, strict=True))
    ]


def _error(known: Cloud, model, schedule: Schedule, walk: Walk) -> Curve:
    """Mean squared difference of learned and exact x_0 over noised held-out points, at each t."""
    x0 = torch.tensor(known.held[:COMPARED])
    eps = torch.randn(x0.shape, generator=own_randomness(0, "compared"))
    times, errors = [step.t for step in walk.steps if step.t > 0], []
    for t in times:
        level = round(t * schedule.T)
        alpha, sigma = schedule.at(level)
        x = alpha * x0 + sigma * eps
        off = model.denoise(x, level) - known.exact.clean(x, alpha, sigma)
        errors.append(float(off.square().mean()))
    return Curve("learned − exact", np.array(times), np.array(errors))
