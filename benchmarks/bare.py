"""The loops that a course would hand out, with every trick that makes them fast.

bfloat16 where the device has it, channels last, fused Adam, averaged weights, images in memory.
"""

import torch
import torch.nn.functional as F
from torch import nn

from explorer import data, device
from explorer.checkpoints import build
from explorer.recipe import Recipe


class Bare:
    """What all loops share: the model, the batches, the average."""

    def __init__(self, made: Recipe):
        train, name = data.load(made.data), device.choose(made.training.device).name
        self.kind, self.bf16 = torch.device(name).type, device.default_precision(name) == "bf16"
        self.batch, self.at = made.training.batch_size, len(train)
        self.x = torch.tensor(train.x, device=name)
        self.model = build(made, train.spec).to(name, memory_format=torch.channels_last).train()
        self.weights = list(self.model.parameters())
        self.average = [w.detach().clone() for w in self.weights]
        self.made = made

    def step(self) -> None:
        """One update, or one round of a game."""
        self.train(self.next_batch())
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 0.005)

    def train(self, x: torch.Tensor) -> None:
        """Learn from a batch."""
        raise NotImplementedError

    def adam(self, net: nn.Module) -> torch.optim.Adam:
        """A fused optimizer."""
        return torch.optim.Adam(net.parameters(), self.made.training.learning_rate, fused=True)

    def autocast(self) -> torch.autocast:
        """The precision of a forward pass."""
        return torch.autocast(self.kind, torch.bfloat16, enabled=self.bf16)

    def update(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        """Backward and step."""
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    def next_batch(self) -> torch.Tensor:
        if self.at + self.batch > len(self.x):
            self.order, self.at = torch.randperm(len(self.x), device=self.x.device), 0
        x = self.x[self.order[self.at : self.at + self.batch]]
        self.at += self.batch
        return (x.float() / 255).contiguous(memory_format=torch.channels_last)


class BareCoder(Bare):
    """Autoencoder or VAE."""

    def __init__(self, made: Recipe):
        super().__init__(made)
        self.optimizer = self.adam(self.model)
        self.loss = self.vae if made.family == "vae" else self.autoencoder

    def train(self, x: torch.Tensor) -> None:
        with self.autocast():
            loss = self.loss(x)
        self.update(self.optimizer, loss)

    def autoencoder(self, x: torch.Tensor) -> torch.Tensor:
        drawn = self.model.decoder(self.model.encoder(x)).float().sigmoid()
        return F.mse_loss(drawn, x, reduction="sum") / len(x)

    def vae(self, x: torch.Tensor) -> torch.Tensor:
        mean, log_var = self.model.encoder(x).float().chunk(2, dim=1)
        z = mean + (log_var / 2).exp() * torch.randn_like(mean)
        drawn = self.model.decoder(z).float().sigmoid()
        kl = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum()
        return (F.mse_loss(drawn, x, reduction="sum") + kl) / len(x)


class BareGAN(Bare):
    """The non-saturating GAN without a penalty, or WGAN-GP with one D step a round."""

    def __init__(self, made: Recipe):
        super().__init__(made)
        self.g, self.d = self.model.generator, self.model.discriminator
        self.adam_g, self.adam_d = self.adam(self.g), self.adam(self.d)
        self.wasserstein = made.model["loss"] == "wasserstein"

    def train(self, x: torch.Tensor) -> None:
        real = 2 * x - 1
        with self.autocast():
            with torch.no_grad():
                fake = self.drawn()
            d_real, d_fake = self.d(real), self.d(fake)
            if self.wasserstein:
                loss = d_fake.mean() - d_real.mean() + 10 * self.penalty(real, fake)
            else:
                loss = F.softplus(-d_real).mean() + F.softplus(d_fake).mean()
        self.update(self.adam_d, loss)
        with self.autocast():
            d_fake = self.d(self.drawn())
            loss = -d_fake.mean() if self.wasserstein else F.softplus(-d_fake).mean()
        self.update(self.adam_g, loss)

    def drawn(self) -> torch.Tensor:
        """Pictures from fresh noise."""
        return self.g(torch.randn(self.batch, self.model.latent, device=self.x.device)).tanh()

    def penalty(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """Gulrajani et al. 2017."""
        at = torch.rand(len(real), 1, 1, 1, device=real.device)
        between = (at * real + (1 - at) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(self.d(between).sum(), between, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def bare_loop(made: Recipe) -> Bare:
    """The loop for a recipe."""
    return BareGAN(made) if made.family == "gan" else BareCoder(made)
