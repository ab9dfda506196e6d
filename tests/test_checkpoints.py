"""Weight files describe themselves, round-trip exactly, and are refused when they are not ours."""

import json
import pickle
import zipfile

import numpy as np
import pytest
import torch
from conftest import small
from safetensors.torch import save

from explorer import checkpoints, header
from explorer.answers import Film, Track
from explorer.device import own_randomness
from explorer.errors import ExplorerError, InputError, StoreError
from explorer.models import families
from explorer.models.base import last
from explorer.recipe import recipe


def trained(name="vae", **values):
    made = recipe(name, "mnist", small(name, **values))
    from explorer.data import Spec

    return checkpoints.build(made, Spec((1, 28, 28), ("a", "b"))), made


@pytest.fixture
def file(tmp_path):
    model, made = trained()
    path = tmp_path / "model.safetensors"
    path.write_bytes(checkpoints.pack(model, made, step=7, epoch=0.5))
    return path


@pytest.mark.parametrize("name", families())
def test_a_model_survives_its_file(name, tmp_path):
    model, made = trained(name)
    path = tmp_path / "model.safetensors"
    path.write_bytes(checkpoints.pack(model, made, step=7))
    loaded = checkpoints.load(path)
    model.to(memory_format=model.memory_format)  # rounding depends on the layout
    drawn, again = (last(m.eval().generate(3, own_randomness(0))) for m in (model, loaded))
    assert torch.equal(drawn, again)
    assert loaded.config == model.config
    assert loaded.spec == model.spec
    assert not any(p.requires_grad for p in loaded.parameters())


def test_half_precision_halves_the_file_and_changes_little(tmp_path):
    model, made = trained()
    whole, half = (
        checkpoints.pack(model, made, dtype=d, step=1) for d in (torch.float32, torch.float16)
    )
    assert len(half) < 0.6 * len(whole)
    path = tmp_path / "half.safetensors"
    path.write_bytes(half)
    z = torch.randn(5, 4)
    difference = (checkpoints.load(path).decode(z) - model.eval().decode(z)).abs().max()
    assert difference < 0.01


def test_a_film_travels_with_the_weights(tmp_path):
    model, made = trained()
    frames = np.random.default_rng(0).integers(0, 255, (3, 8, 8), np.uint8)
    path = tmp_path / "model.safetensors"
    film = Film((Track("samples", frames),), ("a", "b", "c"))
    path.write_bytes(checkpoints.pack(model, made, film=film))
    back = header.film(path)
    assert np.array_equal(back.tracks[0].frames, frames)
    assert back.labels == film.labels
    checkpoints.load(path)


def test_the_header_is_read_without_the_weights(file):
    found = header.read_header(file)
    assert (found.family, found.facts["step"]) == ("vae", 7)
    assert found.has("Encodes", "Decodes")
    assert not found.has("Denoises")
    assert found.parameters == sum(p.numel() for p in trained()[0].parameters())


class Bomb:
    """A pickle that leaves a file behind when it is opened."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return (open, (str(self.canary), "w"))


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("suffix", ["safetensors", "pt", "ckpt", "bin"])
def test_pickles_are_refused_and_never_opened(protocol, suffix, tmp_path):
    canary = tmp_path / "canary"
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(pickle.dumps(Bomb(canary), protocol))
    with pytest.raises(ExplorerError):
        checkpoints.load(path)
    assert not canary.exists()
    pickle.loads(path.read_bytes())  # the control: opened carelessly, it does fire
    assert canary.exists()


def test_torch_files_are_refused_by_content(tmp_path):
    path = tmp_path / "model.safetensors"
    torch.save({"a": torch.zeros(3)}, path)
    assert zipfile.is_zipfile(path)
    with pytest.raises(InputError, match="pickle"):
        checkpoints.load(path)


def rewritten(content: bytes, change) -> bytes:
    """The file with its JSON header changed by ``change``."""
    length = int.from_bytes(content[:8], "little")
    entries = json.loads(content[8 : 8 + length])
    change(entries)
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def tensors(entries):
    return [v for k, v in entries.items() if k != "__metadata__"]


MUTATIONS = {
    "empty": lambda c: b"",
    "seven bytes": lambda c: c[:7],
    "truncated": lambda c: c[:-5],
    "trailing": lambda c: c + b"tail",
    "header length 0": lambda c: bytes(8) + c[8:],
    "header length 2^63": lambda c: (2**63).to_bytes(8, "little") + c[8:],
    "header over the limit": lambda c: (2_000_000).to_bytes(8, "little") + c[8:] + bytes(3_000_000),
    "not json": lambda c: c[:8] + b"x" + c[9:],
    "overlap": lambda c: rewritten(c, lambda e: tensors(e)[1].update(data_offsets=[0, 8])),
    "negative": lambda c: rewritten(c, lambda e: tensors(e)[0].update(data_offsets=[-8, 0])),
    "wrong shape": lambda c: rewritten(c, lambda e: tensors(e)[0].update(shape=[3, 3])),
    "huge shape": lambda c: rewritten(c, lambda e: tensors(e)[0].update(shape=[2**40])),
    "wrong dtype": lambda c: rewritten(c, lambda e: tensors(e)[0].update(dtype="F64")),
    "unknown dtype": lambda c: rewritten(c, lambda e: tensors(e)[0].update(dtype="X9")),
    "renamed": lambda c: rewritten(c, lambda e: e.update(other=e.pop("decoder.0.weight"))),
    "entries not objects": lambda c: rewritten(c, lambda e: e.update(other=3)),
    "no description": lambda c: rewritten(c, lambda e: e["__metadata__"].clear()),
    "foreign": lambda c: save({"weight": torch.zeros(3)}),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_damaged_and_foreign_files_are_refused(mutation, file):
    file.write_bytes(MUTATIONS[mutation](file.read_bytes()))
    with pytest.raises((StoreError, InputError)) as error:
        checkpoints.load(file)
    assert str(file.parent) not in str(error.value)


def described(change):
    """A mutation of the description inside the metadata."""

    def apply(entries):
        facts = json.loads(entries["__metadata__"]["explorer"])
        change(facts)
        entries["__metadata__"]["explorer"] = json.dumps(facts)

    return lambda content: rewritten(content, apply)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f["recipe"].update(family="../../etc"),
        lambda f: f["recipe"]["model"].update(latent=10**9),
        lambda f: f["recipe"]["model"].update(latent=5),
        lambda f: f.update(spec={"shape": [1, 10**6, 10**6], "classes": []}),
        lambda f: f.update(spec=None),
        lambda f: f.update(recipe=[]),
    ],
)
def test_a_description_that_does_not_fit_is_refused(change, file):
    file.write_bytes(described(change)(file.read_bytes()))
    with pytest.raises((StoreError, InputError)):
        checkpoints.load(file)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(value, file):
    model, made = trained()
    with torch.no_grad():
        next(model.parameters()).view(-1)[3] = value
    file.write_bytes(checkpoints.pack(model, made))
    with pytest.raises(StoreError, match="finite"):
        checkpoints.load(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.safetensors"):
        checkpoints.load(tmp_path / "nowhere.safetensors")
