"""Files appear whole or not at all, whichever call of the disk fails."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from faults import FaultyDisk

from explorer import files
from explorer.errors import InputError, ResourceError, StoreError

ERRORS = [errno.ENOSPC, errno.EIO, errno.EFBIG]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("error", ERRORS)
def test_publish_survives_the_failure_of_every_call(tmp_path, monkeypatch, error):
    path = tmp_path / "a.json"
    files.publish(path, b"old")
    disk = FaultyDisk(monkeypatch)
    disk.count()
    files.publish(path, b"old")
    calls = disk.calls
    assert calls >= 5  # open, write, sync, rename, sync of the folder
    for k in range(calls):
        disk.fail_at(k, error)
        with pytest.raises(ResourceError):
            files.publish(path, b"new" * 1000)
        disk.heal()
        assert path.read_bytes() in (b"old", b"new" * 1000)
        assert names(tmp_path) == ["a.json"]
        files.publish(path, b"old")


@pytest.mark.parametrize("error", ERRORS)
def test_a_folder_appears_whole_or_not_at_all(tmp_path, monkeypatch, error):
    def save(final: Path) -> None:
        with files.new_folder(final) as staging:
            files.publish(staging / "a", b"1")
            files.publish(staging / "b", b"2")

    disk = FaultyDisk(monkeypatch)
    disk.count()
    save(tmp_path / "first")
    calls = disk.calls
    for k in range(calls):
        final = tmp_path / f"folder-{k}"
        disk.fail_at(k, error)
        with pytest.raises(ResourceError):
            save(final)
        disk.heal()
        assert not final.exists() or names(final) == ["a", "b"]
        assert not [name for name in names(tmp_path) if name.startswith(files.TEMPORARY)]


@pytest.mark.parametrize("error", ERRORS)
def test_append_keeps_earlier_lines_and_can_be_tried_again(tmp_path, monkeypatch, error):
    path = tmp_path / "log"
    files.publish(path, b"")
    size = files.append(path, b"first\n", 0)
    disk = FaultyDisk(monkeypatch)
    for k in range(3):  # open, write, sync
        disk.fail_at(k, error)
        with pytest.raises(ResourceError):
            files.append(path, b"second\n", size)
        disk.heal()
        assert path.read_bytes() == b"first\n"
    assert files.append(path, b"second\n", size) == len(b"first\nsecond\n")
    assert path.read_bytes() == b"first\nsecond\n"


def test_append_cuts_off_what_a_short_write_left_when_even_the_cut_failed(tmp_path, monkeypatch):
    path = tmp_path / "log"
    files.publish(path, b"first\n")
    disk = FaultyDisk(monkeypatch)
    disk.short_writes, disk.broken = True, {"_truncate"}
    with pytest.raises(files.DiskFull):
        files.append(path, b"second\n", 6)
    disk.heal()
    assert path.read_bytes() == b"first\nsec"  # torn, as after a crash
    files.append(path, b"third\n", 6)
    assert path.read_bytes() == b"first\nthird\n"


def test_append_refuses_a_log_that_was_cut(tmp_path):
    files.publish(tmp_path / "log", b"abc")
    with pytest.raises(StoreError, match="cut to 3"):
        files.append(tmp_path / "log", b"x\n", 10)


def test_a_full_disk_is_said_with_its_free_space_and_without_a_path(tmp_path, monkeypatch):
    FaultyDisk(monkeypatch).fail_at(1, errno.ENOSPC)
    with pytest.raises(files.DiskFull, match=r"Disk full: [\d,]+ MB free of [\d,]+ MB") as caught:
        files.publish(tmp_path / "a.json", b"x")
    assert str(tmp_path) not in str(caught.value)


def test_a_real_file_size_limit_is_a_full_disk(tmp_path):
    """EFBIG after a partial write, from the system itself."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from explorer import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: files.publish(Path(sys.argv[1], 'big'), bytes(3_000_000))\n"
        "except files.DiskFull: print('full')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.stdout == "full\n", said.stderr
    assert names(tmp_path) == []


def test_an_error_of_the_writer_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        files.publish_with(tmp_path / "a", lambda file: 1 / 0)
    assert names(tmp_path) == []


def test_sweep_takes_the_dead_and_leaves_the_living(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f".tmp-{dead.pid}-abc").write_bytes(b"half")
    (tmp_path / f".tmp-{dead.pid}-folder").mkdir()
    (tmp_path / ".tmp-nonsense").write_bytes(b"")
    (tmp_path / f".tmp-{os.getpid()}-abc").write_bytes(b"half")
    (tmp_path / "a.json").write_bytes(b"{}")
    assert files.sweep(tmp_path) == 3
    assert names(tmp_path) == [f".tmp-{os.getpid()}-abc", "a.json"]
    assert files.sweep(tmp_path, everything=True) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}, object()])
def test_json_refuses_what_is_not_json(value):
    with pytest.raises(InputError):
        files.json_bytes(value)


@pytest.mark.parametrize(
    "data", [b"NaN", b"[Infinity]", b"1e999", b"{", b"\xff", b"", b"[" * 100_000, b"9" * 5000]
)
def test_reading_json_is_strict(tmp_path, data):
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(StoreError, match=r"a\.json is damaged"):
        files.read_json(tmp_path / "a.json")


def test_json_comes_back(tmp_path):
    value = {"β": [1, 2.5, None, True, "\ud800\u2028\n"]}
    files.publish(tmp_path / "a.json", files.json_bytes(value))
    assert files.read_json(tmp_path / "a.json") == value
    assert json.loads((tmp_path / "a.json").read_bytes()) == value


def test_links_and_pipes_are_not_read(tmp_path):
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("link.json", "pipe.json", "missing.json"):
        with pytest.raises(StoreError, match=name):
            files.read_json(tmp_path / name)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder-link").symlink_to(tmp_path)
    assert files.entries(tmp_path / "folder-link") == []
