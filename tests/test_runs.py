"""A run folder: whatever fails or is damaged, only that is lost, and it is said."""

import errno
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from fake_worker import weights
from faults import FaultyDisk, kill_storm

from explorer import files, processes, runs
from explorer.errors import ExplorerError, InputError, ResourceError, StoreError
from explorer.runs import checkpoints, status

HERE = Path(__file__).parent
WORKER = [sys.executable, str(HERE / "fake_worker.py")]
ERRORS = [errno.ENOSPC, errno.EIO, errno.EFBIG]


@pytest.fixture(autouse=True)
def own_locks(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent))


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "runs"


def trained(root: Path, steps: int = 10, **settings) -> runs.Run:
    run = runs.create({"family": "vae", "beta": 1.5, **settings}, root)
    with runs.Writer(run) as writer:
        writer.begin()
        for step in range(1, steps + 1):
            writer.event("progress", step=step, loss=1 / step)
        writer.preview("recon.png", b"picture")
        writer.checkpoint(steps, {"model.safetensors": b"weights" * 9, "state.json": b"{}"})
        writer.end("done")
    return run


def numbers(run: runs.Run) -> list[int]:
    return [event["n"] for event in run.events()]


# --- the life of a run


def test_a_run_from_created_to_done(root):
    run = runs.create({"family": "vae"}, root)
    assert run.status.state == "created"
    with runs.Writer(run) as writer:
        assert run.status.state == "waiting"
        writer.begin()
        assert run.status.state == "running"
        writer.event("progress", step=7, loss=0.5)
        assert run.status == runs.Status("running", "", 7)
        writer.end("stopped", "As you wished.")
    assert run.status == runs.Status("stopped", "As you wished.", 7)
    with runs.Writer(run) as writer:
        assert run.status.state == "waiting"
        writer.begin(step=7)
        assert run.status.state == "running"
        writer.end("done")
    assert [event["event"] for event in run.events()] == [
        "created", "start", "progress", "end", "resume", "end",
    ]  # fmt: skip
    assert numbers(run) == list(range(6))
    assert run.verify() == []


def test_an_error_ends_the_run_with_its_sentence(root):
    for error, state, words in [
        (InputError("Too large; the limit is 3."), "failed", "the limit is 3"),
        (KeyError("secret"), "failed", "KeyError; see its log"),
        (KeyboardInterrupt(), "interrupted", "interrupted"),
    ]:
        run = runs.create({}, root)
        with pytest.raises(type(error)):
            _fail(run, error)
        assert run.status.state == state
        assert words in run.status.reason
        assert "secret" not in run.status.reason


def _fail(run: runs.Run, error: BaseException) -> None:
    with runs.Writer(run) as writer:
        writer.begin()
        raise error


