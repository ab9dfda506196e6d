"""The networks that denoise: a small U-Net for pictures, an MLP for points and latents.

Both see a noisy x, its time t in [0, 1] and a class, and answer in the shape of x.

The U-Net works on patches (2 x 2 pixels become 4 channels, Shi et al. 2016), so that no convolution
runs at full resolution: at a million parameters it is two to three times as fast as the usual one.
Blocks follow Dhariwal & Nichol 2021 (adaptive group normalisation, attention where it is cheap).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUP = 16  # channels that are normalised together
HEAD = 32  # channels of an attention head
SMALLEST = 8  # levels are halved while their sides are longer


class Conditioning(nn.Module):
    """Time and class as one vector: t (B), y (B, -1 for none) -> B width."""

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.frequencies = width // 2
        self.classes = classes
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(classes + 1, width) if classes else None

    def forward(self, t: Tensor, y: Tensor | None) -> Tensor:
        embedded = self.time(sinusoids(t, self.frequencies))
        if self.label is not None:
            y = torch.full_like(t, -1, dtype=torch.long) if y is None else y
            embedded = embedded + self.label(torch.where(y < 0, self.classes, y))
        return F.silu(embedded)


def sinusoids(t: Tensor, frequencies: int) -> Tensor:
    """B -> B 2·frequencies: sines and cosines, periods from 2π to 2π/1000 in t (Vaswani 2017)."""
    scales = torch.logspace(0, 3, frequencies, device=t.device)
    angles = t.float()[:, None] * scales
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Block(nn.Module):
    """Two convolutions around a residual; the condition scales and shifts between them."""

    def __init__(self, inputs: int, outputs: int, condition: int):
        super().__init__()
        self.first = nn.Sequential(norm(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, 1, 1))
        self.condition = nn.Linear(condition, 2 * outputs)
        self.norm = norm(outputs)
        self.second = zeroed(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.condition(condition)[:, :, None, None].chunk(2, dim=1)
        h = self.norm(self.first(x)) * (1 + scale) + shift
        return self.skip(x) + self.second(F.silu(h))


class Attention(nn.Module):
    """Every position looks at every other one, around a residual."""

    def __init__(self, channels: int):
        super().__init__()
        self.heads = max(1, channels // HEAD)
        self.norm = norm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        qkv = self.qkv(self.norm(x)).reshape(b, 3, self.heads, c // self.heads, h * w)
        # Laid out anew, since the quick kernel wants the channels of a position side by side.
        q, k, v = qkv.transpose(3, 4).contiguous().unbind(1)  # B heads HW channels
        seen = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(seen.transpose(2, 3).reshape(b, c, h, w))


class Stage(nn.Module):
    """Blocks of one resolution, each followed by attention where it is wanted."""

    def __init__(self, sizes: list[tuple[int, int]], condition: int, attention: bool):
        super().__init__()
        self.blocks = nn.ModuleList(Block(a, b, condition) for a, b in sizes)
        kinds = (Attention(b) if attention else nn.Identity() for _, b in sizes)
        self.attention = nn.ModuleList(kinds)


class UNet(nn.Module):
    """B C H W, t (B), y (B or None) -> B C H W.

    ``width`` channels at the first level and twice as many at all others; ``blocks`` a level;
    ``attention`` at no level, the lowest or all of them.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        *,
        blocks: int = 2,
        attention: str = "lowest",
        patch: int = 2,
        classes: int = 0,
    ):
        super().__init__()
        self.patch = patch
        side, widths = shape[1] // patch, [width]
        while side % 2 == 0 and side > SMALLEST:
            side, widths = side // 2, [*widths, 2 * width]
        condition = 4 * width
        self.conditioning = Conditioning(condition, classes)
        self.enter = nn.Conv2d(shape[0] * patch**2, width, 3, padding=1)
        looks = [attention == "all"] * (len(widths) - 1) + [attention != "none"]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        before = width
        for w, look in zip(widths, looks, strict=True):
            sizes = [(before, w), *[(w, w)] * (blocks - 1)]
            self.down.append(Stage(sizes, condition, look))
            before = w
        self.middle = Block(before, before, condition)
        for w, look in zip(widths[::-1], looks[::-1], strict=True):
            sizes = [(a + w, w) for a in (before, *[w] * (blocks - 1))]
            self.up.append(Stage(sizes, condition, look))
            before = w
        self.leave = nn.Sequential(
            norm(width), nn.SiLU(), zeroed(nn.Conv2d(width, shape[0] * patch**2, 3, padding=1))
        )

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None = None) -> Tensor:
        condition = self.conditioning(t, y)
        h = self.enter(F.pixel_unshuffle(x, self.patch))
        kept = []
        for i, stage in enumerate(self.down):
            h = F.avg_pool2d(h, 2) if i else h
            for block, attend in zip(stage.blocks, stage.attention, strict=True):
                h = attend(block(h, condition))
                kept.append(h)
        h = self.middle(h, condition)
        for i, stage in enumerate(self.up):
            h = F.interpolate(h, scale_factor=2.0) if i else h
            for block, attend in zip(stage.blocks, stage.attention, strict=True):
                h = attend(block(torch.cat([h, kept.pop()], dim=1), condition))
        return F.pixel_shuffle(self.leave(h), self.patch)


class MLP(nn.Module):
    """B D, t (B), y (B or None) -> B D: residual layers, each scaled and shifted by (t, y)."""

    def __init__(self, size: int, width: int, *, blocks: int = 3, classes: int = 0):
        super().__init__()
        self.conditioning = Conditioning(width, classes)
        self.enter = nn.Linear(size, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(blocks))
        self.conditions = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(blocks))
        self.layers = nn.ModuleList(_residual(width) for _ in range(blocks))
        self.leave = nn.Sequential(nn.LayerNorm(width), zeroed(nn.Linear(width, size)))

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None = None) -> Tensor:
        condition = self.conditioning(t, y)
        h = self.enter(x)
        for norm_, told, layer in zip(self.norms, self.conditions, self.layers, strict=True):
            scale, shift = told(condition).chunk(2, dim=1)
            h = h + layer(norm_(h) * (1 + scale) + shift)
        return self.leave(h)


def _residual(width: int) -> nn.Sequential:
    last = zeroed(nn.Linear(2 * width, width))
    return nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), last)


def norm(channels: int) -> nn.GroupNorm:
    """Group normalisation in groups of about `GROUP` channels."""
    return nn.GroupNorm(math.gcd(channels, max(1, channels // GROUP)), channels)


def zeroed(layer: nn.Module) -> nn.Module:
    """A layer that says nothing at first, so that a residual begins as the identity."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
