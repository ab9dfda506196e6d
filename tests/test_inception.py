"""Our Inception network against torch-fidelity's, and its enlargement against theirs."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from explorer.errors import StoreError
from explorer.metrics import inception


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """torch-fidelity's network with the shipped weights; its class head is empty."""
    state = {name: value.float() for name, value in load_file(inception.FILE).items()}
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(state, path)
    return FeatureExtractorInceptionV3("any", ["2048"], feature_extractor_weights_path=str(path))


def both(theirs, pictures, precision):
    x = torch.tensor(pictures)
    x = x[:, None].repeat(1, 3, 1, 1) if x.dim() == 3 else x.permute(0, 3, 1, 2)
    with torch.no_grad():
        expected = theirs(x.contiguous())[0].numpy()
    return np.concatenate(list(inception.features(pictures, precision))), expected


@pytest.mark.parametrize("shape", [(3, 28, 28), (2, 32, 32, 3), (1, 320, 300, 3)])
def test_features_in_float32_are_those_of_torch_fidelity(theirs, shape):
    pictures = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    ours, expected = both(theirs, pictures, "float32")
    assert ours.dtype == np.float32
    assert ours.shape == (len(pictures), 2048)
    assert np.abs(ours - expected).max() < 1e-4 * expected.max()


def test_bf16_is_near(theirs, images):
    ours, expected = both(theirs, images[0].x[:2, 0], "bf16")
    assert np.abs(ours - expected).mean() < 0.05 * expected.mean()
    assert not np.array_equal(ours, expected)


@pytest.mark.parametrize("side", [1, 2, 28, 31, 299, 400])
def test_pictures_are_enlarged_as_tensorflow_1_did(side):
    x = torch.rand(2, 3, side, side + 1) * 255
    expected = interpolate_bilinear_2d_like_tensorflow1x(x, size=(299, 299), align_corners=False)
    assert torch.allclose(inception.enlarged(x), expected, atol=1e-3)


def test_a_batch_is_its_pictures(images):
    pictures = images[0].x[:11, 0]
    together = np.concatenate(list(inception.features(pictures, "float32")))
    alone = np.concatenate(list(inception.features(pictures[9:10], "float32")))
    assert np.allclose(together[9], alone[0], atol=1e-4)


def test_a_missing_network_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(inception, "FILE", tmp_path / "inception.safetensors")
    assert "classifier distance works without it" in inception.problem()
    inception.inception.cache_clear()
    with pytest.raises(StoreError, match="missing"):
        inception.inception("float32", "cpu")


def test_an_altered_network_is_refused(monkeypatch, tmp_path):
    changed = tmp_path / "inception.safetensors"
    data = bytearray(inception.FILE.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)
    monkeypatch.setattr(inception, "FILE", changed)
    inception.inception.cache_clear()
    with pytest.raises(StoreError, match="damaged or another network"):
        inception.inception("float32", "cpu")


@pytest.fixture(autouse=True)
def _afterwards():
    yield
    inception.inception.cache_clear()
