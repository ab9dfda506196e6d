"""Real pictures made worse in a known way: what a measure of quality is tried on.

All begin with the bundled test images of Fashion-MNIST in one shuffled order, in chunks, so that
500 pictures are the first of 1,000.  Some corruptions change every picture; the others leave each
as it is and change which ones there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from explorer import data
from explorer.errors import InputError
from explorer.pictures import tiles

DATA = "fashion-mnist"
CHUNK = 250  # pictures
CLASSES = 10


@dataclass(frozen=True)
class Corruption:
    """One way to make pictures worse; ``strengths`` run from the weakest to the strongest.

    ``change`` turns uint8 N H W into the same shape; ``pick`` chooses n places from labels.
    """

    name: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    eye: str  # what a person sees
    change: Callable[[np.ndarray, float, np.random.Generator], np.ndarray] | None = None
    pick: Callable[[np.ndarray, int, float], np.ndarray] | None = None

    def told(self, strength: float) -> str:
        """The strength in words, such as "σ = 1 px"."""
        return self.unit.format(f"{strength:g}")


# Every picture changed ----------------------------------------------------------------------------


def blur(pictures: np.ndarray, sigma: float, _: np.random.Generator) -> np.ndarray:
    """Averaged with a Gaussian of ``sigma`` pixels, within the picture."""
    rows, columns = (_gaussian(side, sigma) for side in pictures.shape[1:3])
    return _grey(rows @ pictures.astype(np.float64) @ columns.T)


def _gaussian(side: int, sigma: float) -> np.ndarray:
    """side side: how much of each pixel a blurred one takes; rows sum to 1."""
    at = np.arange(side)
    weights = np.exp(-0.5 * ((at[:, None] - at) / sigma) ** 2)
    return weights / weights.sum(1, keepdims=True)


def noise(pictures: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    """Gaussian noise of ``sigma`` grey levels (of 256), clipped to what a picture can hold."""
    return _grey(pictures + sigma * random.standard_normal(pictures.shape))


def jpeg(pictures: np.ndarray, quality: float, _: np.random.Generator) -> np.ndarray:
    """Saved as JPEG of ``quality`` 1 to 95 and read again."""
    return np.stack([_through_jpeg(one, round(quality)) for one in pictures])


def _through_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def brighten(pictures: np.ndarray, levels: float, _: np.random.Generator) -> np.ndarray:
    """Every pixel ``levels`` brighter (of 256)."""
    return _grey(pictures.astype(np.float64) + levels)


def shift(pictures: np.ndarray, pixels: float, _: np.random.Generator) -> np.ndarray:
    """Moved to the right by whole ``pixels``; what comes in at the left is black."""
    moved = np.zeros_like(pictures)
    moved[:, :, round(pixels) :] = pictures[:, :, : -round(pixels)]
    return moved


def _grey(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


# Other pictures chosen ----------------------------------------------------------------------------


def fewer_classes(labels: np.ndarray, n: int, left: float) -> np.ndarray:
    """The first n places of the first ``left`` classes.  Raises InputError: there are fewer."""
    there = np.flatnonzero(labels < left)
    if len(there) < n:
        raise InputError(
            f"{left:g} classes have {len(there):,} test pictures, but {n:,} are asked for. "
            "Leave more classes or take fewer pictures."
        )
    return there[:n]


def repeated(_: np.ndarray, n: int, distinct: float) -> np.ndarray:
    """n places, only the first ``distinct`` of them different."""
    return np.resize(np.arange(round(distinct)), n)


CORRUPTIONS = {
    one.name: one
    for one in (
        Corruption(
            "noise", "Noise", "σ = {} of 256 grey levels", (2, 5, 15, 50), "grain appears", noise
        ),
        Corruption(
            "blur", "Blur", "σ = {} px", (0.4, 0.6, 1.0, 2.0), "fine patterns go", blur
        ),
        Corruption(
            "jpeg", "JPEG", "quality {}", (90, 60, 25, 8), "blocks and halos appear", jpeg
        ),
        Corruption(
            "brighten", "Brighter", "{} of 256 grey levels", (5, 15, 40, 80), "black turns grey",
            brighten,
        ),
        Corruption(
            "shift", "Shifted", "{} px to the right", (1, 2, 4, 8), "everything moves", shift
        ),
        Corruption(
            "classes", "Classes removed", "{} of 10 classes are left", (9, 8, 5, 2),
            "every picture is real, and whole kinds are missing", pick=fewer_classes,
        ),
        Corruption(
            "repeated", "Repeated pictures", "{} different pictures, again and again",
            (400, 200, 100, 25), "every picture is real, and soon you know them all",
            pick=repeated,
        ),
    )
}  # fmt: skip


def corruption(name: str, strength: float | None = None) -> Corruption:
    """One of the table, the strength checked if given.  Raises InputError."""
    if name not in CORRUPTIONS:
        raise InputError(f"There is no corruption {name!r}. There are: {', '.join(CORRUPTIONS)}.")
    one = CORRUPTIONS[name]
    low, high = min(one.strengths), max(one.strengths)
    if strength is not None and not low <= strength <= high:
        raise InputError(
            f"{one.title} takes {low:g} to {high:g}, not {strength:g}. Choose a value between."
        )
    return one


# The pictures -------------------------------------------------------------------------------------

UNCHANGED = {"real": "test", "train": "train"}  # sets without any corruption, and their split


def changes(name: str) -> bool:
    """Whether a set's pictures differ from the real ones, rather than being a choice of them."""
    return name not in UNCHANGED and corruption(name).change is not None


def chunk(name: str, strength: float, number: int) -> np.ndarray:
    """Chunk ``number`` of all pictures that a set may take from, uint8 at most 250 H W."""
    pictures = _shuffled(UNCHANGED.get(name, "test"))[0][number * CHUNK : (number + 1) * CHUNK]
    if not changes(name):
        return pictures
    random = np.random.default_rng([1, number])
    return corruption(name, strength).change(pictures, strength, random)


def places(name: str, strength: float, n: int) -> np.ndarray:
    """Where in the shuffled order the n pictures of a set are, int n.  Raises InputError."""
    pictures, labels = _shuffled(UNCHANGED.get(name, "test"))
    if not 2 <= n <= len(pictures):
        raise InputError(f"{n} pictures are asked for, but must be 2 to {len(pictures):,}.")
    if name in UNCHANGED or changes(name):
        return np.arange(n)
    return corruption(name, strength).pick(labels, n, strength)


def corrupted(name: str, strength: float, n: int) -> np.ndarray:
    """The first n pictures of a set, uint8 n H W: ``real``, ``train`` or a corruption's name."""
    where = places(name, strength, n)
    chunks = {k: chunk(name, strength, k) for k in np.unique(where // CHUNK)}
    return np.stack([chunks[i // CHUNK][i % CHUNK] for i in where])


@lru_cache(maxsize=2)
def _shuffled(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and labels in an order of chance: the first ones may be easier than the others."""
    whole = data.load(DATA, split)
    order = np.random.default_rng(0).permutation(len(whole))
    return tiles(whole.x)[order], whole.y[order]
