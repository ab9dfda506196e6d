"""What competitors cost, against what their files say."""

from explorer import catalog, checkpoints, expenses
from explorer.competitors import competitor
from explorer.header import images_seen
from explorer.worth import course, foundation


def spent(key, how=None):
    return {name: score.value for name, score in expenses.expenses(competitor(key, how))}


def test_a_gan_takes_one_evaluation_and_brings_its_course():
    found = spent("pretrained:gan-fashion")
    entry = catalog.entry("pretrained:gan-fashion")
    weights = sum(p.numel() for p in checkpoints.load(entry.path).parameters())
    assert found["parameters"] == weights
    assert found["network evaluations"] == 1
    assert found["swing"] >= 1
    assert len(course(catalog.past(entry))) >= 4


def test_a_sampler_with_twice_the_steps_takes_twice_the_work():
    few = spent("pretrained:latent-diffusion-fashion", {"sampler": "ddim", "steps": 5})
    many = spent("pretrained:latent-diffusion-fashion", {"sampler": "ddim", "steps": 10})
    assert (few["network evaluations"], many["network evaluations"]) == (5, 10)
    one = (many["GFLOP"] - few["GFLOP"]) / 5  # the decoder's part is in both
    assert few["GFLOP"] > 5 * one > 0


def test_a_foundation_has_seen_pictures_before():
    entry = catalog.entry("pretrained:latent-diffusion-fashion")
    before, own = foundation(entry), images_seen(entry.header.facts)
    earlier = images_seen(before.header.facts) if before else 0
    assert spent(entry.key)["images seen"] == own + earlier > 0


def test_what_has_no_weights_costs_nothing():
    assert spent("real:fashion-mnist:test") == {}
    assert spent("exact:fashion-mnist") == {}
