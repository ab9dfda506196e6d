"""What a model makes of pictures: copies, samples, paths between latents."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from explorer import answers, catalog, data, priors, probes
from explorer.questions.subjects import fitted, images_of, model_of


def reconstruct(
    checkpoint: str, data_name: str = "", indices: tuple[int, ...] = (), x: Any = None
) -> answers.Reconstruction:
    """Test images ``indices`` of a data set, or own images ``x`` uint8 N C H W, and copies."""
    model = model_of(checkpoint)
    if x is not None:
        return probes.reconstruct(model, fitted(x, model))
    images = images_of(data_name, model).take(np.asarray(indices))
    return probes.reconstruct(model, images.x, images.y)


def errors_of(checkpoint: str, data_name: str, n: int = 1000) -> tuple[float, float]:
    """Mean squared and absolute reconstruction error per image over the first ``n`` test images."""
    model = model_of(checkpoint)
    found = probes.reconstruct(model, images_of(data_name, model).x[:n])
    return float(found.squared_error.mean()), float(found.absolute_error.mean())


def sample(
    checkpoint: str, n: int, seed: int, prior: str = "normal", temperature: float = 1.0
) -> answers.Samples:
    """New pictures, from N(0, I) or from a density fitted to the latents of the training images."""
    model = model_of(checkpoint)
    fitted_prior = None if prior == "normal" else _prior(catalog.entry(checkpoint).exact, prior)
    return replace(probes.sample(model, n, seed, fitted_prior, temperature), prior=prior)


def interpolate(
    checkpoint: str, data_name: str, pairs: tuple[tuple[int, int], ...], steps: int = 9
) -> answers.Interpolation:
    """Decoded straight lines between the latents of pairs of test images."""
    model = model_of(checkpoint)
    x = images_of(data_name, model).x
    a, b = (x[np.asarray(side)] for side in zip(*pairs, strict=True))
    return probes.interpolate(model, a, b, steps)


def latent_use(checkpoint: str, data_name: str, n: int = 2000) -> answers.LatentUse:
    """KL and spread of every latent over the first ``n`` test images."""
    model = model_of(checkpoint)
    return probes.latent_use(model, images_of(data_name, model).x[:n])


def fit_prior(checkpoint: str, kind: str) -> Iterator[float]:
    """Fit a density to the latents of the training images: yields how much is done, 0 to 1."""
    chosen = catalog.entry(checkpoint)
    x = data.load(data.at_hand(chosen.header.recipe["data"])).x[: priors.FITTED]
    latents = []
    for drawn in probes.aggregate_posterior(model_of(checkpoint), x):
        latents.append(drawn)
        yield 0.7 * sum(map(len, latents)) / len(x)
    _keep_prior(chosen.exact, kind, priors.fit(kind, torch.cat(latents)))
    yield 1.0


_priors: OrderedDict[tuple[str, str], priors.Mixture] = OrderedDict()


def _keep_prior(exact: str, kind: str, fitted: priors.Mixture) -> None:
    _priors[exact, kind] = fitted
    while len(_priors) > 16:
        _priors.popitem(last=False)


def _prior(exact: str, kind: str) -> priors.Mixture:
    """The density fitted before, or fitted now; equal either way."""
    if (exact, kind) not in _priors:
        for _ in fit_prior(exact, kind):
            pass
    return _priors[exact, kind]
