r"""Autoencoder: squeeze an image through a few numbers and draw it again.

    z = E(x + noise),   x̂ = D(z),   loss = Σ_pixels d(x̂, x)        (mean over the images)

with d the squared error, the absolute error or the binary cross-entropy.  Nothing asks the
latents z to look like any distribution, so decoding z ~ N(0, I) gives noise: sample from a density
fitted to the latents instead (`explorer.priors`; Ghosh et al. 2020).  An adversary may join, which
brings back the details that the loss blurs (`explorer.models.adversary`).

Hinton & Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks";
Vincent et al. 2008 for the denoising variant.
"""

from collections.abc import Callable, Iterator
from math import prod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer import layers
from explorer.config import Settings, setting
from explorer.data import Spec
from explorer.errors import InputError
from explorer.models import adversary
from explorer.models.adversary import Adversary
from explorer.models.base import Batch, Model, Objective, Optimization, Step
from explorer.recipe import TrainSettings

LOSS_UNITS = {"l2": "squared error", "l1": "absolute error", "bce": "nats"}
ARCHITECTURES = {
    "conv": "Convolutional",
    "spatial": "Convolutional, spatial code",
    "mlp": "MLP (fully connected)",
}


class Config(Settings):
    """What an autoencoder is made of."""

    latent: int = setting(
        32,
        "Latent size",
        "How many numbers describe one image. Few force the model to summarise; many let it copy.",
        ge=2,
        le=1024,
        group="Network",
        log=True,
    )
    architecture: Literal["conv", "spatial", "mlp"] = setting(
        "conv",
        "Kind of network",
        "Convolutional networks know that neighbouring pixels belong together; an MLP has to learn "
        "it. A spatial code is convolutional to the end: every latent keeps its place in the "
        "picture, as in latent diffusion. 2-D points always use an MLP.",
        group="Network",
        labels=ARCHITECTURES,
    )
    width: int = setting(
        32,
        "Width",
        "Channels of the first convolution (an MLP uses 16 times as many units). "
        "Wider draws finer and trains slower.",
        ge=4,
        le=256,
        group="Network",
        log=True,
        advanced=True,
    )
    loss: Literal["l2", "l1", "bce"] = setting(
        "l2",
        "Reconstruction loss",
        "How a wrong pixel is punished. Squared error fears big mistakes and blurs; absolute error "
        "allows a few and keeps edges; cross-entropy reads a pixel as a probability. "
        "Their values have different units: never compare them by size.",
        group="Objective",
        labels={"l2": "L2 · squared error", "l1": "L1 · absolute error", "bce": "Cross-entropy"},
    )
    noise: float = setting(
        0.0,
        "Input noise",
        "Standard deviation of noise added to the input while training (pixels run from 0 to 1). "
        "The model then has to remove it: a denoising autoencoder.",
        ge=0,
        le=1,
        group="Objective",
        advanced=True,
    )
    adversary: float = setting(
        0.0,
        "Adversary",
        "Weight of a second network that learns to tell decoded pictures from real ones, as in a "
        "GAN, and so brings back the details that a pixel loss blurs. 0: there is none.",
        ge=0,
        le=100,
        group="Objective",
        log=True,
        advanced=True,
    )


