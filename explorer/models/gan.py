r"""Generative adversarial network: a forger and a detective learn from each other.

    x̂ = G(z),   z ~ N(0, I);       D(x) = how real x looks, a logit

A round updates D k_D times, on new pictures each, so that it tells real from generated, and then G
k_G times, so that D is fooled.  The losses are a table in `explorer.adversarial`; a penalty keeps
D's slopes in bounds.  With classes, G is told one by an embedding beside z and D by projection.

Goodfellow et al. 2014, "Generative Adversarial Nets" (algorithm 1); Radford et al. 2016 for the
convolutional pair; Mirza & Osindero 2014 for classes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from explorer import layers
from explorer.adversarial import LOSSES, gradient_penalty, r1
from explorer.adversaries import Discriminator, Generator
from explorer.config import Settings, setting
from explorer.data import Spec
from explorer.errors import InputError
from explorer.models.base import Batch, Model, Objective, Optimization
from explorer.sampling import Step

G, D = "generator", "discriminator"


class Config(Settings):
    """The two players, the game's loss, and the mistakes one can make."""

    loss: Literal["non-saturating", "minimax", "least-squares", "wasserstein", "hinge"] = setting(
        "non-saturating",
        "Loss",
        "What the players win and lose. Cross-entropy reads D as a probability; in its minimax "
        "form G's gradient vanishes when D is sure. Least squares pull to a target. Wasserstein "
        "compares mean scores and needs the gradient penalty. Hinge stops at a margin.",
        group="Objective",
        labels={name: loss.title for name, loss in LOSSES.items()},
    )
    penalty: Literal["auto", "none", "r1", "gradient"] = setting(
        "auto",
        "Penalty on D",
        "R1 flattens D on real pictures; the gradient penalty holds its slope at 1 between real "
        "and generated. Automatic: the gradient penalty for Wasserstein, R1 for all others.",
        group="Objective",
        labels={"auto": "Automatic", "none": "None", "r1": "R1", "gradient": "Gradient penalty"},
    )
    r1: float = setting(
        0.2,
        "Weight of R1 (γ)",
        "D's loss grows by γ/2 times its squared slope on real pictures.",
        ge=0,
        le=1000,
        group="Objective",
        log=True,
        live=True,
        when=("penalty", ("auto", "r1")),
    )
    r1_every: int = setting(
        8,
        "R1 every so many rounds",
        "R1 is costly and changes slowly: it is taken now and then, with as much more weight "
        "(lazy regularisation, Karras et al. 2020).",
        ge=1,
        le=64,
        group="Objective",
        unit="rounds",
        advanced=True,
        when=("penalty", ("auto", "r1")),
    )
    gradient_weight: float = setting(
        10.0,
        "Weight of the gradient penalty (λ)",
        "How strongly D's slope is held at 1.",
        ge=0,
        le=1000,
        group="Objective",
        log=True,
        live=True,
        when=("penalty", ("auto", "gradient")),
    )
    conditional: bool = setting(
        False,
        "Learn classes",
        "Tell both players the class, so that one can ask for it.",
        group="Network",
    )
    latent: int = setting(
        64,
        "Latent size",
        "How many numbers G draws a picture from. Few leave it little to vary.",
        ge=1,
        le=512,
        group="Network",
        log=True,
    )
    architecture: Literal["conv", "mlp"] = setting(
        "conv",
        "Kind of networks",
        "Convolutional (DCGAN), or the MLPs of the first GANs. 2-D points always use MLPs.",
        group="Network",
        labels={"conv": "Convolutional", "mlp": "MLP (fully connected)"},
    )
    width: int = setting(
        32,
        "Width of G",
        "Channels of G's last level, doubled towards the latent (an MLP: 8, 16 and 32 times as "
        "many units; points: 4 times as many).",
        ge=4,
        le=256,
        group="Network",
        log=True,
        advanced=True,
    )
    d_width: int = setting(
        48,
        "Width of D",
        "Channels of D's first level, doubled at each halving (MLPs as for G).",
        ge=4,
        le=256,
        group="Network",
        log=True,
        advanced=True,
    )
    norm: Literal["auto", "batch", "group", "none"] = setting(
        "auto",
        "Normalisation in G",
        "Automatic: batch normalisation for pictures, none for points.",
        group="Network",
        labels={"auto": "Automatic", "batch": "Batch", "group": "Group", "none": "None"},
        advanced=True,
    )
    d_norm: Literal["auto", "batch", "group", "spectral", "none"] = setting(
        "auto",
        "Normalisation in D",
        "Spectral normalisation bounds how steep D can be. Batch normalisation lets D see the "
        "batch as a whole. Automatic: group normalisation for convolutions, none for MLPs.",
        group="Network",
        labels={
            "auto": "Automatic",
            "batch": "Batch",
            "group": "Group",
            "spectral": "Spectral",
            "none": "None",
        },
        advanced=True,
    )
    leak: float = setting(
        0.2,
        "Leak of the LeakyReLU",
        "Slope for negative values in D (and in an MLP G). 0 is a plain ReLU: where it is off, D "
        "tells G nothing.",
        ge=0,
        le=1,
        group="Network",
    )
    dropout: float = setting(
        0.0,
        "Dropout in D",
        "Share of D's activations that are set to zero while it learns, so that it cannot be too "
        "sure. The lecture's MLP uses 0.3.",
        ge=0,
        le=0.9,
        group="Network",
    )
    minibatch_std: bool = setting(
        False,
        "Minibatch standard deviation",
        "Show D how alike the pictures of a batch are: a cure against collapse.",
        group="Network",
        advanced=True,
    )
    d_steps: int = setting(
        1,
        "D steps a round (k_D)",
        "Updates of D for each round, on new pictures every time.",
        ge=1,
        le=20,
        group="Game",
    )
    g_steps: int = setting(
        1, "G steps a round (k_G)", "Updates of G for each round.", ge=1, le=20, group="Game"
    )
    d_learning_rate: float = setting(
        5e-4,
        "Learning rate of D",
        "The other learning rate is G's.",
        ge=1e-7,
        le=100,
        group="Game",
        log=True,
        live=True,
    )
    d_optimizer: Literal["adam", "adamw", "sgd"] = setting(
        "adam",
        "Optimizer of D",
        "The other optimizer is G's.",
        group="Game",
        labels={"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"},
        advanced=True,
    )
    d_beta1: float = setting(
        0.0,
        "β₁ of D's Adam",
        "Memory of past gradients. With none the game turns less; the first convolutional GANs had "
        "0.5.",
        ge=0,
        lt=1,
        group="Game",
        advanced=True,
    )
    d_beta2: float = setting(
        0.99, "β₂ of D's Adam", "Memory of their size.", ge=0, lt=1, group="Game", advanced=True
    )
    label_smoothing: float = setting(
        0.0,
        "Label smoothing",
        "D is taught 1 minus this for real pictures, so that it is never quite sure "
        "(cross-entropy and least squares only).",
        ge=0,
        le=0.5,
        group="Game",
        live=True,
        when=("loss", ("non-saturating", "minimax", "least-squares")),
    )
    instance_noise: float = setting(
        0.0,
        "Noise on what D sees",
        "Standard deviation of noise added to real and generated pictures alike (they run from "
        "−1 to 1), so that the two overlap (Sønderby et al. 2017).",
        ge=0,
        le=2,
        group="Game",
        live=True,
    )
    detach: bool = setting(
        True,
        "Detach in D's step",
        "Off is a mistake: D's loss then also reaches G, and pushes it towards what D finds easy "
        "to tell apart.",
        group="Known mistakes",
        advanced=True,
    )
    sample_in_eval: bool = setting(
        True,
        "Evaluation mode when sampling",
        "Off is a mistake: batch normalisation then uses the samples' own statistics, so that a "
        "picture depends on its neighbours.",
        group="Known mistakes",
        advanced=True,
    )
    match_tanh: bool = setting(
        True,
        "Data scaled to [−1, 1]",
        "Off is a mistake: data in [0, 1] against the [−1, 1] of G's Tanh. D needs to look at "
        "one dark pixel only.",
        group="Known mistakes",
        advanced=True,
    )


