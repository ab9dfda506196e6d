"""The two networks of an adversarial game: one invents, the other tells real from invented.

Convolutional ones follow Radford et al. 2016 (DCGAN): strided convolutions, weights drawn from
N(0, 0.02²), no pooling.  The discriminator's last layer sees every position: pooled over positions
it was measured to fail.  MLPs are those of Goodfellow et al. 2014; points in the plane always use
them.
"""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from explorer.layers import halvings

GROUP = 16  # channels that are normalised together
NORMS_2D = {"batch": nn.BatchNorm2d, "group": lambda c: nn.GroupNorm(max(1, c // GROUP), c)}
NORMS_1D = {"batch": nn.BatchNorm1d, "group": nn.LayerNorm}


class Generator(nn.Module):
    """z (B Z) and class y (B, or None) -> B *shape, unbounded."""

    def __init__(
        self,
        shape: tuple[int, ...],
        latent: int,
        width: int,
        *,
        conv: bool,
        norm: str = "batch",
        leak: float = 0.2,
        classes: int = 0,
    ):
        super().__init__()
        self.label = nn.Embedding(classes, latent) if classes else None
        inputs = latent * (2 if classes else 1)
        if conv:
            self.net = nn.Sequential(*_drawing(shape, inputs, width, norm))
            self.apply(small)
        else:
            hidden = (8 * width, 16 * width, 32 * width) if len(shape) == 3 else (4 * width,) * 3
            steps = [
                nn.Sequential(nn.Linear(a, b), *_norm(NORMS_1D, norm, b), nn.LeakyReLU(leak))
                for a, b in pairwise((inputs, *hidden))
            ]
            out = nn.Linear(hidden[-1], prod(shape))
            self.net = nn.Sequential(*steps, out, nn.Unflatten(1, shape))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if self.label is not None:
            z = torch.cat([z, self.label(y)], dim=1)
        return self.net(z)


def _drawing(shape: tuple[int, ...], inputs: int, width: int, norm: str) -> list[nn.Module]:
    """From a vector to 4..7 pixels a side, then doubled until it is a picture."""
    depth = halvings(shape[1])
    side = shape[1] >> depth
    widths = [width * min(2**d, 4) for d in range(depth, -1, -1)]
    layers: list[nn.Module] = [nn.Unflatten(1, (inputs, 1, 1))]
    layers += [nn.ConvTranspose2d(inputs, widths[0], side, bias=False)]
    layers += [*_norm(NORMS_2D, norm, widths[0]), nn.ReLU()]
    for a, b in pairwise(widths):
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)]
        layers += [*_norm(NORMS_2D, norm, b), nn.ReLU()]
    return [*layers, nn.Conv2d(widths[-1], shape[0], 3, padding=1)]


class Discriminator(nn.Module):
    """x (B *shape) and class y (B, or None) -> logits B.

    A class is judged by projection: its embedding times the features is added to the logit
    (Miyato & Koyama 2018, eq. 3).
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        *,
        conv: bool,
        norm: str = "group",
        leak: float = 0.2,
        dropout: float = 0.0,
        spread: bool = False,
        classes: int = 0,
    ):
        super().__init__()
        layers, sizes = (_seeing if conv else _weighing)(shape, width, norm, leak, dropout)
        self.features = nn.Sequential(*layers, *[Spread()] * spread, nn.Flatten())
        size = (sizes[0] + spread) * prod(sizes[1:])
        self.head = nn.Linear(size, 1)
        self.label = nn.Embedding(classes, size) if classes else None
        if self.label is not None:  # thousands of features: drawn from N(0, 1) it would drown them
            nn.init.normal_(self.label.weight, std=0.02)
        if conv:
            self.apply(small)
        if norm == "spectral":
            for layer in self.modules():
                if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
                    spectral_norm(layer)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        features = self.features(x)
        logits = self.head(features).squeeze(1)
        if self.label is not None:
            logits = logits + (self.label(y) * features).sum(1)
        return logits.float()


def _seeing(
    shape: tuple[int, ...], width: int, norm: str, leak: float, dropout: float
) -> tuple[list[nn.Module], tuple[int, ...]]:
    """Halved until 4..7 pixels a side are left; the first layer is not normalised (DCGAN)."""
    depth = halvings(shape[1])
    widths = [shape[0], *(width * min(2**d, 4) for d in range(depth + 1))]
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(widths)):
        layers += [nn.Conv2d(a, b, 4, 2, 1) if i < depth else nn.Conv2d(a, b, 3, 1, 1)]
        layers += [*_norm(NORMS_2D, norm if i else "none", b), *_bent(leak, dropout)]
    return layers, (widths[-1], shape[1] >> depth, shape[2] >> depth)


def _weighing(
    shape: tuple[int, ...], width: int, norm: str, leak: float, dropout: float
) -> tuple[list[nn.Module], tuple[int, ...]]:
    """Three hidden layers: 32, 16 and 8 times the width, or 4 times for points."""
    hidden = (32 * width, 16 * width, 8 * width) if len(shape) == 3 else (4 * width,) * 3
    layers: list[nn.Module] = [nn.Flatten()]
    for i, (a, b) in enumerate(pairwise((prod(shape), *hidden))):
        layers += [nn.Linear(a, b), *_norm(NORMS_1D, norm if i else "none", b)]
        layers += _bent(leak, dropout)
    return layers, (hidden[-1],)


def _bent(leak: float, dropout: float) -> list[nn.Module]:
    return [nn.LeakyReLU(leak), *([nn.Dropout(dropout)] if dropout else [])]


def _norm(kinds: dict, name: str, channels: int) -> list[nn.Module]:
    return [kinds[name](channels)] if name in kinds else []


class Spread(nn.Module):
    """Appends one channel: the standard deviation over the batch, averaged over all features.

    It shows the discriminator how alike the pictures of a batch are, so that a generator which
    repeats itself is found out (minibatch standard deviation, Karras et al. 2018, section 3).
    """

    def forward(self, x: Tensor) -> Tensor:
        spread = (x.float().var(0, unbiased=False) + 1e-8).sqrt().mean().to(x.dtype)
        return torch.cat([x, spread.expand(len(x), 1, *x.shape[2:])], dim=1)


def small(layer: nn.Module) -> None:
    """Weights from N(0, 0.02²), no biases (Radford et al. 2016, section 4)."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, std=0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