class Autoencoder(Model):
    """Encoder and decoder joined by ``latent`` numbers."""

    title = "Autoencoder"
    summary = "Copies an image through a narrow gap. Reconstructs well, invents badly."
    paper = "Hinton & Salakhutdinov 2006"
    Config = Config
    watched = "reconstruction"
    scored = 1000
    outputs_per_latent = 1

    def __init__(self, config: Config, spec: Spec):
        super().__init__(config, spec)
        if config.loss == "bce" and not spec.is_image:
            raise InputError(
                "Cross-entropy needs pixels between 0 and 1, and points are not. Use l2."
            )
        self.latent = config.latent
        encoder, decoder = _networks(config, spec)
        self.encoder = encoder(spec.shape, config.width, config.latent * self.outputs_per_latent)
        self.decoder = decoder(spec.shape, config.width, config.latent)
        self.adversary = None
        if config.adversary:
            conv = spec.is_image and config.architecture != "mlp"
            self.adversary = Adversary(spec.shape, config.width, conv)

    def parts(self) -> dict[str, nn.Module]:
        if self.adversary is None:
            return super().parts()
        return {
            adversary.PART: self.adversary,
            "model": nn.ModuleList((self.encoder, self.decoder)),
        }

    def optimization(self, part: str, settings: TrainSettings) -> Optimization:
        if part == adversary.PART:
            return adversary.OPTIMIZATION
        return super().optimization(part, settings)

    def units(self) -> dict[str, str]:
        return {"reconstruction": f"{LOSS_UNITS[self.config.loss]} per image"}

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """B C H W -> latents B Z and their standard deviations, all zero: z is a function of x."""
        z = self.encoder(x).float()
        return z, torch.zeros_like(z)

    def decode(self, z: Tensor) -> Tensor:
        """B Z -> B C H W in [0, 1] (points are unbounded)."""
        return self._to_data(self.decoder(z).float())

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        z, _ = self.posterior(self.corrupted(batch))  # B C H W -> B Z
        raw = self.decoder(z).float()
        error = self.reconstruction_error(raw, batch.x).mean()
        yield from self.opposed(batch, raw, error, {"reconstruction": error})

    def opposed(
        self, batch: Batch, raw: Tensor, loss: Tensor, terms: dict[str, Tensor], scale: float = 1.0
    ) -> Iterator[Objective]:
        """The model's objective, after the adversary's if there is one.

        ``raw`` B *shape is what was decoded, before the sigmoid; ``scale`` takes the loss from
        sums per image to the unit that is optimised.
        """
        if self.adversary is not None:
            fake = self._to_data(self.exposed(batch, raw))
            yield self.adversary.objective(batch, fake)
            deception = self.adversary.deception(fake)
            loss = loss + self.config.adversary * deception
            terms = terms | {"deception": deception}
        yield Objective("model", loss * scale, terms)

    def exposed(self, batch: Batch, raw: Tensor) -> Tensor:
        """What the adversary sees of the decoder, B *shape before the sigmoid: its copies."""
        return raw

    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """The objective's terms, and how many latents carry information."""
        return super().validate(batch) | self.usage(self.posterior(batch.x)[0])

    def corrupted(self, batch: Batch) -> Tensor:
        """The input with the denoising noise, if any is asked for."""
        if self.config.noise == 0 or not self.training:
            return batch.x
        return batch.x + self.config.noise * batch.noise("input", batch.x.shape)

    def reconstruction_error(self, raw: Tensor, x: Tensor) -> Tensor:
        """Summed over pixels, one an image; ``raw`` is the decoder's output before the sigmoid."""
        if self.config.loss == "bce":
            pixels = F.binary_cross_entropy_with_logits(raw, x, reduction="none")
        else:
            distance = F.mse_loss if self.config.loss == "l2" else F.l1_loss
            pixels = distance(self._to_data(raw), x, reduction="none")
        return pixels.flatten(1).sum(1)

    def usage(self, mean: Tensor) -> dict[str, Tensor]:
        """Active units: latents whose mean has a variance above 0.01 over images (Burda 2016)."""
        return {"active units": (mean.detach().var(0, unbiased=False) > 0.01).sum().float()}

    @torch.no_grad()
    def generate(
        self, n: int, generator: torch.Generator, latents: Tensor | None = None
    ) -> Iterator[Step]:
        """Decode N(0, I), or ``latents`` N Z drawn from another prior, in one step."""
        z = layers.draw(n, (self.latent,), generator) if latents is None else latents
        x = self.decode(z.to(self.device))
        yield Step(0.0, x, x)

    def _to_data(self, raw: Tensor) -> Tensor:
        return raw.sigmoid() if self.spec.is_image else raw

    @property
    def pixels(self) -> int:
        """D: how many numbers one image has."""
        return prod(self.spec.shape)


def _networks(config: Config, spec: Spec) -> tuple[Callable, Callable]:
    """What makes the encoder and the decoder.  Raises InputError."""
    if config.architecture == "mlp" or not spec.is_image:
        return layers.mlp_encoder, layers.mlp_decoder
    if config.architecture == "conv":
        return layers.conv_encoder, layers.conv_decoder
    if config.latent % (places := layers.places(spec.shape)):
        raise InputError(
            f"A spatial code of these pictures has {places} places, so the latent size must be a "
            f"multiple of {places}, such as {4 * places}. It is {config.latent}."
        )
    return layers.spatial_encoder, layers.spatial_decoder
