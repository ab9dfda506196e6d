"""Diffusion on pictures and on points: a U-Net or an MLP in the process of `diffusing`."""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from explorer.config import setting
from explorer.data import Spec
from explorer.errors import InputError
from explorer.models.base import Batch, Objective
from explorer.models.diffusing import Diffusing, Process
from explorer.unet import MLP, UNet


class Config(Process):
    """A denoising network and the process that it reverses."""

    width: int = setting(
        48,
        "Width",
        "Channels of the U-Net's first level, twice as many below (points: an MLP twice as wide). "
        "48 suits a laptop, 96 to 256 a GPU.",
        ge=8,
        le=512,
        group="Network",
        log=True,
    )
    blocks: int = setting(
        1,
        "Blocks a level",
        "Residual blocks at each resolution on the way down and up (points: two more in a row).",
        ge=1,
        le=8,
        group="Network",
    )
    attention: Literal["none", "lowest", "all"] = setting(
        "lowest",
        "Attention",
        "At which resolutions every position may look at every other one.",
        group="Network",
        labels={"none": "Nowhere", "lowest": "Lowest resolution", "all": "Every resolution"},
        advanced=True,
    )
    patch: Literal["1", "2", "4"] = setting(
        "2",
        "Patch",
        "Pixels a side that become one position of the network. 1 is the classic U-Net, four times "
        "slower; 4 is for 64-pixel pictures.",
        group="Network",
        advanced=True,
    )


class Diffusion(Diffusing):
    """A U-Net for pictures, an MLP for points."""

    title = "Diffusion"
    summary = "Learns to remove noise step by step: DDPM and flow matching in one."
    paper = "Ho et al. 2020; Lipman et al. 2023"
    Config = Config
    memory_format = torch.contiguous_format  # group normalisation: measured faster than NHWC
    training_defaults = {"learning_rate": 2e-3, "clip": 1.0, "ema": 0.999, "batch_size": 64}

    def __init__(self, config: Config, spec: Spec):
        super().__init__(config, spec)
        self.inner = spec.shape
        classes = len(self.classes)
        if spec.is_image:
            patch = int(config.patch)
            if spec.shape[1] % patch:
                raise InputError(f"Patches of {patch} do not fit pictures of {spec.shape[1]}.")
            options = {"blocks": config.blocks, "attention": config.attention, "patch": patch}
            self.net = UNet(spec.shape, config.width, classes=classes, **options)
        else:
            blocks = config.blocks + 2
            self.net = MLP(spec.shape[0], 2 * config.width, blocks=blocks, classes=classes)

    def network(self, x: Tensor, t: Tensor, y: Tensor | None) -> Tensor:
        return self.net(x, t, y)

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        terms = self.denoising(self.from_data(batch.x), batch)
        yield Objective("model", terms["loss"], terms)
