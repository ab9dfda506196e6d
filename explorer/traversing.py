"""Along the latents of a model: what each one does, in rows, in grids and in a single posterior.

A latent is moved in standard deviations of the aggregate posterior q(z) = mean of q(z | x) over
images, so that every latent is walked through what its decoder has met, whatever its scale.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer.answers import LatentAxes, LatentCode, Paths
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.inventing import along, latents
from explorer.metrics import checks
from explorer.models.base import Decodes, Model
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.models.vae import VAE
from explorer.probes import decode, encode, use_of

PLACES = 8  # latents around which changes are measured, fewer where there are many latents
PAIRS = 256  # pictures a sign that this takes, about
AT_ONCE = 64  # latents moved between two looks at how much is done


def coder(model: Model) -> Model:
    """What turns latents into pictures: the model, or a latent diffusion's autoencoder.

    Raises InputError for a model without latents.
    """
    found = model.autoencoder if isinstance(model, LatentDiffusion) else model
    if not (isinstance(found, Decodes) and found.spec.is_image):
        raise InputError(
            "This model has no few numbers that stand for a picture, so there is nothing to move "
            "along. Choose an autoencoder, a VAE, a GAN or a latent diffusion of pictures."
        )
    return found


def codes(model: Model, x: np.ndarray) -> LatentCode:
    """The posteriors of uint8 pictures.  InputError if they are not finite, or nothing encodes."""
    if "Encodes" not in model.capabilities:
        raise InputError(
            "This model has no encoder: nothing tells which latents would give a certain picture. "
            "Begin with random latents, or let them be searched for."
        )
    code = encode(model, x)
    for side in (code.mean, code.std):
        checks.rows(side, 1, "a walk along them", "latents")
    return code


# One latent at a time -----------------------------------------------------------------------------


def axes(model: Model, x: np.ndarray | None) -> Iterator[float | LatentAxes]:
    """How much is done (0 to 1), then what the latents are like over uint8 pictures ``x``.

    None is for a model that encodes nothing; its latents are N(0, I).
    """
    places = max(1, min(PLACES, PAIRS // model.latent))
    if x is None:
        z = latents(model, places, 0)
        mean, std, kl = np.zeros(model.latent), np.ones(model.latent), None
    else:
        code = codes(model, x)
        z = torch.from_numpy(code.mean[:places])
        mean, std = aggregate(code)
        kl = use_of(code).kl if isinstance(model, VAE) else None
    yield 0.3
    for told in changes(model, z, std):
        if isinstance(told, float):
            yield 0.3 + 0.7 * told
    order = np.argsort(-(told if kl is None else kl), kind="stable")
    yield LatentAxes(mean, std, kl, told, order, 0 if x is None else len(x))


def aggregate(code: LatentCode) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the aggregate posterior, each float64 Z.

    By the law of total variance: the variance of the means plus the mean of the variances.
    """
    variance = code.mean.var(0, dtype=float) + np.square(code.std, dtype=float).mean(0)
    return code.mean.mean(0, dtype=float), np.sqrt(variance)


def changes(model: Decodes, z: Tensor, std: np.ndarray) -> Iterator[float | np.ndarray]:
    """How far each latent moves the picture, around latents B Z: shares done, then float64 Z.

    The root mean square difference a pixel between one standard deviation to either side.
    """
    shifts = torch.diag(torch.tensor(std, dtype=z.dtype))
    found = []
    for some in shifts.split(AT_ONCE):
        ends = [decode(model, (z + s * some[:, None]).flatten(0, 1)) for s in (1, -1)]
        squares = np.square(ends[0] - ends[1], dtype=float).reshape(len(some), -1)
        found.append(np.sqrt(squares.mean(1)))
        yield sum(map(len, found)) / len(shifts)
    yield np.concatenate(found)


def moved(z: Tensor, which: Tensor, by: Tensor) -> Tensor:
    """Latents N Z, those called ``which`` (int K) moved ``by`` as much (K): N Z."""
    out = z.clone()
    out[:, which] += by
    return out


def traversals(
    model: Decodes, z: Tensor, which: Tensor, by: Tensor, y: Tensor | None = None
) -> Paths:
    """One latent a row (int K), moved ``by`` K S from where ``z`` (Z; class, 1) has it."""
    rows = torch.stack([_steps(z, latent, some) for latent, some in zip(which, by, strict=True)])
    return along(model, rows, None if y is None else y.expand(by.shape))


def _steps(z: Tensor, latent: Tensor, by: Tensor) -> Tensor:
    """One latent moved by each of S amounts: S Z."""
    return z + by[:, None] * torch.eye(len(z))[latent]


# Two latents --------------------------------------------------------------------------------------


def grid(
    model: Decodes,
    z: Tensor,
    pair: tuple[int, int],
    across: Tensor,
    down: Tensor,
    y: Tensor | None = None,
) -> Paths:
    """Pictures where the first latent of a ``pair`` takes the values ``across``, to the right,
    and the second ``down``, downwards; all others stay those of ``z`` (Z; class, 1).
    """
    if len(z) < 2:
        raise InputError("This model has a single latent, and a plane needs two. Choose another.")
    first, second = pair
    if first == second or not 0 <= min(pair) <= max(pair) < len(z):
        raise InputError(f"Two different latents from 1 to {len(z)} are needed. Choose others.")
    places = z.repeat(len(down), len(across), 1)
    places[..., first] = across
    places[..., second] = down[:, None]
    return along(model, places, None if y is None else y.expand(places.shape[:2]))


def quantiles(n: int) -> Tensor:
    """The middles of ``n`` equal shares of N(0, 1), upwards.

    A square of such places shows every part of the prior as often as it is drawn (Kingma & Welling
    2014, figure 4).
    """
    return torch.special.ndtri((torch.arange(n) + 0.5) / n)


# One posterior ------------------------------------------------------------------------------------


def draws(model: Decodes, mean: Tensor, std: Tensor, n: int, seed: int) -> np.ndarray:
    """Pictures of ``n`` draws from N(mean, std²) (Z each), float32 n C H W in [0, 1]."""
    noise = torch.randn(n, len(mean), generator=own_randomness(seed, "posterior draws"))
    return decode(model, mean + std * noise)
