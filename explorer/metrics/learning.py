"""How the classifier learns: pictures shifted and mirrored at random, labels not quite certain."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.config import Settings, setting
from explorer.data import Spec
from explorer.metrics.classifier import Network
from explorer.models.base import Batch, Model, Objective

SHIFT = 2  # pixels, at most, along either axis
SMOOTHING = 0.1  # Szegedy et al. 2016, section 7


class Config(Settings):
    """What the pictures allow."""

    mirrored: bool = setting(False, "Mirror images", "A mirrored picture keeps its class.")


class Pupil(Model):
    """The classifier's network while it is trained; it generates nothing."""

    title = "Classifier"
    Config = Config

    def __init__(self, config: Config, spec: Spec):
        super().__init__(config, spec)
        self.network = Network(spec.shape[0], len(spec.classes))

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        logits = self.network(self._varied(batch)).float()
        loss = F.cross_entropy(logits, batch.y, label_smoothing=SMOOTHING)
        right = (logits.argmax(1) == batch.y).float().mean()
        yield Objective("model", loss, {"cross-entropy": loss, "accuracy": right})

    def _varied(self, batch: Batch) -> Tensor:
        chance = batch.uniform("varied", (3, len(batch.x)))
        down, right = (chance[:2] * (2 * SHIFT + 1)).long()
        x = shifted(batch.x, down, right)
        if not self.config.mirrored:
            return x
        return torch.where(chance[2, :, None, None, None] < 0.5, x.flip(-1), x)


def shifted(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Windows of x B C H W, padded with 0, whose corners ``down`` and ``right`` B tell."""
    count, channels, height, width = x.shape
    padded = F.pad(x, [SHIFT] * 4)
    rows = (down[:, None] + torch.arange(height, device=x.device))[:, None, :, None]
    columns = (right[:, None] + torch.arange(width, device=x.device))[:, None, None, :]
    each, layer = (torch.arange(k, device=x.device) for k in (count, channels))
    x = padded[each[:, None, None, None], layer[None, :, None, None], rows, columns]
    return x.contiguous(memory_format=torch.channels_last)
