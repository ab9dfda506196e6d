"""The measures of samples, of models whose samples are known."""

import numpy as np
import pytest
import torch
from conftest import small
from scipy.spatial.distance import pdist
from torch import nn

from explorer import data, scores, training
from explorer.checkpoints import build
from explorer.config import Settings
from explorer.data import Spec
from explorer.errors import NonFinite
from explorer.metrics.classifier import Classifier
from explorer.metrics.frechet import Statistics, frechet, statistics
from explorer.models.base import Model
from explorer.recipe import recipe
from explorer.sampling import Step
from explorer.scores import score
from explorer.training import Progress, Trainer

PICTURES = {
    "classifier distance",
    "effective classes",
    "modes hit",
    "pairwise distance",
}


class Known(Model):
    """Generates what ``draw(n, generator)`` returns; its weight only says where it lives."""

    Config = Settings

    def __init__(self, draw, shape=(1, 28, 28), classes=()):
        super().__init__(Settings(), Spec(shape))
        self.weight = nn.Parameter(torch.zeros(1))
        self.draw, self.classes = draw, classes
        self.asked = []

    def generate(self, n, generator):
        self.asked.append(n)
        x = self.draw(n, generator)
        yield Step(1.0, torch.zeros_like(x), x)
        yield Step(0.0, x, x)


class Eye(nn.Module):
    """Features are the first 128 pixels; the class is the brightest of the first few."""

    def __init__(self, classes: int):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(784, 128, bias=False))
        self.head = nn.Linear(128, classes, bias=False)
        nn.init.eye_(self.body[1].weight)
        nn.init.eye_(self.head.weight)
        self.requires_grad_(False)


@pytest.fixture
def judge(monkeypatch):
    """Classifies pictures by one bright pixel, also of data that have a real classifier."""

    def known(classes: int) -> Classifier:
        names = tuple(map(str, range(classes)))
        one = Classifier(Eye(classes), names, (np.zeros(128), np.eye(128)), 1.0, 0.0)
        monkeypatch.setattr(scores, "classifier", lambda name: one)
        return one

    return known


def bright(classes: torch.Tensor) -> torch.Tensor:
    """Pictures whose pixel of that number is bright."""
    x = torch.zeros(len(classes), 784)
    x[torch.arange(len(classes)), classes] = 1
    return x.view(-1, 1, 28, 28)


# --- pictures


def test_a_generator_that_repeats_itself(judge):
    judge(10)
    found = score(Known(lambda n, g: bright(torch.full((n,), 3))), "mnist", 0, 500)
    assert set(found) == PICTURES
    assert found["effective classes"] == 1
    assert found["modes hit"] == 1
    assert found["pairwise distance"] == 0
    assert found["classifier distance"] == pytest.approx(1 + 128)  # ‖μ‖² + tr Σ


def test_a_generator_of_every_class(judge):
    judge(10)
    found = score(Known(lambda n, g: bright(torch.arange(n) % 10)), "mnist", 0, 500)
    assert found["effective classes"] == pytest.approx(10)
    assert found["modes hit"] == 10


