"""What probes return and figures draw: frozen dataclasses of numpy arrays and plain values.

Pictures are uint8 ``N H W`` (grey) or ``N H W 3`` (colour), ready to be shown.
"""

from dataclasses import dataclass, field

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
    how dark the ground is, such as a density; a ``signed`` one is clear at 128, and tinted with the
    colour of group 0 above and of group 1 below.  ``lines`` float32 F L P 2 are paths of P places.
    """

    title: str
    points: np.ndarray
    groups: np.ndarray | None = None
    arrows: np.ndarray | None = None
    ground: np.ndarray | None = None
    trails: int = 0
    extent: float = 1.6
    lines: np.ndarray | None = None
    signed: bool = False


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


@dataclass(frozen=True, eq=False)
class Paths:
    """Rows of pictures along paths through a latent space, ``rows columns H W [3]``.

    ``step`` is each row's mean change from one picture to the next (root mean square a pixel, in
    [0, 1]); ``jump`` is its largest change over that mean: 1 is even, columns − 1 a single jump.
    """

    pictures: np.ndarray
    step: np.ndarray
    jump: np.ndarray


@dataclass(frozen=True, eq=False)
class Styles:
    """Every class from the same latents, ``classes latents H W [3]``.

    The shares of all pixels' variance that the class decides, the latent, and only both together.
    """

    pictures: np.ndarray
    by_class: float
    by_latent: float
    by_both: float


@dataclass(frozen=True, eq=False)
class Condition:
    """What a classifier saw where a class was asked for.

    ``counts`` (int) and one picture of each case, ``examples`` (``... H W [3]``, black where there
    is none): a row the class asked for, a column the class seen.  ``real`` is how often the
    classifier is right about real test pictures.
    """

    counts: np.ndarray
    examples: np.ndarray
    real: float


@dataclass(frozen=True, eq=False)
class Board:
    """What is to be seen of a GAN's game in the plane after ``round`` rounds.

    ``real`` R 2 and ``fake`` N 2 are points, the second from the same noise each time; ``pushes``
    A 2 say how G should move the first A of them: minus the gradient of G's loss of each point.
    ``surface`` H W, the row at the top first, is what D says of every place: a probability or a
    score, which tells nothing at ``middle`` and is sure ``reach`` away from it.  ``lines`` L P 2
    is a grid of noise carried through G.  ``terms`` are losses and D's mean opinions; ``modes`` is
    (covered, all) and ``near`` the share of generated points near one, if the modes are known.
    """

    round: int
    real: np.ndarray
    fake: np.ndarray
    pushes: np.ndarray
    surface: np.ndarray
    middle: float
    reach: float
    lines: np.ndarray
    terms: dict[str, float]
    modes: tuple[int, int] | None
    near: float | None


@dataclass(frozen=True, eq=False)
class Course:
    """How a game went: each of the ``terms`` K, and what else is counted, at ``rounds`` K."""

    rounds: np.ndarray
    terms: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class SlowRound:
    """One round of a game, seen four times: noise z N 2 and its grid, then the board.

    ``before`` anyone moved, ``judged`` after D's steps, ``after`` G's.  ``steps`` of D and of G.
    """

    z: np.ndarray
    grid: np.ndarray
    before: Board
    judged: Board
    after: Board
    steps: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Checkup:
    """How varied a generator of points is after ``step`` steps.

    ``points`` N 2 are drawn from fixed noise; ``shares`` K of them lie near each mode of the data,
    ``near`` in all; ``covered`` modes are reached; ``distance`` is the mean between two points.
    ``ground`` uint8 H W, the row at the top first: how real D finds each place.
    """

    step: int
    points: np.ndarray
    shares: np.ndarray
    covered: int
    near: float
    distance: float
    ground: np.ndarray


@dataclass(frozen=True, eq=False)
class PictureCheckup:
    """How varied a generator of pictures is after ``step`` steps, seen by a classifier.

    ``pictures`` are drawn from fixed noise; ``shares`` K of more of them fall into each of
    ``classes``: ``effective`` (exp of the ``entropy`` in nats) and ``hit`` classes; ``distance`` is
    the mean between two pictures in [0, 1].
    """

    step: int
    pictures: np.ndarray
    classes: tuple[str, ...]
    shares: np.ndarray
    effective: float
    hit: int
    entropy: float
    distance: float


FITTED = "prior: "  # how a way of sampling begins whose latents come from a prior fitted to them


@dataclass(frozen=True)
class Protocol:
    """All that a measured figure depends on; figures of different rulers are never ranked together.

    SHA-256 digests are hexadecimal; ``reference_size`` counts real pictures.
    """

    network: str
    network_sha256: str
    resize: str
    precision: str
    samples: int
    reference: str
    reference_size: int
    reference_sha256: str
    seed: int
    checkpoint_sha256: str
    sampling: str

    @property
    def ruler(self) -> tuple:
        """What two figures must share before one may be called lower than the other."""
        network = self.network, self.network_sha256, self.resize, self.precision
        return *network, self.samples, self.reference, self.reference_sha256

    @property
    def fitted(self) -> bool:
        """Whether samples came from a fitted prior instead of the model's own."""
        return self.sampling.startswith(FITTED)


