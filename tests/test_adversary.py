"""An adversary beside an autoencoder: its losses by hand, and whom their gradients reach."""

import pytest
import torch
import torch.nn.functional as F
from conftest import small

from explorer.checkpoints import build
from explorer.data import Spec
from explorer.models.adversary import R1_EVERY, R1_WEIGHT
from explorer.models.base import Batch
from explorer.recipe import recipe
from explorer.training import Trainer

GREY = Spec((1, 28, 28))
KINDS = [("autoencoder", "conv"), ("autoencoder", "mlp"), ("vae", "conv"), ("vae", "mlp")]


def make(family="vae", spec=GREY, **values):
    torch.manual_seed(0)
    return build(recipe(family, "any", small(family, **{"adversary": 3.0} | values)), spec)


def batch(step=1, n=6):
    x = torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(5))
    return Batch(x, None, 0, step, 0.0)


def objectives(model, of):
    """Both objectives; nothing is updated between them."""
    return {one.part: one for one in model.objectives(of)}


@pytest.mark.parametrize(("family", "architecture"), KINDS)
def test_the_model_pays_for_being_seen_through(family, architecture):
    model, plain = (make(family, architecture=architecture, adversary=a) for a in (3.0, 0.0))
    plain.load_state_dict({k: model.state_dict()[k] for k in plain.state_dict()})
    both, alone = objectives(model, batch()), objectives(plain, batch())
    assert list(both) == ["adversary", "model"]
    assert list(alone) == ["model"]
    deception = both["model"].terms["deception"]
    torch.testing.assert_close(both["model"].loss, alone["model"].loss + 3 * deception)
    assert all(torch.equal(both["model"].terms[k], v) for k, v in alone["model"].terms.items())


def test_its_losses_are_those_of_a_discriminator_of_copies():
    model, of = make("autoencoder"), batch()
    found = objectives(model, of)
    with torch.no_grad():
        copies = model.decode(model.posterior(of.x)[0])
        real, fake = (model.adversary.net(2 * x - 1) for x in (of.x, copies))
    expected = F.binary_cross_entropy_with_logits(real, torch.ones(6))
    expected += F.binary_cross_entropy_with_logits(fake, torch.zeros(6))
    torch.testing.assert_close(found["adversary"].loss, expected)
    fooled = F.binary_cross_entropy_with_logits(fake, torch.ones(6))
    torch.testing.assert_close(found["model"].terms["deception"], fooled)


def test_every_eighth_step_the_slope_on_real_pictures_is_added():
    model = make("autoencoder")
    of = batch(step=R1_EVERY)
    found = objectives(model, of)["adversary"]
    x = of.x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.adversary(x).sum(), x)
    slope = gradient.square().sum((1, 2, 3)).mean() / 2
    paid = found.loss - found.terms["adversary loss"]
    torch.testing.assert_close(paid, R1_WEIGHT * R1_EVERY * slope)
    model.eval()
    with torch.no_grad():
        judged = model.validate(of)
    assert {"adversary loss", "deception", "reconstruction"} <= judged.keys()


def test_a_vae_shows_it_as_many_samples_as_copies():
    model, of = make(), batch()
    raw = torch.zeros(6, 1, 28, 28)
    shown = model.exposed(of, raw)
    assert torch.equal(shown[:3], raw[:3])
    samples = model.decoder(of.noise("prior", (3, model.latent)))
    torch.testing.assert_close(shown[3:], samples)


@pytest.mark.parametrize(("family", "architecture"), KINDS)
def test_each_objective_reaches_its_own_part_alone(family, architecture):
    model = make(family, architecture=architecture)
    for part, objective in objectives(model, batch()).items():
        model.zero_grad(set_to_none=True)
        objective.loss.backward(retain_graph=True)
        reached = {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
        own = {n for n in reached if n.startswith("adversary.") == (part == "adversary")}
        assert own
        if part == "adversary":  # the trainer asks the model's gradient for the model alone
            assert reached == own


def test_points_can_have_one_too():
    model = make(spec=Spec((2,)))
    of = Batch(torch.randn(6, 2), None, 0, 1, 0.0)
    assert all(torch.isfinite(one.loss) for one in model.objectives(of))


def test_a_resumed_run_equals_the_unbroken_one_bit_for_bit(images):
    def trainer():
        values = {"batch_size": 32, "epochs": 2, "device": "cpu", "adversary": 3.0}
        made = recipe("vae", "blobs", values | small("vae"))
        return Trainer(build(made, images[0].spec), made.training, *images)

    unbroken, first, second = trainer(), trainer(), trainer()
    list(unbroken.run())
    list(first.run(stop=lambda: first.step >= 7))
    second.restore(first.state())
    list(second.run())
    assert all(torch.equal(second.state()[k], v) for k, v in unbroken.state().items())


def test_latent_diffusion_takes_a_coder_and_leaves_its_adversary():
    coder = make("vae", latent=4)
    model = build(recipe("latent-diffusion", "any", small("latent-diffusion")), GREY)
    model.adopt(coder)
    taken = model.autoencoder.state_dict()
    assert all(torch.equal(taken[k], coder.state_dict()[k]) for k in taken)
    assert not any(k.startswith("adversary") for k in taken)
