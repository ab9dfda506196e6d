"""A run as a zip: the same bytes out, and nothing in that we would not have written."""

import io
import json
import pickle
import random
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from explorer import archive, runs
from explorer.errors import ExplorerError, InputError

WEIGHTS = "checkpoints/step-0000010/model.safetensors"


def tensors(content: bytes) -> bytes:
    """A safetensors file of one tensor."""
    entry = {"dtype": "U8", "shape": [len(content)], "data_offsets": [0, len(content)]}
    header = json.dumps({"w": entry}).encode()
    return struct.pack("<Q", len(header)) + header + content


@pytest.fixture
def run(tmp_path) -> runs.Run:
    run = runs.create({"family": "vae", "beta": 4}, tmp_path / "runs")
    with runs.Writer(run) as writer:
        writer.begin()
        for step in range(1, 11):
            writer.event("progress", step=step, loss=1 / step)
        writer.preview("recon.png", b"picture")
        writer.checkpoint(10, {"model.safetensors": tensors(b"abc"), "state.json": b"{}"})
        writer.end("done")
    run.note(label="a note", text="β")
    (run.folder / "log.txt").write_text("private words")
    return run


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "other"


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(entries: dict[str, bytes] | list[tuple], compress: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compress) as target:
        for name, data in entries.items() if isinstance(entries, dict) else entries:
            target.writestr(name, data)
    return file.getvalue()


def refused(data: bytes, target: Path, words: str) -> None:
    """The zip is refused in these words and nothing is left of it, anywhere."""
    before = sorted(target.parent.rglob("*"))
    with pytest.raises(InputError, match=words) as caught:
        archive.import_zip(io.BytesIO(data), target)
    after = [path for path in sorted(target.parent.rglob("*")) if path not in before]
    assert after in ([], [target])
    assert str(target.parent) not in str(caught.value)


def test_there_and_back(run, target):
    data = archive.export_bytes(run)
    copy = archive.import_zip(io.BytesIO(data), target)
    assert copy.id == run.id
    assert copy.verify() == []
    assert copy.settings == run.settings
    assert copy.events() == run.events()
    assert copy.notes == run.notes
    assert copy.status == run.status
    assert [one.path.read_bytes() for one in copy.previews()] == [b"picture"]
    assert copy.latest_checkpoint().step == 10
    assert archive.export_bytes(copy) == data
    assert b"private" not in b"".join(contents(data).values())
    again = archive.import_zip(io.BytesIO(data), target)
    assert again.id != run.id
    assert again.verify() == []
    assert len(runs.runs(target)) == 2


def test_a_live_run_with_a_torn_line_can_be_exported(run, target):
    with runs.Writer(run) as writer:
        writer.begin(10)
        with (run.folder / "events.jsonl").open("ab") as file:
            file.write(b'{"n":99,"ti')
        data = archive.export_bytes(run)
    assert archive.import_zip(io.BytesIO(data), target).status.state == "interrupted"


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json", "/etc/evil.json", "..\\evil.json", "previews/../../evil.json", "C:/a.json",
        "alive", "log.txt", "wishes/00000000000000000000-00000000.json", "previews/", "x/y.png",
        "settings.json ", "Settings.json", "previews/a.png", "previews/a-00000000.svg",
        "checkpoints/step-0000010/model.pt", "checkpoints/step-0000010/a/b.json",
        "checkpoints/step-1/a.json", "previews/" + "a" * 300 + "-00000000.png",
        "previews/\u202ea-00000000.png", "previews/a\n-00000000.png", "settings.json\n", "-rf",
    ],
    ids=ascii,
)  # fmt: skip
def test_other_names_are_refused(run, target, name):
    good = contents(archive.export_bytes(run))
    refused(packed({**good, name: b"{}"}), target, "no part of a run")


def test_a_name_cut_by_nul_is_refused(run, target):
    """zipfile shows only what stands before the NUL."""
    data = packed({**contents(archive.export_bytes(run)), "previews/a-00000000.pngXevil": b""})
    data = data.replace(b"a-00000000.pngXevil", b"a-00000000.png\0evil")
    refused(data, target, "no part of a run")


