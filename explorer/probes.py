"""Questions to a trained model: pictures in, answers out (numpy, ready for figures).

Pictures come and go as uint8; models are never modified and never see the global random state.
"""

from collections.abc import Iterator
from functools import wraps

import numpy as np
import torch
from torch import Tensor

from explorer.answers import Interpolation, LatentCode, LatentUse, Reconstruction, Samples
from explorer.device import own_randomness
from explorer.layers import draw
from explorer.models.base import Decodes, Denoises, Encodes, Model, last
from explorer.pictures import points_picture, tiles, to_uint8
from explorer.priors import Mixture

CHUNK = 256  # images a network sees at once
POSTERIOR = 512  # images whose latents are drawn together
ACTIVE = 0.01  # variance of a latent's mean above which it carries information (Burda et al. 2016)


def quietly(probe):
    """Run a probe without gradients."""
    return wraps(probe)(torch.no_grad()(probe))


@quietly
def encode(model: Encodes, x: np.ndarray) -> LatentCode:
    """uint8 N C H W (or points N 2) -> means and standard deviations, each N Z."""
    parts = [model.posterior(chunk) for chunk in as_input(model, x).split(CHUNK)]
    mean, std = (torch.cat(side).numpy() for side in zip(*parts, strict=True))
    return LatentCode(mean, std)


@quietly
def decode(
    model: Decodes, z: np.ndarray | Tensor, y: np.ndarray | Tensor | None = None
) -> np.ndarray:
    """Latents N Z (and classes N, if it knows any) -> float32 N C H W in [0, 1], or points."""
    z = torch.as_tensor(z, dtype=torch.float32)
    chunks = [z.split(CHUNK)] if y is None else [z.split(CHUNK), torch.as_tensor(y).split(CHUNK)]
    return torch.cat([model.decode(*chunk) for chunk in zip(*chunks, strict=True)]).numpy()


def classes_of(model: Model, n: int, label: int | None = None) -> Tensor | None:
    """The classes of ``n`` samples: ``label``, or all of them in turn; None if it knows none."""
    known = len(getattr(model, "classes", ()))
    if not known:
        return None
    return torch.arange(n) % known if label is None else torch.full((n,), label)


def reconstruct(model: Model, x: np.ndarray, y: np.ndarray | None = None) -> Reconstruction:
    """What a model that encodes and decodes makes of uint8 images N C H W."""
    drawn = decode(model, encode(model, x).mean)
    difference = drawn - as_input(model, x).numpy()
    flat = difference.reshape(len(x), -1).astype(np.float64)
    return Reconstruction(
        tiles(x),
        to_uint8(drawn),
        to_uint8(np.abs(difference)),
        (flat**2).sum(1),
        np.abs(flat).sum(1),
        y,
    )


@quietly
def sample(
    model: Model,
    n: int,
    seed: int,
    prior: Mixture | None = None,
    temperature: float = 1.0,
    label: int | None = None,
) -> Samples:
    """``n`` new pictures; ``prior`` is where latents come from (None: the model's own N(0, I)).

    ``temperature`` scales the distance of every latent from the prior's mean: 0 is the mean itself.
    ``label`` asks a model that knows classes for one of them.
    """
    generator = own_randomness(seed, "sample")
    if not isinstance(model, Decodes):
        denoises = isinstance(model, Denoises)
        walk = model.way if denoises else model.generate
        x = last(walk(n, generator))
        x = model.to_data(x) if denoises else x
        return Samples(shown(model, x.numpy()), "own", seed)
    if prior is None:
        z = temperature * draw(n, (model.latent,), generator)
    else:
        centre = prior.weights @ prior.means
        z = centre + temperature * (prior.sample(n, generator) - centre)
    drawn = decode(model, z, classes_of(model, n, label))
    return Samples(shown(model, drawn), "normal" if prior is None else "fitted", seed)


def interpolate(model: Model, a: np.ndarray, b: np.ndarray, steps: int = 9) -> Interpolation:
    """Straight lines in latent space between images ``a`` and ``b`` (uint8 N C H W each)."""
    start, end = encode(model, a).mean, encode(model, b).mean  # N Z
    t = np.linspace(0, 1, steps, dtype=np.float32)[None, :, None]
    path = (1 - t) * start[:, None] + t * end[:, None]  # N steps Z
    pictures = shown(model, decode(model, path.reshape(-1, path.shape[-1])))
    return Interpolation(pictures.reshape(len(a), steps, *pictures.shape[1:]))


def latent_use(model: Encodes, x: np.ndarray) -> LatentUse:
    """KL of q(z | x) from N(0, 1) per latent in nats, and the spread of the means, over images."""
    return use_of(encode(model, x))


def use_of(code: LatentCode) -> LatentUse:
    """The same, of latents that are known."""
    kl, spread = kl_to_prior(code).mean(0), code.mean.std(0)
    return LatentUse(kl, spread, int((spread**2 > ACTIVE).sum()))


def kl_to_prior(code: LatentCode) -> np.ndarray:
    """KL of each latent's posterior from N(0, 1) in nats, float64 N Z."""
    variance = np.maximum(code.std.astype(np.float64) ** 2, 1e-12)
    return 0.5 * (code.mean**2 + variance - 1 - np.log(variance))


def aggregate_posterior(model: Encodes, x: np.ndarray) -> Iterator[Tensor]:
    """One latent drawn from q(z | x) for each image, in chunks n Z: what priors are fitted to."""
    generator = own_randomness(0, "posterior")
    for start in range(0, len(x), POSTERIOR):
        code = encode(model, x[start : start + POSTERIOR])
        noise = torch.randn(code.mean.shape, generator=generator)
        yield torch.from_numpy(code.mean) + torch.from_numpy(code.std) * noise


def as_input(model: Model, x: np.ndarray) -> Tensor:
    """Stored data -> what a model takes: pixels in [0, 1], points as they are."""
    x = torch.tensor(x)
    x = x.float() / 255 if x.dtype == torch.uint8 else x
    return x.contiguous(memory_format=model.memory_format) if x.dim() == 4 else x


def shown(model: Model, x: np.ndarray) -> np.ndarray:
    """Decoded data as pictures; all points together are one picture of their density."""
    return to_uint8(x) if model.spec.is_image else points_picture(x)[None]
