"""Questions to a model that denoises: films of its way from noise to data, and comparisons of ways.

Pictures come and go as uint8; everything random depends on the seed alone.
"""

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer.answers import Moment, Walk
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.levels import evenly
from explorer.models.base import last
from explorer.models.diffusing import Diffusing
from explorer.pictures import points_picture, sheet, to_uint8
from explorer.probes import as_input
from explorer.sampling import SampleSettings, Step, eps_of, inpainted

FRAMES = 60  # of a film; longer walks are shown at evenly spaced steps
CHUNK = 64  # samples that a network sees at once
NOISE = 6.0  # standard deviations of noise between black and white


def sample(model: Diffusing, n: int, seed: int, settings: SampleSettings) -> Iterator[np.ndarray]:
    """``n`` new pictures in chunks, uint8 n H W [3]; the first k do not depend on n."""
    classes = max(1, len(model.classes))
    chunk = max(1, CHUNK // classes) * classes  # so that every chunk holds the classes evenly
    for first in range(0, n, chunk):
        noise = model.start(min(chunk, n - first), own_randomness(seed, "sample", first))
        end = last(model.walk(noise, settings, seed + first))
        yield drawn(model, model.to_data(end))  # only the end: a decoder costs more than a step


def film(
    model: Diffusing, n: int, seed: int, settings: SampleSettings, *, columns: int = 4
) -> Iterator[Moment]:
    """The way of ``n`` samples from noise to data, moment by moment, as sheets."""
    yield from _moments(model, start(model, n, seed), settings, columns, seed)


def noised_film(
    model: Diffusing, x: np.ndarray, level: int, seed: int, settings: SampleSettings
) -> Iterator[Moment]:
    """uint8 pictures N C H W noised to ``level`` at once and denoised again (Meng et al. 2022)."""
    noisy = _noised(model, x, level, seed)
    yield from _moments(model, noisy, settings, columns_for(len(x)), seed, level=level)


def filled_film(
    model: Diffusing, x: np.ndarray, mask: np.ndarray, n: int, seed: int, settings: SampleSettings
) -> Iterator[Moment]:
    """``n`` ways to fill what ``mask`` (H W, 0 = missing) leaves out of one picture C H W."""
    known = model.from_data(as_input(model, x[None])).to(model.device)
    kept = torch.tensor(mask, dtype=torch.float32, device=model.device)
    noise = start(model, n, seed)
    yield from _moments(
        model, noise, settings, columns_for(n), seed, given=lambda d: inpainted(d, known, kept)
    )


def mask(name: str, side: int) -> np.ndarray:
    """Which pixels of a picture stay: uint8 H W, 1 = known.  ``name`` is what is left out."""
    rows, columns = np.mgrid[:side, :side]
    half, quarter = side // 2, side // 4
    inside = (abs(rows - half + 0.5) < quarter) & (abs(columns - half + 0.5) < quarter)
    missing = {
        "left": columns < half,
        "right": columns >= half,
        "top": rows < half,
        "bottom": rows >= half,
        "centre": inside,
        "frame": ~inside,
    }
    if name not in missing:
        raise InputError(f"There is no mask {name!r}. Choose one of: {', '.join(missing)}.")
    return (~missing[name]).astype(np.uint8)


def strip(
    model: Diffusing, seed: int, settings: SampleSettings, n: int = 1, moments: int = 10
) -> np.ndarray:
    """``moments`` evenly spaced states x_t of ``n`` samples, noise first: n moments H W [3]."""
    steps = list(model.walk(start(model, n, seed), settings, seed))
    chosen = evenly(len(steps) - 1, moments)
    return np.stack([drawn(model, model.to_data(steps[i].x)) for i in chosen], axis=1)


def between(
    model: Diffusing, seeds: tuple[int, int], settings: SampleSettings, steps: int, straight: bool
) -> np.ndarray:
    """Samples along the way from one noise to another: steps H W [3].

    On the sphere (Shoemake 1985), since noise in many dimensions has one length; ``straight``
    crosses its inside instead, where no noise ever is.
    """
    a, b = (start(model, 1, seed)[0] for seed in seeds)
    t = torch.linspace(0, 1, steps, device=a.device).reshape(-1, *[1] * a.dim())
    x = (1 - t) * a + t * b if straight else slerp(a, b, t)
    return drawn(model, model.to_data(last(model.walk(x, settings, seeds[0]))))


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Spherical interpolation between two noises of one shape (Shoemake 1985).

    Straight where no arc is defined: between equal, opposite or vanishing ones.
    """
    cosine = (a * b).sum() / (a.norm() * b.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    if not 1e-4 < angle < math.pi - 1e-3:
        return (1 - t) * a + t * b
    return (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()


def race(
    model: Diffusing, n: int, seed: int, runners: tuple[SampleSettings, ...]
) -> Iterator[float | Walk]:
    """The same noise under several samplers, the first of them the reference for the distance.

    Yields how much is done (0 to 1) and, as each arrives, a Walk.
    """
    calls = [runner.calls for runner in runners]
    done, reference = 0, None
    for runner, own in zip(runners, calls, strict=True):
        since, end = time.perf_counter(), None
        for i, step in enumerate(model.walk(start(model, n, seed), runner, seed)):
            yield (done + own * min(i / runner.steps, 1)) / sum(calls)
            end = step.x
        seconds = time.perf_counter() - since
        done, end = done + own, model.to_data(end)
        reference = end if reference is None else reference
        distance = (end - reference).square().mean().sqrt().item()
        yield Walk(drawn(model, end), runner.steps, own, seconds, distance)


def start(model: Diffusing, n: int, seed: int) -> Tensor:
    """The noise that films, races and strips of one seed all begin with: n inner."""
    return model.start(n, own_randomness(seed, "film"))


def drawn(model: Diffusing, x: Tensor) -> np.ndarray:
    """Data N ... as pictures; points are one picture of their density."""
    x = x.detach().float().cpu().numpy()
    return to_uint8(x) if model.spec.is_image else points_picture(x)[None]


# How a walk is shown ------------------------------------------------------------------------------


def _moments(
    model: Diffusing, x: Tensor, settings: SampleSettings, columns: int, seed: int, **how
) -> Iterator[Moment]:
    levels = model.levels(settings, how.get("level"))
    last_step = len(levels) - 1
    shown = set(evenly(last_step, FRAMES))
    for i, step in enumerate(model.walk(x, settings, seed, **how)):
        if i in shown:
            pictures = _sheets(model, step, columns)
            yield Moment(i, last_step, round(step.t * model.schedule.T), *pictures)


def _sheets(model: Diffusing, step: Step, columns: int) -> tuple[np.ndarray, ...]:
    """x_t, the guess x_0 and the noise as three sheets."""
    shown = [drawn(model, model.to_data(x)) for x in (step.x, step.x0)]
    shown.append(noise_picture(eps_of(model.schedule, step)))
    return tuple(sheet(pictures, columns, gap=2, ground=127) for pictures in shown)


def noise_picture(eps: Tensor) -> np.ndarray:
    """Noise N C H W as pictures, 0 in the middle of the greys; latents N Z as squares of tiles."""
    eps = (eps / NOISE + 0.5).float().cpu()
    if eps.dim() == 2:
        side = math.ceil(math.sqrt(eps.shape[1]))
        eps = torch.nn.functional.pad(eps, (0, side * side - eps.shape[1]), value=0.5)
        eps = eps.reshape(len(eps), 1, side, side)
    return to_uint8(eps.numpy())


def _noised(model: Diffusing, x: np.ndarray, level: int, seed: int) -> Tensor:
    if not 1 <= level <= model.schedule.T:
        raise InputError(
            f"The noise level is {level}, but this model has levels 1 to {model.schedule.T}."
        )
    clean = model.from_data(as_input(model, x)).to(model.device)
    a, s = model.schedule.at(level)
    return a * clean + s * start(model, len(x), seed)


def columns_for(n: int) -> int:
    return max(1, math.ceil(math.sqrt(n)))
