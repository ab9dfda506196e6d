"""The collapse clinic: the alarm, the recipe, forks from one state, and what a checkup sees."""

import numpy as np
import pytest
import torch
from conftest import small

from explorer import clinic, data, runs
from explorer.answers import Checkup
from explorer.collapse import (
    CURES,
    INGREDIENTS,
    PICTURES,
    POINTS,
    collapsed_at,
    ended,
)
from explorer.errors import InputError
from explorer.recipe import recipe
from explorer.worker import work

BRIEF = 20
RECIPE = tuple(INGREDIENTS)
GROUNDS = {"points": POINTS, "pictures": PICTURES}


pytestmark = pytest.mark.usefixtures("one_thread")


def end(stream):
    *_, answer = stream
    return answer


# The alarm ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([0, 3, 8, 8, 8, 8], None),
        ([0, 3, 8, 2, 1, 2], 30),  # it fell and stayed
        ([0, 3, 8, 2, 3, 2], None),  # it came back once, and the rest is too short
        ([0, 1, 2, 2, 1, 0], 0),  # it never rose
        ([8, 8, 2, np.nan, np.nan, 1], 20),  # not measured is not recovered
        ([np.nan] * 6, None),
        ([8, 8, 8, 8, 8, 1], None),  # not yet
    ],
)
def test_the_alarm_names_the_step_at_which_it_fell_and_stayed(values, step):
    assert collapsed_at(np.arange(6) * 10, np.array(values, dtype=float), patience=20) == step


def test_a_game_is_judged_by_its_last_five_looks():
    assert ended([0, 0, 0, 8, 8, 1, 8, 8]) == 8
    assert ended([3]) == 3


# The tables -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_ingredient_and_cure_is_a_setting_of_the_family(ground):
    one = GROUNDS[ground]
    assert one.recipe.keys() == INGREDIENTS.keys()
    assert one.cures.keys() == CURES.keys()
    for cure in one.cures:
        recipe("gan", "any", one.treated(RECIPE, cure))
    assert one.treated(RECIPE, "nothing") == one.sick(RECIPE)
    assert one.sick(()) == one.healthy
    assert all(CURES[name].expect and CURES[name].why for name in CURES)


@pytest.mark.parametrize("ground", GROUNDS)
def test_everything_healthy_takes_back_all_but_the_latent(ground):
    one = GROUNDS[ground]
    mended = one.treated(RECIPE, "everything")
    assert {k for k, v in mended.items() if one.healthy[k] != v} == {"latent"}


def test_what_there_is_not_is_told():
    with pytest.raises(InputError, match=r"no ingredient .salt.\. There are: leak, penalty"):
        POINTS.sick(("salt",))
    with pytest.raises(InputError, match="no cure 'tea'"):
        POINTS.treated(RECIPE, "tea")


# On points ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twins():
    return end(clinic.collapse("ring", RECIPE, 0, BRIEF))


def test_both_twins_are_looked_at_in_the_same_steps(twins):
    healthy, sick = twins
    assert [one.step for one in healthy] == [one.step for one in sick] == list(range(BRIEF + 1))
    for one in (*healthy, *sick):
        assert one.points.shape == (clinic.SHOWN, 2)
        assert one.ground.shape == (clinic.PIXELS, clinic.PIXELS)
        assert one.near == pytest.approx(one.shares.sum())
        assert 0 <= one.covered <= len(one.shares) == 8
    assert not np.array_equal(healthy[-1].points, sick[-1].points)


def test_a_training_tells_how_far_it_is():
    told = [one for one in clinic.collapse("grid", (), 0, 10) if isinstance(one, dict)]
    assert [(one["step"], one["total"]) for one in told] == [(i, 10) for i in range(11)]
    assert all(isinstance(one, Checkup) for both in told for one in both["checkups"])


def test_without_ingredients_the_twins_are_one():
    healthy, sick = end(clinic.collapse("ring", (), 3, 10))
    assert np.array_equal(healthy[-1].points, sick[-1].points)


