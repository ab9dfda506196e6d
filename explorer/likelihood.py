r"""How probable a model finds a picture: bounds on the nats, or bits a pixel, that naming it takes.

A VAE by the importance-weighted bound (`explorer.importance`), a diffusion by the variational bound
of its chain (`explorer.chain_bound`), a latent diffusion by both: its chain is the prior of the
latents of its VAE (Vahdat et al. 2021, LSGM).  In all of them P(x | ·) is a probability of 8-bit
pixels (`explorer.densities`), so that their bits can be compared.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from explorer import densities, sampling
from explorer.chain_bound import chain_bound, gaussian_last, starts
from explorer.data import Data
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.importance import (
    decoder_scale,
    drawn,
    importance_bound,
    log_pixels,
    log_weights,
    scale_of_beta,
)
from explorer.models.base import Model
from explorer.models.diffusing import Diffusing
from explorer.models.latent_diffusion import LatentDiffusion
from explorer.models.vae import VAE
from explorer.probes import as_input, quietly
from explorer.sampling import Denoiser

TUNED = 512  # training images that the width of a decoder's density is measured on
TRIED = 32  # training images that the end of a chain is chosen on
CHUNK = 16  # images that share their noise levels
DRAWS = 16  # noise levels that each image is looked at

Terms = dict[str, Tensor]  # B each, in nats


@dataclass(frozen=True)
class Bound:
    """An upper bound on −log P(x) in ``nats`` an image, mean and standard ``error`` over images.

    ``terms`` add up to it, in nats; ``facts`` are what it depends on.
    """

    nats: float
    error: float
    pixels: int
    terms: dict[str, float]
    facts: dict[str, float]

    @property
    def bits(self) -> float:
        """Bits per dimension; pixels of pure chance would take 8."""
        return self.nats * self.unit

    @property
    def unit(self) -> float:
        """Bits per dimension that one nat an image makes."""
        return 1 / (self.pixels * math.log(2))


def why_not(model: Model) -> str:
    """Why a model has no likelihood, as a sentence; empty if it has one."""
    if not model.spec.is_image:
        return "These bounds are for pictures of 8-bit pixels."
    if isinstance(model, LatentDiffusion) and not isinstance(model.autoencoder, VAE):
        return "Its autoencoder puts every picture on one point: the latents have no density."
    if isinstance(model, VAE | Diffusing):
        return ""
    if "Encodes" in model.capabilities:
        return "It says nowhere how likely a latent is, so no picture has a probability."
    size = math.prod(model.spec.shape)
    return (
        f"Its pictures lie on a surface of {model.latent} dimensions among {size}: one beside it "
        "has probability 0, however alike."
    )


def likelihood(
    model: Model, train: Data, test: Data, n: int = 256, samples: int = 64, seed: int = 0
) -> Iterator[float | Bound]:
    """How much is done (0 to 1), then the bound on the first ``n`` test images.

    ``train`` decides the width of a decoder's density and where a chain ends; ``samples`` is K.
    Raises InputError for a model without a likelihood.
    """
    if said := why_not(model):
        raise InputError(f"{said} Choose a VAE or a diffusion model.")
    n = min(n, len(test))
    few = test.take(np.arange(n if n < CHUNK else n // CHUNK * CHUNK))
    chance = own_randomness(seed, "likelihood")
    if isinstance(model, VAE):
        yield from _of_vae(model, train, few, samples, chance)
    else:
        yield from _of_chain(model, train, few, chance)


# A VAE --------------------------------------------------------------------------------------------


def _of_vae(
    model: VAE, train: Data, test: Data, samples: int, chance: torch.Generator
) -> Iterator[float | Bound]:
    scale = decoder_scale(model, as_input(model, train.x[:TUNED]), chance)
    found = []
    for x in as_input(model, test.x).split(CHUNK):
        found.append(log_weights(model, x, samples, scale, chance))
        yield sum(w.shape[1] for w in found) / len(test)
    weights = torch.cat(found, 1)
    bound = -importance_bound(weights)
    elbo = -weights.mean(0)
    terms = {"evidence lower bound": elbo, "importance weights": bound - elbo}
    facts = {"samples": samples, "scale": scale, "scale of β": scale_of_beta(model)}
    yield _bound(terms, len(test), test, facts)


def _bound(terms: Terms, parts: int, test: Data, facts: dict[str, float]) -> Bound:
    """The mean over images, and its error from as many independent ``parts``."""
    means = sum(terms.values()).reshape(parts, -1).mean(1).numpy()
    error = float(means.std(ddof=1) / math.sqrt(parts)) if parts > 1 else math.nan
    named = {name: float(term.mean()) for name, term in terms.items()}
    facts = facts | {"images": len(test)}
    return Bound(float(means.mean()), error, math.prod(test.spec.shape), named, facts)


# A diffusion --------------------------------------------------------------------------------------


def _of_chain(
    model: Diffusing, train: Data, test: Data, chance: torch.Generator
) -> Iterator[float | Bound]:
    """The end of the chain is chosen on training images, then the bound is taken on test images."""
    if isinstance(model, LatentDiffusion):
        x = as_input(model, train.x[:TUNED])
        terms = partial(_of_latents, model, scale=decoder_scale(model.autoencoder, x, chance))
    else:
        terms = partial(_of_pixels, model)
    few = train.take(np.arange(min(TRIED, len(train))))
    tried: dict[int, float] = {}
    for k in starts(model.schedule):
        parts = [terms(part, k, chance) for part in _parts(few)]
        tried[k] = float(sum(_joined(parts).values()).mean())
        yield 0.3 * len(tried) / len(starts(model.schedule))
    start, found = min(tried, key=tried.get), []
    for part in _parts(test):
        found.append(terms(part, start, chance))
        yield 0.3 + 0.7 * len(found) * CHUNK / len(test)
    noise = float(model.schedule.sigma[start] / model.schedule.alpha[start])
    facts = {"level": start, "noise": noise, "draws": DRAWS}
    yield _bound(_joined(found), len(found), test, facts)


def _parts(some: Data) -> list[Data]:
    return [some.take(np.arange(i, i + CHUNK)) for i in range(0, len(some), CHUNK)]


def _joined(parts: list[Terms]) -> Terms:
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def told(model: Diffusing, y: np.ndarray | None) -> Denoiser:
    """The denoiser as it is sampled: with each picture's class, guesses kept within bounds."""
    classes = torch.tensor(y) if model.conditional else None
    denoise = partial(model.denoise, y=classes)
    return sampling.clipped(denoise) if model.bounded else denoise


