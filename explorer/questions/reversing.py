"""A model that denoises at work: films of its way, races of samplers, repaired pictures."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from explorer import catalog, data, denoising, latents, runs
from explorer.answers import Cost, Film, Moment, Walk
from explorer.errors import InputError
from explorer.models.diffusing import Diffusing
from explorer.questions.subjects import fitted, model_of
from explorer.sampling import SampleSettings

MOST = 64  # samples at once
REFERENCE = SampleSettings(sampler="ddim", eta=0.0)


def walk(checkpoint: str, n: int, seed: int, how: dict) -> Iterator[Moment]:
    """The way of ``n`` samples from noise to data, as it is gone."""
    model, settings = _asked(checkpoint, how)
    return denoising.film(model, _few(n), seed, settings)


def repair(checkpoint: str, x: np.ndarray, share: float, seed: int, how: dict) -> Iterator[Moment]:
    """Pictures uint8 N C H W noised to a ``share`` (0 to 1) of all levels and denoised again."""
    model, settings = _asked(checkpoint, how)
    level = max(1, round(share * model.schedule.T))
    return denoising.noised_film(model, fitted(x, model), level, seed, settings)


def fill(
    checkpoint: str, x: np.ndarray, missing: str, n: int, seed: int, how: dict
) -> Iterator[Moment]:
    """``n`` ways to complete a picture uint8 C H W whose part called ``missing`` is left out."""
    model, settings = _asked(checkpoint, how)
    if not model.spec.is_image or model.inner != model.spec.shape:
        raise InputError("Only a model that works on pixels can fill in pixels. Choose another.")
    (picture,) = fitted(x[None], model)
    kept = denoising.mask(missing, picture.shape[-1])
    return denoising.filled_film(model, picture, kept, _few(n), seed, settings)


def race(checkpoint: str, n: int, seed: int, hows: tuple[dict, ...]) -> Iterator[float | Walk]:
    """The same noise under several samplers; the first is DDIM at every level, the reference."""
    model, _ = _asked(checkpoint, {})
    same = {key: hows[0][key] for key in ("guidance", "label") if hows and key in hows[0]}
    reference = REFERENCE.changed(steps=model.schedule.T, **same)
    runners = tuple(SampleSettings.read(how) for how in hows)
    for runner in runners:
        model.levels(runner)
    return denoising.race(model, _few(n), seed, (reference, *runners))


def between(
    checkpoint: str, seeds: tuple[int, ...], how: dict, steps: int = 9, straight: bool = False
) -> np.ndarray:
    """Samples on the way from each noise to the next: rows steps H W [3]."""
    model, settings = _asked(checkpoint, how)
    pairs = [denoising.between(model, p, settings, steps, straight) for p in pairwise(seeds)]
    return np.stack(pairs)


def by_epoch(checkpoint: str, seed: int, how: dict, n: int = 1) -> Iterator[tuple[Any, ...]]:
    """The reverse strip of the same noise for every checkpoint of a run, the oldest first.

    Yields (epoch, pictures n moments H W [3]).
    """
    run = runs.find(checkpoint.partition("@")[0])
    for one in run.checkpoints():
        key = f"{run.id}@{one.step}"
        model, settings = _asked(key, how)
        epoch = catalog.entry(key).header.facts["epoch"]
        yield epoch, denoising.strip(model, seed, settings, n)


def latent_walk(checkpoint: str, n: int, seed: int, how: dict) -> Iterator[float | Film]:
    """Samples on their way through the latent space, and the pictures they become."""
    model, settings = _asked(checkpoint, how)
    if model.inner == model.spec.shape:
        raise InputError("This model works on pixels. Choose a latent diffusion.")
    x = data.load(data.at_hand(catalog.entry(checkpoint).header.recipe["data"])).x
    return latents.latent_film(model, x, _few(n), seed, settings)


def cost(checkpoint: str, n: int, seed: int, how: dict) -> Iterator[float | Cost]:
    """What samples cost, and how far ``n`` of them are from test images."""
    model, settings = _asked(checkpoint, how)
    if not 128 <= n <= 2000:
        raise InputError(f"The number of samples is {n}, but must be between 128 and 2,000.")
    name = data.at_hand(catalog.entry(checkpoint).header.recipe["data"])
    return latents.measured(model, data.load(name, "test"), n, seed, settings)


def _asked(checkpoint: str, how: dict) -> tuple[Diffusing, SampleSettings]:
    """The model and its settings, checked before any work starts."""
    model = model_of(checkpoint)
    if not isinstance(model, Diffusing):
        raise InputError("This model does not denoise. Choose a diffusion model.")
    settings = SampleSettings.read({"steps": min(20, model.schedule.T)} | how)
    model.levels(settings)
    return model, settings


def _few(n: int) -> int:
    if not 1 <= n <= MOST:
        raise InputError(f"The number of samples is {n}, but must be between 1 and {MOST}.")
    return n