@dataclass(frozen=True)
class Score:
    """One measured figure, and its standard error where one is known."""

    value: float
    error: float | None = None


@dataclass(frozen=True)
class Standing:
    """How far the measuring of one competitor has come, and what is known of it by now.

    ``stage`` is waiting, drawing, reference, looking, comparing, copies or done; ``done`` of
    ``total`` pictures are through it.  ``quick`` and ``fid`` are (samples, distance) pairs: the
    classifier distance and the FID of the first so many.  ``seconds`` a sample, on this machine;
    ``problem`` is why something cannot be measured.
    """

    key: str
    title: str
    sampling: str
    stage: str
    done: int
    total: int
    protocol: Protocol
    quick: tuple[tuple[int, float], ...] = ()
    fid: tuple[tuple[int, float], ...] = ()
    scores: dict[str, Score] = field(default_factory=dict)
    seconds: float | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Copies:
    """How near N samples come to the pictures a model learned from, and to unseen test pictures.

    ``pictures`` uint8 N H W [3].  ``train`` and ``test`` int N K are the nearest ones, places in
    `explorer.recipe.learned` and in the test images; ``train_away`` and ``test_away`` float64 N K
    how far: in pixels in [0, 1], or in features of a ``space`` without a unit.  ``copied`` bool N:
    much nearer to one training picture than to any other.  ``nearer`` with its standard ``error``,
    ``z``, ``to_train``, ``to_test``, ``unseen`` and ``compared`` are those of
    `explorer.metrics.memorised.Memorised`.  ``distances`` are Fréchet distances to the
    ``learned`` training pictures, of samples and of as many test pictures; none in pixels.
    ``note`` is what a person must know before believing any of it.
    """

    space: str
    pictures: np.ndarray
    train: np.ndarray
    test: np.ndarray
    train_away: np.ndarray
    test_away: np.ndarray
    copied: np.ndarray
    nearer: float
    error: float
    z: float
    to_train: np.ndarray
    to_test: np.ndarray
    unseen: np.ndarray
    compared: int
    learned: int
    distances: dict[str, float]
    note: str = ""


@dataclass(frozen=True)
class CopyRate:
    """How much a checkpoint copies, in pixels; ``images`` it learned from, at ``step``.

    ``copied`` and ``nearer`` are shares of its samples, ``z`` as in `Copies`.  ``distance`` is the
    classifier distance of its samples to the pictures it learned from, ``unseen`` to test
    pictures, and ``floor`` of test pictures to those it learned from; None without a classifier.
    """

    key: str
    title: str
    step: int
    images: int
    copied: float
    nearer: float
    error: float
    z: float
    distance: float | None
    unseen: float | None
    floor: float | None


