r"""Variational autoencoder: an autoencoder whose latents can be sampled.

    z = μ(x) + σ(x) ε,   ε ~ N(0, I)                                (reparameterisation, eq. 10)
    loss = Σ_pixels d(D(z), x) + β · KL( N(μ, σ²) ‖ N(0, I) )
    KL = ½ Σ_j ( μ_j² + σ_j² − 1 − log σ_j² )                             (appendix B, in nats)

both averaged over the images.  β = 1 with cross-entropy, or with the squared error of a Gaussian
of variance ½, is the evidence lower bound; β = 0 without the noise ε is exactly the autoencoder.

Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (equations); Higgins et al. 2017 for β;
Fu et al. 2019, "Cyclical Annealing Schedule", for the cycles.
"""

from collections.abc import Iterator
from math import prod
from typing import Literal

import torch
from torch import Tensor

from explorer.config import setting
from explorer.data import Spec
from explorer.models import autoencoder
from explorer.models.base import Batch, Objective


class Config(autoencoder.Config):
    """An autoencoder's settings, and what makes it variational."""

    beta: float = setting(
        0.3,
        "β",
        "Weight of the KL term. Small: sharp reconstructions, gaps between the latents. "
        "Large: smooth latents, blurry pictures.",
        ge=0,
        le=10,
        group="Objective",
        log=True,
        live=True,
    )
    beta_unit: Literal["sum", "mean", "batch-sum"] = setting(
        "sum",
        "Unit of β",
        "What the two terms are averaged over before β weighs them. Sum: error summed over an "
        "image's pixels, KL over its latents. Mean: error averaged over pixels, KL over latents "
        "(β_norm of Higgins et al.). Batch sum: both summed over the whole batch as well.",
        group="Objective",
        labels={"sum": "Sum per image", "mean": "Mean (β_norm)", "batch-sum": "Sum over the batch"},
    )
    beta_schedule: Literal["constant", "linear", "cyclical"] = setting(
        "constant",
        "Schedule of β",
        "Linear grows β from 0 while the model first learns to draw; cyclical repeats that.",
        group="Objective",
        labels={"constant": "Constant", "linear": "Linear warm-up", "cyclical": "Cyclical"},
    )
    beta_epochs: float = setting(
        10.0,
        "Epochs of the schedule",
        "Length of the warm-up, or of one cycle (β rises for half of it and stays for the rest).",
        ge=0.1,
        le=1000,
        unit="epochs",
        group="Objective",
        log=True,
        when=("beta_schedule", ("linear", "cyclical")),
    )
    sampling: bool = setting(
        True,
        "Sampling noise",
        "Draw z from N(μ, σ²) while training. Off, with β = 0, a VAE is an autoencoder.",
        group="Objective",
    )


class VAE(autoencoder.Autoencoder):
    """Encoder to (μ, log σ²), decoder from a sample of that Gaussian."""

    title = "Variational autoencoder"
    summary = "An autoencoder with a smooth, samplable latent space: it reconstructs and invents."
    paper = "Kingma & Welling 2014"
    Config = Config
    watched = "loss"
    outputs_per_latent = 2

    def units(self) -> dict[str, str]:
        return super().units() | {"KL": "nats per image", "KL per latent": "nats"}

    def gaussian(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """B C H W -> mean and log-variance, each B Z; clamped so that exp stays finite."""
        mean, log_var = self.encoder(x).float().chunk(2, dim=1)
        return mean, log_var.clamp(-20, 20)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """B C H W -> mean and standard deviation of q(z | x), each B Z."""
        mean, log_var = self.gaussian(x)
        return mean, (log_var / 2).exp()

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        mean, log_var = self.gaussian(self.corrupted(batch))  # B C H W -> B Z, B Z
        z = mean
        if self.config.sampling:
            z = mean + (log_var / 2).exp() * batch.noise("latent", mean.shape)
        raw = self.decoder(z).float()
        error = self.reconstruction_error(raw, batch.x).mean()
        kl = kl_to_standard_normal(mean, log_var)  # B Z
        beta = self.config.beta * beta_ramp(self.config, batch.epoch)
        weighed = beta * in_sum_units(self.config.beta_unit, self.pixels, self.latent)
        divergence = kl.sum(1).mean()
        loss = error + weighed * divergence
        terms = {
            "loss": loss,
            "reconstruction": error,
            "KL": divergence,
            "β": torch.tensor(beta),
        }
        yield from self.opposed(batch, raw, loss, terms, self._scale(len(mean)))

    def exposed(self, batch: Batch, raw: Tensor) -> Tensor:
        """Half copies, half samples: what N(0, I) decodes to must look real as well."""
        half = len(raw) // 2
        z = batch.noise("prior", (len(raw) - half, self.latent))
        return torch.cat([raw[:half], self.decoder(z).float()])

    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """And which latents the KL goes to: one value each."""
        kl = kl_to_standard_normal(*self.gaussian(batch.x)).mean(0)  # Z
        return super().validate(batch) | {"KL per latent": kl}

    def _scale(self, batch: int) -> float:
        """From the sum per image, in which terms are logged, to the unit that is optimised."""
        return {"sum": 1.0, "mean": 1 / self.pixels, "batch-sum": float(batch)}[
            self.config.beta_unit
        ]


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) ‖ N(0, 1)) per latent, in nats: B Z -> B Z (appendix B)."""
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var)


def beta_ramp(config: Config, epoch: float) -> float:
    """Fraction of β in force at ``epoch``: 1, a line from 0 to 1, or half-and-half cycles."""
    if config.beta_schedule == "linear":
        return min(epoch / config.beta_epochs, 1.0)
    if config.beta_schedule == "cyclical":
        return min(2 * (epoch / config.beta_epochs % 1.0), 1.0)
    return 1.0


def in_sum_units(unit: str, pixels: int, latent: int) -> float:
    """What a β in ``unit`` is multiplied with to weigh sums per image: D / Z for means, else 1."""
    return pixels / latent if unit == "mean" else 1.0


def equivalent_betas(config: Config, spec: Spec) -> dict[str, float]:
    """The same weight of the KL term in each of the three units."""
    d = prod(spec.shape)
    beta = config.beta * in_sum_units(config.beta_unit, d, config.latent)
    return {
        unit: beta / in_sum_units(unit, d, config.latent) for unit in ("sum", "mean", "batch-sum")
    }
