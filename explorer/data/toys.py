"""Two-dimensional toys: distributions known by formula, drawn anew and always the same.

Each split has its own explicitly seeded generator; all lie in about [-1.5, 1.5]².
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.data.base import SPLITS, Data, DatasetInfo
from explorer.errors import InputError

COUNTS = {"train": 10_000, "test": 2_000}
NOISE = 0.03  # standard deviation around the curves (moons, spirals, swiss roll)
SIDE = 4  # the checkerboard has SIDE² cells, every other one filled

Points = tuple[np.ndarray, np.ndarray | None]  # float N 2, int N
Toy = Callable[[int, np.random.Generator], Points]


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of round Gaussians: ``means`` is K 2, ``weights`` K and sums to 1."""

    means: np.ndarray
    std: float
    weights: np.ndarray

    def draw(self, n: int, rng: np.random.Generator) -> Points:
        """``n`` points and the mode of each."""
        y = rng.choice(len(self.means), n, p=self.weights)
        return self.means[y] + self.std * rng.standard_normal((n, 2)), y


def _uniform_mixture(means: np.ndarray, std: float) -> Mixture:
    return Mixture(means, std, np.full(len(means), 1 / len(means)))


def _circle(angles: np.ndarray, radius: float | np.ndarray = 1.0) -> np.ndarray:
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=-1)


_TICKS = np.linspace(-1, 1, 5)
MIXTURES = {
    "ring": _uniform_mixture(_circle(np.arange(8) * np.pi / 4), 0.06),
    "grid": _uniform_mixture(np.array([(x, y) for y in _TICKS for x in _TICKS]), 0.05),
}


def mixture(name: str) -> Mixture:
    """The exact distribution behind ``ring`` or ``grid`` (InputError for any other name)."""
    if name not in MIXTURES:
        raise InputError(
            f"{name!r} is not a mixture of Gaussians. Choose one of {', '.join(MIXTURES)}."
        )
    return MIXTURES[name]


def _moons(n: int, rng: np.random.Generator) -> Points:
    """Two half circles of radius 0.9, one upside down, centred together; angle uniform."""
    y = rng.integers(2, size=n)
    arc = _circle(rng.uniform(0, np.pi, n))
    arc = np.where(y[:, None] == 0, arc, [1, 0.5] - arc) - [0.5, 0.25]
    return 0.9 * arc + NOISE * rng.standard_normal((n, 2)), y


def _spirals(n: int, rng: np.random.Generator) -> Points:
    """Two Archimedean arms of 1.5 turns out to radius 1.3; radius ∝ √u: evenly dense."""
    y = rng.integers(2, size=n)
    u = np.sqrt(rng.uniform(size=n))
    x = _circle(3 * np.pi * u + np.pi * y, 1.3 * u)
    return x + NOISE * rng.standard_normal((n, 2)), y


def _swiss_roll(n: int, rng: np.random.Generator) -> Points:
    """One arm, angle uniform in [1.5π, 4.5π], radius = 1.3 · angle / 4.5π; unlabelled."""
    t = rng.uniform(1.5 * np.pi, 4.5 * np.pi, n)
    return _circle(t, 1.3 * t / (4.5 * np.pi)) + NOISE * rng.standard_normal((n, 2)), None


def _checkerboard(n: int, rng: np.random.Generator) -> Points:
    """Uniform over every other cell of a 4 x 4 board on [-1.2, 1.2]²; label = cell, row by row."""
    y = rng.integers(SIDE * SIDE // 2, size=n)
    row, pair = np.divmod(y, SIDE // 2)
    corner = np.stack([2 * pair + row % 2, row], axis=-1)
    return 1.2 * (2 * (corner + rng.uniform(size=(n, 2))) / SIDE - 1), y


def _numbered(word: str, count: int) -> tuple[str, ...]:
    return tuple(f"{word} {i}" for i in range(1, count + 1))


_TOYS: dict[str, tuple[Toy, str, str, tuple[str, ...]]] = {
    "ring": (MIXTURES["ring"].draw, "Ring", "8 Gaussians on a circle.", _numbered("mode", 8)),
    "grid": (MIXTURES["grid"].draw, "Grid", "5 x 5 Gaussians.", _numbered("mode", 25)),
    "moons": (_moons, "Two moons", "Two half circles that interlock.", _numbered("arm", 2)),
    "spirals": (_spirals, "Spirals", "Two arms wound into each other.", _numbered("arm", 2)),
    "swiss-roll": (_swiss_roll, "Swiss roll", "One rolled-up arm, unlabelled.", ()),
    "checkerboard": (
        *(_checkerboard, "Checkerboard", "Every other square of a 4 x 4 board."),
        _numbered("cell", SIDE * SIDE // 2),
    ),
}
INFOS = tuple(
    DatasetInfo(name, title, text, "points", (2,), classes, *COUNTS.values(), source="formula")
    for name, (_, title, text, classes) in _TOYS.items()
)


def load(name: str, split: str) -> Data:
    """10,000 training or 2,000 test points as float32 ``N 2``, the same every time."""
    draw, _, _, classes = _TOYS[name]
    rng = np.random.default_rng([*name.encode(), SPLITS.index(split)])
    x, y = draw(COUNTS[split], rng)
    return Data(
        name, split, x.astype(np.float32), None if y is None else y.astype(np.int64), classes
    )
