"""The catalogue: what is bundled is exact, what is missing says so, what is loaded is read-only."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from explorer import data
from explorer.data import Data, Spec, idx
from explorer.errors import InputError, ResourceError, StoreError

# SHA-256 of the pixels and of the labels (one byte each), and the class counts.
BUNDLED = {
    ("mnist", "train"): (
        "2f7182bf021ffc5c1f62db987487f14d899b5c639f421a80f3095affc09a7db2",
        "2f345bad07338ec537641465e169cc4b7288a44244f251211c7f842641e7d927",
        [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978],
    ),
    ("mnist", "test"): (
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ),
    ("fashion-mnist", "train"): (
        "2929ae1c7b89e0ee6587bbe4911fd5f0a5dafe21ae6ed9b737173cbfe20c12c9",
        "1022e4632874e71bb84d924c475e6a3428a2deeb8c5a0f612a015c97e4fce7f0",
        [942, 1027, 1016, 1019, 974, 989, 1021, 1022, 990, 1000],
    ),
    ("fashion-mnist", "test"): (
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        [1000] * 10,
    ),
}
ORIGINALS = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def write_idx(folder: Path, count: int = 60_000, label: int = 3) -> None:
    """A full MNIST of constant images; test images hold the value 7."""
    folder.mkdir(parents=True)
    for stem, n, value in (("train", count, 5), ("t10k", 10_000, 7)):
        head = b"\0\0\x08\x03" + n.to_bytes(4, "big") + 2 * (28).to_bytes(4, "big")
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(head + bytes([value]) * (n * 784))
        head = b"\0\0\x08\x01" + n.to_bytes(4, "big")
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(head + bytes([label]) * n)


@pytest.mark.parametrize(("name", "split"), BUNDLED)
def test_bundled_images_are_exact(name, split):
    found = data.load(name, split)
    pixels, labels, counts = BUNDLED[name, split]
    assert (found.x.shape, found.x.dtype, found.y.dtype) == ((10_000, 1, 28, 28), "u1", "i8")
    assert sha256(found.x) == pixels
    assert sha256(found.y.astype(np.uint8)) == labels
    assert np.bincount(found.y).tolist() == counts
    raw = ORIGINALS / idx.FOLDERS[name] / "raw"
    if raw.is_dir():
        x, y = (idx.read(raw, stem)[:10_000] for stem in idx.STEMS[split])
        assert np.array_equal(found.x[:, 0], x)
        assert np.array_equal(found.y, y)


def test_bundled_files_are_small_and_the_ones_their_readme_describes():
    files = sorted(idx.BUNDLED.rglob("*.gz"))
    readme = (idx.BUNDLED / "README.md").read_text()
    assert len(files) == 8
    assert sum(f.stat().st_size for f in files) < 15e6
    for file in files:
        name = file.relative_to(idx.BUNDLED).as_posix()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert f"| {name} | {file.stat().st_size:,} | {digest} |" in readme


def test_importing_the_data_package_loads_neither_torch_nor_a_user_interface():
    code = (
        "import sys, explorer.data as d; d.load('mnist'); d.datasets();"
        "sys.exit(any(m in sys.modules for m in ('torch', 'torchvision', 'streamlit', 'plotly')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_listed_set_that_is_available_is_what_the_list_says():
    listed = {info.name: info for info in data.datasets()}
    assert set(listed) == {
        *(
            "mnist",
            "fashion-mnist",
            "mnist-full",
            "fashion-mnist-full",
            "cifar10",
            "cifar10-birds",
            "celeba",
        ),
        *("ring", "grid", "moons", "spirals", "swiss-roll", "checkerboard"),
    }
    away = {name for name, info in listed.items() if not info.available}
    assert away == {"mnist-full", "fashion-mnist-full", "cifar10", "cifar10-birds", "celeba"}
    for info in listed.values():
        for split in data.SPLITS if info.available else ():
            found = data.load(info.name, split)
            assert found.spec == info.spec == Spec(info.shape, info.classes)
            assert len(found) == getattr(info, split)
            assert info.kind == ("image" if found.spec.is_image else "points")
            assert found.y is None or set(found.y) <= set(range(len(info.classes)))


def test_loaded_data_are_kept_and_cannot_be_changed():
    first = data.load("mnist", "test")
    assert data.load("mnist", "test") is first
    with pytest.raises(ValueError, match="read-only"):
        first.x[0, 0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        first.y[0] = 1
    with pytest.raises(FrozenInstanceError):
        first.name = "other"


def test_many_threads_get_the_same_data():
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: data.load("fashion-mnist", "test"), range(16)))
    assert len({id(one) for one in found}) == 1


def test_take_keeps_the_order_asked_for():
    whole = data.load("mnist", "test")
    part = whole.take(np.array([5, 2, 2]))
    assert np.array_equal(part.x, whole.x[[5, 2, 2]])
    assert part.y.tolist() == whole.y[[5, 2, 2]].tolist()
    assert (part.name, part.split, part.classes) == (whole.name, "test", whole.classes)
    assert data.load("swiss-roll").take(np.arange(3)).y is None


def test_the_digest_sees_every_part_of_the_content():
    x, y = np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2), np.array([0, 1])

    def digest(x=x, y=y, classes=("a", "b")):
        return Data("any", "train", x, y, classes).digest

    other = x.copy()
    other[1, 0, 1, 1] ^= 1
    same = Data("another", "test", x.copy(), y.copy(), ("a", "b"))
    assert same.digest == digest()
    changed = [
        digest(x=other),
        digest(y=y[::-1].copy()),
        digest(y=None),
        digest(classes=("a", "c")),
    ]
    changed += [digest(x=x.reshape(2, 4, 1, 1)), digest(x=x.view(np.int8))]
    assert len({digest(), *changed}) == 7


def test_a_spec_survives_json_and_refuses_anything_else():
    spec = Spec((3, 32, 32), ("cat", "dog"))
    assert Spec.from_json(spec.to_json()) == spec
    assert not Spec((2,)).is_image
    for bad in (
        *(None, [], {}, {"shape": [1, 28, 28]}, {"shape": [28, 28], "classes": []}),
        *({"shape": [1, 28, True], "classes": []}, {"shape": [1, -1, 28], "classes": []}),
        *({"shape": [3], "classes": []}, {"shape": [2], "classes": [1]}),
        {"shape": [1, 10**9, 10**9], "classes": []},
    ):
        with pytest.raises(InputError):
            Spec.from_json(bad)


@pytest.mark.parametrize(
    "name", ["", "MNIST", "../mnist", "folder-0123456789ab", "folder-../x", "a\nb"]
)
def test_an_unknown_name_is_refused_with_the_names_there_are(name):
    with pytest.raises(InputError, match=r"no data set .*Choose one of fashion-mnist, mnist"):
        data.load(name)
    with pytest.raises(InputError, match="no data set"):
        data.fetch(name)


def test_an_unknown_split_is_refused():
    with pytest.raises(InputError, match="Choose train or test"):
        data.load("mnist", "validation")


@pytest.mark.parametrize(
    "name", ["mnist-full", "fashion-mnist-full", "cifar10", "cifar10-birds", "celeba"]
)
def test_a_set_that_is_not_here_says_what_works_instead(name):
    with pytest.raises(ResourceError) as problem:
        data.load(name)
    bundled = "mnist" if name == "mnist-full" else "fashion-mnist"
    assert f"use {bundled}, which works offline" in str(problem.value)
    assert "EXPLORER_DATA" in str(problem.value)


def test_a_full_set_in_explorer_data_is_simply_there(tmp_path, monkeypatch):
    write_idx(tmp_path / "root" / "MNIST" / "raw")
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "root"))
    assert next(i for i in data.datasets() if i.name == "mnist-full").available
    train, test = data.load("mnist-full"), data.load("mnist-full", "test")
    assert (train.x.shape, test.x.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert (train.x[-1, 0, 0, 0], test.x[-1, 0, 0, 0], train.y[-1]) == (5, 7, 3)
    assert not (tmp_path / "cache").exists()


def test_a_root_that_is_no_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ResourceError, match="EXPLORER_DATA names no folder") as problem:
        data.load("mnist-full")
    assert str(tmp_path) not in str(problem.value)


def test_damaged_idx_files_are_a_store_error(tmp_path, monkeypatch):
    raw = tmp_path / "root" / "MNIST" / "raw"
    write_idx(raw)
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "root"))
    labels = raw / "train-labels-idx1-ubyte"
    whole = labels.read_bytes()
    short = b"\0\0\x08\x01" + (9).to_bytes(4, "big") + bytes(9)
    for damaged in (b"", whole[:-1], whole + b"x", b"PK" + whole[2:], short, whole[:-1] + b"\x0a"):
        labels.write_bytes(damaged)
        with pytest.raises(StoreError) as problem:
            data.load("mnist-full")
        assert str(tmp_path) not in str(problem.value)
    labels.unlink()
    (raw / f"{labels.name}.gz").write_bytes(b"\x1f\x8b no gzip")
    with pytest.raises(StoreError):
        data.load("mnist-full")


def test_the_bundled_part_stands_in_for_a_full_set_that_is_not_here(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    assert data.at_hand("fashion-mnist-full") == "fashion-mnist"
    for name in ("fashion-mnist", "cifar10", "ring", "folder-000000000000"):
        assert data.at_hand(name) == name
    assert (
        data.title("mnist-full") == next(i for i in data.datasets() if i.name == "mnist-full").title
    )
    assert data.title("folder-000000000000") == "folder-000000000000"
