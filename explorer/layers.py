"""Blocks that two or more families share: encoders and decoders, convolutional and MLP."""

from itertools import pairwise
from math import prod

import torch
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
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.GroupNorm(max(1, outputs // 16), outputs),
        nn.SiLU(),
    )


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
    """Nearest-neighbour upsampling then convolution, up to the picture.

    Apart they avoid the checkerboard of transposed convolutions (Odena et al. 2016, Deconvolution
    and Checkerboard Artifacts).
    """
    last = max(width // 2, 8)
    widths = [*(channels(width, d) for d in range(halvings(shape[1]), 0, -1)), last]
    ups = (
        nn.Sequential(nn.Upsample(scale_factor=2), conv_block(a, b)) for a, b in pairwise(widths)
    )
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
