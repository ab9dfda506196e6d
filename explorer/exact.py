r"""The exact denoiser of a known distribution: what a perfect network would say.

For a mixture of round Gaussians  Σ_i w_i N(μ_i, τ² I)  and  x = α x_0 + σ ε,

    E[x_0 | x] = Σ_i r_i ( α τ² x + σ² μ_i ) / (α² τ² + σ²),
    r_i ∝ w_i exp( − ‖x − α μ_i‖² / 2 (α² τ² + σ²) )

(Bayes' rule; Karras et al. 2022, eq. 57 for τ = 0).  With τ = 0 and one μ per training example it
is the optimum of the diffusion loss on a finite data set: it only ever draws those examples again.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.sampling import Denoiser
from explorer.schedules import Schedule


@dataclass(frozen=True, eq=False)
class Exact:
    """``means`` N D with weights N that sum to 1 and one standard deviation ``std``."""

    means: Tensor
    weights: Tensor
    std: float = 0.0

    def denoiser(self, schedule: Schedule) -> Denoiser:
        """x (B ...) and its level -> E[x_0 | x], B ..."""

        def denoise(x: Tensor, level: int) -> Tensor:
            a, s = schedule.at(level)
            return self.clean(x.flatten(1), a, s).reshape(x.shape)

        return denoise

    def clean(self, x: Tensor, alpha: float, sigma: float, among: Tensor | None = None) -> Tensor:
        """E[x_0 | x] for x (B D) = α x_0 + σ ε; each x only ``among`` some components (B N)."""
        x = x.to(self.means)
        variance = alpha**2 * self.std**2 + sigma**2
        joint = self.log_joint(x, alpha, sigma)
        joint = joint if among is None else joint.masked_fill(~among, -torch.inf)
        mean = torch.softmax(joint, dim=1) @ self.means
        return (alpha * self.std**2 * x + sigma**2 * mean) / variance

    def log_density(self, x: Tensor, alpha: float, sigma: float) -> Tensor:
        """log p of noisy points x (B D): B, in nats."""
        return torch.logsumexp(self.log_joint(x.to(self.means), alpha, sigma), dim=1)

    def log_joint(self, x: Tensor, alpha: float, sigma: float) -> Tensor:
        """log w_i N(x; α μ_i, (α²τ² + σ²) I): B D -> B N."""
        variance = torch.tensor(alpha**2 * self.std**2 + sigma**2, dtype=torch.float64)
        squared = torch.cdist(x, alpha * self.means).square()
        volume = 0.5 * x.shape[1] * (2 * torch.pi * variance).log()
        return self.weights.log() - (squared.double() / (2 * variance) + volume).to(x)

    def of_class(self, labels: Tensor, y: int) -> "Exact":
        """Only the components whose label (N) is ``y``."""
        chosen = labels == y
        weights = self.weights[chosen]
        return Exact(self.means[chosen], weights / weights.sum(), self.std)


def of_examples(x: Tensor) -> Exact:
    """The exact denoiser of a finite data set: examples N ..., each as likely."""
    flat = x.flatten(1).float()
    return Exact(flat, torch.full((len(flat),), 1 / len(flat)))
