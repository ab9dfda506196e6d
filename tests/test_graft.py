"""A fork may have more inputs: it computes what its parent did, and nothing else may change."""

import numpy as np
import pytest
import torch
from conftest import small

from explorer import data, runs
from explorer.checkpoints import build
from explorer.data import Data, Spec
from explorer.errors import InputError
from explorer.grafting import graft, shapes, ungraftable
from explorer.models.gan import D, G
from explorer.questions import recipes
from explorer.recipe import Parent, recipe
from explorer.state import of_weights, under
from explorer.training import Trainer
from explorer.worker import work

PLANE, GREY = Spec((2,)), Spec((1, 28, 28), ("a", "b", "c"))
KINDS = {
    "points": (PLANE, {}),
    "conv": (GREY, {}),
    "mlp": (GREY, {"architecture": "mlp"}),
    "classes": (GREY, {"conditional": True}),
    "classes, mlp": (GREY, {"conditional": True, "architecture": "mlp"}),
    "spectral": (GREY, {"conditional": True, "d_norm": "spectral"}),
}
LARGER = {"latent": 9, "minibatch_std": True}


def make(spec, **values):
    return build(recipe("gan", "any", small("gan", **values)), spec).eval()


def asked(spec, latent):
    random = torch.Generator().manual_seed(3)
    z = torch.randn(6, latent, generator=random)
    y = torch.arange(6) % 3 if spec.classes else None
    return z, torch.rand(6, *spec.shape, generator=random), y


