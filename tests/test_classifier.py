"""The classifier that samples are measured with: its network, its files, and the shipped ones."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer import catalog, checkpoints, data
from explorer.data import Spec
from explorer.errors import ExplorerError, InputError, StoreError
from explorer.header import read_header
from explorer.metrics import classifier as module
from explorer.metrics.classifier import (
    AT_ONCE,
    SHIPPED,
    Classifier,
    Network,
    classifier,
    load,
    pack,
    problem,
    ready,
)
from explorer.metrics.frechet import Statistics, frechet, statistics
from explorer.metrics.learning import SHIFT, Config, Pupil, shifted
from explorer.models.base import Batch

SPEC = Spec((1, 28, 28), tuple("abcd"))
RECIPE = {"family": "classifier", "data": "fashion-mnist"}
NAMES = {"fashion-mnist": 0.933, "mnist": 0.993}


def untrained(spec: Spec = SPEC) -> Classifier:
    """A network whose batch normalisation has seen something, and a made-up reference."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Network(spec.shape[0], len(spec.classes))
        network(torch.rand(16, *spec.shape))
    features = np.random.default_rng(0).random((300, 128))
    real = statistics(features)
    return Classifier(ready(network), spec.classes, (real.mean, real.covariance), 0.25, 0.125)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of shipped files of this test alone."""
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    return tmp_path


# --- the network


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 64, 64)])
def test_any_channels_size_and_number_of_classes(shape):
    one = untrained(Spec(shape, tuple("abcdefg")))
    x = torch.rand(3, *shape)
    assert one.features(x).shape == (3, 128)
    assert one.logits(x).shape == (3, 7)
    assert not one.logits(x).requires_grad


def test_batches_and_the_precision_around_do_not_matter():
    one = untrained()
    x = torch.rand(AT_ONCE + 20, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    with torch.autocast("cpu", torch.bfloat16):
        features, logits = one.features(x), one.logits(x)
    assert features.dtype == logits.dtype == torch.float32
    assert torch.allclose(features[-30:], one.features(x[-30:]), atol=1e-5)
    assert torch.allclose(logits, one.network(x), atol=1e-5)
    assert torch.equal(one.read(features), logits)


def test_its_distance_is_frechets():
    one = untrained()
    features = torch.rand(400, 128, generator=torch.Generator().manual_seed(2))
    expected = frechet(Statistics(*one.reference, 300), statistics(features.numpy()))
    assert one.distance(features) == pytest.approx(expected)
    assert frechet(*[Statistics(*one.reference, 300)] * 2) == pytest.approx(0, abs=1e-9)


# --- how it learns


def test_pictures_are_shifted_each_by_its_own_amount():
    x = torch.rand(5, 2, 8, 6, generator=torch.Generator().manual_seed(0))
    down, right = torch.tensor([0, 2, 4, 1, 3]), torch.tensor([2, 0, 4, 3, 2])
    found = shifted(x, down, right)
    for i in range(5):
        frame = np.pad(x[i].numpy(), ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
        window = frame[:, down[i] : down[i] + 8, right[i] : right[i] + 6]
        assert np.array_equal(found[i].numpy(), window)


@pytest.mark.parametrize("mirrored", [True, False])
def test_pictures_are_mirrored_only_where_that_keeps_their_class(mirrored):
    pupil = Pupil(Config(mirrored=mirrored), SPEC)
    x = torch.zeros(400, 1, 28, 28)
    x[:, :, :, 4:10] = 1  # on the left, whatever the shift
    varied = pupil._varied(Batch(x, torch.zeros(400), seed=0, step=3, epoch=0.1))
    right = (varied[..., 14:].sum((1, 2, 3)) > 0).float().mean().item()
    assert right == pytest.approx(0.5 if mirrored else 0, abs=0.1)


def test_its_loss_is_smoothed_cross_entropy():
    pupil = Pupil(Config(), SPEC).eval()
    batch = Batch(torch.rand(6, 1, 28, 28), torch.tensor([0, 1, 2, 3, 0, 1]), 0, 0, 0.0)
    (objective,) = pupil.objectives(batch)
    p = pupil.network(pupil._varied(batch)).log_softmax(1)
    wanted = 0.1 / 4 + 0.9 * torch.eye(4)[batch.y]
    assert objective.loss.item() == pytest.approx(-(wanted * p).sum(1).mean().item(), rel=1e-5)


# --- files


def test_a_classifier_survives_its_file(tmp_path):
    one = untrained()
    path = tmp_path / "one.safetensors"
    path.write_bytes(pack(one, SPEC, recipe=RECIPE, command="python -m explorer …"))
    found = load(path)
    x = torch.rand(9, 1, 28, 28)
    assert torch.equal(found.logits(x), one.logits(x))
    assert (found.classes, found.accuracy, found.floor) == (one.classes, 0.25, 0.125)
    for mine, theirs in zip(one.reference, found.reference, strict=True):
        assert theirs.dtype == np.float64
        assert np.array_equal(mine, theirs)
    facts = read_header(path, "classifier").facts
    assert (facts["kind"], facts["recipe"]) == ("classifier", RECIPE)


def flipped(content: bytes, where: float) -> bytes:
    changed = bytearray(content)
    changed[int(where * len(changed))] ^= 1
    return bytes(changed)


HARM = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:-1],
    "a pickle": lambda content: b"\x80\x04" + content,
    "a bit of a weight": lambda content: flipped(content, 0.5),
    "its last bit": lambda content: flipped(content, 0.99999999),
    "another digest": lambda content: content.replace(b"digest", b"digits"),
    "no accuracy": lambda content: content.replace(b"accuracy", b"accurate"),
    "fewer classes": lambda content: content.replace(b'\\"a\\", ', b" " * 7),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_file_is_reported_and_the_rest_goes_on(harm, place, caplog):
    path = place / SHIPPED["mnist"]
    content = pack(untrained(), SPEC, recipe=RECIPE)
    path.write_bytes(HARM[harm](content))
    assert path.read_bytes() != content
    with pytest.raises(ExplorerError) as told:
        load(path)
    assert path.name in str(told.value)
    assert str(place) not in str(told.value)
    assert classifier("mnist") is None
    assert classifier("mnist-full") is None
    assert problem("mnist") == str(told.value)
    assert [record.getMessage() for record in caplog.records] == [str(told.value)]  # once


def test_a_missing_file_is_reported(place):
    assert classifier("mnist") is None
    assert problem("mnist").startswith("classifier-mnist.safetensors is missing")
    (place / SHIPPED["mnist"]).write_bytes(pack(untrained(), SPEC, recipe=RECIPE))
    assert problem("mnist") == ""
    assert classifier("mnist") is classifier("mnist-full")


@pytest.mark.parametrize("name", ["cifar10", "ring", "../mnist", "classifier-mnist"])
def test_other_data_have_none(name):
    assert classifier(name) is None
    assert problem(name).startswith("These data have no classifier")


def test_it_is_no_model_and_a_model_is_none(place):
    """Neither is listed, built or read as the other."""
    shutil.copy(Path(__file__).parents[1] / "pretrained/vae-beta-0.safetensors", place)
    path = place / SHIPPED["mnist"]
    path.write_bytes(pack(untrained(), SPEC, recipe=RECIPE))
    assert [entry.path.stem for entry in catalog.shipped()] == ["vae-beta-0"]
    with pytest.raises(InputError, match="holds no model"):
        catalog.entry("pretrained:classifier-mnist")
    with pytest.raises(InputError, match="holds no model"):
        checkpoints.load(path)
    with pytest.raises(InputError) as told:
        catalog.resolve("pretrained:nope")
    assert "There are: vae-beta-0." in str(told.value)
    with pytest.raises(InputError, match="holds no classifier"):
        load(place / "vae-beta-0.safetensors")


def test_a_missing_file_is_a_store_error(tmp_path):
    with pytest.raises(StoreError, match="is missing"):
        load(tmp_path / "gone.safetensors")


# --- the shipped ones


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_one_is_small_and_says_how_it_was_made(name):
    path = module.FOLDER / SHIPPED[name]
    assert path.stat().st_size < 1_500_000
    header = read_header(path, "classifier")
    assert 250_000 < header.parameters - 128 * 129 < 350_000
    command = header.facts["command"]
    assert command.startswith(f"python -m explorer classifier --data {name}-full --epochs ")
    assert header.facts["recipe"]["data"] == f"{name}-full"
    assert "/" not in command


@pytest.mark.slow  # all 10,000 images: a minute on two cores
@pytest.mark.parametrize("name", NAMES)
def test_its_accuracy_and_floor_are_those_of_the_test_images(name):
    one, test = classifier(name), data.load(name, "test")
    features = one.features(torch.tensor(test.x) / 255)
    right = one.read(features).argmax(1).numpy() == test.y
    assert len(right) == 10_000
    assert right.mean() >= NAMES[name]
    assert right.mean() == pytest.approx(one.accuracy, abs=3e-4)  # sums in another order
    assert one.distance(features[:2000]) == pytest.approx(one.floor, rel=1e-3)


@pytest.mark.slow  # likewise
@pytest.mark.parametrize("name", NAMES)
def test_its_reference_are_the_bundled_training_images(name):
    one = classifier(name)
    features = one.features(torch.tensor(data.load(name).x) / 255).double()
    mean, covariance = one.reference
    assert np.allclose(mean, features.mean(0), atol=1e-5)
    assert np.allclose(covariance, features.T.cov(), atol=1e-5)
    assert one.distance(features) == pytest.approx(0, abs=1e-4)
    assert one.floor > 0
