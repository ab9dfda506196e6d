"""Full sets through torchvision, with a network made here; CIFAR-10 and CelebA from disk."""

import gzip
import hashlib
import io
import os
import pickle
import tarfile
import urllib.error
from pathlib import Path

import gdown
import numpy as np
import pytest
import torchvision
from PIL import Image

from explorer import data
from explorer.data import cifar, home
from explorer.errors import ResourceError, StoreError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)


@pytest.fixture
def network(monkeypatch):
    """A network that serves the files put into the dictionary by name, and fails for all others."""
    served = {}

    class Response(io.BytesIO):
        def __init__(self, url: str):
            name = url.rsplit("/", 1)[-1]
            if name not in served:
                raise urllib.error.URLError("no route to host")
            super().__init__(served[name])
            self.url, self.length = url, len(served[name])

    def drive(id: str, output: str, progress, **_) -> None:
        """Google Drive, where CelebA lies; it tells of every half of a file."""
        if id not in served:
            raise gdown.exceptions.FileURLRetrievalError("too many users have viewed this file")
        for done in range(1, 3):
            progress(done * len(served[id]) // 2, len(served[id]))
        Path(output).write_bytes(served[id])

    monkeypatch.setattr(
        "urllib.request.urlopen", lambda request, *_, **__: Response(request.full_url)
    )
    monkeypatch.setattr("gdown.download", drive)
    return served


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def idx_file(array: np.ndarray) -> bytes:
    shape = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes(), 1)


def serve_fashion(network, monkeypatch) -> None:
    for stem, n, value in (("train", 60_000, 1), ("t10k", 10_000, 2)):
        images = np.full((n, 28, 28), value, np.uint8)
        network[f"{stem}-images-idx3-ubyte.gz"] = idx_file(images)
        network[f"{stem}-labels-idx1-ubyte.gz"] = idx_file(np.full(n, value, np.uint8))
    sums = [(name, md5(content)) for name, content in network.items()]
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", sums)


def test_a_set_is_downloaded_with_progress_and_then_simply_there(network, monkeypatch):
    serve_fashion(network, monkeypatch)
    steps = []
    data.fetch("fashion-mnist-full", lambda *step: steps.append(step))
    done, totals = zip(*steps, strict=True)
    assert list(done) == sorted(done)
    assert done[-1] == sum(map(len, network.values()))
    assert set(totals) == {30_878_645}
    network.clear()
    data.fetch("fashion-mnist-full")  # nothing to do, so no network is needed
    train, test = (data.load("fashion-mnist-full", split) for split in data.SPLITS)
    assert (len(train), train.x.max(), train.y[0]) == (60_000, 1, 1)
    assert (len(test), test.x.min(), test.y[-1]) == (10_000, 2, 2)
    assert [path.name for path in home.home().iterdir()] == ["FashionMNIST"]


@pytest.mark.parametrize("name", ["mnist-full", "fashion-mnist-full", "cifar10", "celeba"])
def test_offline_the_bundled_set_is_recommended(network, name):
    with pytest.raises(ResourceError) as problem:
        data.fetch(name)
    text = str(problem.value)
    assert "could not be downloaded" in text
    assert "mnist, which works offline" in text
    assert "EXPLORER_DATA" in text
    assert list(home.home().iterdir()) == []
    assert not next(i for i in data.datasets() if i.name == name).available


def test_progress_of_google_drive_is_counted_over_all_its_files(network, monkeypatch):
    contents = {"a": b"x" * 400_000, "b": b"y" * 200_000}
    network |= contents
    files = [(name, md5(text), f"{name}.txt") for name, text in contents.items()]
    monkeypatch.setattr(torchvision.datasets.CelebA, "file_list", files)
    steps = []
    with pytest.raises(ResourceError):  # these are no faces
        data.fetch("celeba", lambda *step: steps.append(step[0]))
    assert steps == [200_000, 400_000, 500_000, 600_000]


def test_a_download_with_a_wrong_checksum_leaves_nothing(network, monkeypatch):
    serve_fashion(network, monkeypatch)
    network["t10k-labels-idx1-ubyte.gz"] += b"x"
    with pytest.raises(ResourceError):
        data.fetch("fashion-mnist-full")
    assert list(home.home().iterdir()) == []


@pytest.mark.parametrize("name", ["mnist", "ring"])
def test_fetching_what_is_always_here_does_nothing(network, name):
    data.fetch(name)
    assert not home.home().exists()


# CIFAR-10


