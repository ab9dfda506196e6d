"""A run equals the unbroken one bit for bit, however it was cut; what cannot go on says so."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from faults import FaultyDisk
from outcomes import differences, outcome, weights

from explorer import catalog, data, runs, shipping, worker
from explorer.checkpoints import load, pack
from explorer.data import Data
from explorer.errors import InputError, NonFinite, ResourceError, StoreError
from explorer.header import MODEL
from explorer.recipe import Parent, Recipe, recipe
from explorer.runs import Run, patience
from explorer.training import Progress, Trainer
from explorer.worker import work

SMALL = {"width": 4, "latent": 2, "batch_size": 32, "epochs": 4, "device": "cpu"}  # 24 steps of 6
FAMILIES = ["autoencoder", "vae"]
CUTS = [1, 5, 6, 11, 15]  # amid an epoch and at its end; with and without a report at that step


@pytest.fixture(scope="module", autouse=True)
def little(tmp_path_factory, images):
    """Runs and locks of this file alone; the data set is 200 + 40 small images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.setenv("EXPLORER_LOCKS", str(tmp_path_factory.mktemp("locks")))
        patch.setattr(worker, "LOOK_EVERY", 0)
        patch.setattr(data, "load", lambda name, split="train": images[split == "test"])
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # steps this small are faster alone
        yield
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def unbroken(little) -> Callable[[str], dict]:
    """What the run of a family comes to when nothing happens to it."""
    kept = {}

    def of(family: str) -> dict:
        if family not in kept:
            run = created(family)
            assert work(run) == "done"
            kept[family] = outcome(run)
        return kept[family]

    return of


def created(family: str, **values) -> Run:
    return runs.create(recipe(family, "blobs", SMALL | values).model_dump())


class At:
    """Do something right after step ``step``, once."""

    def __init__(self, monkeypatch, step: int, act: Callable[[], None]) -> None:
        advance = Trainer.advance
        self.acts = {step: act}

        def advance_and_act(trainer):
            advance(trainer)
            self.acts.pop(trainer.step, lambda: None)()

        monkeypatch.setattr(Trainer, "advance", advance_and_act)


def interrupt() -> None:
    raise KeyboardInterrupt


def crash(run: Run, **options) -> None:
    """Work until the interrupt that the test has arranged, which saves nothing."""
    with pytest.raises(KeyboardInterrupt):
        work(run, **options)


# --- bit for bit


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_resumed_run_equals_the_unbroken_one(family, cut, unbroken, monkeypatch):
    run, interrupted = created(family), threading.Event()
    wished = cut % 2 == 0
    At(monkeypatch, cut, run.stop if wished else interrupted.set)
    assert work(run, interrupted) == ("stopped" if wished else "interrupted")
    assert run.checkpoints()[-1].step == cut == run.status.step
    assert work(run) == "done"
    assert differences(outcome(run), unbroken(family)) == []
    assert run.verify() == []


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_that_was_cut_without_saving_equals_it_too(family, cut, unbroken, monkeypatch):
    run = created(family)
    At(monkeypatch, cut, interrupt)
    crash(run)
    assert run.status.state == "interrupted"
    assert work(run) == "done"
    assert differences(outcome(run), unbroken(family)) == []


def test_a_cut_amid_the_reports_of_a_step_loses_none_of_them(unbroken):
    """A checkpoint asked for between the report and the look of step 6, then a kill."""
    run = created("vae")

    def ask_and_die(event):
        if event.step == 6 and isinstance(event, Progress):
            run.wish("checkpoint")
            if event.split == "validation":
                interrupt()

    crash(run, tell=ask_and_die)
    assert work(run) == "done"
    assert differences(outcome(run), unbroken("vae")) == []


def test_a_cut_between_a_checkpoint_and_its_event_forgets_nothing(unbroken, monkeypatch):
    run = created("vae")
    event = runs.Writer.event

    def die(writer, name, /, **payload):
        if name == "checkpoint" and payload["step"] == 12:
            interrupt()
        return event(writer, name, **payload)

    with monkeypatch.context() as patch:
        patch.setattr(runs.Writer, "event", die)
        crash(run)
    assert run.checkpoints()[-1].step == 12
    assert work(run) == "done"
    assert differences(outcome(run), unbroken("vae")) == []
    saved = [e["step"] for e in run.events() if e["event"] == "checkpoint"]
    assert saved == [6, 12, 18, 24]


