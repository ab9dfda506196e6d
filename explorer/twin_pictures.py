"""Two mistakes that show in pictures, each beside its healthy twin from the same seed.

    sampling in training mode   batch normalisation takes mean and variance of the batch that is
                                being drawn instead of those of all that was drawn in training
                                (Ioffe & Szegedy 2015, section 3.1)
    data in [0, 1]              against the [−1, 1] of G's Tanh: any pixel below 0 gives G away

Everything is deterministic, and small enough for half a minute on one core.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypedDict

import numpy as np
import torch
from torch import Tensor

from explorer import data
from explorer.answers import Curve, Film, Track
from explorer.checkpoints import build
from explorer.config import SEED_LIMIT, Setting, Settings, describe, setting
from explorer.device import own_randomness
from explorer.models.gan import GAN
from explorer.pictures import sheet, to_uint8
from explorer.plane_games import Playing, played
from explorer.recipe import recipe
from explorer.training import Trainer
from explorer.twins import COLOURS, TITLES, DetachSettings, curves

LOOKS = 20  # frames of a film, after the first
FEW, COLUMNS = 8, 4  # pictures that are shown
MEASURED = 256  # pictures, real and generated, that are measured
DRAWS = 4  # different neighbours of each number
COMPANIES = (63, 7, 1)  # numbers of neighbours that are shown
CROWDS = (1, 3, 7, 15, 31, 63)  # and measured
BINS = 40  # of pixel values from −1 to 1
BELOW = 0.02  # darker than the darkest real pixel by so much gives a picture away
CORNER = 3  # pixels of a side of the corner that is all background
TRACKS = tuple(f"{twin}: {kind}" for twin in TITLES for kind in ("real", "generated"))

GAME = {"latent": 16, "width": 12, "d_width": 16, "batch_size": 32}
GAME |= {"learning_rate": 1e-3, "d_learning_rate": 1e-3, "decay": "constant", "ema": 0.0}
GAME |= {"beta1": 0.5, "beta2": 0.999, "d_beta1": 0.5, "d_beta2": 0.999}
GAME |= {"device": "cpu", "precision": "float32"}
MLP = {"batch_size": 64, "learning_rate": 5e-4, "d_learning_rate": 5e-4}


class PictureSettings(Settings):
    """Twins that draw pictures."""

    data: Literal["mnist", "fashion-mnist"] = setting(
        "mnist", "Data", "What is drawn.", labels={"mnist": "Digits", "fashion-mnist": "Clothes"}
    )
    architecture: Literal["mlp", "conv"] = setting(
        "mlp",
        "Networks",
        "Batch normalisation takes its mean over the batch, and in convolutions also over all "
        "positions of a picture, so that neighbours count for less.",
        labels={"mlp": "MLP (fully connected)", "conv": "Convolutional"},
    )
    rounds: int = setting(600, "Rounds", "Updates of D, and as many of G.", ge=4, le=2000, log=True)
    seed: int = setting(
        0, "Seed", "Both twins begin alike and see the same z.", ge=0, le=SEED_LIMIT
    )


class Neighbours(TypedDict):
    """The same weights sampled in evaluation and in training mode; curves healthy first.

    ``film`` is of the training, ``company`` of the same few z among changing neighbours.  Changes
    are means over pixels from 0 to 1: ``change`` when a number of neighbours are others, ``lonely``
    from 63 neighbours to as few as can be, ``drift`` of pictures in evaluation mode after
    ``batches`` were drawn with the mistake.
    """

    film: Film
    company: Film
    change: tuple[Curve, ...]
    lonely: tuple[float, ...]
    drift: float
    batches: int


class Scaled(TypedDict):
    """What D sees of data in [−1, 1] and of data in [0, 1]; the healthy twin comes first.

    ``values`` are shares of all pixels over their value, of real and of generated ones;
    ``impossible`` is the share of generated pixels darker than any real one, ``betrayed`` that of
    generated pictures with such a pixel (by `BELOW` at least), and ``background``
    the mean of generated corner pixels, from −1 to 1.
    """

    film: Film
    accuracy: tuple[Curve, ...]
    values: tuple[tuple[Curve, Curve], ...]
    impossible: tuple[float, ...]
    betrayed: tuple[float, ...]
    background: tuple[float, ...]


# The engine's questions -----------------------------------------------------------------------


def twin_settings() -> dict[str, tuple[Setting, ...]]:
    """The settings of each mistake's twins, by the name of its switch, for forms."""
    return {
        "detach": describe(DetachSettings),
        "sample_in_eval": describe(PictureSettings),
        "match_tanh": describe(PictureSettings, architecture="conv", rounds=150),
    }


