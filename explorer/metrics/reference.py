"""What real pictures look like to the Inception network: computed once, kept, shipped for two sets.

A file holds the mean and the Cholesky factor of the covariance, as float16: a triangle of 4 MB
whose rounding moves an FID of 20 by less than 1e-4, since each row keeps its own precision.
"""

import hashlib
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from explorer.files import read_bytes
from explorer.metrics import inception
from explorer.metrics.frechet import Statistics

FOLDER = Path(__file__).parents[2] / "pretrained"
FIRST = 10_000  # real pictures
RIDGE = 1e-10  # of the mean variance: fewer pictures than features leave a singular covariance


def digest(pictures: np.ndarray, precision: str) -> str:
    """SHA-256 (hex) of what the statistics depend on: pictures, network, resize, precision."""
    facts = f"{pictures.shape} {inception.SHA256} {inception.RESIZE} {precision}"
    total = hashlib.sha256(facts.encode())
    total.update(np.ascontiguousarray(pictures))
    return total.hexdigest()


def pack(found: Statistics) -> dict[str, np.ndarray]:
    """Arrays to keep: see the top of this file."""
    size = len(found.mean)
    ridge = RIDGE * np.trace(found.covariance) / size * np.eye(size)
    factor = np.linalg.cholesky(found.covariance + ridge)
    packed = factor[np.tril_indices(size)].astype(np.float16)
    return {"mean": found.mean, "factor": packed, "n": np.array(found.n)}


def unpack(arrays: dict[str, np.ndarray]) -> Statistics:
    """The statistics in what ``pack`` answered.  Raises ValueError or KeyError if it did not."""
    size = len(arrays["mean"])
    factor = np.zeros((size, size))
    factor[np.tril_indices(size)] = arrays["factor"]
    return Statistics.factored(arrays["mean"].astype(np.float64), factor, int(arrays["n"]))


def shipped(key: str) -> Statistics | None:
    """Statistics that came with the program, found by their `digest`; None if there are none."""
    path = FOLDER / f"reference-{key[:16]}.safetensors"
    if not path.is_file():
        return None
    try:
        return unpack(load(read_bytes(path)))
    except (SafetensorError, ValueError, KeyError):
        return None  # computed anew


def file_of(key: str, found: Statistics) -> tuple[str, bytes]:
    """Name and content of the file that `shipped` looks for."""
    return f"reference-{key[:16]}.safetensors", save(pack(found))
