r"""Diffusion: learn to remove a little noise, then start from nothing but noise.

    x_k = α_k x_0 + σ_k ε,    k ~ uniform on 1 … T  (or logit-normal)
    loss = ‖ network(x_k, k / T, y) − target(x_0, ε, k) ‖²      (mean over pixels and images)

One loss serves DDPM (Ho et al. 2020, eq. 14: a variance-preserving schedule, target ε) and flow
matching (Lipman et al. 2023, Liu et al. 2023: straight paths, target velocity).  A class is left
out now and then, so that one network knows both p(x | y) and p(x) (Ho & Salimans 2022).
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from explorer import layers, sampling, schedules, targets
from explorer.config import Settings, setting
from explorer.data import Spec
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.models.base import Batch, Model
from explorer.sampling import SampleSettings, Step
from explorer.schedules import Name, schedule
from explorer.targets import Target

PREVIEW = SampleSettings(sampler="dpm", steps=16)
SCORED = 250  # samples measured after an epoch: each takes a network evaluation for every step


class Process(Settings):
    """How data become noise, and what the network says about it."""

    schedule: Name = setting(
        "flow",
        "Noise schedule",
        "How fast the picture fades into noise. Linear β is the original DDPM; cosine and sigmoid "
        "fade more evenly; rectified flow mixes picture and noise along a straight line.",
        group="Process",
        labels=schedules.TITLES,
    )
    T: int = setting(
        1000,
        "T (noise levels)",
        "Number of steps between data and noise. Sampling may use fewer.",
        ge=10,
        le=1000,
        group="Process",
        log=True,
    )
    beta_start: float = setting(
        1e-4,
        "β at the first step",
        "Variance of the noise that the first step adds.",
        ge=1e-6,
        le=0.5,
        group="Process",
        log=True,
        when=("schedule", ("linear",)),
    )
    beta_end: float = setting(
        0.02,
        "β at the last step",
        "Variance of the noise that the last step adds. Together with T it decides whether "
        "anything of the picture is left at the end.",
        ge=1e-6,
        le=0.999,
        group="Process",
        log=True,
        when=("schedule", ("linear",)),
    )
    target: Target = setting(
        "velocity",
        "The network predicts",
        "The noise (DDPM), the clean picture, the mixture v of both, or the direction from picture "
        "to noise (flow matching). Each can be computed from the others.",
        group="Process",
        labels=targets.TITLES,
    )
    times: Literal["uniform", "logit-normal"] = setting(
        "logit-normal",
        "Levels trained on",
        "Every level equally often, or the middle ones, where there is most to learn, more often "
        "(Esser et al. 2024).",
        group="Process",
        labels={"uniform": "All equally often", "logit-normal": "The middle more often"},
        advanced=True,
    )
    min_snr: bool = setting(
        False,
        "Min-SNR weighting",
        "Weigh levels by their signal-to-noise ratio, at most 5, so that none dominates "
        "(Hang et al. 2023).",
        group="Process",
        advanced=True,
    )
    conditional: bool = setting(
        True,
        "Learn the classes",
        "Tell the network each picture's class, so that samples of one class can be asked for.",
        group="Process",
    )
    label_dropout: float = setting(
        0.1,
        "Class left out",
        "How often the class is withheld in training, which makes guidance possible.",
        ge=0,
        le=1,
        group="Process",
        when=("conditional", (True,)),
        advanced=True,
    )


class Diffusing(Model):
    """What every diffusion has: a schedule, a denoiser, and samplers that reverse it."""

    inner: tuple[int, ...]  # the shape of what is noised
    bounded = True  # whether that has the range of pictures, [-1, 1]

    def __init__(self, config: Process, spec: Spec):
        super().__init__(config, spec)
        if config.schedule == "flow" and config.target == "eps":
            raise InputError(
                "On a straight path, x_T is pure noise and says nothing about x_0 through ε. "
                "Predict velocity, v or x0, or choose another schedule."
            )
        self.schedule = schedule(config.schedule, config.T, config.beta_start, config.beta_end)
        self.scored = SCORED if spec.is_image else 0
        self.classes = spec.classes if config.conditional else ()
        tables = torch.tensor(np.stack([self.schedule.alpha, self.schedule.sigma])).float()
        # They are no weights: they follow from the settings and are never saved.
        self.register_buffer("tables", tables, persistent=False)

    @property
    def conditional(self) -> bool:
        """Whether samples of one class can be asked for."""
        return bool(self.classes)

    def network(self, x: Tensor, t: Tensor, y: Tensor | None) -> Tensor:
        """x (B ...), t (B) in [0, 1], y (B or None; -1: no class) -> the target, B ..."""
        raise NotImplementedError

    def from_data(self, x: Tensor) -> Tensor:
        """Data -> what is noised: pixels in [0, 1] -> [-1, 1], points as they are."""
        return 2 * x - 1 if self.spec.is_image else x

    def to_data(self, x: Tensor) -> Tensor:
        """The reverse of `from_data`; not clipped."""
        return (x + 1) / 2 if self.spec.is_image else x

    # Training ---------------------------------------------------------------------------------

    def units(self) -> dict[str, str]:
        return {"loss": "squared error per number", "x₀ error": "squared error per number"}

    def denoising(self, x0: Tensor, batch: Batch) -> dict[str, Tensor]:
        """The loss of one batch of what is noised, and the error of the implied x_0."""
        level = self._levels(len(x0), batch)
        eps = batch.noise("noise", x0.shape)
        a, s = self._coefficients(level, x0.dim())
        x = a * x0 + s * eps
        said = self.network(x, level / self.schedule.T, self._labels(batch)).float()
        wanted = targets.target(self.config.target, x0, eps, a, s)
        error = (said - wanted).square()
        weight = targets.min_snr_weight(self.config.target, a, s) if self.config.min_snr else 1.0
        gain = targets.gain(self.config.target, a, s)
        clean = (error.detach() / gain.square().clamp(min=1e-8)).clamp(max=100).mean()
        return {"loss": (weight * error).mean(), "x₀ error": clean}

    def _levels(self, n: int, batch: Batch) -> Tensor:
        """Levels 1 … T: random, but spread evenly over the batch when validating."""
        if self.training:
            u = batch.noise("level", (n,))
            u = u.sigmoid() if self.config.times == "logit-normal" else torch.special.ndtr(u)
        else:
            u = (torch.arange(n, device=batch.x.device) + 0.5) / n
        return (u * self.schedule.T).ceil().clamp(1, self.schedule.T).long()

    def _labels(self, batch: Batch) -> Tensor | None:
        """The classes of a batch, -1 where one is withheld."""
        if not self.classes:
            return None
        if not self.training:
            return batch.y
        u = torch.special.ndtr(batch.noise("dropout", batch.y.shape))
        return batch.y.where(u >= self.config.label_dropout, -1)

    def _coefficients(self, level: Tensor | int, dims: int) -> tuple[Tensor, Tensor]:
        """α and σ of levels B (or one), shaped to multiply something of ``dims`` dimensions."""
        both = self.tables[:, level].reshape(2, -1, *[1] * (dims - 1))
        return both[0], both[1]

    # Sampling ---------------------------------------------------------------------------------

    def denoise(self, x: Tensor, level: int, y: Tensor | None = None) -> Tensor:
        """The x_0 that the network sees in x (B ...) at one level; no y: without a class."""
        t = torch.full((len(x),), level / self.schedule.T, device=x.device)
        said = self.network(x, t, y).float()
        a, s = self._coefficients(level, x.dim())
        return targets.clean(self.config.target, said, x, a, s)

    def start(self, n: int, generator: torch.Generator) -> Tensor:
        """Noise to begin with: n x inner; the first k do not depend on n."""
        return layers.draw(n, self.inner, generator).to(self.device)

    def generate(
        self,
        n: int,
        generator: torch.Generator,
        settings: SampleSettings | None = None,
    ) -> Iterator[Step]:
        """Every step from noise to ``n`` samples, in the data's scale; see `way`."""
        for step in self.way(n, generator, settings):
            yield Step(step.t, self.to_data(step.x), self.to_data(step.x0))

    def way(
        self, n: int, generator: torch.Generator, settings: SampleSettings | None = None
    ) -> Iterator[Step]:
        """Every step from noise to ``n`` samples, all N inner; quick ones by default.

        For those who show few of the steps, since decoding latents costs more than a step.
        Raises InputError for settings that this model cannot serve, NonFinite.
        """
        quick = PREVIEW.changed(steps=min(PREVIEW.steps, self.schedule.T))
        key = int(torch.randint(2**31, (), generator=generator, device=generator.device))
        yield from self.walk(self.start(n, generator), settings or quick, key)

    @torch.no_grad()
    def walk(
        self,
        x: Tensor,
        settings: SampleSettings,
        key: int = 0,
        *,
        level: int | None = None,
        given: Callable[[sampling.Denoiser], sampling.Denoiser] = lambda denoise: denoise,
    ) -> Iterator[Step]:
        """Every step from ``x`` (noise, or data noised to ``level``) to data, all N inner.

        ``key`` decides all fresh noise; ``given`` may tell the denoiser what is known already.
        Raises InputError, NonFinite.
        """
        levels = self.levels(settings, level)
        denoise = given(self.denoiser(len(x), settings))
        x = x.to(self.device)
        yield from sampling.walk(denoise, self.schedule, x, levels, settings, _fresh(key))

    def levels(self, settings: SampleSettings, start: int | None = None) -> list[int]:
        """The noise levels that sampling visits, if this model can serve it (InputError)."""
        if not self.conditional and (settings.guidance != 1 or settings.label is not None):
            raise InputError(
                "This model did not learn classes, so it can follow neither a class nor guidance. "
                "Leave the class out and set guidance to 1, or choose a class-conditional model."
            )
        if settings.label is not None and settings.label >= len(self.classes):
            raise InputError(
                f"Class is {settings.label}, but this model knows {len(self.classes)} classes: "
                f"it must be a whole number between 0 and {len(self.classes) - 1}."
            )
        return self.schedule.levels(settings.steps, settings.spacing, start)

    def denoiser(self, n: int, settings: SampleSettings) -> sampling.Denoiser:
        """x, level -> x_0 for ``n`` samples of the class asked for, or of all classes in turn."""
        if not self.conditional:
            return self._bounded(self.denoise)
        y = torch.arange(n, device=self.device) % len(self.classes)
        y = y if settings.label is None else torch.full_like(y, settings.label)
        guided = sampling.guided(partial(self.denoise, y=y), self.denoise, settings.guidance)
        return self._bounded(guided)

    def _bounded(self, denoise: sampling.Denoiser) -> sampling.Denoiser:
        """Guesses are kept where pictures can be (Ho et al. 2020, "clipping")."""
        return sampling.clipped(denoise) if self.spec.is_image and self.bounded else denoise


def _fresh(key: int) -> sampling.Noise:
    """Noise for each step of a sampler, whose first k items do not depend on how many there are."""
    steps = count()

    def noise(x: Tensor) -> Tensor:
        generator = own_randomness(key, next(steps))
        return layers.draw(len(x), tuple(x.shape[1:]), generator).to(x.device)

    return noise
