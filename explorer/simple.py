r"""Simple diffusion: one picture, one noise, one level, and a small network that learns to undo it.

    x = α x_0 + σ ε,    loss = ‖ network(x) − target(x_0, ε) ‖²    (mean over pixels)

The formula and the loss of the whole method (Ho et al. 2020, eq. 14) with all that is random held
still, so that a hundred updates are enough and every single one can be looked at.  What is learned
that way is learned by heart; `trials` shows it.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, TypedDict

import numpy as np
import torch
from torch import Tensor, nn

from explorer import schedules, targets
from explorer.answers import Film, Track
from explorer.config import SEED_LIMIT, Setting, Settings, describe, setting
from explorer.denoising import noise_picture
from explorer.device import own_randomness
from explorer.errors import InputError, NonFinite
from explorer.pictures import to_uint8
from explorer.schedules import Name, schedule
from explorer.targets import Target
from explorer.tiny import Adam, build

T = 1000  # levels of the schedule
LARGEST = 128  # pixels a side
CHUNK = 4  # iterations a message
STRIP = ("Original", "Noisy", "True noise", "Predicted noise", "Denoised")


class SimpleSettings(Settings):
    """What is learned by heart, and how."""

    level: int = setting(
        300,
        "Noise level t",
        f"How far the picture is noised, out of {T:,}: low is easy to see through.",
        ge=1,
        le=T - 1,
    )
    iterations: int = setting(
        100, "Iterations", "How often the network's weights are updated.", ge=10, le=500
    )
    learning_rate: float = setting(
        3e-3,
        "Learning rate",
        "Length of an update. Too small: nothing happens; too large: the loss jumps about.",
        ge=1e-4,
        le=0.1,
        log=True,
    )
    schedule: Name = setting(
        "linear", "Noise schedule", "How fast the picture fades with t.", labels=schedules.TITLES
    )
    target: Target = setting(
        "eps",
        "The network predicts",
        "Each of them tells the noise and the picture, since x is known.",
        labels=targets.TITLES,
    )
    seed: int = setting(0, "Seed", "Decides the noise and the first weights.", ge=0, le=SEED_LIMIT)


class Scene(NamedTuple):
    """Pictures x_0 under noises ε (both N C H W) at one level."""

    x0: Tensor
    eps: Tensor
    alpha: Tensor
    sigma: Tensor

    @property
    def x(self) -> Tensor:
        """What the network sees."""
        return self.alpha * self.x0 + self.sigma * self.eps


class Look(NamedTuple):
    """The loss of a scene, and the noise and the pictures that the network sees in it."""

    loss: Tensor
    eps: Tensor
    x0: Tensor


class Trial(TypedDict):
    """A scene that the trained network is given: its strip and the loss on it."""

    title: str
    strip: np.ndarray
    loss: float


class Lesson(TypedDict):
    """The whole training: the strip at every iteration, the losses, and what was learned."""

    film: Film
    losses: np.ndarray
    trials: tuple[Trial, ...]
    parameters: int


# The engine's questions ---------------------------------------------------------------------------


def simple_settings() -> tuple[Setting, ...]:
    """The settings of a simple diffusion, for forms."""
    return describe(SimpleSettings)


def simple_diffusion(
    x: np.ndarray, other: np.ndarray, values: dict[str, Any]
) -> Iterator[tuple[list[float], np.ndarray] | Lesson]:
    """Train on a picture ``x`` (uint8 C H W) in front of a viewer; ``other`` is tried at the end.

    Yields the losses of every few iterations with the newest strip, then the Lesson.  Raises
    InputError, NonFinite.
    """
    settings = SimpleSettings.read(values)
    pictures = signal(np.stack([_usable(x), _usable(other, like=x)]))
    noises = [noise(x.shape, settings.seed, name) for name in ("noise", "another noise")]
    learned = scene(pictures[0], noises[0], settings)
    network = build(x.shape, settings.seed)
    film, losses = [], []
    looks = train(network, learned, settings)
    while few := list(islice(looks, CHUNK)):
        losses += [look.loss.item() for look in few]
        film += [strip(learned, look) for look in few]
        yield losses[-len(few) :], film[-1]
    tried = {
        "What it was trained on": learned,
        "The same picture, another noise": scene(pictures[0], noises[1], settings),
        "Another picture, the same noise": scene(pictures[1], noises[0], settings),
        "Another picture, another noise": scene(pictures[1], noises[1], settings),
    }
    yield Lesson(
        film=_film(np.stack(film), losses),
        losses=np.array(losses),
        trials=tuple(trial(title, network, one, settings.target) for title, one in tried.items()),
        parameters=sum(p.numel() for p in network.parameters()),
    )


def _usable(x: np.ndarray, like: np.ndarray | None = None) -> np.ndarray:
    if x.ndim != 3 or x.dtype != np.uint8 or x.shape[0] not in (1, 3) or max(x.shape) > LARGEST:
        raise InputError(
            f"A picture here is grey or in colour, at most {LARGEST} pixels a side, "
            f"and this one is {x.dtype} {'x'.join(map(str, x.shape))}. Choose another."
        )
    if like is not None and like.shape != x.shape:
        raise InputError("The two pictures are not of one size. Choose them from one data set.")
    return x


# The scene ----------------------------------------------------------------------------------------


def signal(x: np.ndarray) -> Tensor:
    """uint8 pixels -> float32 in [−1, 1]."""
    return torch.tensor(x).float() / 127.5 - 1


def noise(shape: tuple[int, ...], seed: int, name: str) -> Tensor:
    """Standard normal noise that depends on the seed and its name alone."""
    return torch.randn(shape, generator=own_randomness(seed, name))


def scene(x0: Tensor, eps: Tensor, settings: SimpleSettings) -> Scene:
    """One picture (C H W) under one noise at the level of the settings."""
    levels = schedule(settings.schedule, T)
    alpha, sigma = torch.tensor(levels.at(settings.level), dtype=torch.float32)
    return Scene(x0[None], eps[None], alpha, sigma)


def strip(seen: Scene, look: Look) -> np.ndarray:
    """Original, noisy, true noise, predicted noise, denoised: uint8 5 H W [3]."""
    pictures = [picture(seen.x0), picture(seen.x), noise_picture(seen.eps)]
    return np.concatenate([*pictures, noise_picture(look.eps), picture(look.x0)])


def picture(x: Tensor) -> np.ndarray:
    """Pixels in [−1, 1] -> uint8; what lies beyond is cut off."""
    return to_uint8((x.numpy() + 1) / 2)


def _film(strips: np.ndarray, losses: list[float]) -> Film:
    labels = tuple(f"iteration {i} · loss {loss:.2g}" for i, loss in enumerate(losses))
    tracks = tuple(Track(title, strips[:, i]) for i, title in enumerate(STRIP))
    return Film(tracks, labels, fps=max(8.0, len(losses) / 5))


# Learning -----------------------------------------------------------------------------------------


def look_at(network: nn.Module, seen: Scene, kind: Target) -> Look:
    """The network's loss on a scene, and what it sees in it."""
    said = network(seen.x)
    wanted = targets.target(kind, seen.x0, seen.eps, seen.alpha, seen.sigma)
    loss = (said - wanted).square().mean()
    x0 = targets.clean(kind, said.detach(), seen.x, seen.alpha, seen.sigma)
    return Look(loss, (seen.x - seen.alpha * x0) / seen.sigma, x0)


def train(network: nn.Module, seen: Scene, settings: SimpleSettings) -> Iterator[Look]:
    """Look before every update, so that the first look is the untrained network's."""
    optimizer = Adam(network, settings.learning_rate)
    for iteration in range(settings.iterations):
        look = look_at(network, seen, settings.target)
        if not look.loss.isfinite():
            raise NonFinite(
                f"The loss at iteration {iteration} is not a number any more. "
                "Choose a smaller learning rate."
            )
        look.loss.backward()
        optimizer.step()
        yield look


@torch.no_grad()
def trial(title: str, network: nn.Module, seen: Scene, kind: Target) -> Trial:
    """What the trained network makes of a scene."""
    look = look_at(network, seen, kind)
    return Trial(title=title, strip=strip(seen, look), loss=look.loss.item())
