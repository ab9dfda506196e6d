"""The one loop: exact resumption, exact averages, refusal of what is not a number."""

import math

import numpy as np
import pytest
import torch
from conftest import small

from explorer.checkpoints import build
from explorer.errors import InputError, NonFinite
from explorer.models import families
from explorer.recipe import recipe
from explorer.state import Average, Window
from explorer.training import Checkpoint, Preview, Progress, Trainer

BRIEF = {"batch_size": 32, "epochs": 4, "device": "cpu"}


def trainer(family, images, changes=(), **values):
    made = recipe(family, "blobs", BRIEF | small(family, **values))
    train, test = images
    return Trainer(build(made, train.spec), made.training, train, test, changes)


def told(events):
    """Events without what depends on the clock."""
    return [(type(e).__name__, e.step, _told(e)) for e in events]


def _told(event):
    if isinstance(event, Preview):
        return {name: sheet.tobytes() for name, sheet in event.sheets.items()}
    return (event.split, event.terms) if isinstance(event, Progress) else event.best


CUTS = [(family, cut) for family in ("autoencoder", "vae") for cut in (1, 5, 6, 11, 17)]
CUTS += [(family, cut) for family in families() if (family, 1) not in CUTS for cut in (5, 17)]


@pytest.mark.parametrize(("family", "cut"), CUTS)
def test_a_resumed_run_equals_the_unbroken_one_bit_for_bit(family, cut, images):
    """24 steps, 6 to an epoch; cut inside and between epochs, reports and averages."""
    unbroken = trainer(family, images)
    expected = list(unbroken.run())

    first = trainer(family, images)
    before = list(first.run(stop=lambda: first.step >= cut))
    second = trainer(family, images)
    second.restore(first.state())
    after = list(second.run())

    state = second.state()
    assert all(torch.equal(state[k], v) for k, v in unbroken.state().items())
    parts = [e for e in told(before) + told(after) if e[1:] != (cut, False)]
    assert parts == [e for e in told(expected) if e[1:] != (cut, False)]


def test_the_comparison_above_can_fail(images):
    unbroken, other = trainer("vae", images), trainer("vae", images, seed=1)
    list(unbroken.run())
    list(other.run())
    state = other.state()
    assert not all(torch.equal(state[k], v) for k, v in unbroken.state().items())


def test_live_changes_are_repeated_by_a_resume(images):
    made = []

    def train(subject, stop=lambda: False):
        for event in subject.run(stop):
            if isinstance(event, Progress) and event.split == "train" and event.step in (3, 9):
                name, value = ("learning_rate", 1e-4) if event.step == 3 else ("beta", 4.0)
                made.append(subject.change(name, value))

    unbroken = trainer("vae", images)
    train(unbroken)
    log = tuple(made)
    assert [(c.step, c.name) for c in log] == [(3, "learning_rate"), (9, "beta")]

    first = trainer("vae", images)
    train(first, stop=lambda: first.step >= 5)
    second = trainer("vae", images, changes=log)
    second.restore(first.state())
    list(second.run())
    assert all(torch.equal(second.state()[k], v) for k, v in unbroken.state().items())

    without = trainer("vae", images)
    without.restore(first.state())
    list(without.run())
    assert not all(torch.equal(without.state()[k], v) for k, v in unbroken.state().items())


def test_only_live_settings_can_be_changed(images):
    subject = trainer("vae", images)
    with pytest.raises(InputError, match="beta, learning_rate"):
        subject.change("batch_size", 3)
    with pytest.raises(InputError, match="between 0 and 10"):
        subject.change("beta", 11)


@pytest.mark.parametrize("family", families())
def test_what_is_not_finite_stops_the_run_before_the_update(family, images):
    subject = trainer(family, images)
    whole = subject._batch

    def poisoned():
        batch = whole()
        if subject.step == 7:
            batch.x[3] = float("nan")
        return batch

    subject._batch = poisoned
    with pytest.raises(NonFinite, match=r"before step \d+.*learning rate"):
        list(subject.run())
    assert subject.step == 7
    assert all(torch.isfinite(p).all() for p in subject.model.parameters())
    assert all(torch.isfinite(v.double()).all() for k, v in subject.state().items() if k != "best")


def test_a_learning_rate_far_too_large_is_found_out(images):
    subject = trainer("vae", images, learning_rate=100.0, optimizer="sgd", clip=0)
    with pytest.raises(NonFinite):
        list(subject.run())