@dataclass(frozen=True, eq=False)
class Shifts:
    """One picture moved to the right by 0 … S − 1 pixels, and what a search then finds.

    ``moved`` uint8 S H W [3]; ``found`` int 2 S is the nearest training picture in pixels and in
    classifier features; ``again`` float 2 S the share of many pictures whose search still finds
    the picture itself.
    """

    moved: np.ndarray
    found: np.ndarray
    again: np.ndarray


@dataclass(frozen=True, eq=False)
class LatentAxes:
    """What a latent space is like along each of its latents; arrays ``Z``.

    ``mean`` and ``std`` of the aggregate posterior over ``images`` of the data (of N(0, I) where
    nothing is encoded: 0 images); ``kl`` in nats an image, or None where there is no posterior to
    speak of; ``change`` is the root mean square difference a pixel, in [0, 1], between the pictures
    one standard deviation to either side.  ``order`` has the most used latent first.
    """

    mean: np.ndarray
    std: np.ndarray
    kl: np.ndarray | None
    change: np.ndarray
    order: np.ndarray
    images: int


@dataclass(frozen=True, eq=False)
class Cloud2D:
    """Where images lie in two latents: ``mean`` and ``std`` N 2 of q(z | x), ``labels`` N."""

    mean: np.ndarray
    std: np.ndarray
    labels: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Attribute:
    """An attribute vector added to images, ``strengths`` S times.

    ``pictures`` ``images S H W [3]``; ``vector`` Z; ``seen`` S K is the share of ``counted`` other
    images that a classifier then takes for each class (None without a classifier), and ``changed``
    S how far their pictures move: root mean square a pixel, in [0, 1].
    """

    strengths: np.ndarray
    pictures: np.ndarray
    vector: np.ndarray
    seen: np.ndarray | None
    changed: np.ndarray
    counted: int


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """A − B + C of latents: the four ``pictures`` 4 H W [3], and what a classifier sees in each.

    ``seen`` int 4 and how sure it is, ``sure`` 4 in [0, 1]; both None without a classifier.
    """

    pictures: np.ndarray
    seen: np.ndarray | None
    sure: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Ways:
    """Rows of pictures from one end to another, ``rows columns H W [3]``.

    ``step`` and ``jump`` as in `Paths`.  ``blend`` says how much of a double exposure each row's
    middle is: 1 is the average of its ends, 0 as far from that as they are (NaN if they are equal).
    ``seen`` (int) is the class that a classifier takes each picture for, and ``sure`` how sure it
    is, in [0, 1]; both None without a classifier.
    """

    pictures: np.ndarray
    step: np.ndarray
    jump: np.ndarray
    blend: np.ndarray
    seen: np.ndarray | None
    sure: np.ndarray | None


@dataclass(frozen=True, eq=False)
class WayScores:
    """How far each place of some ways is off the training latents, both ``rows columns``.

    ``off`` is the distance to the nearest training latent, ``trip`` that to the latents of its own
    picture (decoded, then encoded); both in the distance that is usual between training latents.
    """

    off: np.ndarray
    trip: np.ndarray


@dataclass(frozen=True, eq=False)
class Aggregate:
    """Training latents of a model, draws of q(z), beside as many draws of N(0, I).

    ``holes`` and ``missed`` are shares with standard errors: of N(0, I) where hardly any training
    latent is near, and of q(z) where hardly any sample is.  ``kl`` in nats is that of the Gaussian
    with the latents' moments from N(0, I).  ``latents`` N 2 and ``normal`` M 2 are seen along the
    latents' widest axes; ``labels`` N (None if there are none); ``hole`` bool M.  ``density`` K B
    are histograms between ``edges`` B+1 of the K latents ``which`` are least like N(0, 1), of
    ``size`` in all; ``images`` were encoded.
    """

    holes: tuple[float, float]
    missed: tuple[float, float]
    kl: float
    latents: np.ndarray
    labels: np.ndarray | None
    normal: np.ndarray
    hole: np.ndarray
    density: np.ndarray
    edges: np.ndarray
    which: np.ndarray
    size: int
    images: int