def test_metrics_are_one_per_step_and_non_finite_numbers_are_named(root):
    run = runs.create({}, root)
    with runs.Writer(run) as writer:
        for step, loss in [(1, 5.0), (2, 4.0), (1, 3.0), (3, float("nan"))]:
            writer.event("progress", step=step, loss=loss, parts={"kl": [float("inf"), 1]})
    found = run.metrics()
    assert [(one["step"], one["loss"]) for one in found] == [(1, 3.0), (2, 4.0), (3, None)]
    assert found[-1]["nonfinite"] == {"loss": "nan", "parts.kl.0": "inf"}
    for line in (run.folder / "events.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_tail_reads_only_what_is_new(root):
    run = trained(root)
    events, offset = run.tail()
    assert run.tail(offset) == ([], offset)
    with runs.Writer(run) as writer:
        writer.event("progress", step=11)
    new, end = run.tail(offset)
    assert [event["step"] for event in new] == [11]
    assert run.tail(end - 3)[0] == run.events()  # not at a line: again from the first
    assert len(events) + 1 == len(run.events())


def test_one_click_is_one_run(root):
    with ThreadPoolExecutor(16) as pool:
        same = set(pool.map(lambda _: runs.create({}, root, token="click").id, range(50)))
        other = set(pool.map(lambda i: runs.create({}, root, token=f"{i}").id, range(50)))
    assert len(same) == 1
    assert len(other) == 50
    assert len(runs.runs(root)) == 51


def test_a_fork_carries_its_first_checkpoint(root):
    parent = trained(root)
    fork = runs.create({"parent": parent.id}, root, start=runs.Start.of(parent.latest_checkpoint()))
    shutil.rmtree(parent.folder)
    assert fork.latest_checkpoint().step == 10
    assert fork.verify() == []


def test_settings_must_be_json(root):
    with pytest.raises(InputError):
        runs.create({"beta": float("nan")}, root)
    assert runs.runs(root) == []


def test_wishes_are_taken_in_order(root):
    run = trained(root)
    run.stop()
    assert run.wishes() == []  # nobody would take it
    for value in range(5):
        run.wish("set", name="beta", value=value)
    run.wish("checkpoint")
    (run.folder / "wishes" / f"{0:020d}-00000000.json").write_bytes(b"{torn")
    (run.folder / "wishes" / "readme").write_bytes(b"not ours")
    taken = run.take_wishes()
    assert [wish.get("value") for wish in taken] == [0, 1, 2, 3, 4, None]
    assert run.take_wishes() == []
    for name, payload in [("delete", {}), ("set", {"name": "beta"}), ("../x", {})]:
        with pytest.raises(InputError):
            run.wish(name, **payload)


def test_notes_change_at_any_time_and_damage_is_found(root):
    run = trained(root)
    run.note(label="β = 4 <b>\ud800")
    run.note(text="too blurry")
    assert run.notes == {"label": "β = 4 <b>?", "text": "too blurry"}
    with pytest.raises(InputError, match="limit is 200"):
        run.note(label="x" * 201)
    data = (run.folder / "notes.json").read_bytes()
    (run.folder / "notes.json").write_bytes(data.replace(b"blurry", b"blurrx"))
    assert run.notes == {"label": "", "text": ""}
    assert "notes.json is damaged" in run.verify()[0]


def test_trash_and_restore(root):
    run = trained(root)
    with runs.Writer(run), pytest.raises(InputError, match="has a worker"):
        run.delete()
    gone = run.delete()
    assert runs.runs(root) == []
    assert [one.id for one in runs.trashed(root)] == [run.id]
    assert runs.empty_trash(root) == 0
    back = gone.restore()
    assert back == run
    assert run.verify() == []
    with pytest.raises(InputError, match="not in the trash"):
        run.restore()
    with pytest.raises(InputError, match="is gone"):
        gone.delete()
    run.delete()
    assert runs.empty_trash(root, days=-1) == 1
    assert runs.trashed(root) == []


def test_thinning_keeps_the_ends_and_an_even_rest(root):
    kept = sorted(set(range(0, 161, 10)) - set(checkpoints.thin(range(0, 161, 10), 5)))
    gaps = [b - a for a, b in pairwise(kept)]
    assert kept[0] == 0
    assert kept[-1] == 160
    assert len(kept) == 5
    assert max(gaps) <= 2 * min(gaps)
    assert checkpoints.thin([1, 2, 3, 4], 2, protect={2}) == [3]
    run = runs.create({}, root)
    with runs.Writer(run) as writer:
        for step in (1, 2, 3, 4):
            writer.checkpoint(step, {"a.json": b"{}"})
        assert writer.prune(2) == [2, 3]
    assert [one.step for one in run.checkpoints()] == [1, 4]
    assert run.verify() == []


# --- names


HOSTILE = [
    "../canary", "..\\canary", "/etc/passwd", "%2e%2e%2fcanary", "a\0b", "x" * 300, "CON", ".",
    "..", "", " ", "-rf", "\u202ecnp", "e\u0301", "😀", "line\nline", "~", ".trash", "a/../../b",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_text_of_a_user_becomes_a_path(root, tmp_path, name):
    (tmp_path / "canary").write_text("alive")
    before = sorted(path for path in tmp_path.rglob("*") if root not in path.parents)
    run = runs.create({"label": name}, root, token=name)
    run.note(label=name[:200], text=name)
    for door in (runs.find, runs.find_path):
        with pytest.raises(InputError):
            door(name, root)
    with runs.Writer(run) as writer:
        for act in (
            lambda: writer.preview(f"{name}.png", b""),
            lambda: writer.checkpoint(1, {name: b""}),
            lambda: writer.checkpoint(1, {f"{name}.json": b""}),
        ):
            with pytest.raises(InputError):
                act()
    assert run.settings == {"label": name}
    after = sorted(path for path in tmp_path.rglob("*") if root not in path.parents)
    assert set(after) - set(before) <= {root, tmp_path / "locks", tmp_path / "locks" / "queue"}
    assert all(path.resolve().is_relative_to(root) for path in root.rglob("*"))


def test_a_run_is_found_by_what_begins_it(root):
    run = trained(root)
    assert runs.find(run.id, root) == run
    assert runs.find(run.id[:18], root) == run
    assert runs.find(run.id.rpartition("-")[2][:5], root) == run
    assert runs.find_path(str(run.folder)) == run
    trained(root)
    with pytest.raises(InputError, match="begins 2 runs"):
        runs.find("2", root)


def test_links_are_not_followed(root, tmp_path):
    run = trained(root)
    outside = trained(tmp_path / "runs2")
    (root / "20200101-000000-aaaaaaaa").symlink_to(outside.folder)
    assert [one.id for one in runs.runs(root)] == [run.id]
    shutil.rmtree(run.folder / "checkpoints")
    (run.folder / "checkpoints").symlink_to(outside.folder / "checkpoints")
    assert run.checkpoints() == []
    assert any("checkpoints is a link" in problem for problem in run.verify())


# --- failing disks


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "act",
    [
        lambda writer: writer.event("progress", step=11, loss=0.1),
        lambda writer: writer.preview("next.png", b"next"),
        lambda writer: writer.checkpoint(20, {"model.safetensors": b"x" * 99, "a.json": b"{}"}),
    ],
    ids=["event", "preview", "checkpoint"],
)
def test_every_failing_call_leaves_the_store_clean(root, monkeypatch, act, error):
    run = trained(root)
    disk = FaultyDisk(monkeypatch)
    with runs.Writer(run) as writer:
        before = run.events()
        disk.count()
        act(writer)
        calls = disk.calls
        assert calls >= 3
        for k in range(calls):
            shutil.rmtree(run.folder / "checkpoints" / "step-0000020", ignore_errors=True)
            disk.fail_at(k, error)
            with pytest.raises(ResourceError):
                act(writer)
            disk.heal()
            assert run.verify() in ([], ["The last checkpoint, of step 20, is missing."])
            assert run.events()[: len(before)] == before
            assert run.latest_checkpoint().step in (10, 20)
        act(writer)
    assert run.verify() == []
    assert numbers(run) == list(range(len(numbers(run))))
    assert not list(run.folder.rglob(".tmp-*"))


@pytest.mark.parametrize("error", ERRORS)
def test_every_failing_call_of_create_leaves_no_run(root, monkeypatch, error):
    disk = FaultyDisk(monkeypatch)
    disk.count()
    runs.create({}, root)
    for k in range(disk.calls):
        shutil.rmtree(root, ignore_errors=True)
        disk.fail_at(k, error)
        with pytest.raises(ResourceError):
            runs.create({}, root)
        disk.heal()
        assert all(run.verify() == [] for run in runs.runs(root))
        assert not list(root.parent.rglob(".tmp-*"))


def test_a_full_disk_pauses_until_there_is_room(root, monkeypatch):
    run = trained(root)
    seen, tries = [], []

    def save(writer):
        tries.append(1)
        if len(tries) < 4:
            raise files.DiskFull("Disk full: 0 MB free of 64 MB. Make room.")
        return writer.checkpoint(20, {"a.json": b"{}"})

    with runs.Writer(run) as writer:
        writer.begin(10)
        saved = runs.patiently(
            writer, lambda: save(writer), sleep=lambda _: seen.append(run.status)
        )
        assert run.status.state == "running"
    assert saved.step == 20
    assert [one.state for one in seen] == ["paused"] * 3
    assert "0 MB free" in seen[0].reason


def test_a_stop_ends_the_pause(root):
    run = trained(root)

    def full():
        raise files.DiskFull("Disk full.")

    with runs.Writer(run) as writer:
        writer.begin(10)
        with pytest.raises(files.DiskFull):
            runs.patiently(writer, full, sleep=lambda _: run.stop())
        writer.end("stopped", "The disk is full.")
    assert run.status.state == "stopped"
    assert run.wishes() == []


# --- damage


def test_a_log_cut_at_any_byte_loses_only_the_torn_event(root):
    run = trained(root)
    path = run.folder / "events.jsonl"
    whole, events = path.read_bytes(), run.events()
    starts = [0]
    while (end := whole.find(b"\n", starts[-1])) >= 0:
        starts.append(end + 1)
    for cut in range(starts[-4], len(whole)):
        path.write_bytes(whole[:cut])
        lines = whole[:cut].count(b"\n")
        assert run.events() == events[:lines]
        assert not run.status.damaged
    for cut in range(starts[-2], len(whole), 7):
        path.write_bytes(whole[:cut])
        with runs.Writer(run) as writer:
            writer.event("progress", step=99)
        assert run.events()[:-1] == events[:-1]
        assert run.events()[-1]["step"] == 99
        assert run.verify() == []


def test_every_bit_flip_is_found_and_hides_no_other_run(root):
    other = trained(root)
    run = trained(root)
    run.note(label="a", text="b")
    moments = random.Random(7)
    kept = [path for path in run.folder.rglob("*") if path.is_file()]
    for _ in range(200):
        path = moments.choice(kept)
        good = path.read_bytes()
        bad, bit = bytearray(good), moments.randrange(8 * len(good))
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        assert run.verify(), f"{path.name}, bit {bit}"
        assert {one.id for one in runs.runs(root)} == {run.id, other.id}
        assert other.status.state == "done"
        assert run.status.state in ("done", "interrupted", "damaged")
        _read_everything(run)
        path.write_bytes(good)
    assert run.verify() == []


def _read_everything(run: runs.Run) -> None:
    """Whatever is damaged, readers say it in their own words or read the rest."""
    for read in (run.events, run.metrics, run.previews, run.checkpoints, run.latest_checkpoint):
        with suppress(ExplorerError):
            read()
    assert str(run.folder) not in "".join([*run.verify(), run.status.reason])
    assert run.notes.keys() == {"label", "text"}


@pytest.mark.parametrize("name", ["settings.json", "events.jsonl", "previews", "checkpoints"])
def test_a_deleted_file_is_told(root, name):
    run, other = trained(root), trained(root)
    path = run.folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert run.verify()
    assert run.status.damaged == (path.suffix != "")
    assert other.status.state == "done"
    assert len(runs.runs(root)) == 2


def test_the_newest_whole_checkpoint_is_used(root):
    run = trained(root)
    with runs.Writer(run) as writer:
        for step in (20, 30, 40):
            writer.checkpoint(step, {"model.safetensors": b"%d" % step})
    (run.folder / "checkpoints/step-0000040/model.safetensors").write_bytes(b"4X")
    (run.folder / "checkpoints/step-0000030/manifest.json").unlink()
    assert [one.step for one in run.checkpoints()] == [10, 20, 40]
    assert run.latest_checkpoint().step == 20
    assert run.latest_checkpoint(verify=False).step == 40
    assert len(run.verify()) == 2


def test_a_lost_line_in_the_middle_is_told(root):
    run = trained(root)
    path = run.folder / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[5:]))
    assert any("2 events are missing" in problem for problem in run.verify())
    path.write_bytes(b"".join([*lines[:3], lines[1], *lines[3:]]))
    assert any("comes after" in problem for problem in run.verify())