class Python2(pickle._Pickler):
    """Writes byte strings as Python 2 did, which is how CIFAR-10's batches were pickled."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        value = value.encode() if isinstance(value, str) else value
        short = len(value) < 256
        head = b"U" + bytes([len(value)]) if short else b"T" + len(value).to_bytes(4, "little")
        self.write(head + value)

    dispatch[str] = dispatch[bytes] = save_string


def batch(seed: int, shape=(20, 3, 32, 32)) -> tuple[bytes, np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 256, shape, dtype=np.uint8), rng.integers(0, 10, shape[0]).tolist()
    content = {
        "batch_label": f"training batch {seed} of 5",
        "labels": y,
        "data": x.reshape(len(x), -1),
        "filenames": [f"leptodactylus_s_{i:06}.png" for i in range(len(x))],
    }
    file = io.BytesIO()
    Python2(file, 2).dump(content)
    return file.getvalue(), x, y


@pytest.fixture
def batches(tmp_path, monkeypatch):
    """A torchvision folder of CIFAR-10 with 20 images a batch; the images and labels."""
    monkeypatch.setattr(cifar, "SHAPE", (20, 3, 32, 32))
    folder = tmp_path / "root" / cifar.FOLDER
    folder.mkdir(parents=True)
    made = {}
    for seed, name in enumerate([*cifar.BATCHES["train"], *cifar.BATCHES["test"]]):
        content, x, y = batch(seed)
        (folder / name).write_bytes(content)
        made[name] = x, y
    return folder, made


def test_cifar_batches_are_read_without_unpickling(batches, monkeypatch):
    folder, made = batches
    reference = pickle.loads((folder / "data_batch_3").read_bytes(), encoding="latin1")
    assert np.array_equal(reference["data"].reshape(20, 3, 32, 32), made["data_batch_3"][0])
    for name in ("load", "loads", "Unpickler", "_Unpickler"):
        monkeypatch.setattr(pickle, name, lambda *_, **__: pytest.fail("unpickled"))
    monkeypatch.setenv("EXPLORER_DATA", str(folder.parent))
    train, test = data.load("cifar10"), data.load("cifar10", "test")
    xs, ys = zip(*(made[name] for name in cifar.BATCHES["train"]), strict=True)
    assert np.array_equal(train.x, np.concatenate(xs))
    assert np.array_equal(train.y, np.concatenate(ys))
    assert np.array_equal(test.x, made["test_batch"][0])
    assert (train.classes[3], train.spec.shape) == ("cat", (3, 32, 32))


def test_damaged_or_hostile_batches_are_refused_and_run_nothing(batches, monkeypatch, tmp_path):
    folder, _ = batches
    monkeypatch.setenv("EXPLORER_DATA", str(folder.parent))
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(canary),)

    hostile = pickle.dumps(Hostile(), 2)
    pickle.loads(hostile)
    canary.rmdir()  # the control: it does what it should not be let do
    whole = (folder / "data_batch_2").read_bytes()
    fewer = batch(2, (19, 3, 32, 32))[0]
    eleven = whole.replace(b"K\x05", b"K\x0b")
    for content in (b"", b"hello", hostile, whole[: len(whole) // 2], whole[:-9000], fewer, eleven):
        (folder / "data_batch_2").write_bytes(content)
        with pytest.raises(StoreError, match="data_batch_2"):
            data.load("cifar10")
    assert not canary.exists()


def test_cifar_is_downloaded_without_unpickling(batches, network, monkeypatch):
    folder, made = batches
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder, cifar.FOLDER)
    network["cifar-10-python.tar.gz"] = archive.getvalue()
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "tgz_md5", md5(archive.getvalue()))
    monkeypatch.setattr(pickle, "load", lambda *_, **__: pytest.fail("unpickled"))
    data.fetch("cifar10")
    assert np.array_equal(data.load("cifar10", "test").x, made["test_batch"][0])
    assert [path.name for path in home.home().iterdir()] == [cifar.FOLDER]


# CelebA


@pytest.fixture
def celeba(tmp_path, monkeypatch):
    """A torchvision root with six faces: three to train, one to validate, two to test."""
    folder = tmp_path / "root" / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{i:06}.jpg" for i in range(1, 7)]
    for i, name in enumerate(names):
        Image.new("RGB", (178, 218), (40 * i, 0, 0)).save(folder / "img_align_celeba" / name)
    parts = "".join(f"{n} {p}\n" for n, p in zip(names, "000122", strict=True))
    (folder / "list_eval_partition.txt").write_text(parts)
    rows = "".join(f"{n}  1 {s}\n" for n, s in zip(names, (1, -1, 1, 1, -1, 1), strict=True))
    (folder / "list_attr_celeba.txt").write_text(f"6\nMale Smiling \n{rows}")
    monkeypatch.setenv("EXPLORER_DATA", str(folder.parent))
    return folder


def test_celeba_in_explorer_data_is_packed_without_a_network(celeba, network):
    with pytest.raises(ResourceError):
        data.load("celeba")
    steps = []
    data.fetch("celeba", lambda *step: steps.append(step))
    assert steps[-1] == (5, 5)
    train, test = data.load("celeba"), data.load("celeba", "test")
    assert (train.x.shape, test.x.shape) == ((3, 3, 64, 64), (2, 3, 64, 64))
    assert np.abs(train.x[:, 0, 32, 32].astype(int) - [0, 40, 80]).max() <= 2
    assert np.abs(test.x[:, 0, 32, 32].astype(int) - [160, 200]).max() <= 2
    assert (train.y.tolist(), test.y.tolist()) == ([1, 0, 1], [0, 1])
    assert train.classes == ("not smiling", "smiling")
    assert next(i for i in data.datasets() if i.name == "celeba").available


@pytest.mark.parametrize("content", ["", "6\nMale Young\n", "6\nMale Smiling\n000001.jpg 1\n"])
def test_damaged_tables_of_celeba_are_a_store_error(celeba, content):
    (celeba / "list_attr_celeba.txt").write_text(content)
    with pytest.raises(StoreError, match="CelebA are damaged or incomplete"):
        data.fetch("celeba")
