import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

import explorer.engine
from explorer.answers import Film, Samples, Track
from explorer.engine import Engine, client
from explorer.engine.wire import Connection, Message
from explorer.errors import ExplorerError, InputError, ResourceError, StoreError

ROOT = Path(__file__).parents[1]
FUNCTIONS = [sys.executable, str(Path(__file__).with_name("engine_functions.py"))]


@pytest.fixture(scope="module")
def shared():
    """One engine for the tests that leave it as they found it."""
    with closing(Engine(FUNCTIONS)) as engine:
        yield engine


@pytest.fixture
def engine():
    """An engine of one's own, to hold, break and kill."""
    with closing(Engine(FUNCTIONS)) as engine:
        yield engine


def until(condition):
    """Wait until something becomes true; the limit only ends a test that has failed."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def python(script):
    """What a Python process that runs this script leaves."""
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_answers_arrive_as_what_they_are(shared):
    answer = shared.call("samples", n=3)
    assert isinstance(answer, Samples)
    assert (answer.prior, answer.seed, answer.pictures.shape) == ("normal", 3, (3, 4, 4))
    film = Film((Track("x", answer.pictures),), ("a", "b", "c"), (0.0, 0.5, 1.0))
    arrived = shared.call("echo", value=film)
    np.testing.assert_array_equal(arrived.tracks[0].frames, answer.pictures)
    assert (arrived.labels, arrived.ticks, arrived.fps) == (film.labels, film.ticks, film.fps)
    assert shared.call("echo", step=1, id=2, name=3) == {"step": 1, "id": 2, "name": 3}
    assert shared.state == "ready"


def test_threads_share_the_engine_and_get_their_own_answers(shared):
    def ask(thread):
        for step in range(50):
            sent = np.full(thread * 997, 50 * thread + step, np.int32)
            np.testing.assert_array_equal(shared.call("echo", value=sent), sent)
        return shared.call("pid")

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1


@pytest.mark.parametrize(
    ("kind", "cls"), [("input", InputError), ("store", StoreError), ("memory", ResourceError)]
)
def test_errors_for_people_arrive_as_they_are(shared, kind, cls):
    with pytest.raises(cls) as caught:
        shared.call("fail", kind=kind)
    assert type(caught.value) is cls
    if kind != "memory":
        assert str(caught.value) == "The number is 3; the limit is 2."


@pytest.mark.parametrize(
    ("name", "args", "told"),
    [
        ("fail", {"kind": "key"}, "KeyError"),
        ("leave", {}, "SystemExit"),
        ("unsendable", {}, "TypeError"),
        ("too_large", {}, r"message of 953\.7 MB; the limit is 512 MB"),
        ("echo", {"unknown": 1, "value": 2, "self": object}, "cannot travel"),
        ("samples", {"wrong": 1}, "TypeError"),
        ("absent", {}, "no function 'absent'"),
        ("unknown", {}, "'Unknown', which is not registered"),
    ],
)
def test_other_errors_name_their_kind_and_leave_the_engine_running(shared, name, args, told):
    pid = shared.call("pid")
    with pytest.raises((ExplorerError, TypeError), match=told) as caught:
        shared.call(name, **args)
    assert "Traceback" not in str(caught.value)
    assert shared.call("pid") == pid


def test_unexpected_errors_are_logged_with_their_traceback():
    script = f"""
import sys
from explorer.engine import Engine
engine = Engine({FUNCTIONS!r})
try:
    engine.call("fail", kind="key")
except Exception as error:
    print(type(error).__name__, error)