@quietly
def _of_pixels(model: Diffusing, some: Data, start: int, chance: torch.Generator) -> Terms:
    x = as_input(model, some.x)

    def last(_: Tensor, guess: Tensor, noise: float) -> Tensor:
        pixels = densities.gaussian(x, model.to_data(guess), noise / 2)
        return -pixels.flatten(1).sum(1)

    chain = chain_bound(
        told(model, some.y), model.schedule, model.from_data(x), start, last, chance, DRAWS
    )
    return chain | _class(model, some)


@quietly
def _of_latents(
    model: LatentDiffusion, some: Data, start: int, chance: torch.Generator, scale: float
) -> Terms:
    """A draw from q(z | x): P(x | z), the chain's bound on p(z), and log q(z | x)."""
    x = as_input(model, some.x)
    mean, std = model.autoencoder.posterior(x)
    z, log_q = drawn(mean, std, chance)
    spread = (model.scale.running_var + model.scale.eps).sqrt()
    u = (z - model.scale.running_mean) / spread
    chain = chain_bound(told(model, some.y), model.schedule, u, start, gaussian_last, chance, DRAWS)
    latents = sum(chain.values()) + float(spread.double().log().sum()) + log_q
    pixels = -log_pixels(model.autoencoder, x, z, scale)
    return {"decoder": pixels, "latents": latents} | _class(model, some)


def _class(model: Diffusing, some: Data) -> Terms:
    """−log P(x) ≤ −log P(x | y) + log C: samples come from all C classes in turn."""
    cost = math.log(max(1, len(model.classes)))
    return {"class": torch.full((len(some),), cost, dtype=torch.float64)}
