r"""Ways from picture to picture, or from noise to noise, through any model that draws.

What lies between two pictures depends on where a model keeps them: an autoencoder and a VAE have
latents at once, for a GAN they are searched for, and a diffusion walks the probability-flow ODE up
to the noise that would become the picture (Song et al. 2021).  From there on all are alike: the way
is straight, or an arc of a sphere, since noise in many dimensions has one length (Shoemake 1985).
"""

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from explorer.abilities import copies
from explorer.answers import Ways
from explorer.attributes import verdicts
from explorer.denoising import start
from explorer.errors import InputError
from explorer.inventing import latents, line, smoothness, with_classes
from explorer.metrics.classifier import Classifier
from explorer.models.base import Model
from explorer.models.diffusing import Diffusing
from explorer.models.gan import GAN
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.pictures import to_uint8
from explorer.probes import as_input, classes_of, decode
from explorer.sampling import Denoiser, SampleSettings, Step


class Ends(NamedTuple):
    """Where ways begin and end: latents or noises N ..., and their classes N if a GAN knows any."""

    z: Tensor
    y: Tensor | None = None


def finished(
    work: Iterator[float | Any], share: float = 1.0, done: float = 0.0
) -> Generator[float, None, Any]:
    """Pass on how much is done, as a ``share`` of more after what is ``done``; return the end."""
    found = None
    for found in work:
        if isinstance(found, float):
            yield done + share * found
    return found


# Where pictures are -------------------------------------------------------------------------------


def of_images(model: Model, x: np.ndarray, y: np.ndarray | None) -> Iterator[float | Ends]:
    """How much is done (0 to 1), then the ends that uint8 pictures N C H W are.  InputError."""
    if isinstance(model, Diffusing):
        yield from _noise_of(model, x)
    elif isinstance(model, GAN):
        z = yield from finished(copies.inverted(model, x, y))
        yield Ends(_finite(z), torch.tensor(y) if model.classes else None)
    elif "Encodes" in model.capabilities:
        yield Ends(encoded(model, x))
    else:
        raise InputError("This model finds no way back from a picture. Choose another one.")


def of_noise(model: Model, seeds: tuple[int, ...]) -> Ends:
    """The first latents or noise that samples of each seed begin with."""
    if isinstance(model, Diffusing):
        return Ends(torch.cat([start(model, 1, seed) for seed in seeds]))
    z = torch.cat([latents(model, 1, seed) for seed in seeds])
    return Ends(z, classes_of(model, len(seeds)))


def encoded(model: Model, x: np.ndarray) -> Tensor:
    """The means of q(z | x) of uint8 pictures: N Z.  InputError unless they are finite."""
    with torch.no_grad():
        return _finite(model.posterior(as_input(model, x))[0])


def _finite(z: Tensor) -> Tensor:
    if not z.isfinite().all():
        raise InputError(
            "The latents of these pictures are not finite numbers, so no way leads from one to "
            "the other. Choose an earlier checkpoint."
        )
    return z


@torch.no_grad()
def _noise_of(model: Diffusing, x: np.ndarray) -> Iterator[float | Ends]:
    x0 = _finite(model.from_data(as_input(model, x)))
    walk = copies.upwards(_classless(model, len(x)), model.schedule, x0)
    yield Ends((yield from _walked(walk, copies.LEVELS)))


def _walked(walk: Iterator[Step], levels: int) -> Generator[float, None, Tensor]:
    """Tell how far a walk is, and return where it ends."""
    for i, step in enumerate(walk):
        end = step.x
        yield min(1.0, i / levels)
    return end


def _classless(model: Diffusing, n: int) -> Denoiser:
    """The denoiser without a class: what lies between two pictures is of none."""
    return model.denoiser(n, SampleSettings(guidance=0.0))


# The way ------------------------------------------------------------------------------------------


def way(ends: Tensor, steps: int, straight: bool) -> Tensor:
    """Two ends: 1 steps ...; four (top left, top right, bottom left, bottom right): steps steps ...

    A grid has ways between the ends above and below, and then from each place of the upper to that
    of the lower one: bilinear, or on the sphere.
    """
    if len(ends) == 2:
        return line(*ends, steps, straight)[None]
    if len(ends) != 4:
        raise InputError(f"There are {len(ends)} ends, but a way has two and a grid has four.")
    upper, lower = (line(a, b, steps, straight) for a, b in (ends[:2], ends[2:]))
    columns = [line(a, b, steps, straight) for a, b in zip(upper, lower, strict=True)]
    return torch.stack(columns, dim=1)