def test_the_comparison_can_fail(unbroken, monkeypatch):
    """Another seed; and a resume that forgets what an optimizer remembers."""
    other = created("vae", seed=1)
    work(other)
    assert len(differences(outcome(other), unbroken("vae"))) > 20

    run, interrupted = created("vae"), threading.Event()
    At(monkeypatch, 11, interrupted.set)
    work(run, interrupted)
    restore = Trainer.restore

    def forget(trainer, state):
        restore(trainer, {k: v for k, v in state.items() if not k.startswith("optimizer.")})

    monkeypatch.setattr(Trainer, "restore", forget)
    work(run)
    assert "reports" in differences(outcome(run), unbroken("vae"))


# --- live changes


def change_at(monkeypatch, run: Run, wishes: dict[int, tuple[str, object]]) -> None:
    for step, (name, value) in wishes.items():
        At(monkeypatch, step, lambda n=name, v=value: run.wish("set", name=n, value=v))


WISHES = {3: ("learning_rate", 1e-4), 9: ("beta", 4.0)}


def test_live_changes_are_events_and_a_resume_repeats_them(monkeypatch, unbroken):
    twin = created("vae")
    with monkeypatch.context() as patch:
        change_at(patch, twin, WISHES)
        work(twin)
    told = [e for e in twin.events() if e["event"] == "change"]
    assert [(e["step"], e["name"], e["value"]) for e in told] == [
        (3, "learning_rate", 1e-4),
        (9, "beta", 4.0),
    ]
    expected = outcome(twin)
    assert "reports" in differences(expected, unbroken("vae"))

    run = created("vae")
    with monkeypatch.context() as patch:
        change_at(patch, run, WISHES)
        At(patch, 11, interrupt)  # saved last at step 6: the change of step 9 comes once more
        crash(run)
    assert work(run) == "done"
    assert differences(outcome(run), expected) == []


def test_a_change_that_is_asked_twice_is_made_once(monkeypatch):
    run = created("vae")
    change_at(monkeypatch, run, {3: ("beta", 4.0), 5: ("beta", 4.0), 7: ("beta", 2.0)})
    assert work(run) == "done"
    told = [(e["step"], e["value"]) for e in run.events() if e["event"] == "change"]
    assert told == [(3, 4.0), (7, 2.0)]


def test_changes_made_after_a_step_back_are_repeated_in_the_order_of_steps(monkeypatch):
    """Beta is set at 9, the run falls back to 6, and it is set at 7: 9 comes after 7, always."""
    run = created("vae", beta=1.0)
    with monkeypatch.context() as patch:
        change_at(patch, run, {9: ("beta", 4.0)})
        At(patch, 10, interrupt)
        crash(run)
    with monkeypatch.context() as patch:
        change_at(patch, run, {7: ("beta", 0.5)})
        At(patch, 11, interrupt)
        crash(run)
    assert work(run) == "done"
    beta = {e["step"]: e["terms"]["β"] for e in run.metrics()}
    assert (beta[7], beta[8], beta[9], beta[10], beta[24]) == (1.0, 0.5, 0.5, 4.0, 4.0)


def test_a_change_out_of_range_is_refused_with_its_limit(monkeypatch, unbroken):
    run = created("vae")
    bad = {1: ("beta", 11), 2: ("batch_size", 3), 3: ([], {}), 4: ("learning_rate", "fast")}
    change_at(monkeypatch, run, bad)
    assert work(run) == "done"
    said = [e["reason"] for e in run.events() if e["event"] == "refused"]
    assert [any(word in text for text in said) for word in ("between 0 and 10", "cannot be")] == [
        True,
        True,
    ]
    assert len(said) == 4
    assert differences(outcome(run), unbroken("vae")) == []


# --- saves


def test_a_checkpoint_can_be_asked_for_and_the_best_is_never_thinned(monkeypatch):
    run = created("vae", checkpoints=2, epochs=6)
    At(monkeypatch, 9, lambda: run.wish("checkpoint"))
    saved = []
    work(run, tell=lambda e: saved.append({one.step for one in run.checkpoints()}))
    asked = [e["step"] for e in run.events() if e["event"] == "checkpoint"]
    assert asked == [6, 9, 12, 18, 24, 30, 36]
    best = [e["step"] for e in run.events() if e["event"] == "checkpoint" and e["best"]][-1]
    assert {one.step for one in run.checkpoints()} == {6, 36, best}
    assert all(len(steps) <= 4 for steps in saved)


def test_it_saves_now_and_then(monkeypatch):
    monkeypatch.setattr(worker, "SAVE_EVERY", 0)
    run = created("autoencoder", checkpoints=1000, epochs=1)
    work(run)
    assert [one.step for one in run.checkpoints()] == [0, 1, 2, 3, 4, 5, 6]


# --- forks


