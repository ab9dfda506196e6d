"""A GAN in the plane as it is played: points, D's surface, and where the points are pushed."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer import data
from explorer.adversarial import LOSSES
from explorer.answers import Film, Plane
from explorer.checkpoints import build
from explorer.device import own_randomness
from explorer.models.gan import GAN
from explorer.points import SPEC
from explorer.recipe import recipe
from explorer.training import Trainer

RING = "ring"
EXTENT = 2.0  # half the side of what is shown
PIXELS = 40  # of the ground, a side
SHOWN = 128  # generated points, and as many real ones
LOOKS = 40  # frames after the first
ARROW = 0.25  # length of an arrow for a gradient of 1, in the plane's own units
LONGEST = 0.6  # arrow, in the same units
REAL = 9  # the grey of the palette
FAR = (-1.4, -1.4)  # where G begins: in a corner, so that D can be sure at first

# Small networks that learn eight modes in seconds, with every loss; D learns faster than G.
GAME = {"latent": 8, "width": 16, "d_width": 16, "batch_size": 128, "gradient_weight": 1.0}
GAME |= {"learning_rate": 5e-4, "d_learning_rate": 3e-3, "beta1": 0.0, "d_beta1": 0.0}
GAME |= {"beta2": 0.999, "d_beta2": 0.999, "decay": "constant", "ema": 0.0}
GAME |= {"device": "cpu", "precision": "float32"}


class Playing(TypedDict):
    """How far the games are, and what there is to see: a film of this moment alone."""

    step: int
    total: int
    film: Film


class Look(NamedTuple):
    """One game at one moment: points N 2, their logits, arrows N 4, D's surface."""

    points: np.ndarray
    fake: np.ndarray
    real: np.ndarray
    arrows: np.ndarray
    ground: np.ndarray


# Games ----------------------------------------------------------------------------------------


def game(loss: str, kind: type[GAN] = GAN, **values: Any) -> Trainer:
    """A game on the ring of eight Gaussians, of a ``kind``; G begins `FAR` off."""
    made = recipe("gan", RING, GAME | {"loss": loss} | values)
    model = kind(made.config(), SPEC)
    model.load_state_dict(build(made, SPEC).state_dict())
    with torch.no_grad():
        model.generator.net[-2].bias.copy_(torch.tensor(FAR))  # of the layer before the shape
    return Trainer(model, made.training, data.load(RING), data.load(RING, "test"))


def played(games: Collection[Trainer], total: int, looks: set[int]) -> Iterator[int]:
    """Play all games round by round, side by side; yields the rounds at which to look."""
    for step in range(total + 1):
        if step in looks:
            yield step
        if step < total:
            for one in games:
                one.advance()


def latents(seed: int, n: int = SHOWN) -> Tensor:
    """The z that are looked at, the same in every game: n Z."""
    return torch.randn(n, GAME["latent"], generator=own_randomness(seed, "preview"))


def real_points() -> np.ndarray:
    """Held-out points of the ring that are looked at: N 2."""
    return data.load(RING, "test").x[:SHOWN]


def moments(total: int) -> set[int]:
    """The steps at which games are looked at: many at first, when most happens."""
    return {round(total * (i / LOOKS) ** 2) for i in range(LOOKS + 1)}


# Looking --------------------------------------------------------------------------------------


def push(model: GAN, x: Tensor, term: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Logits N of points N 2, and −∂ term/∂x: where descent on ``term`` moves each, N 2."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        d = model.judge(x)
        (gradient,) = torch.autograd.grad(term(d).sum(), x)
    return d.detach(), -gradient


def look(model: GAN, loss: str, z: Tensor, term: Callable[[Tensor], Tensor] | None = None) -> Look:
    """The points of ``z``, D's surface, and where ``term`` (as a rule G's loss) moves them."""
    with torch.no_grad():
        x = model.decode(z)
        real = model.judge(torch.tensor(real_points()))
    d, moves = push(model, x, term or LOSSES[loss].generator)
    return Look(x.numpy(), d.numpy(), real.numpy(), arrows(x, moves), surface(model, loss))


def arrows(x: Tensor, moves: Tensor) -> np.ndarray:
    """Arrows N 4 to scale; very long ones are cut."""
    lengths = moves.norm(dim=1, keepdim=True)
    drawn = (ARROW * lengths).clamp(max=LONGEST)
    return torch.cat([x, moves / lengths.clamp(min=1e-12) * drawn], dim=1).numpy()


@torch.no_grad()
def surface(model: GAN, loss: str) -> np.ndarray:
    """How real D finds each place, uint8 PIXELS PIXELS, the top row first."""
    return picture(shade(loss, model.judge(places(EXTENT, PIXELS))), PIXELS)


def places(extent: float, pixels: int) -> Tensor:
    """The middles of ``pixels``² squares of [−extent, extent]², the top row first: pixels² 2."""
    ticks = extent * (2 * (torch.arange(pixels) + 0.5) / pixels - 1)
    y, x = torch.meshgrid(ticks.flip(0), ticks, indexing="ij")
    return torch.stack([x, y], dim=-1).view(-1, 2)


def picture(shades: Tensor, pixels: int) -> np.ndarray:
    """Numbers in [0, 1] at `places` as a picture, uint8 pixels pixels."""
    return (255 * shades).round().byte().view(pixels, pixels).numpy()


def shade(loss: str, d: Tensor) -> Tensor:
    """Logits as numbers in [0, 1]: σ(d), or between the loss's two targets, or relative."""
    if LOSSES[loss].probability:
        return torch.sigmoid(d)
    if loss == "least-squares":
        return d.clamp(0, 1)
    if loss == "hinge":
        return (d.clamp(-1, 1) + 1) / 2
    return relative(d)


def relative(d: Tensor) -> Tensor:
    """From the lowest of the logits, 0, to the highest, 1."""
    return (d - d.min()) / (d.max() - d.min()).clamp(min=1e-9)


def plane(title: str, looks: list[Look], colour: int) -> Plane:
    """Real points in grey and generated ones in a colour, on D's surface, with arrows."""
    real = real_points()
    moved = np.stack([one.points for one in looks])
    still = np.broadcast_to(real, (len(looks), *real.shape))
    return Plane(
        title,
        np.concatenate([still, moved], axis=1),
        groups=np.repeat([REAL, colour], [len(real), moved.shape[1]]),
        arrows=np.stack([one.arrows for one in looks]),
        ground=np.stack([one.ground for one in looks]),
        extent=EXTENT,
    )