@dataclass(frozen=True)
class FewShots:
    """What the numbers of one model, or raw pixels, are worth with few labels, and its samples.

    ``labels`` K a class; ``vote`` (of neighbours) and ``probe`` (linear) are K pairs of mean share
    right and standard error.  ``numbers`` stand for a picture, found in this ``way``.  ``latent``
    and ``beta`` are settings, if it has them; ``samples`` and ``fitted`` are classifier distances
    of samples from its own prior and from a mixture fitted to its latents; ``reconstruction``
    (squared error) and ``kl`` (nats) are per image.  ``command`` trains it; ``weights`` is the
    SHA-256 of what was measured and ``key`` where it is, empty if it is kept nowhere.
    """

    key: str
    title: str
    family: str
    data: str
    weights: str
    way: str
    numbers: int
    labels: tuple[int, ...]
    vote: tuple[tuple[float, float], ...]
    probe: tuple[tuple[float, float], ...]
    latent: int | None = None
    beta: float | None = None
    samples: float | None = None
    fitted: float | None = None
    reconstruction: float | None = None
    kl: float | None = None
    command: str = ""


@dataclass(frozen=True, eq=False)
class LatentPoints:
    """N images of one split as a model sees them, but for the latents themselves.

    ``places`` int N in the split, of ``total`` images, in a random order; ``size`` numbers stand
    for each: its ``representation``.  ``flat`` float32 N 3 are principal coordinates, ``share`` 3
    of the variance along them.  ``near`` int N K are its nearest others *in the latents* (rows, not
    places), ``away`` float32 N K how far.  ``values`` float32 N each are what is known of an image,
    by name.
    """

    places: np.ndarray
    total: int
    representation: str
    size: int
    flat: np.ndarray
    share: np.ndarray
    near: np.ndarray
    away: np.ndarray
    values: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class LatentLayout:
    """Where N images lie on a map, float32 N 2 or N 3, and how far it can be trusted.

    ``trustworthiness`` and ``continuity`` in [0, 1] are measured on ``judged`` of the images;
    ``seconds`` is what the fit took when it was made.
    """

    positions: np.ndarray
    trustworthiness: float
    continuity: float
    judged: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Newcomers:
    """Pictures that were not there when a map was made: uint8 M H W [3], and their ``positions``.

    ``near`` int M K are the nearest images of the map in the latents, ``away`` float32 M K how far.
    """

    pictures: np.ndarray
    positions: np.ndarray
    near: np.ndarray
    away: np.ndarray


@dataclass(frozen=True, eq=False)
class Alignment:
    """The same N images in two models, float32 N 2 each, seen along the first one's widest axes.

    ``moved`` float32 N is how far each lies from its twin, in radii of the cloud; ``disparity`` the
    share of variance that a rotation, a scale and a shift leave unexplained; ``kept`` what share of
    each model's variance was compared.
    """

    places: np.ndarray
    first: np.ndarray
    second: np.ndarray
    moved: np.ndarray
    disparity: float
    kept: tuple[float, float]


@dataclass(frozen=True, eq=False)
class LatentPlane:
    """Pictures over a plane through a latent space, and what lies in it.

    ``pictures`` uint8 side side H W [3], the first row at the top: from ``reach`` to -``reach``
    downwards, from -``reach`` to ``reach`` to the right.  ``points`` float32 N 2 are the first N
    test images' latents, seen from above it; ``marks`` float32 M 2 the chosen ones.
    """

    pictures: np.ndarray
    reach: float
    points: np.ndarray
    marks: np.ndarray


@dataclass(frozen=True, eq=False)
class LatentSight:
    """The ``picture`` uint8 H W [3] at one place of a `LatentPlane`, decoded itself.

    ``off`` is the root mean square difference a pixel, in [0, 1], of the blend of the grid's four
    nearest pictures.  ``near`` int K are the test images nearest in the latents, ``away`` K how
    far.
    """

    picture: np.ndarray
    off: float
    near: np.ndarray
    away: np.ndarray
