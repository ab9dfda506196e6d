r"""The losses of the adversarial game, and the penalties that keep the critic smooth.

The discriminator (or critic) gives every picture a logit d; the probability of "real" is σ(d).

    loss            discriminator (minimised)                    generator (minimised)
    minimax         −log σ(d_real) − log(1 − σ(d_fake))          log(1 − σ(d_fake))
    non-saturating  −log σ(d_real) − log(1 − σ(d_fake))          −log σ(d_fake)
    least squares   ½ (d_real − 1)² + ½ d_fake²                  ½ (d_fake − 1)²
    Wasserstein     d_fake − d_real                              −d_fake
    hinge           max(0, 1 − d_real) + max(0, 1 + d_fake)      −d_fake

all of them averaged over the batch.  Goodfellow et al. 2014 (minimax, eq. 1; non-saturating,
section 3); Mao et al. 2017 (least squares, eq. 9); Arjovsky et al. 2017 (Wasserstein); Lim & Ye
2017 and Miyato et al. 2018 (hinge).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Critic = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Loss:
    """One row of the table; every term takes logits of any shape and answers elementwise."""

    title: str
    real: Callable[[Tensor, float], Tensor]  # logits, what "real" is called (1, or less: smoothed)
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    smooths: bool = False  # whether the target of real pictures can be smoothed
    probability: bool = False  # whether the logit is read as that of a probability

    def discriminator(self, real: Tensor, fake: Tensor, target: float = 1.0) -> Tensor:
        """Logits of real and of generated pictures -> the mean loss of the discriminator."""
        return self.real(real, target).mean() + self.fake(fake).mean()


def _cross_entropy(d: Tensor, target: float) -> Tensor:
    """−target log σ(d) − (1 − target) log(1 − σ(d)), without overflow."""
    return F.softplus(d) - target * d


LOSSES = {
    "non-saturating": Loss(
        "Cross-entropy, non-saturating",
        _cross_entropy,
        F.softplus,
        lambda d: F.softplus(-d),
        smooths=True,
        probability=True,
    ),
    "minimax": Loss(
        "Cross-entropy, minimax",
        _cross_entropy,
        F.softplus,
        lambda d: -F.softplus(d),
        smooths=True,
        probability=True,
    ),
    "least-squares": Loss(
        "Least squares",
        lambda d, target: (d - target).square() / 2,
        lambda d: d.square() / 2,
        lambda d: (d - 1).square() / 2,
        smooths=True,
    ),
    "wasserstein": Loss("Wasserstein", lambda d, _: -d, lambda d: d, lambda d: -d),
    "hinge": Loss("Hinge", lambda d, _: F.relu(1 - d), lambda d: F.relu(1 + d), lambda d: -d),
}


def slopes(critic: Critic, x: Tensor) -> Tensor:
    """‖∇ₓ critic(x)‖, one an item, differentiable: B … -> B."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return gradient.flatten(1).norm(dim=1)


def r1(critic: Critic, real: Tensor) -> Tensor:
    """½ mean ‖∇ critic‖² on real pictures: it flattens the critic there (Mescheder 2018, eq. 9)."""
    return slopes(critic, real).square().mean() / 2


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, at: Tensor) -> Tensor:
    """mean (‖∇ critic‖ − 1)² between real and generated pictures (Gulrajani et al. 2017, eq. 3).

    ``at`` B in [0, 1]: how far along the line from ``fake`` to ``real`` to look.
    """
    at = at.view(-1, *[1] * (real.dim() - 1))
    return (slopes(critic, fake + at * (real - fake)) - 1).square().mean()
