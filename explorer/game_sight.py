r"""What is looked at in a game, and how: always the same noise, the same real points and places.

The arrow at a generated point x is how G's loss L wants it to move: −∂L(D(x))/∂x.  G cannot move
points; it moves its weights, and its points come along: ∂L/∂θ = ∂L/∂x · ∂G(z)/∂θ.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from explorer.adversarial import LOSSES
from explorer.answers import Board
from explorer.data import Mixture
from explorer.device import own_randomness
from explorer.game_pictures import EXTENT
from explorer.metrics.modes import mode_shares
from explorer.models.gan import GAN
from explorer.plane_games import places, push

SHOWN = 400  # real and generated points
PUSHED = 100  # generated points with an arrow
COUNTED = 1000  # generated points for the modes
PIXELS = 48  # of D's surface, a side
THREADS, PLACES = 13, 33  # of the grid of noise: lines a direction, places a line

SCALES = {"least-squares": (0.5, 0.5), "hinge": (0.0, 1.0)}  # what tells nothing, how far is sure


class Sight:
    """What to look at: ``real`` points N 2, noise ``z``, a ``grid`` of noise, places of D."""

    def __init__(self, real: np.ndarray, modes: Mixture | None, latent: int, seed: int):
        some = torch.randperm(len(real), generator=own_randomness(seed, "shown"))[:SHOWN]
        self.real = torch.tensor(real)[some]
        self.modes = modes
        self.z = torch.randn(COUNTED, latent, generator=own_randomness(seed, "noise"))
        self.grid = lattice(latent)
        self.places = places(EXTENT, PIXELS)

    def board(self, model: GAN, round: int) -> Board:
        """The game as it stands; nothing about the model is changed."""
        with at_rest(model), torch.no_grad():
            fake = model.decode(self.z)
            lines = model.decode(self.grid.flatten(0, 1)).view(*self.grid.shape[:2], 2)
            d_real, d_fake = model.judge(self.real), model.judge(fake[:SHOWN])
            surface = model.judge(self.places).view(PIXELS, PIXELS)
            _, pushed = push(model, fake[:PUSHED], LOSSES[model.config.loss].generator)
        middle, reach = scale(model.config.loss, surface, d_real, d_fake)
        shares = mode_shares(fake.numpy(), self.modes) if self.modes else None
        return Board(
            round,
            self.real.numpy(),
            fake[:SHOWN].numpy(),
            pushed.numpy(),
            reading(model, surface).numpy(),
            middle,
            reach,
            lines.numpy(),
            terms(model, d_real, d_fake) | {"push": float(pushed.norm(dim=1).mean())},
            (shares.covered, len(shares.weights)) if shares else None,
            shares.near if shares else None,
        )


def reading(model: GAN, d: Tensor) -> Tensor:
    """Logits as what the loss takes them for: probabilities, or the scores that they are."""
    return d.sigmoid() if LOSSES[model.config.loss].probability else d


def terms(model: GAN, d_real: Tensor, d_fake: Tensor) -> dict[str, float]:
    """Both losses, without the penalty, and D's mean opinion of real and generated points."""
    loss, smoothing = LOSSES[model.config.loss], model.config.label_smoothing
    target = 1.0 - smoothing if loss.smooths else 1.0
    return {
        "D loss": float(loss.discriminator(d_real, d_fake, target)),
        "G loss": float(loss.generator(d_fake).mean()),
        "D(real)": float(reading(model, d_real).mean()),
        "D(generated)": float(reading(model, d_fake).mean()),
    }


def scale(loss: str, surface: Tensor, d_real: Tensor, d_fake: Tensor) -> tuple[float, float]:
    """The reading that tells nothing, and how far from it D is sure.

    Scores of a Wasserstein critic mean nothing alone: their middle lies between both means.
    """
    if LOSSES[loss].probability:
        return 0.5, 0.5
    if loss in SCALES:
        return SCALES[loss]
    middle = (d_real.mean() + d_fake.mean()) / 2
    return float(middle), max(float((surface - middle).abs().quantile(0.9)), 1e-6)


def lattice(latent: int) -> Tensor:
    """Lines through the space of z that cut N(0, I) into equal shares: L P Z.

    Of more than two directions only the first two vary and the others are 0; one has one line.
    """
    steps = torch.linspace(-2.3, 2.3, PLACES)
    if latent == 1:
        return steps.view(1, PLACES, 1)
    levels = torch.special.ndtri((torch.arange(THREADS) + 0.5) / THREADS)
    across = torch.stack([levels[:, None].expand(-1, PLACES), steps.expand(THREADS, -1)], -1)
    lines = torch.cat([across, across.flip(-1)])
    rest = torch.zeros(*lines.shape[:2], latent - 2)
    return torch.cat([lines, rest], dim=-1)


@contextmanager
def at_rest(model: GAN) -> Iterator[None]:
    """Inside, no dropout and no power iteration of a spectral norm; then as it was."""
    was = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was)
