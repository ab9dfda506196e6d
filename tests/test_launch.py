"""Real processes: one worker per run, slots in order, nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from explorer import files, launch, processes, runs, turns
from explorer.errors import InputError, ResourceError

HERE = Path(__file__).parent
FAKE = str(HERE / "fake_worker.py")
PATIENCE = 30.0  # seconds until a test gives up; none waits so long when all is well


def until(true: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.01)


def exists(pid: int) -> bool:
    """Whether the process is there, even as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A runs folder whose workers are fakes that work until they are stopped."""
    monkeypatch.setenv("EXPLORER_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("EXPLORER_SLOTS", "1")
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent))
    monkeypatch.setattr(
        launch, "command", lambda run: [sys.executable, FAKE, str(run.folder), "--leash", "--hold"]
    )
    yield tmp_path / "runs"
    for run in runs.runs(tmp_path / "runs"):
        launch.kill(run, grace=5)


def started(root: Path) -> runs.Run:
    run = runs.create({}, root)
    launch.start(run)
    return run


def test_start_stop_and_start_again(root):
    run = started(root)
    until(lambda: run.status.state == "running")
    pid = launch.worker_pid(run)
    run.wish("set", name="beta", value=2)
    until(lambda: any(event["event"] == "wish" for event in run.events()))
    run.stop()
    until(lambda: run.status.state == "stopped")
    again = launch.start(run)
    assert again != pid
    until(lambda: run.status.state == "running")
    assert [event["event"] for event in run.events()].count("resume") == 1
    until(lambda: not exists(pid), "the first worker is reaped")
    assert run.verify() == []


def test_many_starts_are_one_worker(root):
    run = runs.create({}, root)
    pids: list[int] = []
    threads = [threading.Thread(target=lambda: pids.append(launch.start(run))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: run.status.state == "running")
    assert set(pids) == {launch.worker_pid(run)}


def test_of_two_servers_workers_one_writes(root):
    """Past the server's own check: the second worker is refused by the run itself."""
    run = started(root)
    until(lambda: run.status.state == "running")
    command = launch.command(run)
    second = subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, text=True)
    assert "has a worker already" in second.stderr
    assert run.status.state == "running"
    assert [event["event"] for event in run.events()].count("start") == 1


def test_a_killed_worker_is_interrupted_at_once_and_reaped(root):
    run = started(root)
    until(lambda: run.status.state == "running")
    pid = launch.worker_pid(run)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not exists(pid))
    assert run.status.state == "interrupted"
    assert run.verify() == []
    assert launch.worker_pid(run) is None


def test_kill_ends_politely_first(root):
    run = started(root)
    until(lambda: run.status.state == "running")
    assert launch.kill(run)
    assert run.status == runs.Status("interrupted", "The app was closed.", run.status.step)
    assert not launch.kill(run)


def test_kill_ends_a_frozen_worker(root):
    run = started(root)
    until(lambda: run.status.state == "running")
    pid = launch.worker_pid(run)
    os.kill(pid, signal.SIGSTOP)
    assert run.status.state == "running"  # it still has the run: nobody may take it
    assert launch.kill(run, grace=0.1)
    until(lambda: not exists(pid))
    assert run.status.state == "interrupted"


def test_a_foreign_process_is_never_signalled(root):
    run = runs.create({}, root)
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        truth = {"start": processes._start(bystander.pid), "machine": processes.machine()}
        for lie in ({"start": "1"}, {"machine": "another boot"}, {"start": ""}):
            lease = {"pid": bystander.pid, **truth, **lie, "first": 0}
            (run.folder / "alive").write_bytes(files.json_bytes(lease))
            assert not launch.kill(run, grace=0)
            assert bystander.poll() is None
        for pid in (0, -1, 1, os.getpid()):
            mine = {**processes.current().as_json(), "pid": pid, "first": 0}
            (run.folder / "alive").write_bytes(files.json_bytes(mine))
            assert not launch.kill(run, grace=0)
    finally:
        bystander.kill()
        bystander.wait()


def test_slots_are_given_in_order_and_never_twice(root):
    first = started(root)
    until(lambda: first.status.state == "running")
    second, third, fourth = started(root), None, None
    until(lambda: second.status.place_in_queue == 1)
    third = started(root)
    until(lambda: third.status.place_in_queue == 2)
    assert third.status.reason == "Waiting for a free slot, place 2."
    fourth = started(root)
    until(lambda: fourth.status.place_in_queue == 3)

    second.stop()  # leaves the queue
    until(lambda: second.status.state == "stopped")
    assert [event["event"] for event in second.events()] == ["created", "end"]
    until(lambda: third.status.place_in_queue == 1)
    assert [run.status.state for run in (first, third, fourth)] == ["running"] + ["waiting"] * 2

    first.stop()
    until(lambda: third.status.state == "running")
    assert first.status.state == "stopped"
    assert fourth.status.place_in_queue == 1

    os.kill(launch.worker_pid(third), signal.SIGKILL)  # frees its slot too
    until(lambda: fourth.status.state == "running")
    assert not list((root.parent / "locks" / "queue").iterdir())