def forked(parent: Run, step: int, **values) -> Run:
    made = recipe("vae", "blobs", SMALL | values, Parent(run=parent.id, step=step))
    return runs.create(made.model_dump(), start=runs.Start.of(parent.checkpoint(step)))


@pytest.fixture(scope="module")
def parent(little) -> Run:
    run = created("vae")
    work(run)
    return run


@pytest.mark.parametrize(
    "values", [{"beta": 4.0}, {"optimizer": "sgd"}, {"ema": 0.0}, {"batch_size": 50}], ids=str
)
def test_a_fork_goes_on_from_its_parents_step_with_other_settings(parent, values):
    fork = forked(parent, 12, **values)
    first = weights(fork.checkpoints()[0])
    assert work(fork) == "done"
    assert [e["step"] for e in fork.events() if e["event"] == "start"] == [12]
    steps = [e["step"] for e in fork.metrics()]
    assert min(steps) > 12
    assert fork.verify() == []
    last = weights(fork.checkpoints()[-1])
    assert differences(first, last)
    assert any(e["best"] for e in fork.events() if e["event"] == "checkpoint" and e["step"] > 12)


def test_a_fork_with_the_same_settings_is_its_parent(parent, unbroken):
    fork = forked(parent, 12)
    work(fork)
    told, expected = outcome(fork), unbroken("vae")
    assert [told["looks"][step] == expected["looks"][step] for step in (18, 24)] == [True, True]
    assert told["reports"][24] == expected["reports"][24]
    ours, theirs = weights(fork.checkpoints()[-1]), weights(parent.checkpoints()[-1])
    assert [key for key in differences(ours, theirs) if "window" not in key] == []


@pytest.fixture
def shipped(parent, tmp_path, monkeypatch) -> catalog.Entry:
    """The parent's weights at step 12 as a model that came with the program, in 16 bits."""
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    model, made = load(parent.checkpoint(12).path / MODEL), Recipe.read(parent.settings)
    content = pack(model, made, dtype=torch.float16, step=12, epoch=2.0)
    (tmp_path / "one.safetensors").write_bytes(content)
    return catalog.entry("pretrained:one")


def test_a_shipped_model_is_trained_further(shipped):
    made = recipe("vae", "blobs", SMALL, Parent.read(shipped.parent))
    fork = runs.create(made.model_dump(), start=catalog.start(shipped))
    assert catalog.entry(fork.id).header == shipped.header
    assert work(fork) == "done"
    assert [e["step"] for e in fork.events() if e["event"] == "start"] == [12]
    assert [one.step for one in fork.checkpoints()] == [12, 18, 24]
    assert fork.verify() == []


def test_a_cut_fork_of_a_shipped_model_equals_an_unbroken_one(shipped, monkeypatch):
    made = recipe("vae", "blobs", SMALL, Parent.read(shipped.parent)).model_dump()
    twin, fork = (runs.create(made, start=catalog.start(shipped)) for _ in range(2))
    work(twin)
    with monkeypatch.context() as patch:
        At(patch, 13, fork.stop)
        assert work(fork) == "stopped"
    assert work(fork) == "done"
    assert differences(weights(twin.checkpoints()[-1]), weights(fork.checkpoints()[-1])) == []


def test_what_was_shipped_and_changed_since_is_not_trained_further(shipped):
    other = shipping.Shipped(sha256="0" * 64, size=1)
    shipping.write(shipped.path.parent, {"one": other})
    with pytest.raises(StoreError, match="not the file that was shipped"):
        catalog.start(shipped)


def test_a_cut_fork_equals_an_unbroken_one(parent, monkeypatch):
    twin, fork = forked(parent, 12, beta=0.1), forked(parent, 12, beta=0.1)
    work(twin)
    with monkeypatch.context() as patch:
        At(patch, 15, interrupt)
        crash(fork)
    work(fork)
    assert differences(outcome(fork), outcome(twin)) == []


def test_a_fork_does_not_start_from_nothing(parent):
    fork = forked(parent, 12)
    flip(fork, 12)
    with pytest.raises(StoreError, match="Fork its parent again"):
        work(fork)
    assert fork.status.state == "failed"


def test_a_fork_of_another_network_is_refused(parent):
    fork = forked(parent, 12, latent=5)
    with pytest.raises(StoreError, match="does not fit the settings"):
        work(fork)


def test_a_checkpoint_without_the_trainers_state_only_serves_to_be_looked_at(parent):
    run = created("vae")
    with runs.Writer(run) as writer:
        shown = (parent.checkpoint(12).path / "model.safetensors").read_bytes()
        writer.checkpoint(12, {"model.safetensors": shown}, best=False)
    with pytest.raises(StoreError, match=r"trainer\.safetensors is missing"):
        work(run)