class GAN(Model):
    """A generator and a discriminator, each a part with an optimizer of its own."""

    title = "GAN"
    summary = "Two networks play against each other: one invents pictures, one tells them apart."
    paper = "Goodfellow et al. 2014"
    Config = Config
    # Without momentum the players do not overrun each other: after 2,500 rounds of FashionMNIST the
    # FID of 2,000 samples is 36, with DCGAN's Adam (2e-4, β 0.5 / 0.999) it is 60.
    training_defaults = {
        "learning_rate": 5e-4,
        "beta1": 0.0,
        "beta2": 0.99,
        "decay": "late",
        "batch_size": 64,
        "clip": 0.0,
        "ema": 0.998,
    }
    scored = 2000
    watched = "classifier distance"

    def __init__(self, config: Config, spec: Spec):
        super().__init__(config, spec)
        if config.conditional and not spec.classes:
            raise InputError(
                "These data have no labels, so no classes can be learned. Switch that off, or "
                "choose data with classes."
            )
        self.latent = config.latent
        conv = config.architecture == "conv" and spec.is_image
        common = {"conv": conv, "leak": config.leak, "classes": len(self.classes)}
        norm = {"auto": "batch" if spec.is_image else "none"}.get(config.norm, config.norm)
        d_norm = {"auto": "group" if conv else "none"}.get(config.d_norm, config.d_norm)
        self.generator = Generator(spec.shape, config.latent, config.width, norm=norm, **common)
        self.discriminator = Discriminator(
            spec.shape,
            config.d_width,
            norm=d_norm,
            dropout=config.dropout,
            spread=config.minibatch_std,
            **common,
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that one can ask for; none if it did not learn any."""
        return self.spec.classes if self.config.conditional else ()

    @property
    def batches(self) -> int:
        return self.config.d_steps

    def parts(self) -> dict[str, nn.Module]:
        return {D: self.discriminator, G: self.generator}

    def optimization(self, part: str, settings) -> Optimization:
        if part == G:
            return super().optimization(part, settings)
        c = self.config
        return Optimization(c.d_optimizer, c.d_learning_rate, (c.d_beta1, c.d_beta2))

    def units(self) -> dict[str, str]:
        unit = "probability" if LOSSES[self.config.loss].probability else "score"
        return {"D(real)": unit, "D(generated)": unit}

    # The game -----------------------------------------------------------------------------------

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        reals = batch.x.chunk(self.config.d_steps)
        labels = self._labels(batch, len(batch.x)).chunk(self.config.d_steps)
        for i, (real, y) in enumerate(zip(reals, labels, strict=True)):
            yield self.judgement(batch, real, y, i)
        for i in range(self.config.g_steps):
            yield self.forgery(batch, len(reals[0]), i)

    def judgement(self, batch: Batch, x: Tensor, y: Tensor, i: int = 0) -> Objective:
        """D's loss on real ``x`` and as many generated ones; G is not part of it."""
        c, loss = self.config, LOSSES[self.config.loss]
        real = self._shown(self.from_data(x), batch, f"real {i}")
        with torch.set_grad_enabled(torch.is_grad_enabled() and not c.detach):
            fake = self._shown(self._draw(batch, len(x), y, f"D {i}"), batch, f"fake {i}")
        d_real, d_fake = self.discriminator(real, y), self.discriminator(fake, y)
        target = 1.0 - c.label_smoothing if loss.smooths else 1.0
        value = loss.discriminator(d_real, d_fake, target)
        terms = {"discriminator loss": value} | self._opinions(d_real, d_fake)
        if torch.is_grad_enabled():
            cost, told = self._penalty(batch, real, fake.detach(), y, i)
            value, terms = value + cost, terms | told
        return Objective(D, value, terms, () if c.detach else (G,))

    def forgery(self, batch: Batch, n: int, i: int = 0) -> Objective:
        """G's loss on ``n`` generated pictures: how little they fool D."""
        y = self._labels(batch, n)
        fake = self._shown(self._draw(batch, n, y, f"G {i}"), batch, f"forgery {i}")
        value = LOSSES[self.config.loss].generator(self.discriminator(fake, y)).mean()
        return Objective(G, value, {"generator loss": value})

    def _labels(self, batch: Batch, n: int) -> Tensor:
        """Classes of the real pictures; they do for the generated ones too."""
        return torch.zeros(n, dtype=torch.long) if batch.y is None else batch.y[:n]

    def _draw(self, batch: Batch, n: int, y: Tensor, purpose: str) -> Tensor:
        return self._bounded(self.generator(batch.noise(purpose, (n, self.latent)), y).float())

    def _shown(self, x: Tensor, batch: Batch, purpose: str) -> Tensor:
        noise = self.config.instance_noise
        return x + noise * batch.noise(purpose, x.shape) if noise else x

    def _opinions(self, d_real: Tensor, d_fake: Tensor) -> dict[str, Tensor]:
        read = torch.sigmoid if LOSSES[self.config.loss].probability else lambda d: d
        return {"D(real)": read(d_real).mean(), "D(generated)": read(d_fake).mean()}

    def _penalty(
        self, batch: Batch, real: Tensor, fake: Tensor, y: Tensor, i: int
    ) -> tuple[Tensor | float, dict[str, Tensor]]:
        """What is added to D's loss, and the unweighted penalty for the curves."""
        c = self.config
        kind = c.penalty
        if kind == "auto":
            kind = "gradient" if c.loss == "wasserstein" else "r1"

        def critic(x: Tensor) -> Tensor:
            return self.discriminator(x, y)

        if kind == "gradient" and c.gradient_weight:
            at = batch.uniform(f"between {i}", (len(real),))
            value = gradient_penalty(critic, real, fake, at)
            return c.gradient_weight * value, {"gradient penalty": value}
        if kind == "r1" and c.r1 and batch.step % c.r1_every == 0:
            value = r1(critic, real)
            return c.r1 * c.r1_every * value, {"R1": value}
        return 0.0, {}

    # Between data in [0, 1] and what the networks see ---------------------------------------------

    def from_data(self, x: Tensor) -> Tensor:
        """Pictures in [0, 1] -> what D sees, [−1, 1]; points as they are."""
        return 2 * x - 1 if self.spec.is_image and self.config.match_tanh else x

    def to_data(self, x: Tensor) -> Tensor:
        """The reverse, within [0, 1] for pictures."""
        if not self.spec.is_image:
            return x
        return ((x + 1) / 2 if self.config.match_tanh else x).clamp(0, 1)

    def _bounded(self, raw: Tensor) -> Tensor:
        return raw.tanh() if self.spec.is_image else raw

    # Capabilities ---------------------------------------------------------------------------------

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """B Z and classes B (in turn, if none are given) -> B C H W in [0, 1], or points."""
        if self.classes and y is None:
            y = torch.arange(len(z), device=z.device) % len(self.classes)
        with self._sampling():
            if len(z) == 1 and self._needs_several:
                raise InputError(
                    "Batch normalisation in training mode cannot draw one sample alone: a batch of "
                    "one has no spread. Draw two or more, or sample in evaluation mode."
                )
            return self.to_data(self._bounded(self.generator(z, y).float()))

    @property
    def _needs_several(self) -> bool:
        kinds = [m for m in self.generator.modules() if isinstance(m, nn.BatchNorm1d)]
        return self.generator.training and bool(kinds)

    def judge(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Data B C H W in [0, 1], or points -> logits B."""
        return self.discriminator(self.from_data(x), y)

    @torch.no_grad()
    def generate(
        self, n: int, generator: torch.Generator, latents: Tensor | None = None
    ) -> Iterator[Step]:
        """Carry N(0, I), or ``latents`` N Z, through G in one step; classes in turn."""
        z = layers.draw(n, (self.latent,), generator) if latents is None else latents
        x = self.decode(z.to(self.device))
        yield Step(0.0, x, x)

    @contextmanager
    def _sampling(self) -> Iterator[None]:
        """Running statistics in batch normalisation, unless that mistake was asked for."""
        was = self.generator.training
        self.generator.train(not self.config.sample_in_eval)
        try:
            yield
        finally:
            self.generator.train(was)