def test_distances_against_others_ways(judge):
    one = judge(10)
    drawn = []

    def draw(n, generator):
        drawn.append(torch.rand(n, 1, 28, 28, generator=generator))
        return drawn[-1]

    found = score(Known(draw), "mnist", 5, 600)
    x = torch.cat(drawn).flatten(1).double().numpy()
    assert len(x) == 600
    assert found["pairwise distance"] == pytest.approx(pdist(x).mean(), rel=1e-6)
    expected = frechet(statistics(x[:, :128]), Statistics(*one.reference, 600))
    assert found["classifier distance"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("classes", [2, 7, 10, 120])
@pytest.mark.parametrize("n", [5, 2000])
def test_a_model_that_draws_the_class_it_is_asked_for(judge, classes, n):
    """Classes come in turn at each call of ``generate``; a call is a whole number of rounds."""
    names = tuple(map(str, range(classes)))
    judge(classes)
    shown = Known(lambda n, g: bright(torch.arange(n) % classes), classes=names)
    found = score(shown, "mnist", 0, n)
    assert set(found) == PICTURES | {"condition accuracy"}
    assert sum(shown.asked) == n
    assert found["condition accuracy"] == 1
    wrong = Known(lambda n, g: bright((torch.arange(n) + 1) % classes), classes=names)
    assert score(wrong, "mnist", 0, n)["condition accuracy"] == 0


def test_noise_is_fixed_by_the_seed_alone(judge):
    judge(10)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    model = Known(lambda n, g: torch.rand(n, 1, 28, 28, generator=g))
    one, same, other = (score(model, "mnist", seed, 300) for seed in (4, 4, 5))
    assert one == same != other
    assert torch.equal(torch.get_rng_state(), before)


def test_samples_that_are_no_numbers_are_said_so(judge):
    judge(10)
    model = Known(lambda n, g: torch.full((n, 1, 28, 28), torch.nan))
    with pytest.raises(NonFinite, match="not finite"):
        score(model, "mnist", 0, 300)


def test_a_real_model_on_real_data():
    """A conditional GAN that has learned nothing, seen by the shipped classifier."""
    spec = data.load("mnist").spec
    values = {"width": 4, "d_width": 4, "latent": 2, "conditional": True}
    model = build(recipe("gan", "mnist", values), spec).eval()
    found = score(model, "mnist", 0, 300)
    assert set(found) == PICTURES | {"condition accuracy"}
    assert all(isinstance(value, float) for value in found.values())
    assert found["effective classes"] < 4
    assert found["condition accuracy"] < 0.4
    assert found == score(model, "mnist", 0, 300)
    assert not model.training

    real = iter(torch.tensor(data.load("mnist", "test").x[:500]).split(250))
    perfect = score(Known(lambda n, g: next(real) / 255), "mnist", 0, 500)
    assert perfect["classifier distance"] < found["classifier distance"] / 10
    assert perfect["effective classes"] > 9
    assert perfect["modes hit"] == 10


# --- points and the rest


def test_points_are_measured_by_the_modes_of_their_mixture():
    ring = data.mixture("ring")
    random = np.random.default_rng(0)

    def draw(n, generator):
        return torch.tensor(ring.draw(n, random)[0], dtype=torch.float32)

    found = score(Known(draw, (2,)), "ring", 0)
    assert set(found) == {"modes covered", "near a mode"}
    assert found["modes covered"] == 8
    assert found["near a mode"] == pytest.approx(0.989, abs=0.01)

    fallen = Known(lambda n, g: torch.tensor(ring.means[:1]).float().expand(n, 2), (2,))
    assert score(fallen, "ring", 0) == {"modes covered": 1, "near a mode": 1}


@pytest.mark.parametrize("name", ["swiss-roll", "cifar10", "celeba", "folder-0123456789ab"])
def test_nothing_is_drawn_where_nothing_can_be_measured(name):
    model = Known(lambda n, g: pytest.fail("drawn"))
    assert score(model, name, 0) == {}


@pytest.mark.parametrize(("family", "count"), [("vae", 1000), ("gan", 2000), ("diffusion", 250)])
def test_every_family_of_pictures_is_measured_while_it_trains(family, count, monkeypatch):
    """After each epoch so many samples are scored, and the score is a curve of the run."""
    monkeypatch.setattr(training, "score", lambda *asked: {"classifier distance": asked[-1]})
    made = recipe(family, "mnist", small(family, steps=1, batch_size=8, device="cpu"))
    train, test = data.load("mnist"), data.load("mnist", "test")
    subject = Trainer(build(made, train.spec), made.training, train, test)
    told = [e for e in subject.run() if isinstance(e, Progress) and e.split == "validation"]
    assert told[-1].terms["classifier distance"] == count