# --- what cannot go on


def flip(run: Run, step: int, name: str = "trainer.safetensors") -> None:
    path = run.folder / "checkpoints" / f"step-{step:07d}" / name
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


def test_a_damaged_checkpoint_is_passed_over(unbroken, monkeypatch):
    run, interrupted = created("vae"), threading.Event()
    At(monkeypatch, 18, interrupted.set)
    work(run, interrupted)
    flip(run, 18)
    (run.folder / "checkpoints/step-0000012/manifest.json").unlink()
    assert len(run.verify()) == 2
    assert work(run) == "done"
    assert [e["step"] for e in run.events() if e["event"] == "resume"] == [6]
    assert differences(outcome(run), unbroken("vae")) == []
    assert run.verify() == []  # the steps were made again, and so were their checkpoints


def test_other_images_than_at_the_start_are_refused(monkeypatch, images):
    run, interrupted = created("vae"), threading.Event()
    At(monkeypatch, 5, interrupted.set)
    work(run, interrupted)
    before = run.checkpoints()
    train, test = images
    x = train.x.copy()
    x[7, 0, 3, 3] ^= 1
    changed = Data("blobs", "train", x, train.y, train.classes)
    with monkeypatch.context() as patch:
        patch.setattr(data, "load", lambda name, split="train": (changed, test)[split == "test"])
        with pytest.raises(StoreError, match="not those this run"):
            work(run)
    assert run.status.state == "failed"
    assert run.checkpoints() == before
    assert work(run) == "done"  # once they are back


def test_a_loss_that_is_no_number_ends_the_run_with_a_finite_checkpoint(monkeypatch):
    run = created("vae", learning_rate=100.0, optimizer="sgd", clip=0)
    with pytest.raises(NonFinite, match="Try a learning rate below"):
        work(run)
    assert run.status.state == "failed"
    assert "Training stopped before step" in run.status.reason
    last = run.latest_checkpoint()
    assert last.step == run.status.step
    for name in ("model.safetensors", "trainer.safetensors"):
        for key, value in _tensors(last.path / name).items():
            assert key == "best" or torch.isfinite(value.double()).all(), key
    assert run.verify() == []


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(path)


@pytest.mark.parametrize("error", [lambda: torch.empty(1 << 50), lambda: _raise(MemoryError)])
def test_a_machine_too_small_is_told(monkeypatch, error):
    run = created("autoencoder")
    At(monkeypatch, 7, error)
    with pytest.raises(ResourceError, match="smaller batch"):
        work(run)
    assert run.status.state == "failed"
    assert run.latest_checkpoint().step == 6


def _raise(error: type[Exception]) -> None:
    raise error


def test_bad_settings_end_the_run_with_their_limit():
    run = runs.create({"family": "vae", "data": "blobs", "model": {"beta": 11}})
    with pytest.raises(InputError, match="between 0 and 10"):
        work(run)
    assert "between 0 and 10" in run.status.reason


# --- a full disk


def test_a_full_disk_pauses_the_run_and_nothing_is_lost(monkeypatch, unbroken):
    monkeypatch.setattr(patience, "EVERY", 0)
    run, seen = created("vae"), []
    disk = FaultyDisk(monkeypatch)
    for step, call in ((6, 0), (7, 1), (9, 2), (12, 9)):
        At(monkeypatch, step, lambda call=call: disk.fail_at(call, errno.ENOSPC))
    assert work(run, tell=lambda e: seen.append(run.status.state)) == "done"
    names = [e["event"] for e in run.events()]
    assert names.count("continued") == 4
    assert set(seen) == {"running"}
    assert differences(outcome(run), unbroken("vae")) == []
    assert run.verify() == []


@pytest.mark.parametrize("wished", [False, True])
def test_a_run_that_waits_for_room_can_be_ended(monkeypatch, wished):
    run, interrupted = created("vae"), threading.Event()
    monkeypatch.setattr(patience, "EVERY", 0.01)

    def no_room(writer, step, contents, **payload):
        (run.stop if wished else interrupted.set)()
        raise patience.DiskFull("Disk full: 0 MB free of 64 MB. Make room.")

    monkeypatch.setattr(runs.Writer, "checkpoint", no_room)
    with pytest.raises(ResourceError, match="Disk full"):
        work(run, interrupted)
    assert run.status.state == "failed"
    assert "paused" in [e["event"] for e in run.events()]


# --- the queue


def test_a_run_that_leaves_the_queue_says_so():
    run, interrupted = created("vae"), threading.Event()
    interrupted.set()
    assert work(run, interrupted) == "interrupted"
    assert run.status.reason == "It left the queue before its turn."