@pytest.mark.parametrize("kind", KINDS)
def test_a_graft_without_new_weights_computes_what_the_old_network_did(kind):
    spec, values = KINDS[kind]
    old, new = make(spec, **values), make(spec, **values, **LARGER, seed=1)
    new.load_state_dict(graft(old.state_dict(), new.state_dict(), new=0))
    z, x, y = asked(spec, 9)
    with torch.no_grad():
        assert torch.allclose(new.decode(z, y), old.decode(z[:, :4], y), atol=1e-6)
        assert torch.allclose(new.judge(x, y), old.judge(x, y), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_new_begins_with_a_little_of_its_random_values(kind):
    spec, values = KINDS[kind]
    old, new = make(spec, **values), make(spec, **values, **LARGER, seed=1)
    new.load_state_dict(graft(old.state_dict(), new.state_dict(), new=0.1))
    z, _, y = asked(spec, 9)
    other = z.clone()
    other[:, 4:] += 1
    with torch.no_grad():
        assert not torch.equal(new.decode(z, y), new.decode(other, y))


def test_a_graft_of_equals_is_the_old_one():
    old, new = make(GREY), make(GREY, seed=1)
    grafted = graft(old.state_dict(), new.state_dict())
    assert all(
        grafted[name] is old.state_dict()[name] or torch.equal(grafted[name], tensor)
        for name, tensor in old.state_dict().items()
    )


def test_classes_and_latent_grow_each_in_their_place():
    """A generator's first layer sees z and then the embedding: 2 + 2 columns become 3 + 3."""
    old = {"g.net.weight": torch.tensor([[1.0, 2, 3, 4]]), "g.label.weight": torch.ones(5, 2)}
    new = {"g.net.weight": torch.full((1, 6), 10.0), "g.label.weight": torch.full((5, 3), 10.0)}
    grown = graft(old, new, new=0.1)
    assert grown["g.net.weight"].tolist() == [[1, 2, 1, 3, 4, 1]]
    assert grown["g.label.weight"].tolist() == [[1, 1, 1]] * 5


@pytest.mark.parametrize(
    ("values", "culprit"),
    [
        ({"latent": 3}, "generator"),  # smaller
        ({"d_width": 16}, "discriminator.features"),
        ({"width": 16}, "generator.net"),
        ({"conditional": True}, "discriminator.label"),
        ({"d_norm": "none"}, "discriminator.features"),
    ],
    ids=str,
)
def test_other_outputs_are_refused(values, culprit):
    old, new = make(GREY), make(GREY, **values)
    assert ungraftable(shapes(old.state_dict()), shapes(new.state_dict())).startswith(culprit)
    with pytest.raises(ValueError, match=culprit):
        graft(old.state_dict(), new.state_dict())


# Trainers and runs ------------------------------------------------------------------------------


POINTS = Data("ring", "train", np.random.default_rng(0).normal(size=(400, 2)).astype("f"), None)
BRIEF = {"batch_size": 20, "steps": 8, "device": "cpu", "precision": "float32"}


def trainer(**values):
    made = recipe("gan", "ring", small("gan", **(BRIEF | values)))
    return Trainer(build(made, PLANE), made.training, POINTS, POINTS)


def trained(steps=4, **values):
    found = trainer(**values)
    for _ in range(steps):
        found.advance()
    return found


def slots(subject, part):
    return under(subject.state(), f"optimizer.{part}.")


def test_a_fork_with_a_larger_latent_keeps_the_moments_of_the_other_part():
    parent, fork = trained(), trainer(latent=9)
    fork.inherit(parent.state())
    assert fork.step == 4
    assert slots(fork, G) == {}
    kept, before = slots(fork, D), slots(parent, D)
    assert kept.keys() == before.keys()
    assert all(torch.equal(kept[name], before[name]) for name in before)
    fork.advance()


def test_the_average_is_grafted_too():
    parent, fork = trained(), trainer(latent=9)
    fork.inherit(parent.state())
    z = torch.randn(5, 9, generator=torch.Generator().manual_seed(0))
    z[:, 4:] = 0
    with torch.no_grad(), fork.average.applied(), parent.average.applied():
        assert torch.allclose(fork.model.decode(z), parent.model.decode(z[:, :4]), atol=1e-6)


def test_a_fork_of_equals_goes_on_bit_for_bit():
    parent, fork = trained(), trainer()
    fork.inherit(parent.state())
    for subject in (parent, fork):
        for _ in range(4):
            subject.advance()
    ours, theirs = fork.state(), parent.state()
    assert all(torch.equal(ours[k], v) for k, v in theirs.items() if not k.startswith("window."))


def test_weights_alone_go_on_as_the_average_of_all_steps_before():
    parent, fork = trained(), trainer()
    with parent.average.applied():
        fork.inherit(of_weights(parent.model, 700))
        kept = [p.detach().clone() for p in parent.model.parameters()]
    assert fork.step == 700
    assert slots(fork, G) == slots(fork, D) == {}
    assert all(map(torch.equal, kept, fork.model.parameters()))
    assert all(map(torch.equal, kept, fork.average.weights))
    fork.average.decay = 0.9  # less than 702 / 711
    fork.advance()
    for old, new, average in zip(kept, fork.model.parameters(), fork.average.weights, strict=True):
        torch.testing.assert_close(average, 0.9 * old + 0.1 * new)


@pytest.mark.parametrize(("before", "after"), [("adam", "sgd"), ("sgd", "adam")])
def test_moments_of_another_kind_of_optimizer_are_left_behind(before, after):
    parent, fork = trained(d_optimizer=before), trainer(d_optimizer=after)
    fork.inherit(parent.state())
    assert slots(fork, D) == {}
    assert slots(fork, G).keys() == slots(parent, G).keys()
    fork.advance()


@pytest.fixture
def parent(tmp_path, monkeypatch):
    """A finished run of eight steps."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("EXPLORER_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setattr(data, "load", lambda name, split="train": POINTS)
    run = runs.create(recipe("gan", "ring", small("gan", **BRIEF)).model_dump())
    assert work(run, threads=1) == "done"
    return run


def test_a_run_is_forked_with_a_larger_network(parent):
    values = small("gan", **(BRIEF | LARGER | {"steps": 12}))
    told = recipes.draft("gan", "ring", values, {"run": parent.id, "step": 8})
    fork = runs.create(told.recipe, start=runs.Start.of(parent.checkpoint(8)))
    assert work(fork, threads=1) == "done"
    assert fork.status.step == 12
    assert fork.verify() == []


def test_a_fork_that_cannot_be_is_told_what_can(parent):
    values = small("gan", **(BRIEF | {"steps": 12, "latent": 2}))
    with pytest.raises(InputError, match="which only a GAN may make larger"):
        recipes.draft("gan", "ring", values, {"run": parent.id, "step": 8})
    with pytest.raises(InputError, match="Ask for more epochs or steps"):
        recipes.draft("gan", "ring", values | {"steps": 8}, {"run": parent.id, "step": 8})


def test_a_fork_of_another_network_does_not_train(parent):
    made = recipe("gan", "ring", small("gan", **BRIEF, latent=2), Parent(run=parent.id, step=8))
    with pytest.raises(Exception, match="does not fit the settings"):
        work(runs.create(made.model_dump(), start=runs.Start.of(parent.checkpoint(8))), threads=1)