"""
    done = python(script)
    assert done.stdout.startswith("ExplorerError Something went wrong inside the engine (KeyError)")
    assert "Traceback" in done.stderr
    assert "in fail" in done.stderr


def test_a_quick_call_overtakes_heavy_ones(engine):
    with ThreadPoolExecutor(20) as pool:
        heavy = [pool.submit(engine.call, "hold") for _ in range(20)]
        assert engine.call("work_started")
        assert engine.call("echo", value=1) == 1
        assert not any(call.done() for call in heavy)
        engine.call("release")
        assert all(call.result(60) for call in heavy)


def test_streams_arrive_in_order_and_a_call_takes_the_last_item(shared):
    assert list(shared.stream("count", n=100)) == list(range(100))
    assert list(shared.stream("count", n=0)) == []
    assert list(shared.stream("echo", value=7)) == [7]
    assert shared.call("count", n=100) == 99
    assert shared.call("count", n=0) is None


def test_streams_of_many_threads_do_not_mix(shared):
    with ThreadPoolExecutor(24) as pool:
        streams = list(pool.map(lambda n: list(shared.stream("count", n=n)), range(40)))
    assert streams == [list(range(n)) for n in range(40)]


def test_an_error_inside_a_stream_comes_after_its_items(shared):
    stream = shared.stream("break_off")
    assert next(stream) == 1
    with pytest.raises(StoreError, match="Step 2 of 9 is damaged"):
        next(stream)


def test_leaving_a_loop_closes_the_generator_in_the_engine(engine):
    for item in engine.stream("endless"):
        if item == 20:
            break
    assert engine.call("closed_seen")
    assert engine.call("items_made") <= 20 + 8


def test_a_stream_runs_at_most_eight_items_ahead_and_blocks_nobody(engine):
    stream = engine.stream("endless")
    assert next(stream) == 1
    until(lambda: engine.call("items_made") == 8)
    engine.call("release")
    assert engine.call("hold")  # heavy as well, and gets its turn while nobody looks
    assert engine.call("items_made") == 8
    assert next(stream) == 2
    until(lambda: engine.call("items_made") == 9)
    stream.close()
    assert engine.call("closed_seen")


def test_viewers_that_take_nothing_do_not_hold_up_quick_calls(engine):
    streams = [engine.stream("count", n=100) for _ in range(10)]
    assert [next(stream) for stream in streams] == [0] * 10
    assert engine.call("echo", value=1) == 1
    assert [list(stream) for stream in streams] == [list(range(1, 100))] * 10


def test_silence_is_told_with_the_limit_and_cancels(engine):
    engine.wait_ready()
    with pytest.raises(ResourceError, match=r"not answered for 0\.05 seconds"):
        engine.call("hold", timeout=0.05)
    engine.call("release")
    assert engine.call("echo", value=1) == 1


def test_a_killed_engine_is_told_and_started_again(engine):
    assert engine.state == "dead"
    pid = engine.call("pid")
    with ThreadPoolExecutor(4) as pool:
        pending = [pool.submit(engine.call, "hold") for _ in range(3)]
        streaming = pool.submit(list, engine.stream("endless"))
        assert engine.call("work_started")
        os.kill(pid, signal.SIGKILL)
        for call in (*pending, streaming):
            with pytest.raises(ResourceError, match=r"stopped \(signal 9.*Try again"):
                call.result(60)
    assert engine.state == "dead"
    assert engine.call("pid") != pid
    assert engine.state == "ready"


def test_an_engine_killed_at_any_moment_leaves_nobody_waiting(engine):
    sent, stop = np.zeros(300_000, np.uint8), threading.Event()

    def ask():
        told = set()
        while not stop.is_set():
            try:
                assert len(engine.call("echo", value=sent)) == len(sent)
            except ResourceError as error:
                told.add(str(error))
        return told

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for _ in range(5):
            with suppress(ResourceError):  # killed while it starts
                engine.wait_ready()
            process = engine._process
            process._child.kill()
            until(lambda process=process: process.state == "dead")
        stop.set()
        told = set().union(*(call.result(60) for call in asking))
    assert told
    assert all("signal 9" in text and "starts anew" in text for text in told)


def test_an_engine_that_cannot_start_says_so_and_is_tried_again():
    engine = Engine([*FUNCTIONS, "--broken"])
    for _ in range(2):
        with pytest.raises(ResourceError, match=r"could not start \(exit status 3\)"):
            engine.call("pid")
        with pytest.raises(ResourceError, match="could not start"):
            engine.wait_ready()
    with pytest.raises(ResourceError, match=r"could not be started \(No such file"):
        Engine(["/nowhere/python"]).start()


def test_an_engine_that_sends_garbage_is_replaced(engine):
    pid = engine.call("pid")
    with pytest.raises(ResourceError, match="it sent what cannot be read"):
        engine.call("garbage")
    assert engine.call("pid") != pid


def test_an_engine_that_no_longer_reads_is_replaced(monkeypatch, engine):
    monkeypatch.setattr(client, "STUCK", 1)
    monkeypatch.setattr(client, "FAREWELL", 0.1)
    pid = engine.call("pid")
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ResourceError, match="no longer reacted"):
        engine.call("echo", value=np.zeros(10**7, np.uint8))
    assert engine.call("pid") != pid


def test_close_ends_the_engine_and_whoever_waits(engine):
    engine.wait_ready()
    child = engine._process._child
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(engine.call, "hold")
        assert engine.call("work_started")
        engine.close()
        with pytest.raises(ResourceError, match=r"stopped \(closed\)"):
            pending.result(60)
    assert child.returncode == 0
    assert engine.state == "dead"
    engine.close()


def frame(tree, length=None):
    header = json.dumps(tree).encode()
    return struct.pack("<QQ", length or len(header), len(header)) + header


def start_bare_engine():
    ours, theirs = socket.socketpair()
    child = subprocess.Popen(
        [*FUNCTIONS, "--fd", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stderr=subprocess.PIPE,
        text=True,
        env=client._environment(),
    )
    theirs.close()
    return child, ours, Connection(ours)


def test_the_engine_answers_a_damaged_value_and_leaves_on_a_damaged_frame():
    child, ours, connection = start_bare_engine()
    assert connection.receive().kind == "ready"
    for value in (None, ["pid"], ["pid", 5], [[], {}], ["echo", {"value": {"@": "os"}}]):
        ours.sendall(frame({"kind": "call", "id": 7, "value": value}))
        message = connection.receive()
        assert (message.kind, message.id) == ("error", 7)
    ours.sendall(frame({"kind": "cancel", "id": 99, "value": None}))
    connection.send("call", 8, ("echo", {"value": 5}))
    assert connection.receive() == Message("answer", 8, 5, memoryview(b""))
    ours.sendall(frame({}, length=2**63))
    _, log = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "engine: A message claims 9223372036854775808 bytes" in log
    ours.close()


@pytest.mark.parametrize("busy", ["hold", "spin", "endless"])
def test_the_engine_ends_when_the_web_process_is_killed_in_the_middle_of_work(busy):
    script = f"""
