"""Races in the plane: the same noise through several samplers or models, on one clock."""

from collections.abc import Generator, Iterator
from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer.answers import Film, Plane
from explorer.checkpoints import build
from explorer.errors import InputError
from explorer.flows import FOLLOWED, POINTS, noise, quadrants, walked
from explorer.points import EXTENT, SPEC, Cloud, Learning, chosen, cloud, learn
from explorer.sampling import SampleSettings, Step
from explorer.schedules import Schedule

MOMENTS = 41  # frames of a race
RUNNERS = 6
MODE = 3.0  # standard deviations that belong to a mode


class Outcome(TypedDict):
    """Where a runner arrived: network calls, sliced Wasserstein distance, share near a mode."""

    title: str
    calls: int
    distance: float
    near: float | None


def points_race(
    name: str,
    values: dict[str, Any],
    runners: tuple[dict[str, Any], ...],
    points: np.ndarray | None = None,
    seed: int = 0,
) -> Iterator[Learning | tuple[Film, tuple[Outcome, ...]]]:
    """The same noise through several samplers or models, on one clock.

    A runner has a ``title``, ``sampler``, ``steps``, perhaps ``eta`` and other ``values``; the
    sampler ``forward`` shows the data themselves as they become noise.  The last outcome is that
    of other true points: the smallest distance that can be expected.  Raises InputError.
    """
    if not 1 <= len(runners) <= RUNNERS:
        raise InputError(f"Compare between 1 and {RUNNERS} at once; this asks for {len(runners)}.")
    known, start = cloud(name, points), noise(POINTS, seed)
    times = np.linspace(1, 0, MOMENTS)
    tracks, outcomes = [], []
    for runner in runners:
        x, calls = yield from _run(known, values, runner, start, times, seed)
        groups = quadrants(start)
        tracks.append(Plane(runner["title"], x, groups, trails=FOLLOWED, extent=EXTENT))
        outcomes.append(_outcome(known, runner["title"], calls, x[-1]))
    outcomes.append(_outcome(known, "Other true points", 0, known.train[:POINTS]))
    yield (
        Film(tuple(tracks), tuple(f"t = {t:.2f}" for t in times), fps=12),
        tuple(outcomes),
    )


def _run(
    known: Cloud, values: dict[str, Any], runner: dict[str, Any], start: Tensor, times, seed: int
) -> Generator[Learning, None, tuple[np.ndarray, int]]:
    """Where the points of one runner are at each time (F N 2), and how often its network ran."""
    values = values | runner.get("values", {})
    if runner["sampler"] == "forward":
        schedule = build(chosen(known.name, values), SPEC).schedule
        return _noised(known, schedule, start, times), 0
    settings = SampleSettings.read(
        {k: runner[k] for k in ("sampler", "steps", "eta") if k in runner}
    )
    build(chosen(known.name, values), SPEC).schedule.levels(settings.steps)  # before the training
    model = (yield from learn(known, values)).model
    with torch.no_grad():
        walk = walked(model.denoise, model.schedule, start, settings, seed)
    return _held(walk.steps, times), settings.calls


def _held(steps: list[Step], times: np.ndarray) -> np.ndarray:
    """The newest step at each time: between two steps a sampler has no opinion."""
    reached = [sum(step.t >= t - 1e-9 for step in steps) - 1 for t in times]
    return torch.stack([steps[i].x for i in reached]).numpy()


def _noised(known: Cloud, schedule: Schedule, eps: Tensor, times: np.ndarray) -> np.ndarray:
    """The data at each time of the forward process: α x_0 + σ ε."""
    x0 = torch.tensor(np.resize(known.train, eps.shape))
    levels = [schedule.at(round(t * schedule.T)) for t in times]
    return torch.stack([alpha * x0 + sigma * eps for alpha, sigma in levels]).numpy()


def _outcome(known: Cloud, title: str, calls: int, x: np.ndarray) -> Outcome:
    near = None if known.modes is None else near_a_mode(x, known.modes.means, known.modes.std)
    return Outcome(title=title, calls=calls, distance=sliced_wasserstein(x, known.held), near=near)


def near_a_mode(x: np.ndarray, means: np.ndarray, std: float) -> float:
    """The share of points N 2 within three standard deviations of a mode."""
    away = np.linalg.norm(x[:, None] - means[None], axis=2).min(axis=1)
    return float((away < MODE * std).mean())


def sliced_wasserstein(a: np.ndarray, b: np.ndarray, directions: int = 64) -> float:
    """Sliced 2-Wasserstein distance of points N 2 and M 2 (Bonneel et al. 2015).

    Along a line the best pairing is that of equal ranks; the squared distance is averaged over
    evenly spaced directions.
    """
    angle = np.pi * np.arange(directions) / directions
    lines = np.stack([np.cos(angle), np.sin(angle)])  # 2 L
    ranks = (np.arange(512) + 0.5) / 512
    quantiles = (np.quantile(x @ lines, ranks, axis=0) for x in (a, b))
    first, second = quantiles
    return float(np.sqrt(((first - second) ** 2).mean()))
