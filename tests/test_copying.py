"""Training on a few pictures, found again by anyone, and what is said of a model that copies."""

import numpy as np
import pytest
from conftest import blobs, small

from explorer import catalog, competitors, copying, data, shelf
from explorer.answers import Copies, CopyRate
from explorer.checkpoints import build
from explorer.data import first_of
from explorer.errors import InputError
from explorer.header import Header
from explorer.pictures import tiles
from explorer.questions import memory, recipes
from explorer.recipe import learned, recipe
from explorer.runs import create
from explorer.shelf import Shelf
from explorer.training import Trainer, total_steps

# Which pictures -------------------------------------------------------------------------------


def test_the_first_of_a_set_depend_on_the_seed_alone_and_fewer_are_part_of_more():
    whole = blobs(50, (1, 28, 28), 0, "train")
    few, more = first_of(whole, 7, 3), first_of(whole, 20, 3)
    order = np.random.RandomState(3).permutation(50)
    assert np.array_equal(few.x, whole.x[order[:7]])
    assert np.array_equal(few.y, whole.y[order[:7]])
    assert np.array_equal(more.x[:7], few.x)
    assert not np.array_equal(first_of(whole, 7, 4).x, few.x)


@pytest.mark.parametrize("n", [0, 50, 51])
def test_none_or_too_many_means_all_in_their_own_order(n):
    whole = blobs(50, (1, 28, 28), 0, "train")
    assert first_of(whole, n, 3) is whole


def test_a_frozen_stream_picks_these_pictures_of_fashion_mnist():
    picked = np.random.RandomState(0).permutation(10_000)[:3]
    assert picked.tolist() == [9394, 898, 2398]


def trainer(sets, **values):
    made = recipe("vae", "blobs", {"batch_size": 8, "device": "cpu"} | small("vae", **values))
    train, test = sets
    return Trainer(build(made, train.spec), made.training, train, test)


def test_a_trainer_sees_only_those_and_its_epochs_are_theirs(images):
    subject = trainer(images, images=24, seed=5, epochs=2)
    assert np.array_equal(subject.x.numpy(), first_of(images[0], 24, 5).x)
    assert (subject.per_epoch, subject.total) == (3, 6)
    assert len(trainer(images).x) == len(images[0])


def test_a_resumed_run_goes_on_with_the_same_pictures(images):
    whole = trainer(images, images=24, epochs=4)
    list(whole.run())
    first = trainer(images, images=24, epochs=4)
    list(first.run(stop=lambda: first.step >= 5))
    second = trainer(images, images=24, epochs=4)
    second.restore(first.state())
    list(second.run())
    state = second.state()
    assert all(np.array_equal(state[k].numpy(), v.numpy()) for k, v in whole.state().items())


def test_a_draft_counts_the_steps_of_those_pictures():
    values = small("vae", images=100, batch_size=10, epochs=3)
    told = recipes.draft("vae", "fashion-mnist", values)
    assert (told.steps_per_epoch, told.steps) == (10, 30)
    assert told.recipe["training"]["images"] == 100
    made = recipe("vae", "fashion-mnist", values)
    assert total_steps(made.training, 60) == 18  # there are only 60


def test_an_estimate_of_very_few_pictures_works():
    values = small("vae", images=3, batch_size=10, epochs=3)
    assert recipes.estimate("vae", "fashion-mnist", values).seconds > 0


def test_what_a_model_learned_is_found_again_from_its_recipe():
    made = recipe("vae", "fashion-mnist", {"images": 30, "seed": 2}).model_dump()
    assert np.array_equal(learned(made).x, first_of(data.load("fashion-mnist"), 30, 2).x)
    assert learned({"data": "mnist"}) is data.load("mnist")


def test_a_pick_from_a_full_set_that_is_not_here_is_refused(monkeypatch):
    monkeypatch.setattr(data, "at_hand", lambda name: name.removesuffix("-full"))
    made = recipe("vae", "mnist-full", {"images": 30}).model_dump()
    with pytest.raises(InputError, match=r"30 of .* not here"):
        learned(made)


# A model that copies --------------------------------------------------------------------------