def test_one_slot_trains_one_at_a_time(root, monkeypatch):
    """Three short runs at once: what they trained, by their own clocks, does not overlap."""
    monkeypatch.setattr(
        launch, "command", lambda run: [sys.executable, FAKE, str(run.folder), "--leash", "30"]
    )
    three = [started(root) for _ in range(3)]
    until(lambda: all(run.status.state == "done" for run in three))
    spans = []
    for run in three:
        times = {event["event"]: event["time"] for event in run.events()}
        spans.append((times["start"], times["end"]))
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_dead_tickets_vanish(root):
    holder = turns.turn("holder")
    assert holder.__enter__() is True
    waits = subprocess.Popen([sys.executable, "-c", "from explorer import turns\n"
                              "with turns.turn('dead'): pass"])  # fmt: skip
    until(lambda: turns.place("dead") == 1)
    waits.kill()
    waits.wait()
    assert turns.place("dead") is None
    holder.__exit__(None, None, None)
    with turns.turn("next") as mine:
        assert mine
    assert not list((root.parent / "locks" / "queue").iterdir())


def test_a_free_slot_belongs_to_the_first_in_the_queue(root):
    """Even to one that is frozen; once it is dead, to the next."""
    code = "from explorer import turns\nwith turns.turn('early'): pass"
    with turns.turn("holder"):
        early = subprocess.Popen([sys.executable, "-c", code])
        until(lambda: turns.place("early") == 1)
        early.send_signal(signal.SIGSTOP)
    looks = iter([False] * 5)
    with turns.turn("late", given_up=lambda: next(looks, True)) as mine:
        assert not mine
    early.kill()
    early.wait()
    with turns.turn("late") as mine:
        assert mine


def test_who_gives_up_gets_no_slot(root):
    places: list[int] = []
    with turns.turn("holder"), turns.turn("late", places.append, lambda: bool(places)) as mine:
        assert not mine
    assert places == [1]


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "999", "٣"])
def test_slots_are_a_small_number(monkeypatch, text):
    monkeypatch.setenv("EXPLORER_SLOTS", text)
    with pytest.raises(InputError, match="1 to 64"):
        turns.slots()


def test_a_folder_of_locks_that_cannot_be_made_is_said(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EXPLORER_LOCKS", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match="EXPLORER_LOCKS"):
        turns.place("any")


SERVER = """
import signal, sys, time
from pathlib import Path
from explorer import launch, runs
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job may ignore it
launch.command = lambda run: [sys.executable, sys.argv[1], str(run.folder), "--leash", "--hold"]
print(launch.start(runs.Run(Path(sys.argv[2]))), flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_server_dies_the_worker_saves_and_ends(root, number):
    run = runs.create({}, root)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, FAKE, str(run.folder)], stdout=subprocess.PIPE
    )
    pid = int(server.stdout.readline())
    until(lambda: run.status.state == "running")
    assert launch.worker_pid(run) == pid
    server.send_signal(number)
    server.communicate()
    until(lambda: processes._start(pid) is None, "the worker ends")
    assert run.status.state == "interrupted"
    assert run.status.reason == "The app was closed."
    assert run.verify() == []


def test_the_pipe_of_one_worker_is_not_inherited_by_another(root):
    """Else the first would outlive a server whose second child still lives."""
    first = started(root)
    until(lambda: first.status.state == "running")
    second = started(root)
    until(lambda: second.status.state == "waiting")
    pipe = os.fstat(launch._children[first.folder].process.stdin.fileno()).st_ino
    if not Path("/proc/self/fd").exists():
        return
    pid = launch.worker_pid(second)
    held = [os.stat(f"/proc/{pid}/fd/{fd}").st_ino for fd in os.listdir(f"/proc/{pid}/fd")]
    assert pipe not in held


def test_a_worker_knows_its_runs_folder_and_sleeps_its_idle_threads(root):
    run = runs.create({}, root)
    environment = launch._environment(run)
    assert environment["EXPLORER_RUNS"] == str(root)
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    code = "import explorer"
    subprocess.run([sys.executable, "-c", code], env=environment, cwd="/", check=True)


def _signal_again() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(PATIENCE)


def test_the_first_signal_asks_and_the_second_ends():
    with processes.Interrupts() as event:
        os.kill(os.getpid(), signal.SIGINT)
        assert event.wait(PATIENCE)
        with pytest.raises(KeyboardInterrupt):
            _signal_again()


def test_a_waiting_worker_ends_with_its_server(root):
    with turns.turn("holder"):
        run = started(root)
        until(lambda: run.status.place_in_queue == 1)
        launch._children[run.folder].process.stdin.close()
        until(lambda: run.status.state == "interrupted")
        until(lambda: not run.has_worker())