def test_every_image_is_seen_once_an_epoch_in_an_order_that_depends_on_the_seed(images):
    subject = trainer("autoencoder", images, batch_size=20)
    seen = []
    for subject.step in range(20):
        seen.append(subject._batch().x)
    first, second = torch.cat(seen[:10]), torch.cat(seen[10:])
    whole = torch.from_numpy(images[0].x.astype(np.float32)) / 255
    assert not torch.equal(first, second)
    for epoch in (first, second):
        assert torch.equal(epoch.flatten(1).sum(1).sort()[0], whole.flatten(1).sum(1).sort()[0])
    other = trainer("autoencoder", images, batch_size=20, seed=1)
    assert not torch.equal(other._batch().x, seen[0])


def test_learning_rate_warms_up_and_falls_along_a_cosine(images):
    subject = trainer("autoencoder", images, warmup=10, learning_rate=1.0, steps=100)
    rates = []
    for subject.step in range(100):
        rates.append(subject.learning_rate())
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == pytest.approx(0.5 * (1 + math.cos(math.pi * 0.09)))
    assert rates[50] == pytest.approx(0.5)
    assert rates[99] < 0.001


def test_previews_come_at_powers_of_two_and_at_every_epoch(images):
    events = list(trainer("vae", images).run())
    assert [e.step for e in events if isinstance(e, Preview)] == [0, 1, 2, 4, 6, 12, 18, 24]
    assert [e.step for e in events if isinstance(e, Checkpoint)] == [6, 12, 18, 24]
    preview = next(e for e in events if isinstance(e, Preview))
    assert preview.sheets["samples"].shape == (224, 224)
    assert preview.sheets["reconstructions"].shape == (224, 224)


def test_the_best_checkpoint_has_the_lowest_validation_so_far(images):
    events = list(trainer("vae", images, epochs=8, learning_rate=1e-2).run())
    lowest = math.inf
    for look, save in zip(
        [
            e
            for e in events
            if isinstance(e, Progress) and e.split == "validation" and e.epoch in range(1, 9)
        ],
        [e for e in events if isinstance(e, Checkpoint)],
        strict=True,
    ):
        assert save.best == (look.terms["loss"] < lowest)
        lowest = min(lowest, look.terms["loss"])


def test_colour_images_and_a_batch_larger_than_the_data_train(colour_images):
    events = list(trainer("vae", colour_images, batch_size=4096, epochs=2).run())
    assert events[-1].step == 2
    sheet = next(e for e in events if isinstance(e, Preview)).sheets["samples"]
    assert sheet.shape == (256, 256, 3)


def test_the_average_follows_its_formula():
    model = torch.nn.Linear(2, 1, bias=False)
    average = Average(model, 0.9)
    by_hand = model.weight.detach().clone()
    for step in range(1, 60):
        with torch.no_grad():
            model.weight += step
        average.update()
        decay = min(0.9, (1 + step) / (10 + step))
        by_hand = decay * by_hand + (1 - decay) * model.weight.detach()
    with average.applied():
        assert torch.allclose(model.weight, by_hand, rtol=1e-5)
    assert not torch.allclose(model.weight, by_hand)


def test_no_average_shows_the_latest_weights():
    model = torch.nn.Linear(2, 1)
    average = Average(model, 0)
    average.update()
    with average.applied():
        assert torch.equal(model.weight, dict(model.named_parameters())["weight"])
    assert set(average.state()) == {"updates"}


def test_a_window_averages_each_term_over_its_own_count():
    window = Window()
    for value in (1.0, 2.0, 6.0):
        window.add({"a": torch.tensor(value)})
    window.add({"b": torch.tensor(4.0)})
    copy = Window()
    copy.restore(window.state())
    assert copy.flush() == {"a": 3.0, "b": 4.0}
    assert window.flush() == {"a": 3.0, "b": 4.0}
    assert window.flush() == {}


@pytest.mark.parametrize(("before", "after"), [("adam", "sgd"), ("sgd", "adamw"), ("sgd", "sgd")])
def test_a_fork_may_change_optimizer_and_average(before, after, images):
    first = trainer("vae", images, optimizer=before, ema=0, learning_rate=1e-4)
    list(first.run(stop=lambda: first.step >= 5))
    fork = trainer("vae", images, optimizer=after, ema=0.9, learning_rate=1e-4)
    fork.inherit(first.state())
    for ours, theirs in zip(fork.average.weights, first.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    kept = any("momentum_buffer" in k for k in fork.state())
    assert kept == (before == after == "sgd")
    list(fork.run())
    assert fork.step == 24
