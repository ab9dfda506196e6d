"""The command that trains the classifier: what it writes, prints and refuses."""

from pathlib import Path

import numpy as np
import pytest

from explorer import data
from explorer.cli import main
from explorer.data import Data
from explorer.header import read_header
from explorer.metrics.classifier import load
from explorer.training import Trainer


def stripes(n: int, split: str) -> Data:
    """Noisy pictures, striped across (class 0) or along (class 1)."""
    random = np.random.default_rng([n, len(split)])
    y = random.integers(0, 2, n)
    x = random.integers(0, 100, (n, 1, 12, 12), dtype=np.uint8)
    for i, along in enumerate(y):
        rows = x[i, 0].T if along else x[i, 0]
        rows[random.integers(3) :: 3] += 150
    return Data("stripes", split, x, y.astype(np.int64), ("across", "along"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of this test alone, and a data set of 256 + 64 images."""
    known = {split: stripes(n, split) for split, n in (("train", 256), ("test", 64))}
    others = data.load

    def found(name: str, split: str = "train") -> Data:
        return known[split] if name == "stripes" else others(name, split)

    monkeypatch.setattr(data, "load", found)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def says(capsys):
    """Call the command and return what it printed."""

    def call(*words: str, code: int = 0) -> str:
        assert main(["classifier", *words]) == code
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return said.out + said.err

    return call


TINY = ("--data", "stripes", "--epochs", "2")


def test_it_learns_and_tells(says):
    said = says("--data", "stripes", "--epochs", "16", "--out", "a.safetensors").splitlines()
    assert said[-2].startswith("step 32 of 32 · epoch 16.00 · cross-entropy ")
    assert said[-1].startswith("a.safetensors: 0.72 MB · ")
    found = load(Path("a.safetensors"))
    assert found.accuracy > 0.9
    assert f"{found.accuracy:.2%} of 64 test images right" in said[-1]
    assert found.classes == ("across", "along")
    facts = read_header(Path("a.safetensors"), "classifier").facts
    assert facts["command"] == "python -m explorer classifier --data stripes --epochs 16 --seed 0"


def test_the_same_seed_gives_the_same_file(says):
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        says(*TINY, "--seed", seed, "--out", f"{name}.safetensors")
    a, b, c = (Path(f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def test_ctrl_c_leaves_nothing_behind(says, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "advance", interrupted)
    says(*TINY, "--out", "a.safetensors", code=130)
    assert list(Path().iterdir()) == []


BAD = [
    ("--out a.safetensors", "required: --data"),
    ("--data stripes", "required: --out"),
    ("--data nope --out a.safetensors", "There is no data set 'nope'"),
    ("--data ring --out a.safetensors", "pictures of at least two classes"),
    ("--data stripes --out a.png", "must end in .safetensors"),
    ("--data stripes --out gone/a.safetensors", "does not exist"),
    ("--data stripes --out a.safetensors --epochs 0", "a whole number from 1 to 200"),
    ("--data stripes --out a.safetensors --epochs 1e1", "--epochs is '1e1'"),
    ("--data stripes --out a.safetensors --seed -1", "--seed is '-1'"),
    ("--data stripes --out a.safetensors --width 3", "Unrecognized arguments: --width"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=[words for words, _ in BAD])
def test_bad_input_is_refused_with_what_is_wrong(words, said, says):
    told = says(*words.split(), code=2)
    assert said in told
    assert len(told.strip().splitlines()) == 1
    assert list(Path().iterdir()) == []


def test_too_few_images_are_refused(says, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name, split: stripes(19, split))
    said = says("--data", "few", "--out", "a.safetensors", code=2)
    assert "19 training and 19 test images, but it takes 20" in said


def test_colour_pictures_without_labels_are_refused(says, monkeypatch):
    x = np.zeros((30, 3, 32, 32), np.uint8)
    monkeypatch.setattr(data, "load", lambda name, split: Data("plain", split, x, None))
    said = says("--data", "plain", "--out", "a.safetensors", code=2)
    assert "pictures of at least two classes" in said