def drawn(model: Model, ends: Ends, steps: int, straight: bool) -> Iterator[float | np.ndarray]:
    """How much is done, then the pictures of a way: float32 rows columns C H W in [0, 1]."""
    places = way(ends.z, steps, straight)
    rows, columns = places.shape[:2]
    flat = places.flatten(0, 1)
    if isinstance(model, Diffusing):
        end = yield from finished(_denoised(model, flat))
        with torch.no_grad():
            x = model.to_data(end).clamp(0, 1).numpy()
    elif ends.y is not None:
        x = _between_classes(model, flat, ends.y, steps)
    else:
        x = decode(model, flat)
    yield x.reshape(rows, columns, *x.shape[1:])


def passed(model: Model, ends: Ends, steps: int, straight: bool) -> Iterator[float | Tensor]:
    """How much is done, then the latents that the pictures of a way are decoded from.

    Of an encoder those of the way itself, of a latent diffusion those at which its ODE arrives: in
    its autoencoder's scale, rows columns Z.
    """
    places = way(ends.z, steps, straight)
    if isinstance(model, LatentDiffusion):
        end = yield from finished(_denoised(model, places.flatten(0, 1)))
        with torch.no_grad():
            places = model.unscaled(end).reshape(places.shape)
    yield places


@torch.no_grad()
def _denoised(model: Diffusing, noise: Tensor) -> Iterator[float | Tensor]:
    walk = copies.downwards(_classless(model, len(noise)), model.schedule, noise)
    yield (yield from _walked(walk, copies.LEVELS))


def _between_classes(model: GAN, z: Tensor, y: Tensor, steps: int) -> np.ndarray:
    """Latents N Z of a way whose ends have classes, which go from one embedding to another."""
    embeddings = way(model.generator.label.weight[y], steps, straight=True).flatten(0, 1)
    return decode(with_classes(model, embeddings), z, torch.arange(len(z)))


# What lies on it ----------------------------------------------------------------------------------


def judged(x: np.ndarray, judge: Classifier | None) -> Ways:
    """Pictures rows columns C H W in [0, 1], and what can be said of them without their model."""
    shape, flat = x.shape[:2], x.reshape(-1, *x.shape[2:])
    seen, sure = verdicts(judge, flat) if judge else (None, None)
    shown = to_uint8(flat)
    return Ways(
        shown.reshape(*shape, *shown.shape[1:]),
        *smoothness(x),
        blended(x),
        None if seen is None else seen.reshape(shape),
        None if sure is None else sure.reshape(shape),
    )


def blended(x: np.ndarray) -> np.ndarray:
    """How much of a double exposure the middle of each row rows columns C H W is: float64 rows.

    1 − ‖m − (a + b)/2‖ / ‖(a − b)/2‖ of the middle m and the ends a and b: 1 is their average, 0 as
    far from it as they are.  NaN where the ends are equal.
    """
    rows = x.reshape(*x.shape[:2], -1).astype(float)
    a, b, half = rows[:, 0], rows[:, -1], (rows.shape[1] - 1) / 2
    middle = (rows[:, int(half)] + rows[:, -int(half) - 1]) / 2
    ends = np.linalg.norm(a - b, axis=1) / 2
    away = np.linalg.norm(middle - (a + b) / 2, axis=1)
    return 1 - np.divide(away, ends, out=np.full_like(away, np.nan), where=ends > 0)


def faded(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """Pictures uint8 N C H W faded into others pixel by pixel: float32 N steps C H W in [0, 1]."""
    t = np.linspace(0, 1, steps, dtype=np.float32).reshape(1, -1, 1, 1, 1)
    return (a[:, None] * (1 - t) + b[:, None] * t) / np.float32(255)


def round_trip(model: Model, z: Tensor) -> np.ndarray:
    """How far latents N Z are from those of their own pictures: float64 N.

    What a decoder draws of a place that it has not met leads elsewhere.
    """
    with torch.no_grad():
        back = torch.cat([model.posterior(model.decode(some))[0] for some in z.split(256)])
    return (back.double() - z.double()).norm(dim=1).numpy()