def test_links_are_refused(run, target):
    good = contents(archive.export_bytes(run))
    link = zipfile.ZipInfo("notes.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    good.pop("notes.json")
    refused(packed([*good.items(), (link, b"/etc/passwd")]), target, "as a link")


def test_duplicates_are_refused(run, target):
    good = contents(archive.export_bytes(run))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = packed([*good.items(), ("settings.json", b"{}")])
    refused(twice, target, "settings.json twice")


def test_bombs_are_refused(run, target, monkeypatch):
    good = contents(archive.export_bytes(run))
    bomb = packed({**good, WEIGHTS: bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    refused(bomb, target, "would grow")
    refused(packed({**good, "settings.json": bytes(65 << 20)}), target, "limit is 67,108,864")
    many = {f"previews/a{i}-00000000.png": b"" for i in range(5001)}
    refused(packed(many), target, "entries; the limit is 5,000")
    more = {f"previews/{'a' * 70}{i}-00000000.png": b"" for i in range(11_000)}
    refused(packed(more), target, "too large")
    monkeypatch.setattr(archive, "BYTES", 1000)
    refused(packed(good), target, "limit is 1,000 bytes")


def test_a_bomb_that_lies_about_its_size_is_refused(run, target):
    good = contents(archive.export_bytes(run))
    name = "previews/a-00000000.png"
    data = bytearray(packed({**good, name: bytes(10_000_000)}, zipfile.ZIP_DEFLATED))
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(name.encode()))
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    refused(bytes(data), target, "The zip is damaged")


def test_missing_and_damaged_parts_are_refused(run, target):
    good = contents(archive.export_bytes(run))
    for name in set(good) - {"notes.json"}:
        refused(packed({key: data for key, data in good.items() if key != name}), target, "damaged")
    changed = good["settings.json"].replace(b"4", b"5")
    refused(packed({**good, "settings.json": changed}), target, "SHA-256")
    refused(packed({**good, WEIGHTS: tensors(b"abd")}), target, "SHA-256")
    refused(packed({**good, "settings.json": b"[NaN]"}), target, r"settings\.json is refused")


class Canary:
    fired = False

    def __reduce__(self):
        return setattr, (Canary, "fired", True)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_refused_and_never_opened(run, target, protocol):
    good = contents(archive.export_bytes(run))
    for payload in (pickle.dumps(Canary(), protocol), packed({"data.pkl": pickle.dumps(Canary())})):
        refused(packed({**good, WEIGHTS: payload}), target, "not a safetensors file")
        evil = struct.pack("<Q", 2) + b"{}" + payload
        refused(packed({**good, WEIGHTS: evil}), target, "do not fill")
        name = "checkpoints/step-0000010/state.json"
        refused(packed({**good, name: payload}), target, r"state\.json is refused")
    assert not Canary.fired
    pickle.loads(pickle.dumps(Canary(), protocol))
    assert Canary.fired  # the canary does sing
    Canary.fired = False


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"\x89PNG" * 30])
def test_what_is_no_zip_is_refused(target, data):
    refused(data, target, "zip")


def test_damaged_zips_are_refused_in_words(run, target):
    """Every cut, and 300 random bytes: a sentence, or a run that verifies."""
    good = archive.export_bytes(run)
    chance = random.Random(5)
    mutants = [good[:cut] for cut in range(0, len(good), 97)]
    for _ in range(300):
        mutant = bytearray(good)
        mutant[chance.randrange(len(good))] = chance.randrange(256)
        mutants.append(bytes(mutant))
    for mutant in mutants:
        try:
            taken = archive.import_zip(io.BytesIO(mutant), target)
        except ExplorerError:
            continue
        assert taken.verify() == []
    assert not list(target.glob(".tmp-*"))
    assert all(one.verify() == [] for one in runs.runs(target))
