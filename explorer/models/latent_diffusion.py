r"""Latent diffusion: an autoencoder first, then diffusion over its few numbers instead of pixels.

    z = (E(x) − m) / s,    z_k = α_k z + σ_k ε,    x̂ = D(s ẑ + m)

with m and s the mean and standard deviation of the latents.  In the first epochs the autoencoder
learns, then it is frozen and the denoiser learns its latents; or a trained autoencoder is taken.

Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models".
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from explorer import layers
from explorer.config import setting
from explorer.data import Spec
from explorer.models import autoencoder, vae
from explorer.models.autoencoder import ARCHITECTURES
from explorer.models.base import Batch, Model, Objective
from explorer.models.diffusing import Diffusing, Process
from explorer.unet import MLP, UNet

CODERS = {"autoencoder": autoencoder.Autoencoder, "vae": vae.VAE}


class Config(Process):
    """An autoencoder, a denoiser of its latents, and the process that the denoiser reverses."""

    autoencoder: str = setting(
        "",
        "Autoencoder",
        "A trained autoencoder or VAE, such as pretrained:vae-fashion or RUN@STEP. "
        "Left empty, one is trained on the way.",
        group="Network",
    )
    coder: Literal["autoencoder", "vae"] = setting(
        "vae",
        "Kind of autoencoder",
        "A VAE's latents leave no gaps, which makes them easier to denoise.",
        group="Network",
        labels={"autoencoder": "Autoencoder", "vae": "VAE"},
        when=("autoencoder", ("",)),
    )
    latent: int = setting(
        32,
        "Latent size",
        "How many numbers describe one image, and so how large the space is that is denoised.",
        ge=2,
        le=1024,
        group="Network",
        log=True,
        when=("autoencoder", ("",)),
    )
    architecture: Literal["conv", "spatial", "mlp"] = setting(
        "conv",
        "Kind of network",
        "Of the autoencoder. Where every latent keeps its place in the picture, a U-Net denoises "
        "the code; else an MLP does.",
        group="Network",
        labels=ARCHITECTURES,
        when=("autoencoder", ("",)),
    )
    width: int = setting(
        32,
        "Width of the autoencoder",
        "Channels of its first convolution.",
        ge=4,
        le=256,
        group="Network",
        log=True,
        when=("autoencoder", ("",)),
    )
    denoiser_width: int = setting(
        512,
        "Width of the denoiser",
        "Units of each of its residual layers; a U-Net has a quarter as many channels.",
        ge=16,
        le=4096,
        group="Network",
        log=True,
        advanced=True,
    )
    blocks: int = setting(
        4,
        "Layers of the denoiser",
        "Residual layers one after the other; a U-Net has half of them on the way down and up.",
        ge=1,
        le=16,
        group="Network",
        advanced=True,
    )
    beta: float = setting(
        0.1,
        "β of the VAE",
        "Weight of its KL term. Small, since the denoiser learns whatever shape the latents have.",
        ge=0,
        le=10,
        group="Objective",
        log=True,
        when=("autoencoder", ("",)),
    )
    autoencoder_epochs: float = setting(
        6.0,
        "Epochs for the autoencoder",
        "So long the autoencoder learns; for the rest of the run the denoiser does.",
        ge=0.01,
        le=1000,
        unit="epochs",
        group="Objective",
        log=True,
        when=("autoencoder", ("",)),
    )


class Flat(nn.Module):
    """A network of codes C H W, for codes as plain rows: B Z, t (B), y (B or None) -> B Z."""

    def __init__(self, net: nn.Module, shape: tuple[int, int, int]):
        super().__init__()
        self.net, self.shape = net, shape

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None) -> Tensor:
        return self.net(x.unflatten(1, self.shape), t, y).flatten(1)


class LatentDiffusion(Diffusing):
    """A frozen autoencoder and a network that denoises its latents."""

    title = "Latent diffusion"
    summary = "Diffusion over an autoencoder's latents: far cheaper, as sharp as the autoencoder."
    paper = "Rombach et al. 2022"
    Config = Config
    training_defaults = {"learning_rate": 1e-3, "ema": 0.999, "epochs": 12.0}

    def __init__(self, config: Config, spec: Spec):
        super().__init__(config, spec)
        coder = CODERS[config.coder]
        shared = {k: getattr(config, k) for k in ("latent", "architecture", "width")}
        own = {"beta": config.beta} if config.coder == "vae" else {}
        self.autoencoder = coder(coder.Config(**shared, **own), spec)
        self.inner = (config.latent,)
        # While the denoiser learns, the encoder stands still: the plain mean over batches is exact.
        self.scale = nn.BatchNorm1d(config.latent, affine=False, momentum=None)
        self.net = self._denoiser()

    bounded = False

    def _denoiser(self) -> nn.Module:
        """B Z, t (B), y (B or None) -> B Z."""
        c, classes = self.config, len(self.classes)
        if c.architecture != "spatial" or not self.spec.is_image:
            return MLP(c.latent, c.denoiser_width, blocks=c.blocks, classes=classes)
        shape = layers.code_shape(self.spec.shape, c.latent)
        width, blocks = max(16, c.denoiser_width // 4), max(1, c.blocks // 2)
        return Flat(UNet(shape, width, blocks=blocks, patch=1, classes=classes), shape)

    @property
    def foundation(self) -> str:
        return self.config.autoencoder

    def adopt(self, other: Model) -> None:
        theirs = other.state_dict()  # perhaps with an adversary, which is of no use here
        self.autoencoder.load_state_dict({k: theirs[k] for k in self.autoencoder.state_dict()})

    def parts(self) -> dict[str, nn.Module]:
        return {"autoencoder": self.autoencoder, "denoiser": self.net}

    @property
    def phases(self) -> tuple[float, ...]:
        return (0.0,) if self.foundation else (0.0, self.config.autoencoder_epochs)

    def units(self) -> dict[str, str]:
        return super().units() | self.autoencoder.units()

    def network(self, x: Tensor, t: Tensor, y: Tensor | None) -> Tensor:
        return self.net(x, t, y)

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        if self._still_coding(batch):
            (objective,) = self.autoencoder.objectives(batch)
            terms = {k: v for k, v in objective.terms.items() if k != "loss"}
            yield Objective("autoencoder", objective.loss, terms)
        else:
            terms = self.denoising(self._latents(batch), batch)
            yield Objective("denoiser", terms["loss"], terms)

    def validate(self, batch: Batch) -> dict[str, Tensor]:
        terms = super().validate(batch)
        return terms | self.autoencoder.validate(batch) if self._still_coding(batch) else terms

    def _still_coding(self, batch: Batch) -> bool:
        return not self.foundation and batch.epoch < self.config.autoencoder_epochs

    def _latents(self, batch: Batch) -> Tensor:
        """A draw from q(z | x) for each image, standardised: B Z."""
        with torch.no_grad():
            mean, std = self.autoencoder.posterior(batch.x)
            return self.scale(mean + std * batch.noise("posterior", mean.shape))

    def from_data(self, x: Tensor) -> Tensor:
        """Data -> standardised latents, B Z."""
        mean, _ = self.autoencoder.posterior(x)
        return (mean - self.scale.running_mean) / self._spread

    def to_data(self, x: Tensor) -> Tensor:
        """Standardised latents B Z -> data."""
        return self.autoencoder.decode(self.unscaled(x))

    def unscaled(self, x: Tensor) -> Tensor:
        """Standardised latents B Z -> those of the autoencoder."""
        return x * self._spread + self.scale.running_mean

    @property
    def _spread(self) -> Tensor:
        return (self.scale.running_var + self.scale.eps).sqrt()