def neighbour_twins(values: dict[str, Any]) -> Iterator[Playing | Neighbours]:
    """One generator of pictures, sampled in evaluation and in training mode.  Raises InputError."""
    settings = PictureSettings.read(values)
    trainer, z = game(settings), latents(settings.seed, FEW)
    steps, frames = [], []
    for step in played([trainer], settings.rounds, looks(settings.rounds)):
        steps.append(step)
        frames.append([shown(draw(one, z)) for one in both_ways(trainer.model)])
        film = strips(TITLES, frames[-1:], _rounds(steps[-1:]))
        yield Playing(step=step, total=settings.rounds, film=film)
    yield _neighbours(trainer.model, settings.seed, strips(TITLES, frames, _rounds(steps)))


def scale_twins(values: dict[str, Any]) -> Iterator[Playing | Scaled]:
    """A game of pictures with data in [−1, 1] and one with data in [0, 1].  Raises InputError."""
    settings = PictureSettings.read(values)
    pair = [game(settings, match_tanh=healthy) for healthy in (True, False)]
    real = torch.tensor(data.load(settings.data, "test").x[:MEASURED]).float() / 255
    z = latents(settings.seed, MEASURED)
    steps, frames, accurate = [], [], []
    for step in played(pair, settings.rounds, looks(settings.rounds)):
        steps.append(step)
        seen = [(one.model, *seen_by_d(one.model, real, z)) for one in pair]
        frames.append([shown((x + 1) / 2) for _, *both in seen for x in both])
        accurate.append([accuracy(model, *both) for model, *both in seen])
        film = strips(TRACKS, frames[-1:], _rounds(steps[-1:]))
        yield Playing(step=step, total=settings.rounds, film=film)
    made = [x for _, _, x in seen]
    yield Scaled(
        film=strips(TRACKS, frames, _rounds(steps)),
        accuracy=curves(steps, np.transpose(accurate).tolist()),
        values=tuple(_values(*both, c) for (_, *both), c in zip(seen, COLOURS, strict=True)),
        impossible=tuple(
            (x < low).float().mean().item() for x, low in zip(made, (-1, 0), strict=True)
        ),
        betrayed=tuple(betrayed(x, low) for x, low in zip(made, (-1, 0), strict=True)),
        background=tuple(x[..., :CORNER, :CORNER].mean().item() for x in made),
    )


# Games and films ------------------------------------------------------------------------------


def game(settings: PictureSettings, **more: Any) -> Trainer:
    """A small GAN on the bundled digits or clothes."""
    values = {"steps": settings.rounds, "seed": settings.seed}
    values |= {"architecture": settings.architecture, **more}
    values = (MLP if settings.architecture == "mlp" else {}) | values
    made = recipe("gan", settings.data, GAME | values)
    train, test = (data.load(settings.data, split) for split in ("train", "test"))
    return Trainer(build(made, train.spec), made.training, train, test)


def latents(seed: int, n: int, purpose: str = "preview") -> Tensor:
    """n Z, the same for the same seed and purpose."""
    return torch.randn(n, GAME["latent"], generator=own_randomness(seed, purpose))


def looks(rounds: int) -> set[int]:
    """Rounds after which pictures are drawn, evenly spaced."""
    return {round(rounds * i / LOOKS) for i in range(LOOKS + 1)}


def shown(x: Tensor) -> np.ndarray:
    """The first pictures of B C H W in [0, 1] on one sheet."""
    return sheet(to_uint8(x[:FEW].numpy()), COLUMNS, gap=1)


def strips(
    titles: Sequence[str], frames: list[list[np.ndarray]], labels: Sequence[str], fps: float = 5
) -> Film:
    """A film of frames, each of which has a sheet for every title."""
    columns = zip(titles, zip(*frames, strict=True), strict=True)
    return Film(tuple(Track(t, np.stack(one)) for t, one in columns), tuple(labels), fps=fps)


def _rounds(steps: list[int]) -> list[str]:
    return [f"round {step:,}" for step in steps]


