"""A perfect denoiser of a data set's training images, as a model that needs no training.

It is what the loss of every diffusion model asks for, and it only ever draws the images it was
given: whatever a learned model invents beyond them, it owes to its network being too small, or too
smooth, to do the same (Kamb & Ganguli 2024, "An analytic theory of creativity").
"""

from functools import lru_cache

import torch
from torch import Tensor

from explorer import data
from explorer.catalog import EXACT, exact_settings
from explorer.data import Data
from explorer.errors import InputError
from explorer.exact import of_examples
from explorer.models.diffusing import Diffusing, Process
from explorer.probes import as_input


class Oracle(Diffusing):
    """E[x_0 | x] over the images of ``known``, or over those of the class that is asked for."""

    def __init__(self, known: Data):
        super().__init__(Process.read(exact_settings()), known.spec)
        self.inner = known.spec.shape
        self.known = of_examples(self.from_data(as_input(self, known.x)))
        self.labels = None if known.y is None else torch.tensor(known.y)

    @property
    def device(self) -> torch.device:
        return self.known.means.device

    def denoise(self, x: Tensor, level: int, y: Tensor | None = None) -> Tensor:
        among = None if y is None or self.labels is None else y[:, None] == self.labels
        found = self.known.clean(x.flatten(1), *self.schedule.at(level), among)
        return found.reshape(x.shape)


@lru_cache(maxsize=2)
def oracle(key: str) -> Oracle:
    """The oracle called ``exact:NAME``.  Raises InputError for sets that are no pictures."""
    known = data.load(key.removeprefix(EXACT))
    if not known.spec.is_image:
        raise InputError("Points have their exact field on the page Diffusion in 2-D.")
    return Oracle(known).eval()
