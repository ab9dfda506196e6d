"""Real pictures made worse: each corruption does what it says, and nothing else."""

import json

import numpy as np
import pytest
from fid_figures import FLOOR, INFINITY, SLOPE, N, figures

from explorer import corrupting, files, lesson
from explorer.corrupting import CHUNK, CORRUPTIONS
from explorer.errors import InputError, StoreError

CHANGING = [one.name for one in CORRUPTIONS.values() if one.change]
RANDOM = np.random.default_rng(0)
DOT = np.zeros((1, 9, 9), np.uint8)
DOT[0, 4, 4] = 200


def grey(pictures: np.ndarray) -> np.ndarray:
    return pictures.astype(float)


# One by one ---------------------------------------------------------------------------------------


def test_blur_spreads_a_dot_as_a_gaussian_and_leaves_flat_pictures():
    found = grey(corrupting.blur(DOT, 1.0, RANDOM))[0]
    at = np.arange(9) - 4
    weights = np.exp(-0.5 * at**2)
    weights /= weights.sum()
    np.testing.assert_allclose(found, 200 * np.outer(weights, weights), atol=0.6)
    flat = np.full((2, 6, 8), 77, np.uint8)
    np.testing.assert_array_equal(corrupting.blur(flat, 2.0, RANDOM), flat)


def test_noise_has_the_spread_it_says():
    middle = np.full((40, 28, 28), 128, np.uint8)
    found = grey(corrupting.noise(middle, 15, np.random.default_rng(3))) - 128
    assert found.std() == pytest.approx(15, rel=0.02)
    assert abs(found.mean()) < 0.3


def test_noise_is_clipped_and_not_wrapped():
    black = corrupting.noise(np.zeros((4, 8, 8), np.uint8), 5, np.random.default_rng(0))
    assert black.max() < 40


def test_brighten_adds_and_clips():
    pictures = np.array([[[0, 100, 250]]], np.uint8)
    for levels in (15, 15.0):  # whole numbers of a byte must not wrap around
        found = corrupting.brighten(pictures, levels, RANDOM)
        np.testing.assert_array_equal(found, [[[15, 115, 255]]])


def test_shift_moves_to_the_right_and_fills_with_black():
    pictures = np.arange(1, 13, dtype=np.uint8).reshape(1, 3, 4)
    expected = [[[0, 1, 2, 3], [0, 5, 6, 7], [0, 9, 10, 11]]]
    np.testing.assert_array_equal(corrupting.shift(pictures, 1, RANDOM), expected)


def test_jpeg_is_nearly_lossless_at_the_top_and_not_at_the_bottom():
    pictures = corrupting.chunk("real", 0, 0)[:8]
    errors = [np.abs(grey(corrupting.jpeg(pictures, q, RANDOM)) - pictures).mean() for q in (95, 8)]
    assert errors[0] < 3 < errors[1]


@pytest.mark.parametrize("name", CHANGING)
def test_stronger_is_further_away(name):
    before = grey(corrupting.corrupted("real", 0, 50))
    gaps = [
        np.square(grey(corrupting.corrupted(name, s, 50)) - before).mean()
        for s in CORRUPTIONS[name].strengths
    ]
    assert gaps == sorted(gaps)
    assert len(set(gaps)) == len(gaps)


# Which pictures -----------------------------------------------------------------------------------


def test_fewer_pictures_are_the_first_of_more():
    for name, strength in (("noise", 5), ("classes", 5), ("real", 0)):
        few, many = (corrupting.corrupted(name, strength, n) for n in (60, 300))
        np.testing.assert_array_equal(many[:60], few)


def test_chunks_have_noise_of_their_own():
    first, second = (grey(corrupting.chunk("noise", 50, k)) for k in (0, 1))
    clean = [grey(corrupting.chunk("real", 0, k)) for k in (0, 1)]
    assert not np.array_equal(first - clean[0], second - clean[1])


def test_removed_classes_are_gone_and_the_others_stay():
    labels = corrupting._shuffled("test")[1]
    where = corrupting.places("classes", 5, 1000)
    assert set(labels[where]) == set(range(5))
    assert len(np.unique(where)) == 1000


def test_repeated_pictures_are_as_many_as_it_says():
    found = corrupting.corrupted("repeated", 25, 500)
    assert len(np.unique(found.reshape(500, -1), axis=0)) == 25


def test_training_pictures_are_training_pictures():
    train = {one.tobytes() for one in corrupting._shuffled("train")[0]}
    assert all(one.tobytes() in train for one in corrupting.corrupted("train", 0, 20))
    assert corrupting.chunk("train", 0, 0).shape == (CHUNK, 28, 28)


@pytest.mark.parametrize(
    ("name", "strength", "n", "said"),
    [
        ("rain", 1, 100, "There is no corruption 'rain'"),
        ("noise", 500, 100, "Noise takes 2 to 50, not 500"),
        ("noise", float("nan"), 100, "Noise takes 2 to 50, not nan"),
        ("classes", 2, 3000, "2 classes have 2,000 test pictures, but 3,000 are asked for"),
        ("real", 0, 1, "1 pictures are asked for"),
        ("real", 0, 10_001, "must be 2 to 10,000"),
    ],
)
def test_the_impossible_is_said(name, strength, n, said):
    with pytest.raises(InputError, match=said):
        corrupting.corrupted(name, strength, n)


# What was measured beforehand ---------------------------------------------------------------------


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes a file of figures where it is read."""
    path = tmp_path / "figures.json"
    monkeypatch.setattr(lesson, "FILE", path)

    def write(content: object) -> None:
        files.publish(path, json.dumps(content).encode())

    return write


def test_a_lesson_is_what_was_written(written):
    written(figures())
    found = lesson.lesson()
    assert found.n == N
    assert found.floor.fid == FLOOR
    assert found.by_set["blur", 0.4].fid == FLOOR + 10
    assert (found.infinity.value, found.infinity.slope) == (INFINITY, SLOPE)
    assert found.models[0].fid[-1] == (1000, 90 + SLOPE / 1000)
    assert found.resize.tf1 == 36.2


@pytest.mark.parametrize("part", ["protocol", "grid", "real", "both", "models", "resize"])
def test_a_damaged_lesson_is_told(written, part):
    content = figures()
    written({name: value for name, value in content.items() if name != part})
    with pytest.raises(StoreError, match="damaged"):
        lesson.lesson()
    written(content | {part: "nonsense"})
    with pytest.raises(StoreError, match="damaged"):
        lesson.lesson()


def test_a_missing_lesson_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(lesson, "FILE", tmp_path / "figures.json")
    with pytest.raises(StoreError, match="missing"):
        lesson.lesson()