@torch.no_grad()
def draw(model: GAN, z: Tensor) -> Tensor:
    """N Z -> pictures N C H W in [0, 1], all of them in one batch."""
    return model.decode(z)


# Sampling in training mode --------------------------------------------------------------------


def both_ways(model: GAN) -> tuple[GAN, GAN]:
    """The model sampled in evaluation mode, and a copy of it sampled in training mode.

    A copy, because sampling in training mode changes the running statistics.
    """
    return _copy(model, True), _copy(model, False)


def _copy(model: GAN, in_eval: bool) -> GAN:
    twin = GAN(model.config.changed(sample_in_eval=in_eval), model.spec)
    twin.load_state_dict(model.state_dict())
    return twin.requires_grad_(False)


def among(model: GAN, z: Tensor, others: Tensor) -> Tensor:
    """Each z of N Z drawn in a batch with the same ``others`` M Z: N C H W."""
    return torch.cat([draw(model, torch.cat([one[None], others]))[:1] for one in z])


def companies(seed: int, alone: bool) -> dict[str, Tensor]:
    """Neighbours to draw a picture with, by what to call them; in the end none if ``alone``.

    An MLP in training mode refuses a batch of one: a single number has no standard deviation.
    """
    several = {
        f"{n} neighbour{'s' * (n > 1)}, draw {i + 1}": latents(seed, n, f"neighbours {n} {i}")
        for n in COMPANIES
        for i in range(DRAWS)
    }
    return several | ({"alone, a batch of one": latents(seed, 0)} if alone else {})


def changed(model: GAN, z: Tensor, n: int, seed: int) -> float:
    """How far pixels move when n neighbours are others: their standard deviation over draws."""
    drawn = [among(model, z, latents(seed, n, f"neighbours {n} {i}")) for i in range(DRAWS)]
    return torch.stack(drawn).std(dim=0).mean().item()


def _neighbours(model: GAN, seed: int, film: Film) -> Neighbours:
    """What neighbours do to the same few z, measured and filmed."""
    conv = model.config.architecture == "conv"
    pair, z, known = both_ways(model), latents(seed, FEW), companies(seed, conv)
    drawn = [[among(one, z, others) for one in pair] for others in known.values()]
    titles, frames = (*TITLES, "Difference"), [(a, b, (a - b).abs()) for a, b in drawn]
    change = [[changed(one, z, n, seed) for n in CROWDS] for one in pair]
    crowd, few = drawn[0], drawn[-1]
    return Neighbours(
        film=film,
        company=strips(titles, [[*map(shown, f)] for f in frames], list(known), fps=2),
        change=curves(list(CROWDS), change),
        lonely=tuple(_apart(a, b) for a, b in zip(crowd, few, strict=True)),
        drift=_apart(draw(_copy(pair[1], True), z), crowd[0]),
        batches=FEW * (len(known) + DRAWS * len(CROWDS)),
    )


def _apart(a: Tensor, b: Tensor) -> float:
    return (a - b).abs().mean().item()


# Data that do not match the Tanh --------------------------------------------------------------


@torch.no_grad()
def seen_by_d(model: GAN, real: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Real pictures in [0, 1] and those of z as D sees them, between −1 and 1."""
    model.eval()
    return model.from_data(real), model.generator(z).tanh()


@torch.no_grad()
def accuracy(model: GAN, real: Tensor, fake: Tensor) -> float:
    """The share of pictures, as D sees them, that D tells right; ½ is guessing."""
    right = [model.discriminator(real) > 0, model.discriminator(fake) < 0]
    return torch.cat(right).float().mean().item()


def betrayed(x: Tensor, low: float) -> float:
    """The share of pictures in which some pixel is darker than ``low``, the darkest real one."""
    return (x.flatten(1).amin(1) < low - BELOW).float().mean().item()


def _values(real: Tensor, fake: Tensor, colour: int) -> tuple[Curve, Curve]:
    """Shares of pixels over their value, real and generated."""
    return _shares("real", real, 9), _shares("generated", fake, colour)


def _shares(name: str, x: Tensor, colour: int) -> Curve:
    counts, edges = np.histogram(x.numpy(), bins=BINS, range=(-1, 1))
    return Curve(name, (edges[1:] + edges[:-1]) / 2, counts / x.numel(), colour)