def test_a_broken_folder_hides_no_run(root):
    run = trained(root)
    (root / "20990101-000000-broken00").mkdir()
    (root / "20990101-000000-file0000").write_text("no folder")
    (root / "20990101-000000-json0000").mkdir()
    (root / "20990101-000000-json0000" / "settings.json").write_text("[NaN]")
    found = {one.id: one.status for one in runs.runs(root)}
    assert found[run.id].state == "done"
    assert sum(status.damaged for status in found.values()) == 2
    assert all("/" not in status.reason for status in found.values())


# --- who has the run


def test_only_one_writer_at_a_time(root):
    run = trained(root)
    with runs.Writer(run), pytest.raises(InputError, match="has a worker already"):
        runs.Writer(run).__enter__()
    with runs.Writer(run) as writer:
        writer.event("note")


def test_of_many_claims_at_once_one_wins(root):
    run = runs.create({}, root)
    together, stay = threading.Barrier(8), threading.Event()

    def claim(_):
        together.wait()
        try:
            with runs.Writer(run) as writer:
                writer.begin()
                stay.wait(0.3)
                return 1
        except InputError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1
    assert run.verify() == []


def test_a_worker_that_lost_its_run_writes_no_more(root):
    run = trained(root)
    with runs.Writer(run) as frozen:
        (run.folder / "alive").unlink()  # as if its machine had been declared dead
        with runs.Writer(run) as successor:
            for act in (
                lambda: frozen.event("progress", step=1),
                lambda: frozen.preview("a.png", b""),
                lambda: frozen.checkpoint(50, {"a.json": b"{}"}),
            ):
                with pytest.raises(StoreError, match="taken over"):
                    act()
            successor.event("progress", step=11)
            assert run.status.live
    assert run.verify() == []


