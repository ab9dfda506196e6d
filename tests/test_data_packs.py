"""A pack is plain safetensors, is checked when it is read, and one damaged pack harms no other."""

import json
import struct

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from explorer import data
from explorer.data import Data, home, packs
from explorer.data.packs import Rows
from explorer.errors import StoreError

FACTS = {"title": "Mine", "classes": ["a", "b"], "usable": 9, "total": 9, "rejected": []}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)


def write(name: str, labelled: bool = True):
    """A pack of 7 + 2 images of 1 x 3 x 3, in an order of its own; its path and the images."""
    images = np.random.default_rng(0).integers(0, 256, (9, 1, 3, 3), dtype=np.uint8)
    order, labels = np.array([8, 1, 3, 5, 0, 2, 4]), np.array([1, 0, 0, 1, 1, 0, 1])
    rows = {
        "train": Rows(images, order, labels if labelled else None),
        "test": Rows(images, np.array([7, 6]), np.array([0, 1]) if labelled else None),
    }
    path = home.packs() / f"{name}.safetensors"
    packs.write(path, FACTS if labelled else FACTS | {"classes": []}, rows)
    return path, images


@pytest.mark.parametrize("labelled", [True, False])
def test_what_is_written_is_read_and_is_safetensors(labelled, monkeypatch):
    monkeypatch.setattr(packs, "CHUNK", 3)
    path, images = write("folder-000000000001", labelled)
    train, test = (packs.read(path, split) for split in data.SPLITS)
    assert np.array_equal(train.x, images[[8, 1, 3, 5, 0, 2, 4]])
    assert np.array_equal(test.x, images[[7, 6]])
    independent = load_file(path)
    assert np.array_equal(independent["train.x"], train.x)
    assert np.array_equal(independent["test.x"], test.x)
    assert ("train.y" in independent) is labelled
    if labelled:
        assert train.y.tolist() == independent["train.y"].tolist() == [1, 0, 0, 1, 1, 0, 1]
        assert test.y.tolist() == [0, 1]
    with safe_open(path, "numpy") as file:
        assert json.loads(file.metadata()["pack"])["title"] == "Mine"


def test_the_digest_of_a_pack_is_that_of_its_content_and_the_mapping_is_read_only():
    found = packs.read(write("folder-000000000002")[0], "train")
    assert found.digest == Data("x", "train", found.x.copy(), found.y, found.classes).digest
    with pytest.raises(ValueError, match="read-only"):
        found.x[0] = 0


def damages(whole: bytes) -> dict[str, bytes]:
    (length,) = struct.unpack("<Q", whole[:8])
    text = whole[8 : 8 + length]

    def with_header(header: bytes) -> bytes:
        return struct.pack("<Q", len(header)) + header + whole[8 + length :]

    return {
        "empty": b"",
        "seven bytes": whole[:7],
        "cut header": whole[:50],
        "cut data": whole[:-1],
        "longer": whole + b"\0",
        "length 0": bytes(8) + whole[8:],
        "length huge": struct.pack("<Q", 2**63) + whole[8:],
        "not json": with_header(b"{" * length),
        "not utf-8": with_header(b"\xff" * length),
        "json list": with_header(b"[]"),
        "nan": with_header(text.replace(b"[7]", b"NaN")),
        "other shape": with_header(
            text.replace(b"[7,1,3,3]", b"[7,1,9,1]").replace(b"[2,", b"[3,")
        ),
        "negative": with_header(text.replace(b"[7,1,3,3]", b"[7,1,-3,-3]")),
        "other type": with_header(text.replace(b"U8", b"I8")),
        "no facts": with_header(text.replace(b"title", b"tital")),
        "no test": with_header(text.replace(b"test.x", b"tost.x")),
        "flipped label": whole[: 8 + length] + bytes([whole[8 + length] ^ 1]) + whole[9 + length :],
    }


@pytest.mark.parametrize("kind", damages(struct.pack("<Q", 0) + bytes(60)))
def test_a_damaged_pack_is_a_store_error_for_that_one_only(kind):
    name = "folder-00000000000a"
    path, _ = write(name)
    write("folder-00000000000b")
    path.write_bytes(damages(path.read_bytes())[kind])
    for split in data.SPLITS if kind != "flipped label" else ("train",):
        with pytest.raises(StoreError) as problem:
            data.load(name, split)
        assert "cache" not in str(problem.value)
    listed = {info.name: info for info in data.datasets()}
    assert listed["folder-00000000000b"].available
    assert listed[name].available is (kind == "flipped label")  # the content is checked on loading
    assert len(data.load("folder-00000000000b")) == 7


def test_other_files_in_the_folder_of_packs_are_no_data_sets():
    path, _ = write("folder-00000000000c")
    for name in ("notes.txt", "folder-x.safetensors", "folder-00000000000d.part"):
        path.with_name(name).write_bytes(b"")
    assert [i.name for i in data.datasets() if i.source == "your images"] == [path.stem]


def test_a_damaged_pack_is_renewed_by_adding_its_images_again(tmp_path):
    from PIL import Image

    (tmp_path / "set").mkdir()
    for value in (1, 2):
        Image.new("L", (28, 28), value).save(tmp_path / "set" / f"{value}.png")
    first = data.add_folder(tmp_path / "set", title="Mine", size=28, colour=False)
    path = home.packs() / f"{first.name}.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert data.add_folder(tmp_path / "set", title="Mine", size=28, colour=False) == first
    assert len(data.load(first.name)) == 1
