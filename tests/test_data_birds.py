"""CIFAR-10 from a zip of small JPEG files, and its birds alone."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import data
from explorer.data import cifar, cifar_zip, home
from explorer.errors import ResourceError, StoreError

EACH = {"train": 3, "test": 2}


def jpeg(value: int, size: int = 32) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size), (value, value, 255 - value)).save(file, "JPEG", quality=75)
    return file.getvalue()


def members() -> dict[str, bytes]:
    """A picture's colour tells its class (tens) and its number in the class (units)."""
    return {
        f"{split}/{name}/{i:04}.jpg": jpeg(20 * place + 5 * i)
        for split, count in EACH.items()
        for place, name in enumerate(cifar.INFO.classes)
        for i in range(count)
    }


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "root"))
    monkeypatch.setattr(cifar_zip, "EACH", EACH)
    (tmp_path / "root").mkdir()
    data.catalog._load.cache_clear()
    return tmp_path / "root"


def put(root: Path, content: dict[str, bytes]) -> None:
    data.catalog._load.cache_clear()
    with zipfile.ZipFile(root / cifar_zip.NAME, "w") as archive:
        for name, one in content.items():
            archive.writestr(name, one)


def test_the_archive_is_cifar_with_one_of_each_class_in_turn(root):
    put(root, members())
    train = data.load("cifar10")
    assert train.x.shape == (30, 3, 32, 32)
    assert train.y.tolist() == [*range(10)] * 3
    red = np.array([20 * (i % 10) + 5 * (i // 10) for i in range(30)])
    assert np.abs(train.x[:, 0].mean((1, 2)) - red).max() <= 3  # JPEG rounds
    assert data.info("cifar10").title == "CIFAR-10 · JPEG quality 75"


def test_birds_are_the_class_bird_alone(root):
    put(root, {name: one for name, one in members().items() if "/bird/" in name})
    for split, count in EACH.items():
        birds = data.load("cifar10-birds", split)
        assert birds.x.shape == (count, 3, 32, 32)
        assert (birds.y.tolist(), birds.classes) == ([0] * count, ("bird",))
        assert np.abs(birds.x[:, 0].mean((1, 2)) - (40 + 5 * np.arange(count))).max() <= 3
    known = data.info("cifar10-birds")
    assert known.available
    assert (known.title, known.train, known.test) == (
        "Birds (CIFAR-10) · JPEG quality 75",
        5000,
        1000,
    )


def test_birds_of_the_original_batches(root, monkeypatch):
    monkeypatch.setattr(cifar, "BATCHES", {"train": ["a"], "test": ["b"]})
    x = np.arange(12, dtype=np.uint8).reshape(12, 1, 1, 1).repeat(3, axis=1)
    monkeypatch.setattr(cifar, "_read", lambda path: (x, np.arange(12) % 10))
    found = cifar.load(cifar.BIRDS, "train", root)
    assert (found.x[:, 0, 0, 0].tolist(), found.y.tolist()) == ([2], [0])


@pytest.mark.parametrize(
    "change",
    [
        {"train/bird/0001.jpg": b"no picture"},
        {"train/bird/0001.jpg": jpeg(1, 33)},
        {"train/bird/0001.jpg": jpeg(1)[:-200]},
        {"train/bird/0009.jpg": jpeg(1)},
        {"train/bird/../0001.jpg": jpeg(1)},
    ],
    ids=["foreign", "another size", "cut off", "one too many", "a name that leaves"],
)
def test_a_damaged_archive_is_told(root, change):
    put(root, members() | change)
    with pytest.raises(StoreError, match=r"cifar10_jpeg.zip is damaged or incomplete"):
        data.load("cifar10-birds")


def test_an_incomplete_or_foreign_archive_is_told(root):
    put(root, {name: one for name, one in members().items() if name != "train/bird/0000.jpg"})
    with pytest.raises(StoreError, match="3 training"):
        data.load("cifar10-birds")
    (root / cifar_zip.NAME).write_bytes(b"hello")
    data.catalog._load.cache_clear()
    with pytest.raises(StoreError, match="Bring it again"):
        data.load("cifar10")


def test_without_the_files_it_is_said_what_to_do(root):
    assert "EXPLORER_DATA" in data.info("cifar10-birds").problem
    with pytest.raises(ResourceError, match=r"fetch cifar10-birds.*cifar10_jpeg.zip"):
        data.load("cifar10-birds")
    assert home.roots()[0] == root