def test_a_fork_without_a_change_goes_on_as_if_there_were_none(twins):
    forked = end(clinic.treat("ring", RECIPE, "nothing", 0, BRIEF))
    values = POINTS.sick(RECIPE)
    whole = list(clinic._watched(clinic._trainer("ring", values, 0, 2 * BRIEF), "ring"))
    assert forked[0].step == BRIEF
    assert np.array_equal(forked[0].points, twins[1][-1].points)
    assert forked[-1].step == whole[-1].step
    assert np.array_equal(forked[-1].points, whole[-1].points)


@pytest.mark.parametrize("cure", CURES)
def test_every_cure_begins_where_the_collapsed_one_stands(cure, twins):
    seen = end(clinic.treat("ring", RECIPE, cure, 0, BRIEF))
    assert [one.step for one in seen] == list(range(BRIEF, 2 * BRIEF + 1))
    first, before = seen[0].points, twins[1][-1].points
    same = np.array_equal(first, before)
    assert same == (cure not in ("latent", "leak", "everything"))  # these change G itself
    assert not np.array_equal(seen[-1].points, first)


def test_a_state_that_was_forgotten_is_made_again(twins, monkeypatch):
    known = end(clinic.treat("ring", RECIPE, "leak", 0, BRIEF))
    monkeypatch.setattr(clinic, "_kept", type(clinic._kept)())
    stream = list(clinic.treat("ring", RECIPE, "leak", 0, BRIEF))
    assert stream[0]["step"] == -BRIEF
    assert np.array_equal(stream[-1][-1].points, known[-1].points)


def test_only_so_many_states_are_kept(monkeypatch):
    monkeypatch.setattr(clinic, "_kept", type(clinic._kept)())
    monkeypatch.setattr(clinic, "KEPT", 2)
    for i in range(4):
        clinic._keep((i,), {"step": torch.tensor(i)})
    assert list(clinic._kept) == [(2,), (3,)]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("moons", RECIPE, 0, 20), "'moons' is not a mixture"),
        (("ring", ("salt",), 0, 20), "no ingredient"),
        (("ring", RECIPE, 0, 9), "9 steps are asked for"),
        (("ring", RECIPE, 0, 20_000), "20,000 steps"),
        (("ring", RECIPE, -1, 20), "[Ss]eed"),
    ],
)
def test_what_cannot_be_trained_is_refused(asked, sentence):
    with pytest.raises(InputError, match=sentence):
        next(clinic.collapse(*asked))


def test_a_larger_latent_sees_the_same_noise_and_more():
    small_z, large = clinic.noise(5, 4, 7), clinic.noise(5, 64, 7)
    assert torch.equal(large[:, :4], small_z)
    assert not torch.equal(small_z, clinic.noise(5, 4, 8))


# On pictures ----------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A GAN of MNIST after two steps."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("EXPLORER_LOCKS", str(tmp_path / "locks"))
    little = data.load("mnist").take(np.arange(40))
    monkeypatch.setattr(data, "load", lambda name, split="train": little)
    brief = {"steps": 2, "batch_size": 20, "device": "cpu"}
    made = runs.create(recipe("gan", "mnist", small("gan", **brief)).model_dump())
    work(made, threads=1)
    return made


def test_a_checkpoint_is_seen_by_the_classifier(run, monkeypatch):
    class Judge:
        classes = tuple("0123456789")

        @staticmethod
        def logits(x):
            """Half of the pictures show a 3, the others a 7."""
            return torch.eye(10)[torch.tensor([3, 7]).repeat(len(x))[: len(x)]]

    monkeypatch.setattr(clinic, "classifier", lambda name: Judge() if name == "mnist" else None)
    found = clinic.examine(f"{run.id}@2")
    assert found.step == 2
    assert found.pictures.shape == (clinic.DRAWN, 28, 28)
    assert found.shares[[3, 7]].tolist() == [0.5, 0.5]
    assert found.effective == pytest.approx(2)
    assert found.entropy == pytest.approx(np.log(2))
    assert found.hit == 2
    assert found.distance > 0


def test_without_a_classifier_nothing_is_examined(run, monkeypatch):
    monkeypatch.setattr(clinic, "classifier", lambda name: None)
    with pytest.raises(InputError, match="Only GANs of FashionMNIST and MNIST"):
        clinic.examine(f"{run.id}@2")
