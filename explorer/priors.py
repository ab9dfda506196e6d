"""Densities to draw latents from: N(0, I), or one fitted to what the encoder makes of real images.

An autoencoder leaves its latents wherever they fell, so decoding N(0, I) gives noise.  A Gaussian
or a small mixture fitted afterwards cures it (Ghosh et al. 2020, "From Variational to
Deterministic Autoencoders": ex-post density estimation with 10 components).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.errors import InputError
from explorer.layers import draw

PRIORS = {
    "normal": "Standard normal N(0, I)",
    "gaussian": "Gaussian fitted to the latents",
    "mixture": "Mixture of 10 Gaussians fitted to the latents",
}
COMPONENTS = 10
FITTED = 10_000  # training images whose latents a density is fitted to
LEADING = 64  # directions in which a mixture is fitted; the others get one Gaussian


@dataclass(frozen=True, eq=False)
class Mixture:
    """A Gaussian mixture: ``weights`` K, ``means`` K Z, ``factors`` K Z Z with Σ = L Lᵀ."""

    weights: Tensor
    means: Tensor
    factors: Tensor

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n Z latents; the first k of them do not depend on n."""
        noise = draw(n, (self.means.shape[1] + 1,), generator)  # one more: it picks the component
        uniform = torch.special.ndtr(noise[:, 0].double())
        pick = torch.searchsorted(self.weights.double().cumsum(0), uniform)
        pick = pick.clamp(max=len(self.weights) - 1)
        return self.means[pick] + (self.factors[pick] @ noise[:, 1:, None]).squeeze(-1)


def standard_normal(latent: int) -> Mixture:
    """N(0, I) in ``latent`` dimensions."""
    return Mixture(torch.ones(1), torch.zeros(1, latent), torch.eye(latent)[None])


def fit(kind: str, z: Tensor, seed: int = 0) -> Mixture:
    """The density called ``kind`` fitted to latents N Z.  Raises InputError."""
    if kind not in PRIORS:
        raise InputError(f"There is no prior {kind!r}. Choose one of: {', '.join(PRIORS)}.")
    if kind == "normal":
        return standard_normal(z.shape[1])
    return _gaussian(z) if kind == "gaussian" or len(z) == 1 else _mixture(z, seed)


def _gaussian(z: Tensor) -> Mixture:
    scales, axes, mean = _principal_axes(z)
    return Mixture(torch.ones(1), mean[None], (axes * scales)[None])


def _mixture(z: Tensor, seed: int) -> Mixture:
    """Ten full covariances in the leading principal directions, one Gaussian across the rest.

    A mixture keeps its form under a rotation, so for up to 64 latents nothing is left out.
    """
    from sklearn.mixture import GaussianMixture

    scales, axes, mean = _principal_axes(z)
    k = min(LEADING, z.shape[1])
    leading = ((z - mean) @ axes[:, :k] / scales[:k]).double().numpy()
    components = min(COMPONENTS, len(z))
    found = GaussianMixture(components, reg_covar=1e-4, random_state=seed, max_iter=100).fit(
        leading
    )
    means = torch.zeros(components, z.shape[1])
    means[:, :k] = torch.from_numpy(found.means_).float()
    factors = torch.eye(z.shape[1]).repeat(components, 1, 1)
    factors[:, :k, :k] = torch.linalg.cholesky(torch.from_numpy(found.covariances_)).float()
    back = axes * scales  # whitened coordinates -> latents
    weights = torch.from_numpy(found.weights_).float()
    return Mixture(weights, mean + means @ back.T, back @ factors)


def _principal_axes(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Standard deviations Z (largest first, above zero), directions Z Z in columns, mean Z."""
    mean = z.double().mean(0)
    variances, axes = torch.linalg.eigh(
        (z.double() - mean).T.cov(correction=0).reshape(z.shape[1], -1)
    )
    scales = variances.flip(0).clamp(min=1e-10).sqrt()
    return scales.float(), axes.flip(1).float(), mean.float()
