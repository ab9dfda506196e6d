"""What was measured for the page *What is FID?* when this program was made; see its protocol.

The file is written by ``python -m benchmarks.fid_lesson``.  Reading it needs no torch.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from explorer.errors import StoreError
from explorer.files import read_json

FILE = Path(__file__).parents[1] / "pretrained" / "fid-fashion-mnist.json"
DAMAGED = (
    f"{FILE.name} is damaged, so nothing measured beforehand is shown. Restore it from a copy."
)


@dataclass(frozen=True)
class Point:
    """FID and KID of one set of pictures: ``real``, ``train`` or a corruption at a strength."""

    name: str
    strength: float
    fid: float
    kid: float
    kid_error: float


@dataclass(frozen=True)
class Count:
    """Real test pictures, n at a time: mean FID of separate ``subsets`` and its ``spread``, KID."""

    n: int
    subsets: int
    fid: float
    spread: float | None
    kid: float
    kid_error: float


@dataclass(frozen=True)
class Line:
    """FID = ``value`` + ``slope`` / n; ``error`` is the standard error of the value."""

    value: float
    error: float
    slope: float


@dataclass(frozen=True)
class Model:
    """Samples of a shipped model; ``fid`` are pairs of n and the FID of the first n."""

    key: str
    title: str
    sha256: str
    fid: list[tuple[int, float]]
    infinity: Line | None
    kid: float | None = None
    kid_error: float | None = None


@dataclass(frozen=True)
class Resize:
    """FID of ``n`` samples against n training images, enlarged in two ways; both, ``mixed`` up."""

    n: int
    title: str
    tf1: float
    antialiased: float
    mixed: float


@dataclass(frozen=True)
class Lesson:
    """Everything in the file; ``n`` pictures are in each set of ``points``."""

    protocol: dict[str, str]
    n: int
    points: list[Point]
    real: list[Count]
    infinity: Line | None
    both: list[tuple[int, float]]
    models: list[Model]
    resize: Resize | None

    @cached_property
    def by_set(self) -> dict[tuple[str, float], Point]:
        """Points by corruption and strength."""
        return {(one.name, one.strength): one for one in self.points}

    @property
    def floor(self) -> Point:
        """Real test pictures as they are: what no honest generator stays below by much."""
        return self.by_set["real", 0.0]


def lesson() -> Lesson:
    """What is in the file.  Raises StoreError if it is missing or damaged."""
    return _read(FILE, FILE.stat().st_mtime_ns if FILE.is_file() else 0)


@lru_cache(maxsize=2)
def _read(path: Path, _mtime: int) -> Lesson:
    try:
        return _built(read_json(path))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StoreError(DAMAGED) from None


def _built(found: dict[str, Any]) -> Lesson:
    line = found["real"]["infinity"]
    resize = found["resize"]
    return Lesson(
        protocol=dict(found["protocol"]),
        n=int(found["grid"]["n"]),
        points=[Point(**one) for one in found["grid"]["points"]],
        real=[Count(**one) for one in found["real"]["points"]],
        infinity=line and Line(**line),
        both=[(int(one["n"]), float(one["fid"])) for one in found["both"]],
        models=[_model(one) for one in found["models"]],
        resize=resize and Resize(**resize),
    )


def _model(one: dict[str, Any]) -> Model:
    line = one["infinity"]
    points = [(int(n), float(fid)) for n, fid in one["fid"]]
    return Model(**{**one, "fid": points, "infinity": line and Line(**line)})
