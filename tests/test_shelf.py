"""Shelves keep arrays and values whole, count what is damaged as absent, and make room."""

import numpy as np
import pytest

from explorer import shelf
from explorer.shelf import Shelf, key_of


@pytest.fixture(autouse=True)
def runs_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))


def test_what_was_put_comes_back():
    one = Shelf("abc")
    assert one.get("x") is None
    assert one.noted("y") is None
    one.put("x", a=np.arange(6, dtype=np.uint8).reshape(2, 3), b=np.array(1.5))
    one.note("y", {"n": [1, 2]})
    assert np.array_equal(one.get("x")["a"], [[0, 1, 2], [3, 4, 5]])
    assert one.get("x")["b"].shape == ()
    assert float(one.get("x")["b"]) == 1.5
    assert one.noted("y") == {"n": [1, 2]}


@pytest.mark.parametrize("damage", [b"", b"\x08\0\0\0\0\0\0\0notjson!", b"\xff" * 100])
def test_what_is_damaged_is_absent(damage):
    one = Shelf("abc")
    one.put("x", a=np.zeros(3))
    (one.folder / "x.safetensors").write_bytes(damage)
    assert one.get("x") is None
    one.note("y", 1)
    (one.folder / "y.json").write_bytes(damage)
    assert one.noted("y") is None


def test_keys_depend_on_facts_and_not_on_their_order():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1}) != key_of({"a": 1, "b": 3})
    assert len(key_of({})) == 24


def test_the_shelf_used_longest_ago_goes_first(monkeypatch):
    import os

    monkeypatch.setattr(shelf, "LARGEST", 5000)
    several = [Shelf(name) for name in "abc"]
    for age, one in enumerate(several):
        one.put("x", a=np.zeros(2000, np.uint8))
        os.utime(one.folder, (age, age))
    several[2].used()
    assert [one.folder.exists() for one in several] == [False, True, True]
    monkeypatch.setattr(shelf, "LARGEST", 10)
    several[1].used()
    assert [one.folder.exists() for one in several] == [False, True, False]  # never the one in use
