r"""How well a model copies: through its latents, by a search for them, or through noise.

- An encoder finds latents at once; a latent diffusion has one in its autoencoder.
- A GAN has none: argmin_z ‖G(z) − x‖² is searched by Adam, from the best of some random latents
  ("inversion", Zhu et al. 2016).
- A diffusion walks the probability-flow ODE up to pure noise and down again ("ODE inversion", Song
  et al. 2021): a code as large as the picture.
"""

from collections.abc import Iterator
from math import prod

import numpy as np
import torch
from torch import Tensor

from explorer.abilities.subject import SHOWN, Measure, Subject, first, mean, picture
from explorer.capabilities import Cell
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.layers import draw
from explorer.likelihood import told
from explorer.models.base import Model, last
from explorer.models.diffusing import Diffusing
from explorer.models.diffusion import Diffusion
from explorer.models.gan import GAN
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.pictures import sheet, tiles, to_uint8
from explorer.probes import as_input, classes_of, decode, encode, quietly
from explorer.sampling import Denoiser, Step, heun
from explorer.schedules import Schedule

COPIED = 64  # test images
TRIED = 500  # random latents, before the search begins
STEPS = 200  # of Adam
RATE = 0.1
CHUNK = 8  # pictures on their way through noise
LEVELS = 20  # steps of the ODE, each way


def reconstruct(of: Subject) -> Measure:
    """Squared error an image, summed over pixels in [0, 1], on the first test images."""
    few = first(of.test, COPIED)
    for made in copies(of.model, few.x, few.y):
        if isinstance(made, float):
            yield made
    error = _errors(made, few.x)
    rows = np.concatenate([tiles(few.x[:SHOWN]), to_uint8(made[:SHOWN])])
    shown = picture(sheet(rows, min(SHOWN, len(few)), gap=1))
    facts = {"images": len(few), "code": _numbers(of.model), "pixels": prod(few.x.shape[1:])}
    if isinstance(of.model, Diffusion):
        facts["half way"] = float(_errors(half_way(of.model, few.x, few.y), few.x).mean())
    yield Cell("reconstruct", *mean(error), way(of.model), facts, shown)