def _lease(run: runs.Run, **changes) -> Path:
    lease = {**processes.current().as_json(), "first": 0, **changes}
    path = run.folder / "alive"
    path.write_bytes(files.json_bytes(lease))
    return path


def test_a_reused_pid_is_not_the_worker(root):
    run = trained(root)
    _lease(run)
    assert run.has_worker()
    _lease(run, start="1")
    assert not run.has_worker()
    with runs.Writer(run) as writer:
        writer.event("note")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"pid":-1}', b'{"pid":1e9,"start":"","machine":""}', b"\xff"]
)
def test_a_damaged_heartbeat_is_none(root, content):
    run = trained(root)
    (run.folder / "alive").write_bytes(content)
    assert run.status.state == "done"
    assert not run.has_worker()


def test_a_heartbeat_of_another_machine_is_judged_by_our_own_clock(root, monkeypatch):
    run = trained(root)
    path = _lease(run, machine="elsewhere")
    now = [1000.0]
    monkeypatch.setattr(status.time, "monotonic", lambda: now[0])
    os.utime(path, (time.time() - 86400,) * 2)
    assert not run.has_worker()  # old at first sight
    os.utime(path, (time.time() - 86300,) * 2)
    assert run.has_worker()  # but it moves: only its clock is wrong
    now[0] += 11
    assert not run.has_worker()
    os.utime(path, (time.time() + 86400,) * 2)
    assert run.has_worker()
    now[0] += 9
    assert run.has_worker()
    now[0] += 2
    assert not run.has_worker()


