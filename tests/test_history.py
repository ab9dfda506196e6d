"""What a run has told, read once: curves, previews, films; whatever the log went through."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from explorer import films, runs
from explorer.errors import StoreError
from explorer.history import KEPT, Columns, History, history, packed, unpacked
from explorer.pictures import png
from explorer.runs import Run, Writer


@pytest.fixture
def run(tmp_path) -> Run:
    return runs.create({"family": "vae"}, tmp_path / "runs")


def report(writer: Writer, step: int, name: str = "progress", **terms) -> None:
    facts = {"epoch": step / 6, "learning_rate": 0.1, "images_per_second": 10.0 * step}
    writer.event(name, step=step, terms=terms, **facts)


def picture(value: int, side: int = 16) -> np.ndarray:
    return np.full((side, side), value, np.uint8)


def show(writer: Writer, step: int, track: str = "samples", side: int = 16) -> None:
    data = png(picture(step % 256, side))
    writer.preview(f"{step:07d}-{track}.png", data, step=step, epoch=step / 6, track=track)


# --- curves


def test_reports_become_columns(run):
    with Writer(run) as writer:
        writer.begin(total_steps=24, steps_per_epoch=6)
        report(writer, 1, loss=5.0, KL=0.5)
        report(writer, 2, loss=4.0)
        report(writer, 3, loss=float("nan"), KL=0.25, late=1.0)
        report(writer, 3, "validation", **{"loss": 7.0, "KL per latent": [1.0, 2.0]})
    told = History(run).refresh()
    steps, loss = told.train.curve("loss")
    assert steps.tolist() == [1, 2, 3]
    assert np.array_equal(loss, [5, 4, np.nan], equal_nan=True)
    assert np.array_equal(told.train.curve("KL")[1], [0.5, np.nan, 0.25], equal_nan=True)
    assert np.array_equal(told.train.curve("late")[1], [np.nan, np.nan, 1], equal_nan=True)
    assert np.isnan(told.train.curve("never")[1]).all()
    assert told.train.epochs == [1 / 6, 2 / 6, 3 / 6]
    assert told.train.at(3) == {"KL": 0.25, "late": 1.0, "learning rate": 0.1}
    assert told.train.at(2) == {"loss": 4.0, "learning rate": 0.1}
    assert told.train.at(9) == {}
    assert told.validation.vectors == {"KL per latent": [1.0, 2.0]}
    assert (told.total, told.per_epoch, told.speed) == (24, 6, 30.0)


def test_a_resumed_run_overwrites_what_it_repeats(run):
    told = History(run)
    with Writer(run) as writer:
        for step in (1, 2, 3, 4):
            report(writer, step, loss=float(step), old=1.0)
            show(writer, step)
        writer.event("checkpoint", step=2, best=True)
        writer.event("change", step=2, name="beta", value=1)
    assert told.refresh().train.steps == [1, 2, 3, 4]
    with Writer(run) as writer:
        writer.begin(2, total_steps=6)
        report(writer, 3, loss=30.0)
        show(writer, 3)
        writer.event("checkpoint", step=3, best=False)
    told.refresh()
    assert told.train.steps == [1, 2, 3]
    assert told.train.curve("loss")[1].tolist() == [1, 2, 30]
    assert np.array_equal(told.train.curve("old")[1], [1, 1, np.nan], equal_nan=True)
    assert told.checkpoints == {2: True, 3: False}
    assert told.best == 2
    assert [c["value"] for c in told.changes] == [1]
    assert len(told.previews) == 4
    assert told.total == 6


def test_all_at_once_is_the_same_as_bit_by_bit(run):
    slow = History(run)
    with Writer(run) as writer:
        for step in (1, 2, 3, 2, 3, 1, 2, 5, 4, 6):
            report(writer, step, loss=float(step), **{f"t{step}": 1.0})
            slow.refresh()
    fast = History(run).refresh()
    assert fast.train.steps == slow.train.steps == [1, 2, 4, 6]
    for term in fast.train.terms:
        for a, b in zip(fast.train.curve(term), slow.train.curve(term), strict=True):
            assert np.array_equal(a, b, equal_nan=True)


def test_a_log_that_was_repaired_is_not_told_twice(run):
    with Writer(run) as writer:
        report(writer, 1, loss=1.0)
        report(writer, 2, loss=2.0)
    told = History(run).refresh()
    path = run.folder / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-5])  # torn; the next writer cuts it off
    with Writer(run) as writer:
        report(writer, 3, loss=3.0)
    assert told.refresh().train.steps in ([1, 2, 3], [1, 2])
    assert History(run).refresh().train.steps == [1, 3]


def test_events_of_another_making_are_passed_over(run):
    with Writer(run) as writer:
        report(writer, 1, loss=1.0)
        for odd in ({}, {"terms": 3}, {"terms": {"loss": "x"}, "epoch": 1, "learning_rate": 1}):
            writer.event("progress", step=2, **odd)
        writer.event("preview", step=2, track="samples", name="a.png", file="../../secret.png")
        writer.event("preview", step=2)
        writer.event("checkpoint", step=2)
        writer.event("from the future", step=2, terms={})
        report(writer, 3, loss=3.0)
    told = History(run).refresh()
    assert told.train.curve("loss")[1].tolist() == [1, 3]
    assert told.previews == {}
    assert told.checkpoints == {}


def test_a_log_that_cannot_be_read_is_told(run):
    (run.folder / "events.jsonl").unlink()
    with pytest.raises(StoreError, match="missing"):
        history(run)


def test_histories_are_kept_but_not_for_ever(tmp_path):
    made = [runs.create({}, tmp_path / "many") for _ in range(KEPT + 1)]
    first = history(made[0])
    assert history(made[0]) is first
    for run in made[1:]:
        history(run)
    assert history(made[0]) is not first


def test_many_readers_at_once_read_everything_once(run):
    with Writer(run) as writer:
        for step in range(1, 60):
            report(writer, step, loss=float(step))
    told = History(run)
    readers = [threading.Thread(target=told.refresh) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert told.train.steps == list(range(1, 60))


def test_columns_start_empty():
    columns = Columns()
    assert columns.curve("loss")[0].tolist() == columns.curve("loss")[1].tolist() == []
    assert columns.at(0) == {}


# --- films


def test_a_film_has_a_frame_for_every_step_that_was_shown(run):
    with Writer(run) as writer:
        writer.begin(steps_per_epoch=6)
        for step in (0, 3, 6):
            show(writer, step)
        show(writer, 3, "reconstructions")
    film = films.run_film(History(run).refresh())
    assert film.labels == ("step 0 · epoch 0.00", "step 3 · epoch 0.50", "step 6 · epoch 1.00")
    found = {track.title: track.frames[:, 0, 0].tolist() for track in film.tracks}
    assert found == {"samples": [0, 3, 6], "reconstructions": [3, 3, 3]}
    shown = films.titled(film)
    assert [t.title for t in shown.tracks] == [films.TITLES[t] for t in found]


def test_a_film_can_be_shortened(run):
    with Writer(run) as writer:
        for step in range(40):
            show(writer, step)
    film = films.shortened(films.run_film(History(run).refresh()), 5)
    assert film.tracks[0].frames[:, 0, 0].tolist() == [0, 10, 20, 29, 39]
    assert len(film.labels) == 5
    assert len(films.shortened(film, 99).labels) == 5


def test_a_comparison_shows_each_runs_newest_preview_up_to_the_step(tmp_path):
    told = []
    for name, steps in (("a", (0, 4)), ("b", (1, 2, 8)), ("c", ())):
        run = runs.create({}, tmp_path, token=name)
        with Writer(run) as writer:
            for step in steps:
                show(writer, step)
        told.append((name, History(run).refresh()))
    film = films.comparison(told, "samples")
    assert [t.title for t in film.tracks] == ["a", "b"]
    assert [label.split(" ·")[0] for label in film.labels] == [f"step {n}" for n in (0, 1, 2, 4, 8)]
    assert film.tracks[0].frames[:, 0, 0].tolist() == [0, 0, 0, 4, 4]
    assert film.tracks[1].frames[:, 0, 0].tolist() == [1, 1, 2, 2, 8]
    assert films.comparison(told, "latents") is None


def test_a_long_film_keeps_within_its_budget(run, monkeypatch):
    monkeypatch.setattr(films, "BUDGET", 10 * 16 * 16)
    with Writer(run) as writer:
        for step in range(30):
            show(writer, step)
    film = films.run_film(History(run).refresh())
    frames = film.tracks[0].frames
    assert frames.nbytes <= 10 * 16 * 16
    assert (frames[0, 0, 0], frames[-1, 0, 0]) == (0, 29)


def test_a_large_picture_is_cropped(run):
    with Writer(run) as writer:
        show(writer, 7, side=1000)
    assert films.run_film(History(run).refresh()).tracks[0].frames.shape == (1, 500, 500)


def test_a_thumbnail_is_a_corner_of_the_newest_samples(run):
    with Writer(run) as writer:
        show(writer, 7)
        show(writer, 9)
        show(writer, 11, "reconstructions")
    found = films.thumbnail(History(run).refresh())
    assert found.shape == (8, 8)
    assert found[0, 0] == 9


def test_before_the_first_preview_there_is_nothing_to_see(run):
    told = History(run).refresh()
    assert films.run_film(told) is None
    assert films.thumbnail(told) is None
    assert films.comparison([("a", told)], "samples") is None


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"\x89PNG")])
def test_a_damaged_preview_is_told(run, damage):
    with Writer(run) as writer:
        show(writer, 1)
    damage(next(Path(run.folder / "previews").iterdir()))
    with pytest.raises(StoreError, match="damaged or missing"):
        films.run_film(History(run).refresh())


def test_what_a_history_holds_is_plain(run):
    with Writer(run) as writer:
        report(writer, 1, loss=float("inf"))
    json.dumps(History(run).refresh().train.at(1), allow_nan=False)


def test_a_history_travels_in_a_weight_file():
    told = History(None)
    told._take({"event": "start", "n": 0, "units": {"loss": "nats"}})
    for step in range(1, 501):
        terms = {"loss": float(step), "late": float(step) if step > 400 else None}
        event = {"step": step, "epoch": step / 100, "terms": terms, "learning_rate": 0.1}
        told._take(event | {"event": "progress"})
        if step % 100 == 0:
            told._take(event | {"event": "validation"})
            told._take({"event": "checkpoint", "step": step, "best": step == 300})
    events = packed(told)
    assert len(events) == 1 + 100 + 5 + 5
    back = unpacked(json.loads(json.dumps(events, allow_nan=False)))
    assert back.best == 300
    assert back.facts["units"] == {"loss": "nats"}
    steps, values = back.train.curve("loss")
    assert steps[-1] == 500
    assert values[0] == 3.0  # the mean of 1 to 5
    assert values.mean() == told.train.curve("loss")[1].mean()
    assert np.isnan(back.train.curve("late")[1][:80]).all()
    assert back.validation.at(200)["loss"] == 200
    assert unpacked([{"event": "progress"}, {}, {"event": "checkpoint", "step": 3}]).best is None
