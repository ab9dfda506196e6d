"""A storm of SIGKILLs on the real worker: what was told stays told, and the end is the same."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from faults import kill_storm
from outcomes import differences, outcome

from explorer import runs
from explorer.recipe import recipe
from explorer.runs import Run
from explorer.worker import work

ROOT = Path(__file__).parents[1]
SMALL = {"width": 4, "latent": 2, "batch_size": 32, "device": "cpu"}


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """One thread everywhere: small steps are faster so, and sums have one order."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("EXPLORER_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Witness(threading.Thread):
    """Reads along all the time, keeps what it has read, and asks for checkpoints at odd moments."""

    def __init__(self, run: Run) -> None:
        super().__init__(daemon=True)
        self.run_, self.seen, self.over = run, {}, threading.Event()
        self.saves = 0

    def run(self) -> None:
        offset = 0
        while not self.over.wait(0.01):
            events, offset = self.run_.tail(offset)
            self.seen |= {event["n"]: event for event in events}
            if self.run_.status.state == "running" and not self.run_.wishes():
                self.run_.wish("checkpoint")

    def check(self) -> None:
        """After a kill: everything that was ever read is still there, and nothing is damaged."""
        there = {event["n"]: event for event in self.run_.events()}
        lost = [n for n, event in dict(self.seen).items() if there.get(n) != event]
        assert not lost, f"{len(lost)} events were lost"
        assert self.run_.verify() == []
        assert self.run_.status.state in ("interrupted", "done")
        self.saves += any(self.run_.folder.glob("checkpoints/.tmp-*"))


def saving(run: Run) -> bool:
    """Amid a save that is not the first: something is there to be lost."""
    return any(run.folder.glob("checkpoints/.tmp-*")) and bool(run.checkpoints())


def storm(kills: int, steps: int, end: int | None = None) -> tuple[Run, Witness]:
    """A run that is killed ``kills`` times, goes on to step ``end``, and equals one that was not.

    Without ``end`` it goes on for some steps more.
    """
    made = recipe("vae", "mnist", {**SMALL, "steps": steps}).model_dump()
    run, twin = runs.create(made), runs.create(made)
    witness = Witness(run)
    witness.start()
    killed = kill_storm(
        [sys.executable, "-m", "explorer", "resume", run.id],
        kills,
        witness.check,
        seed=5,
        ready=lambda: run.status.state == "running",
        aim=lambda: saving(run),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    witness.over.set()
    witness.join()
    assert killed == kills
    assert run.checkpoints()
    end = end or max(event["step"] for event in run.events()) // 10 * 10 + 20
    for one in (run, twin):
        train_until(one, end)
    assert differences(outcome(run), outcome(twin)) == []
    witness.check()
    assert not list(run.folder.rglob(".tmp-*"))  # what the kills left was swept
    return run, witness


def train_until(run: Run, step: int) -> None:
    """Train in this process until ``step``, a multiple of ten, is reported."""
    reached = threading.Event()
    work(run, reached, lambda event: event.step >= step and reached.set())
    assert run.status.step == step


def test_two_kills_lose_nothing_and_change_nothing():
    run, witness = storm(2, 10_000)
    assert len(witness.seen) > 3  # something was there to be lost
    can_fail(run, witness)


def can_fail(run: Run, witness: Witness) -> None:
    """The same check finds a log cut in place, one changed event, and half a checkpoint."""
    log = run.folder / "events.jsonl"
    whole = log.read_bytes()
    read = max(witness.seen)
    lines = whole.splitlines(keepends=True)
    for damaged in (lines[:read], [*lines[:read], lines[0], *lines[read + 1 :]]):
        log.write_bytes(b"".join(damaged))
        with pytest.raises(AssertionError, match="1 events were lost"):
            witness.check()
    log.write_bytes(whole)
    witness.check()
    weights = run.checkpoints()[-1].path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(AssertionError):
        witness.check()


@pytest.mark.slow
def test_twenty_five_kills_lose_nothing_and_change_nothing():
    run, witness = storm(25, 3000, end=3000)
    resumes = sum(event["event"] == "resume" for event in run.events())
    print(f"{resumes} resumes, {witness.saves} kills amid a save, {len(witness.seen)} events read")
    assert run.status.state == "done"