import threading
from explorer.engine import Engine
engine = Engine({FUNCTIONS!r})
threading.Thread(target=lambda: list(engine.stream({busy!r})), daemon=True).start()
engine.call("work_started")
print(engine.call("pid"), flush=True)
threading.Event().wait()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.kill()
    # The engine inherited the standard error: it ends for us when the last holder has ended.
    _, log = parent.communicate(timeout=60)
    assert log == ""


def test_the_engine_of_a_process_that_ends_by_itself_ends_with_it():
    script = f"""
from explorer.engine import Engine
engine = Engine({FUNCTIONS!r})
engine.wait_ready()
"""
    done = python(script)
    assert (done.returncode, done.stderr) == (0, "")


def test_there_is_one_engine_in_a_process(monkeypatch):
    monkeypatch.setattr(explorer.engine, "_engine", None)
    barrier = threading.Barrier(8)

    def ask(_):
        barrier.wait()
        return explorer.engine.engine()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(ask, range(8))))) == 1
    assert explorer.engine.engine().state == "dead"


def test_the_web_process_loads_no_torch_with_the_engine():
    done = python("import sys, explorer.engine; print(*sys.modules)")
    assert "explorer.engine.client" in done.stdout.split()
    assert not {"torch", "streamlit", "plotly"} & set(done.stdout.split())
