"""Checkpoints are found by their headers, and what a person types never becomes a path."""

import json

import pytest
import torch

from explorer import catalog, checkpoints, header, runs
from explorer.answers import Film, Track
from explorer.data import Spec
from explorer.errors import InputError, StoreError
from explorer.pictures import png
from explorer.recipe import recipe
from explorer.runs import Run, Writer

SPEC = Spec((1, 28, 28), ("a", "b"))


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Runs and shipped weights of this test alone."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(catalog, "FOLDER", tmp_path / "pretrained")
    (tmp_path / "pretrained").mkdir()


def packed(step: int = 6, **facts) -> bytes:
    made = recipe("vae", "fashion-mnist", {"width": 4, "latent": 2, "seed": step})
    return checkpoints.pack(checkpoints.build(made, SPEC), made, step=step, epoch=step / 6, **facts)


def trained(*steps: int) -> Run:
    run = runs.create({"family": "vae", "data": "fashion-mnist"})
    with Writer(run) as writer:
        writer.begin()
        for step in steps:
            writer.checkpoint(step, {catalog.MODEL: packed(step)}, epoch=step / 6, best=False)
    return run


def test_a_run_is_a_key_to_its_newest_and_to_each_of_its_checkpoints():
    run = trained(6, 12)
    assert catalog.resolve(run.id).parent.name == "step-0000012"
    assert catalog.resolve(f"{run.id}@6").parent.name == "step-0000006"
    assert catalog.resolve(run.id[-8:-3]) == catalog.resolve(run.id)
    entry = catalog.entry(run.id)
    assert entry.exact == f"{run.id}@12"
    assert entry.title == f"VAE on Fashion-MNIST · {run.id[-4:]}"
    assert entry.header.family == "vae"
    assert entry.header.facts["spec"] == SPEC.to_json()
    assert entry.header.has("Encodes", "Decodes")
    assert not entry.header.has("Encodes", "Denoises")
    model = checkpoints.load(entry.path)
    assert entry.header.parameters == sum(p.numel() for p in model.parameters())
    run.note(label="blurry")
    assert catalog.entry(run.id).title == f"blurry · {run.id[-4:]}"


def test_an_exact_key_means_the_same_weights_for_ever():
    run = trained(6)
    exact = catalog.entry(run.id).exact
    before = catalog.resolve(exact)
    with Writer(run) as writer:
        writer.checkpoint(12, {catalog.MODEL: packed(12)})
    assert catalog.resolve(exact) == before
    assert catalog.resolve(run.id) != before


def test_shipped_and_trained_models_are_listed(tmp_path):
    film = Film((Track("samples", torch.zeros(2, 4, 4, dtype=torch.uint8).numpy()),), ("a", "b"))
    place = tmp_path / "pretrained"
    (place / "vae.safetensors").write_bytes(packed(title="A VAE", film=film))
    (place / "broken.safetensors").write_bytes(packed()[:-1])
    (place / "foreign.safetensors").write_bytes(b"\x80\x04pickle")
    (found,) = catalog.shipped()
    assert (found.key, found.exact, found.title) == ("pretrained:vae", "pretrained:vae", "A VAE")
    assert header.film(found.path).labels == ("a", "b")
    assert "film" not in "".join(checkpoints.load(found.path).state_dict())

    run, _, hurt = trained(6, 12), trained(), trained(6)
    (hurt.folder / "checkpoints/step-0000006" / catalog.MODEL).write_bytes(b"")
    assert [entry.key for entry in catalog.trained()] == [run.id]


HOSTILE = [
    "", "nope", "pretrained:", "pretrained:nope", "pretrained:../secret", "pretrained:*",
    "../secret", "/etc/passwd", "@", "@6", "a@b", "\0", "x" * 400, "pretrained:../pretrained/vae",
]  # fmt: skip


@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_an_unknown_key_is_refused(key, tmp_path):
    (tmp_path / "secret.safetensors").write_bytes(packed())
    (tmp_path / "pretrained" / "vae.safetensors").write_bytes(packed())
    trained(6)
    for door in (catalog.resolve, catalog.entry):
        with pytest.raises(InputError) as told:
            door(key)
        assert str(tmp_path) not in str(told.value)


@pytest.mark.parametrize("step", ["-6", "6.0", "٦", "1e1", "9" * 20, "x", " 6"])
def test_a_step_is_a_number_of_that_run(step):
    run = trained(6)
    with pytest.raises(InputError):
        catalog.resolve(f"{run.id}@{step}")
    with pytest.raises(InputError, match="no checkpoint of step 7"):
        catalog.resolve(f"{run.id}@7")


