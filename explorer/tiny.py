"""A denoising network and an optimizer that are ready at once, for training before one's eyes."""

import torch
from torch import nn

from explorer.device import own_randomness

WIDTH = 32  # channels


class Conv(nn.Conv2d):
    """A 3 x 3 convolution whose first weights come from a generator of its own."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, 3, padding=1)

    def reset_parameters(self) -> None:
        """Nothing: torch would draw from the generator that all threads share."""

    def begin(self, generator: torch.Generator) -> None:
        """Normal weights that keep the size of what passes through; no bias."""
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear", generator=generator)
        nn.init.zeros_(self.bias)


def build(shape: tuple[int, ...], seed: int) -> nn.Module:
    """Five convolutions on patches of 2 x 2 pixels, 30,000 weights: N C H W -> N C H W."""
    channels, *sides = shape
    patch = 1 if any(side % 2 for side in sides) else 2
    inside = channels * patch**2
    inner = (
        layer
        for _ in range(3)
        for layer in (Conv(WIDTH, WIDTH), nn.GroupNorm(WIDTH // 16, WIDTH), nn.SiLU())
    )
    ends = Conv(inside, WIDTH), Conv(WIDTH, inside)
    network = nn.Sequential(
        nn.PixelUnshuffle(patch), ends[0], *inner, ends[1], nn.PixelShuffle(patch)
    )
    generator = own_randomness(seed, "weights")
    for layer in network:
        if isinstance(layer, Conv):
            layer.begin(generator)
    return network


class Adam:
    """Kingma & Ba 2015, alg. 1.

    Written out, because the first optimizer of torch in a process loads its compiler: two seconds
    of waiting, longer than all that is done here.
    """

    def __init__(self, network: nn.Module, rate: float):
        self.rate, self.t = rate, 0
        self.weights = list(network.parameters())
        self.mean = [torch.zeros_like(w) for w in self.weights]
        self.square = [torch.zeros_like(w) for w in self.weights]

    @torch.no_grad()
    def step(self) -> None:
        """Update the weights by their gradients, and forget these."""
        self.t += 1
        for w, m, v in zip(self.weights, self.mean, self.square, strict=True):
            m.lerp_(w.grad, 0.1)
            v.lerp_(w.grad.square(), 0.001)
            unbiased = m / (1 - 0.9**self.t), v / (1 - 0.999**self.t)
            w -= self.rate * unbiased[0] / (unbiased[1].sqrt() + 1e-8)
            w.grad = None
