"""Blocks that two or more families share: encoders and decoders, convolutional and MLP."""

from collections import OrderedDict
from itertools import pairwise
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def halvings(size: int) -> int:
    """How often an image side is halved to reach 4 to 7 pixels (28 -> 7, 32 -> 4)."""
    count = 0
    while size % 2 == 0 and size > 7:
        size, count = size // 2, count + 1
    return count


def channels(width: int, depth: int) -> int:
    """Channels at ``depth`` halvings: doubled each time, at most four times the width."""
    return width * min(2 ** max(depth - 1, 0), 4)


def conv_block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, group normalisation, SiLU."""
    return _block(nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False))


def _block(convolution: nn.Conv2d) -> nn.Sequential:
    outputs = convolution.out_channels
    return nn.Sequential(convolution, nn.GroupNorm(max(1, outputs // 16), outputs), nn.SiLU())


class UpConv(nn.Conv2d):
    """A picture doubled by its nearest neighbours, then a 3x3 convolution: B C H W -> B O 2H 2W.

    The two are one transposed convolution of stride 2, whose 4x4 kernel adds up the taps that fall
    on the same pixel: 16 products for each of the smaller picture's pixels instead of 36.  Doubled
    first, it avoids the checkerboard of transposed convolutions with kernels of their own (Odena
    et al. 2016, Deconvolution and Checkerboard Artifacts).
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, self.kernel, stride=2, padding=1)

    @property
    def kernel(self) -> Tensor:
        """O I 3 3 -> I O 4 4: the flipped kernel, summed over each 2 x 2 neighbourhood."""
        taps = F.pad(self.weight.flip(2, 3).transpose(0, 1), (1, 1, 1, 1))
        rows = taps[..., :-1, :] + taps[..., 1:, :]
        return rows[..., :-1] + rows[..., 1:]


def conv_encoder(shape: tuple[int, ...], width: int, outputs: int) -> nn.Sequential:
    """Strided convolutions to 4..7 pixels a side, then a linear layer: B C H W -> B outputs."""
    top, side = _top(shape, width)
    return nn.Sequential(*_downs(shape, width), nn.Flatten(), nn.Linear(top * side * side, outputs))


def conv_decoder(shape: tuple[int, ...], width: int, latent: int) -> nn.Sequential:
    """The encoder's mirror: B latent -> B C H W."""
    top, side = _top(shape, width)
    return nn.Sequential(
        nn.Linear(latent, top * side * side),
        nn.Unflatten(1, (top, side, side)),
        conv_block(top, top),
        *_ups(shape, width),
    )


def spatial_encoder(shape: tuple[int, ...], width: int, outputs: int) -> nn.Sequential:
    """Convolutions to the end, so that every number of a code keeps its place in the picture.

    B C H W -> B outputs, which are as many for each of the `places`; channels come first.
    """
    top, side = _top(shape, width)
    leave = nn.Conv2d(top, outputs // side**2, 3, padding=1)
    return nn.Sequential(*_downs(shape, width), leave, nn.Flatten())


def spatial_decoder(shape: tuple[int, ...], width: int, latent: int) -> nn.Sequential:
    """The mirror of `spatial_encoder`: B latent -> B C H W."""
    top, side = _top(shape, width)
    enter = nn.Unflatten(1, code_shape(shape, latent))
    return nn.Sequential(enter, conv_block(latent // side**2, top), *_ups(shape, width))


def places(shape: tuple[int, ...]) -> int:
    """Positions of a spatial code: 7 x 7 for 28 pixels, 4 x 4 for 32 and 64."""
    return (shape[1] >> halvings(shape[1])) ** 2


def code_shape(shape: tuple[int, ...], latent: int) -> tuple[int, int, int]:
    """Channels, height and width of a spatial code of ``latent`` numbers."""
    side = shape[1] >> halvings(shape[1])
    return latent // side**2, side, side


def _top(shape: tuple[int, ...], width: int) -> tuple[int, int]:
    """Channels and side of what the strided convolutions end in."""
    depth = halvings(shape[1])
    return channels(width, depth), shape[1] >> depth


def _downs(shape: tuple[int, ...], width: int) -> list[nn.Module]:
    depth = halvings(shape[1])
    widths = [shape[0], *(channels(width, d) for d in range(1, depth + 1))]
    downs = [conv_block(a, b, stride=2) for a, b in pairwise(widths)]
    return [*downs, conv_block(widths[-1], widths[-1])]


def _ups(shape: tuple[int, ...], width: int) -> list[nn.Module]:
    """Doubled by `UpConv` up to the picture; blocks are called 1, as weights before it have it."""
    last = max(width // 2, 8)
    widths = [*(channels(width, d) for d in range(halvings(shape[1]), 0, -1)), last]
    blocks = (_block(UpConv(a, b)) for a, b in pairwise(widths))
    ups = (nn.Sequential(OrderedDict({"1": block})) for block in blocks)
    return [*ups, nn.Conv2d(last, shape[0], 3, padding=1)]


def mlp(inputs: int, hidden: tuple[int, ...], outputs: int) -> nn.Sequential:
    """Linear layers with SiLU between them: B inputs -> B outputs."""
    sizes = [inputs, *hidden]
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))


def mlp_encoder(shape: tuple[int, ...], width: int, outputs: int) -> nn.Sequential:
    """B *shape -> B outputs through two hidden layers of 16 and 8 times the width."""
    return nn.Sequential(nn.Flatten(), mlp(prod(shape), (16 * width, 8 * width), outputs))


def mlp_decoder(shape: tuple[int, ...], width: int, latent: int) -> nn.Sequential:
    """B latent -> B *shape, the mirror of `mlp_encoder`."""
    return nn.Sequential(mlp(latent, (8 * width, 16 * width), prod(shape)), nn.Unflatten(1, shape))


def draw(n: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard normal noise, n x shape, item by item: the first k items do not depend on n."""
    rows = [torch.randn(shape, generator=generator, device=generator.device) for _ in range(n)]
    return torch.stack(rows) if rows else torch.empty(0, *shape, device=generator.device)
