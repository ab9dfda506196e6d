"""What can be put on the scoreboard: checkpoints with a way to sample them, and real pictures.

A competitor's pictures come in chunks.  Chunk ``c`` depends on the seed and ``c`` alone, so that
1,000 pictures are the first of 5,000, and work that was broken off goes on where it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explorer import catalog, checkpoints, data, denoising, priors, probes
from explorer.answers import FITTED
from explorer.catalog import Entry
from explorer.data import Data
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.models.base import Encodes, Model
from explorer.models.diffusing import Diffusing
from explorer.oracle import oracle
from explorer.pictures import tiles
from explorer.sampling import USUAL, SampleSettings
from explorer.shelf import key_of

CHUNK = 250  # pictures: a whole number of rounds through ten classes
REAL = "real:"  # real:DATA:test or real:DATA:train
NAMES = {"ddim": "DDIM", "euler": "Euler", "heun": "Heun", "dpm": "DPM-Solver++"}


@dataclass(frozen=True)
class Competitor:
    """A checkpoint, or real pictures (``entry`` None, ``key`` real:DATA:SPLIT).

    ``how`` it is sampled, where that differs from the settings' own defaults, and from which seed.
    """

    key: str
    entry: Entry | None = None
    how: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def real(self) -> bool:
        """Whether its pictures are real ones."""
        return self.entry is None

    @property
    def data(self) -> str:
        """The data set it shows or was trained on."""
        if self.real:
            return self.key.split(":")[1]
        return self.entry.header.recipe["data"]

    @property
    def title(self) -> str:
        """A name for people."""
        if not self.real:
            return self.entry.title
        _, name, split = self.key.split(":")
        return f"{data.title(name)}: real {'training' if split == 'train' else split} images"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of its weights, or of the real pictures."""
        if self.real:
            return _pictures_of(self).digest
        if self.key.startswith(catalog.EXACT):
            return data.load(self.data).digest
        return self.entry.digest

    @property
    def sampling(self) -> str:
        """How it is sampled, in a few words; nothing if there is only one way."""
        if self.real or not self.entry.header.has("Denoises"):
            return f"{FITTED}{self.how['prior']}" if self.how else ""
        how = SampleSettings.read(self.how)
        name = "DDPM" if (how.sampler, how.eta) == ("ddim", 1) else NAMES[how.sampler]
        told = {"sampler", "steps"} | ({"eta"} if how.eta == 1 else set())
        others = {k: v for k, v in self.how.items() if k not in told}
        more = [f"{k} {v if isinstance(v, str) else f'{v:g}'}" for k, v in others.items()]
        return ", ".join([name, f"{how.steps} steps", *more])

    @property
    def shelf(self) -> str:
        """The key of the shelf where its pictures and their features are kept."""
        own = {"digest": self.digest, "how": self.how, "seed": self.seed, "chunk": CHUNK}
        return key_of(own | {"family": self.key.split(":")[0] if self.real else "model"})


def competitor(
    key: str, how: dict[str, Any] | None = None, seed: int = 0, find=catalog.entry
) -> Competitor:
    """A checked competitor; ``find`` turns a key into an Entry.  Raises InputError, StoreError."""
    if key.startswith(REAL):
        parts = key.split(":")
        if len(parts) != 3 or parts[2] not in data.SPLITS:
            raise InputError("Real pictures are asked for as real:DATA:test or real:DATA:train.")
        if not data.info(parts[1]).spec.is_image:
            raise InputError(f"{data.title(parts[1])} are no pictures. Choose a set of pictures.")
        return real(data.at_hand(parts[1]), parts[2], seed)
    chosen = find(key)
    header = chosen.header
    if len(header.facts["spec"]["shape"]) != 3:
        raise InputError(
            f"{chosen.title} draws points, not pictures, and these measures are for pictures. "
            "Choose another checkpoint."
        )
    return Competitor(chosen.exact, chosen, _checked(header.has("Denoises"), how or {}), seed)


def real(name: str, split: str, seed: int = 0) -> Competitor:
    """Real pictures of a data set that is here."""
    return Competitor(f"{REAL}{name}:{split}", seed=seed)


def _checked(denoises: bool, how: dict[str, Any]) -> dict[str, Any]:
    """Only what differs from the usual, so that equal ways of sampling have one name."""
    if denoises:
        asked = SampleSettings.read(USUAL | how).model_dump()
        return {k: v for k, v in asked.items() if v != SampleSettings.model_fields[k].default}
    if set(how) - {"prior"} or how.get("prior", "normal") not in ("normal", "gaussian", "mixture"):
        raise InputError(
            "A model that decodes latents is sampled with prior: normal, gaussian or mixture. "
            "Leave out everything else."
        )
    return {k: v for k, v in how.items() if v != "normal"}


def draw(one: Competitor, chunk: int) -> Iterator[np.ndarray]:
    """The pictures of a chunk in parts, uint8 N H W [3], `CHUNK` in all.

    Of real pictures there may be fewer.  Raises InputError (none are left), NonFinite.
    """
    if one.real:
        yield _real(one, chunk)
        return
    model = oracle(one.key) if one.key.startswith(catalog.EXACT) else _model(one)
    seed = int(torch.randint(2**31, (1,), generator=own_randomness(one.seed, "measured", chunk)))
    if isinstance(model, Diffusing):
        how = SampleSettings.read(one.how)
        yield from denoising.sample(model, CHUNK, seed, how)
        return
    yield probes.sample(model, CHUNK, seed, _prior(one, model)).pictures


def available(one: Competitor) -> int | None:
    """How many pictures there are, or None without a limit."""
    return len(_pictures_of(one)) if one.real else None


def _model(one: Competitor) -> Model:
    return checkpoints.load(one.entry.path)


def _pictures_of(one: Competitor) -> Data:
    _, name, split = one.key.split(":")
    return data.load(name, split)


def _real(one: Competitor, chunk: int) -> np.ndarray:
    """Real pictures in an order of chance: the first ones may be easier than the others."""
    found = _pictures_of(one)
    order = torch.randperm(len(found), generator=own_randomness(one.seed, "real")).numpy()
    part = order[chunk * CHUNK : (chunk + 1) * CHUNK]
    if not len(part):
        raise InputError(
            f"There are only {len(found):,} of {one.title}. Ask for at most that many samples."
        )
    return tiles(found.x[np.sort(part)])


def _prior(one: Competitor, model: Model) -> priors.Mixture | None:
    """The density that latents are drawn from: fitted to the training images', or N(0, I)."""
    if "prior" not in one.how:
        return None
    if not isinstance(model, Encodes):
        raise InputError(f"{one.title} encodes nothing, so no prior can be fitted. Leave it out.")
    return _fitted(one.entry.path, one.digest, one.data, one.how["prior"])


@lru_cache(maxsize=16)
def _fitted(path: Path, _digest: str, name: str, kind: str) -> priors.Mixture:
    model = checkpoints.load(path)
    x = data.load(data.at_hand(name)).x[: priors.FITTED]
    return priors.fit(kind, torch.cat(list(probes.aggregate_posterior(model, x))))
