"""What probes return and figures draw: frozen dataclasses of numpy arrays and plain values.

Pictures are uint8 ``N H W`` (grey) or ``N H W 3`` (colour), ready to be shown.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Track:
    """One strip of a film: a titled picture per frame, uint8 ``F H W`` or ``F H W 3``."""

    title: str
    frames: np.ndarray


@dataclass(frozen=True, eq=False)
class Plane:
    """One strip of a film in the plane: what lies in [-extent, extent]², y upwards, drawn sharp.

    ``points`` float32 F N 2, coloured by ``groups`` (int N, an index into the palette) if given;
    the first ``trails`` points draw the path they have come along.  ``arrows`` float32 F M 4
    (x, y, dx, dy).  ``ground`` uint8 F H W (or 1 H W for all frames), the row at the top first:
    how dark the ground is, such as a density.
    """

    title: str
    points: np.ndarray
    groups: np.ndarray | None = None
    arrows: np.ndarray | None = None
    ground: np.ndarray | None = None
    trails: int = 0
    extent: float = 1.6


@dataclass(frozen=True, eq=False)
class Film:
    """Synchronised tracks of equally many frames; ``labels`` says what each frame is."""

    tracks: tuple[Track | Plane, ...]
    labels: tuple[str, ...]
    ticks: tuple[float, ...] | None = None
    unit: str = ""
    fps: float = 8.0


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Originals, what the model makes of them, and how far off it is.

    ``squared_error`` and ``absolute_error`` are sums over pixels in [0, 1], one per image;
    ``error`` is the absolute difference as a picture (white = 1).
    """

    original: np.ndarray
    reconstruction: np.ndarray
    error: np.ndarray
    squared_error: np.ndarray
    absolute_error: np.ndarray
    labels: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Samples:
    """Pictures a model invented, with the prior they were drawn from and the seed."""

    pictures: np.ndarray
    prior: str
    seed: int


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Decoded paths between pairs of images: ``pictures`` is ``pairs steps H W [3]``."""

    pictures: np.ndarray


@dataclass(frozen=True, eq=False)
class LatentCode:
    """Latents of a few images: mean and standard deviation, each ``N Z``."""

    mean: np.ndarray
    std: np.ndarray


@dataclass(frozen=True, eq=False)
class LatentUse:
    """How much each latent is used: KL in nats per image and spread of the means, each ``Z``."""

    kl: np.ndarray
    spread: np.ndarray
    active: int


@dataclass(frozen=True, eq=False)
class Curve:
    """One line of a plot: ``x`` and ``y`` of equal length (NaN in ``y`` leaves a gap)."""

    name: str
    x: np.ndarray
    y: np.ndarray
    group: int = 0  # curves of one group share a colour
    dashed: bool = False


@dataclass(frozen=True)
class Draft:
    """What a recipe would mean, told before it is started.

    ``equivalents`` gives the same β in every unit; ``seconds`` is measured on a few real steps.
    """

    recipe: dict
    parameters: int
    steps: int
    steps_per_epoch: int
    device: str
    precision: str
    equivalents: dict
    seconds: float | None = None


@dataclass(frozen=True)
class FamilyInfo:
    """A family as a form shows it; ``settings`` and ``training`` are `explorer.config.Setting`."""

    name: str
    title: str
    summary: str
    paper: str
    settings: tuple
    training: tuple


@dataclass(frozen=True, eq=False)
class Moment:
    """One moment of a walk from noise to data: step ``index`` of ``steps``, at a noise ``level``.

    ``x``, ``x0`` and ``eps`` are sheets of all samples: the state, the guess, the noise in it.
    """

    index: int
    steps: int
    level: int
    x: np.ndarray
    x0: np.ndarray
    eps: np.ndarray


@dataclass(frozen=True, eq=False)
class Walk:
    """Where a sampler arrived; ``distance`` to the reference is a root mean square per pixel."""

    pictures: np.ndarray
    steps: int
    calls: int
    seconds: float
    distance: float


@dataclass(frozen=True)
class Cost:
    """What a sample costs and how good many are.

    ``parameters`` of the denoiser alone; ``milliseconds`` a sample; ``distance`` is the squared
    Fréchet distance to real pictures in principal pixel directions, ``floor`` that of as many
    real pictures to other real ones.
    """

    parameters: int
    calls: int
    milliseconds: float
    distance: float
    floor: float
