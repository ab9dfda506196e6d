"""Small data and models that every test may share; one thread each, since tests run in company."""

import os
import signal
import sys
from pathlib import Path

if sys.dont_write_bytecode:  # or each of many processes compiles PyTorch, for seconds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

from explorer.data import Data
from explorer.models import families

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job would ignore it


def blobs(n: int, shape: tuple[int, ...], seed: int, split: str) -> Data:
    """Images of one bright square each, labelled by the quadrant it lies in."""
    random = np.random.default_rng(seed)
    x = random.integers(0, 40, (n, *shape), dtype=np.uint8)
    y = random.integers(0, 4, n)
    half = shape[1] // 2
    for i, label in enumerate(y):
        top, left = half * (label // 2) + 2, half * (label % 2) + 2
        x[i, :, top : top + half - 4, left : left + half - 4] = 220
    return Data("blobs", split, x, y.astype(np.int64), ("nw", "ne", "sw", "se"))


def small(family: str, **values) -> dict:
    """Settings of a network that trains in no time, those that the family has, and ``values``."""
    known = families()[family].Config.model_fields
    sizes = {"width": 8, "latent": 4, "blocks": 1, "denoiser_width": 32, "autoencoder_epochs": 2.0}
    sizes |= {"d_width": 8}
    return {name: size for name, size in sizes.items() if name in known} | values


@pytest.fixture(scope="session")
def images() -> tuple[Data, Data]:
    """200 training and 40 test images of 1 x 28 x 28."""
    return blobs(200, (1, 28, 28), 0, "train"), blobs(40, (1, 28, 28), 1, "test")


@pytest.fixture(scope="session")
def colour_images() -> tuple[Data, Data]:
    """96 training and 24 test images of 3 x 32 x 32."""
    return blobs(96, (3, 32, 32), 2, "train"), blobs(24, (3, 32, 32), 3, "test")


@pytest.fixture
def few_features(tmp_path, monkeypatch) -> list[int]:
    """A folder of runs, and a network of 12 pixels; how many pictures it saw, call by call."""
    from explorer import evaluation
    from explorer.metrics import inception

    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(evaluation, "AT", (250, 300, 500, 750, 1000))
    monkeypatch.setattr(evaluation.scoring, "SOME", 250)
    seen = []

    def features(pictures, precision):
        seen.append(len(pictures))
        rows = pictures[:, ::8, ::9].reshape(len(pictures), -1)[:, :12]
        yield rows.astype(np.float32) / 50 + pictures.mean((1, 2))[:, None] / 100

    monkeypatch.setattr(inception, "features", features)
    monkeypatch.setattr(evaluation.reference, "shipped", lambda key: None)
    return seen


@pytest.fixture(scope="module")
def one_thread():
    """Networks this small lose more by a second thread."""
    import torch  # here, since many tests need none

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