def test_a_process_is_known_without_proc_too(monkeypatch):
    child = subprocess.Popen(["sleep", "60"])
    try:
        start = processes._start_by_ps(child.pid)
        assert start
        assert processes._start_by_ps(child.pid) == start
    finally:
        child.kill()
    deadline = time.monotonic() + 10
    while processes._start_by_ps(child.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes._start_by_ps(child.pid) is None  # a zombie
    assert processes._start(child.pid) is None
    child.wait()
    assert processes._start_by_ps(child.pid) is None


def test_importing_the_store_is_light():
    code = "import sys, explorer.runs, explorer.launch, explorer.archive; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "streamlit", "plotly", "numpy"} & set(said.stdout.split())


# --- kills


class Survivor:
    """After each kill: everything said to be safe is there, the rest reads, and it goes on."""

    def __init__(self, run: runs.Run, said: Path) -> None:
        self.run, self.said = run, said

    def check(self) -> None:
        assert self.run.verify() == []
        self.check_in_place()
        safe = {int(line) for line in self.said.read_text().split("\n")[:-1]}
        assert safe <= set(numbers(self.run))
        assert self.run.status.state in ("interrupted", "created", "done")

    def check_in_place(self) -> None:
        path = self.run.folder / "checkpoints" / "half"
        if path.exists():
            whole = {hashlib.sha256(weights(step)).digest() for step in range(0, 200, 5)}
            assert hashlib.sha256(path.read_bytes()).digest() in whole, "half a checkpoint"


def _storm(root: Path, kills: int, *arguments: str, aim=None) -> tuple[runs.Run, int]:
    run = runs.create({"family": "fake"}, root)
    survivor = Survivor(run, root / "said")
    with (root / "said").open("wb") as said:
        killed = kill_storm(
            [*WORKER, str(run.folder), *arguments],
            kills,
            survivor.check,
            seed=3,
            longest=0.25,
            ready=lambda: run.status.state == "running",
            aim=aim and (lambda: aim(run)),
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    return run, killed


def _saving(run: runs.Run) -> bool:
    return any(run.folder.glob("checkpoints/.tmp-*"))


def _half(run: runs.Run) -> bool:
    path = run.folder / "checkpoints" / "half"
    return path.exists() and path.stat().st_size == len(weights(0)) // 2


def test_five_kills_lose_nothing(root):
    run, killed = _storm(root, 5, "--hold", aim=_saving)
    assert killed == 5
    assert run.latest_checkpoint() is not None
    subprocess.run([*WORKER, str(run.folder), "20"], check=True, capture_output=True)
    assert run.status.state == "done"
    assert run.verify() == []
    assert not list(run.folder.rglob(".tmp-*"))  # what the kills left was swept


def test_the_storm_finds_a_writer_in_place(root):
    with pytest.raises(AssertionError, match="half a checkpoint"):
        _storm(root, 2, "--hold", "--in-place", aim=_half)


@pytest.mark.slow
def test_fifty_kills_lose_nothing(root):
    _, killed = _storm(root, 50, "--hold", aim=_saving)
    assert killed == 50
