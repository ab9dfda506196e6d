r"""An adversary beside an autoencoder: it brings back what the squared error blurs.

    loss of the autoencoder = its own + λ · mean softplus(−A(x̂))
    loss of the adversary   = mean softplus(−A(x)) + mean softplus(A(x̂)) + R1

It is the discriminator of `explorer.adversaries`, which sees real pictures and what the decoder
draws, and is forgotten after training.

Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity metric"; Rombach et al.
2022 train the autoencoder of latent diffusion with one.
"""

from torch import Tensor, nn

from explorer.adversarial import LOSSES, r1
from explorer.adversaries import Discriminator
from explorer.models.base import Batch, Objective, Optimization

PART = "adversary"
LOSS = LOSSES["non-saturating"]
R1_WEIGHT, R1_EVERY = 0.2, 8  # as a GAN of ours has them
OPTIMIZATION = Optimization("adam", 2e-4, (0.5, 0.999))  # Radford et al. 2016


class Adversary(nn.Module):
    """Tells real data from decoded ones, both in [0, 1] (points are unbounded): B *shape -> B."""

    def __init__(self, shape: tuple[int, ...], width: int, conv: bool):
        super().__init__()
        self.net = Discriminator(shape, width, conv=conv)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(2 * x - 1)

    def objective(self, batch: Batch, fake: Tensor) -> Objective:
        """Its own loss; ``fake`` B *shape gets no gradient from it."""
        d_real, d_fake = self(batch.x), self(fake.detach())
        loss = LOSS.discriminator(d_real, d_fake)
        terms = {
            "adversary loss": loss,
            "A(real)": d_real.sigmoid().mean(),
            "A(decoded)": d_fake.sigmoid().mean(),
        }
        if self.training and batch.step % R1_EVERY == 0:
            loss = loss + R1_WEIGHT * R1_EVERY * r1(self, batch.x)
        return Objective(PART, loss, terms)

    def deception(self, fake: Tensor) -> Tensor:
        """What the decoder pays for being seen through: the mean of softplus(−A), a scalar."""
        return LOSS.generator(self(fake)).mean()