@pytest.fixture
def copier(tmp_path, monkeypatch):
    """A competitor that hands out the pictures it learned from, and one that draws test images."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))

    def make(kind: str) -> competitors.Competitor:
        made = recipe("vae", "fashion-mnist", small("vae", images=60)).model_dump()
        real = learned(made).x if kind == "copies" else data.load("fashion-mnist", "test").x[500:]
        pictures = tiles(np.resize(real, (500, *real.shape[1:])))
        monkeypatch.setattr(
            competitors, "draw", lambda one, c: iter([pictures[c * 250 : (c + 1) * 250]])
        )
        monkeypatch.setattr(
            competitors.Competitor, "shelf", property(lambda one: shelf.key_of({"kind": kind}))
        )
        return competitors.Competitor("run@1", _Entry(made))

    return make


class _Entry:
    """What the catalogue says of the competitor."""

    title = "A model"

    def __init__(self, made):
        self.header = type("Header", (), {"recipe": made, "facts": {"step": 7}})()


def final(stream):
    *_, last = stream
    return last


def test_a_copier_is_caught_in_pixels(copier):
    found = final(copying.copies(copier("copies"), "pixels", 250))
    assert isinstance(found, Copies)
    assert found.copied.all()
    assert found.nearer == 1
    assert found.z < -10
    assert found.learned == found.compared == 60
    assert np.array_equal(found.train[:60, 0], np.arange(60))
    assert (found.train_away[:, 0] == 0).all()
    assert found.train.shape == found.test.shape == (250, 5)
    assert not found.distances


def test_unseen_pictures_are_acquitted(copier):
    found = final(copying.copies(copier("honest"), "pixels", 250))
    assert found.copied.mean() < 0.02
    assert abs(found.nearer - 0.5) < 4 * found.error
    assert abs(found.z) < 4


def test_samples_come_before_the_answer_and_are_drawn_once(copier, monkeypatch):
    one = copier("copies")
    first = list(copying.copies(one, "pixels", 250))
    assert [type(item) for item in first if not isinstance(item, tuple)] == [np.ndarray, Copies]
    assert ("Drawing samples", 250, 250) in first
    monkeypatch.setattr(competitors, "draw", None)  # a second look draws nothing
    again = list(copying.copies(one, "pixels", 250))
    assert np.array_equal(again[0], first[1])


def test_rates_of_several_grow_one_by_one(copier, monkeypatch):
    one = copier("copies")
    monkeypatch.setattr(competitors, "competitor", lambda key, seed: one)
    monkeypatch.setattr(copying.classifier, "classifier", lambda name: None)
    told = [item for item in copying.rates(["a", "b"], 250, 0) if not isinstance(item[0], str)]
    assert [len(rates) for rates in told] == [1, 2]
    assert all(isinstance(rate, CopyRate) for rate in told[-1])
    rate = told[-1][0]
    assert (rate.copied, rate.images, rate.step, rate.distance) == (1, 60, 7, None)


def test_a_copier_is_nearer_to_its_pictures_than_real_ones_by_the_classifier_distance(
    copier, monkeypatch
):
    """The measure that asks nothing of newness prefers the copier to reality."""
    one = copier("copies")
    monkeypatch.setattr(competitors, "competitor", lambda key, seed: one)
    load, test = data.load, first_of(data.load("fashion-mnist", "test"), 300, 0)
    monkeypatch.setattr(data, "load", lambda name, split="train": _either(load, test, name, split))
    (rate,) = final(copying.rates(["a"], 250, 0))
    assert rate.distance < rate.floor / 5
    assert rate.unseen > rate.distance


def _either(load, test, name, split):
    return test if split == "test" else load(name, split)


# What may be asked ----------------------------------------------------------------------------


def test_bad_questions_are_refused(copier):
    one = copier("copies")
    with pytest.raises(InputError, match="no space 'taste'"):
        list(copying.copies(one, "taste", 250))
    with pytest.raises(InputError, match="between 250 and 2,000"):
        list(memory.copies("pretrained:none", "pixels", 10, 0))
    with pytest.raises(InputError, match="1 to 40"):
        list(memory.copy_rates((), 250, 0))
    with pytest.raises(InputError, match="Real pictures copy nothing"):
        list(copying.copies(competitors.Competitor("real:mnist:test"), "pixels", 250))
    with pytest.raises(InputError, match="no picture 10000"):
        list(copying.shifts("fashion-mnist", 10_000))


def test_a_checkpoint_that_its_run_has_given_up_is_told(tmp_path):
    gone = catalog.Entry("run@1", "A run", tmp_path / "gone", Header({}, {}))
    with pytest.raises(InputError, match="given up"):
        Shelf(competitors.Competitor("run@1", gone).shelf)


def test_data_without_a_classifier_say_what_works(monkeypatch):
    with pytest.raises(InputError, match="Choose pixels"):
        copying.judge_of("cifar10")


def test_a_model_of_points_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    run = create(recipe("vae", "ring", small("vae")).model_dump())
    with pytest.raises(InputError):
        list(memory.copies(run.id, "pixels", 250, 0))  # it has no checkpoint


# Shifts ---------------------------------------------------------------------------------------


def test_shifted_pictures_move_to_the_right_and_leave_black():
    x = np.arange(1, 13, dtype=np.uint8).reshape(1, 1, 3, 4)
    assert copying.shifted(x, 0).tolist() == x.tolist()
    assert copying.shifted(x, 2)[0, 0].tolist() == [[0, 0, 1, 2], [0, 0, 5, 6], [0, 0, 9, 10]]


def test_searches_find_a_picture_that_was_not_moved(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    train = first_of(data.load("fashion-mnist"), 200, 0)
    monkeypatch.setattr(data, "load", lambda name, split="train": train)
    found = final(copying.shifts("fashion-mnist", 5))
    assert found.found[:, 0].tolist() == [5, 5]
    assert found.again[:, 0].tolist() == [1, 1]
    assert found.again[0, 4] < 0.5
    assert found.moved.shape == (5, 28, 28)