def _errors(made: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Squared errors of N copies of uint8 pictures, summed over pixels in [0, 1]."""
    return ((made - x / 255.0) ** 2).reshape(len(x), -1).sum(1)


def _numbers(model: Model) -> int:
    """How many numbers a copy goes through."""
    return prod(model.inner) if isinstance(model, Diffusing) else model.latent


def way(model: Model) -> str:
    """How a model copies, in a few words.  Raises InputError if it cannot."""
    if isinstance(model, LatentDiffusion):
        return "its autoencoder alone"
    if isinstance(model, Diffusing):
        return f"ODE inversion, {LEVELS} steps up and down"
    if isinstance(model, GAN):
        return f"inversion: {STEPS} steps of Adam for z"
    if "Encodes" in model.capabilities:
        return "encode, then decode"
    raise InputError("This model cannot copy a picture. Choose another one.")


def copies(
    model: Model, x: np.ndarray, y: np.ndarray | None, seed: int = 0
) -> Iterator[float | np.ndarray]:
    """How much is done (0 to 1), then copies float32 N C H W in [0, 1] of uint8 N C H W."""
    way(model)  # or say why not
    if isinstance(model, LatentDiffusion):
        yield _by_autoencoder(model, x)
    elif isinstance(model, Diffusing):
        yield from _through_noise(model, x, y)
    elif isinstance(model, GAN):
        yield from _inverted(model, x, y, seed)
    else:
        yield decode(model, encode(model, x).mean)


@quietly
def _by_autoencoder(model: LatentDiffusion, x: np.ndarray) -> np.ndarray:
    return model.to_data(model.from_data(as_input(model, x))).numpy()


# A search -----------------------------------------------------------------------------------------


def _inverted(
    model: GAN, x: np.ndarray, y: np.ndarray | None, seed: int
) -> Iterator[float | np.ndarray]:
    for found in inverted(model, x, y, seed):
        if isinstance(found, float):
            yield found
    yield decode(model, found, torch.tensor(y) if model.classes else None)


def inverted(
    model: GAN, x: np.ndarray, y: np.ndarray | None, seed: int = 0
) -> Iterator[float | Tensor]:
    """How much is done (0 to 1), then the latents N Z whose pictures come nearest to ``x``.

    A GAN that knows classes is asked for those of the uint8 pictures N C H W: ``y`` int N.
    """
    wanted = as_input(model, x)
    classes = torch.tensor(y) if model.classes else None
    z = _nearest(model, wanted, classes, seed).requires_grad_()
    adam = torch.optim.Adam([z], RATE)
    for i in range(STEPS):
        with torch.enable_grad():
            error = (model.decode(z, classes) - wanted).square().sum()
            (z.grad,) = torch.autograd.grad(error, z)
        adam.step()
        yield (i + 1) / STEPS
    yield z.detach()


def _nearest(model: GAN, wanted: Tensor, classes: Tensor | None, seed: int) -> Tensor:
    """For each picture the best of `TRIED` random latents: N Z; if it has a class, of that one."""
    z = draw(TRIED, (model.latent,), own_randomness(seed, "inversion"))
    turns = classes_of(model, TRIED)
    drawn = torch.from_numpy(decode(model, z, turns))
    away = torch.cdist(wanted.flatten(1), drawn.flatten(1))
    if classes is not None:
        away = away.masked_fill(classes[:, None] != turns, torch.inf)
    return z[away.argmin(1)]


# Through noise ------------------------------------------------------------------------------------


def _through_noise(
    model: Diffusing, x: np.ndarray, y: np.ndarray | None
) -> Iterator[float | np.ndarray]:
    found = []
    for i in range(0, len(x), CHUNK):
        some = slice(i, i + CHUNK)
        found.append(_there_and_back(model, x[some], None if y is None else y[some]))
        yield sum(map(len, found)) / len(x)
    yield np.concatenate(found)


@quietly
def _there_and_back(model: Diffusing, x: np.ndarray, y: np.ndarray | None) -> np.ndarray:
    x0 = model.from_data(as_input(model, x))
    end = up_and_down(told(model, y), model.schedule, x0)
    return model.to_data(end).clamp(0, 1).numpy()


@quietly
def half_way(model: Diffusion, x: np.ndarray, y: np.ndarray | None, seed: int = 0) -> np.ndarray:
    """Pictures noised to half of all levels and denoised again, float32 N C H W in [0, 1].

    No copy: what the noise has hidden is invented anew (Meng et al. 2022).
    """
    half = model.schedule.T // 2
    a, s = model.schedule.at(half)
    x0 = model.from_data(as_input(model, x))
    state = a * x0 + s * torch.randn(x0.shape, generator=own_randomness(seed, "half way"))
    levels = model.schedule.levels(min(LEVELS, model.schedule.T), start=half)
    end = last(heun(told(model, y), model.schedule, state, levels))
    return model.to_data(end).clamp(0, 1).numpy()


def up_and_down(denoise: Denoiser, schedule: Schedule, x0: Tensor, steps: int = LEVELS) -> Tensor:
    """From x_0 (B ...) along the ODE to noise, and back to a copy."""
    noise = last(upwards(denoise, schedule, x0, steps))
    return last(downwards(denoise, schedule, noise, steps))


def upwards(
    denoise: Denoiser, schedule: Schedule, x0: Tensor, steps: int = LEVELS
) -> Iterator[Step]:
    """From x_0 (B ...) along the ODE to noise.

    What is stored counts as level 1, whose noise is finer than what can be seen: at level 0 no
    noise is defined that the ODE could follow.
    """
    return heun(denoise, schedule, x0, _levels(schedule, steps))


def downwards(
    denoise: Denoiser, schedule: Schedule, noise: Tensor, steps: int = LEVELS
) -> Iterator[Step]:
    """From noise (B ...) through the same levels to data."""
    return heun(denoise, schedule, noise, [*reversed(_levels(schedule, steps)), 0])


def _levels(schedule: Schedule, steps: int) -> list[int]:
    return sorted({1, *schedule.levels(min(steps, schedule.T))[:-1]})