def test_a_run_without_a_checkpoint_says_so():
    with pytest.raises(InputError, match="no checkpoint yet"):
        catalog.resolve(trained().id)


def test_a_file_may_be_named_on_the_command_line_only(tmp_path, monkeypatch):
    path = tmp_path / "own.safetensors"
    path.write_bytes(packed())
    monkeypatch.chdir(tmp_path)
    assert catalog.resolve_path(str(path)) == path
    assert catalog.resolve_path("own.safetensors").read_bytes() == path.read_bytes()
    run = trained(6)
    assert catalog.resolve_path(run.id) == catalog.resolve(run.id)
    with pytest.raises(InputError):
        catalog.resolve(str(path))


# --- headers


def header_of(tmp_path, content: bytes) -> header.Header:
    path = tmp_path / "some.safetensors"
    path.write_bytes(content)
    return header.read_header(path)


PICKLES = [
    b"\x80\x02}q\0.",
    b"\x80\x04\x95",
    b"\x80\x05\x95",
    b"PK\x03\x04" + b"\0" * 40,
    b"\x93NUMPY\1\0",
]


@pytest.mark.parametrize("content", PICKLES, ids=repr)
def test_a_pickle_is_refused_by_its_first_bytes(tmp_path, content):
    with pytest.raises(InputError, match="was not"):
        header_of(tmp_path, content + b"\0" * 40)


def layout(entries: dict, data: bytes, length: int | None = None) -> bytes:
    text = json.dumps(entries).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def tensor(begin: int, end: int, shape=(1,), dtype="F32") -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


OURS = {"__metadata__": header.metadata({"recipe": {"family": "vae", "data": "mnist"}})}
BAD = {
    "empty": b"",
    "too short": b"\x08",
    "length beyond the file": layout({}, b"", 2**63),
    "header too long": layout({}, b"", header.HEADER_LIMIT + 1) + b" " * header.HEADER_LIMIT * 2,
    "no json": (4).to_bytes(8, "little") + b"{{{{",
    "a list": (2).to_bytes(8, "little") + b"[]",
    "nan": (3).to_bytes(8, "little") + b"NaN",
    "rest": layout(OURS | {"a": tensor(0, 4)}, b"12345"),
    "missing": layout(OURS | {"a": tensor(0, 4)}, b"123"),
    "gap": layout(OURS | {"a": tensor(0, 4), "b": tensor(8, 12)}, b"\0" * 12),
    "overlap": layout(OURS | {"a": tensor(0, 4), "b": tensor(0, 4)}, b"\0" * 4),
    "wrong size": layout(OURS | {"a": tensor(0, 4, (2,))}, b"\0" * 4),
    "negative": layout(OURS | {"a": tensor(0, 4, (-1, -1))}, b"\0" * 4),
    "unknown type": layout(OURS | {"a": tensor(0, 4, dtype="F128")}, b"\0" * 4),
    "too many": layout(OURS | {str(i): tensor(0, 0, (0,)) for i in range(5001)}, b""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_whole_is_damaged(tmp_path, name):
    with pytest.raises(StoreError):
        header_of(tmp_path, BAD[name])


FOREIGN = [
    {}, [], {"format": "pt"}, {"explorer": 3}, {"explorer": "{}"}, {"explorer": "[1]"},
    {"explorer": "NaN"}, header.metadata({"recipe": []}), header.metadata({"recipe": {}}),
    header.metadata({"recipe": {"family": [], "data": "mnist"}}),
]  # fmt: skip


@pytest.mark.parametrize("metadata", FOREIGN, ids=str)
def test_a_file_of_another_program_is_refused(tmp_path, metadata):
    with pytest.raises(InputError):
        header_of(tmp_path, layout({"__metadata__": metadata, "a": tensor(0, 4)}, b"\0" * 4))


def test_a_picture_is_no_checkpoint(tmp_path):
    with pytest.raises((InputError, StoreError)):
        header_of(tmp_path, png(torch.zeros(9, 9, dtype=torch.uint8).numpy()))


def test_a_file_that_changed_is_read_again(tmp_path):
    assert header_of(tmp_path, packed(6, title="one")).title == "one"
    assert header_of(tmp_path, packed(6, title="three")).title == "three"
