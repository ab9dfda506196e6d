"""The reference of real pictures: what it depends on, how it is kept, and what rounding costs."""

import numpy as np
import pytest
from safetensors.numpy import load

from explorer import data
from explorer.metrics import inception, reference
from explorer.metrics.frechet import frechet, frechet_of, statistics
from explorer.pictures import tiles


def features(n, seed=0, size=40):
    random = np.random.default_rng(seed)
    return random.gamma(1.0, size=(n, size)) @ random.normal(size=(size, size)) ** 2


def test_rounding_to_float16_hardly_moves_a_distance():
    real = statistics(features(3000))
    kept = reference.unpack(load(reference.file_of("0" * 64, real)[1]))
    assert kept.n == 3000
    assert np.array_equal(kept.mean, real.mean)
    made = statistics(features(500, 1) * 1.05)
    assert frechet(made, kept) == pytest.approx(frechet(made, real), rel=1e-3)


def test_a_singular_covariance_can_be_kept():
    real = statistics(features(20))
    kept = reference.unpack(reference.pack(real))
    scale = np.abs(real.covariance).max()
    assert np.allclose(kept.covariance, real.covariance, atol=2e-3 * scale)


def test_the_digest_depends_on_pictures_and_precision():
    x = np.zeros((3, 8, 8), np.uint8)
    other = x.copy()
    other[0, 0, 0] = 1
    found = {reference.digest(x, "bf16"), reference.digest(x, "float32")}
    assert len(found | {reference.digest(other, "bf16")}) == 3


@pytest.mark.parametrize(("name", "precision"), [("fashion-mnist", "bf16")])
def test_what_ships_is_of_the_bundled_pictures(name, precision):
    real = tiles(data.load(name).x[: reference.FIRST])
    found = reference.shipped(reference.digest(real, precision))
    assert found is not None
    assert found.n == 10_000
    some = np.concatenate(list(inception.features(real[:6], precision)))
    apart = (some.mean(0) - found.mean) / np.sqrt(np.diag(found.covariance) / 6)
    assert np.sqrt((apart**2).mean()) < 2  # six of the very pictures lie where they should
    assert frechet_of(np.repeat(some, 2, 0), found) > 10


def test_what_does_not_ship_or_is_damaged_is_none(tmp_path, monkeypatch):
    assert reference.shipped("f" * 64) is None
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    (tmp_path / f"reference-{'a' * 16}.safetensors").write_bytes(b"nothing")
    assert reference.shipped("a" * 64) is None
