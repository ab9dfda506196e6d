"""The adversarial family: who is updated by what, against a loop written by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from conftest import small
from torch import nn

from explorer.adversaries import Discriminator, Generator, Spread
from explorer.checkpoints import build
from explorer.data import Spec
from explorer.errors import InputError
from explorer.models.base import Batch
from explorer.models.gan import D, G
from explorer.recipe import recipe
from explorer.training import Trainer

GREY, LABELLED = Spec((1, 28, 28)), Spec((1, 28, 28), ("a", "b", "c"))
EXACT = {"device": "cpu", "precision": "float32"}


def make(spec=GREY, **values):
    return build(recipe("gan", "any", small("gan", **values)), spec)


def batch_of(spec=GREY, n=8, step=0):
    x = torch.rand(n, *spec.shape, generator=torch.Generator().manual_seed(1))
    return Batch(x, torch.arange(n) % 3 if spec.classes else None, 0, step, 0.0)


def trainer(images, **values):
    brief = {"batch_size": 20, "steps": 6, **EXACT}
    made = recipe("gan", "blobs", small("gan", **(brief | values)))
    train, test = images
    return Trainer(build(made, train.spec), made.training, train, test)


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


# The game ----------------------------------------------------------------------------------------


def test_three_rounds_equal_those_of_a_loop_written_by_hand(images):
    """Algorithm 1 of Goodfellow et al., non-saturating, with Adam, as a course would write it."""
    subject, twin = trainer(images, penalty="none", ema=0.0), trainer(images, penalty="none")
    for _ in range(3):
        subject.advance()

    model = twin.model.train()
    ours = {D: (5e-4, (0.0, 0.99)), G: (5e-4, (0.0, 0.99))}
    adam = {p: torch.optim.Adam(model.parts()[p].parameters(), *ours[p]) for p in (D, G)}
    bce, ones, zeros = F.binary_cross_entropy_with_logits, torch.ones(20), torch.zeros(20)
    for twin.step in range(3):
        batch = twin._batch()
        real = batch.x * 2 - 1
        fake = model.generator(batch.noise("D 0", (20, 4))).tanh()
        loss = bce(model.discriminator(real), ones)
        loss = loss + bce(model.discriminator(fake.detach()), zeros)
        adam[D].zero_grad()
        loss.backward()
        adam[D].step()
        fake = model.generator(batch.noise("G 0", (20, 4))).tanh()
        adam[G].zero_grad()
        bce(model.discriminator(fake), ones).backward()
        adam[G].step()
    for part in (D, G):
        a, b = (weights(t.model.parts()[part]) for t in (subject, twin))
        assert torch.allclose(a, b, atol=2e-6), part


def test_a_round_updates_d_on_new_pictures_each_time_and_then_g(images):
    subject = trainer(images, d_steps=3, g_steps=2)
    assert subject.per_epoch == 200 // 60
    batch = subject._batch()
    assert len(batch.x) == 60
    seen = []
    subject.model.discriminator.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    assert [o.part for o in subject.model.objectives(batch)] == [D, D, D, G, G]
    reals = [x for x in seen if any(torch.equal(x, r * 2 - 1) for r in batch.x.split(20))]
    assert torch.equal(torch.cat(reals[:6:2]), batch.x * 2 - 1)  # each is also seen by the penalty


def test_each_player_has_its_own_optimizer(images):
    own = {"d_learning_rate": 3e-3, "d_beta1": 0.1, "d_beta2": 0.7, "d_optimizer": "adamw"}
    subject = trainer(images, learning_rate=5e-4, beta1=0.2, beta2=0.8, **own)
    assert isinstance(subject.optimizers[D], torch.optim.AdamW)
    assert not isinstance(subject.optimizers[G], torch.optim.AdamW)
    assert subject.optimizers[D].param_groups[0]["betas"] == (0.1, 0.7)
    assert subject.optimizers[G].param_groups[0]["betas"] == (0.2, 0.8)
    assert (subject.learning_rate(D), subject.learning_rate(G)) == (3e-3, 5e-4)
    subject.change("d_learning_rate", 1e-3)
    subject.advance()
    assert subject.optimizers[D].param_groups[0]["lr"] == 1e-3


def test_late_decay_is_flat_and_then_a_line_to_a_twentieth(images):
    subject = trainer(images, steps=100, learning_rate=1.0)
    rates = []
    for subject.step in (0, 60, 80, 100):
        rates.append(subject.learning_rate(G))
    assert rates == pytest.approx([1, 1, 1 - 0.95 / 2, 0.05])


def test_the_step_of_d_leaves_g_without_a_gradient_unless_that_mistake_is_made(images):
    for detach in (True, False):
        subject = trainer(images, detach=detach)
        before = weights(subject.model.generator)
        subject.model.train()
        objectives = subject.model.objectives(subject._batch())
        subject._update(next(objectives))
        grads = [p.grad for p in subject.model.generator.parameters()]
        assert all(g is None for g in grads) == detach
        assert torch.equal(weights(subject.model.generator), before)
        assert all(p.grad is None for p in subject.model.discriminator.parameters())


def test_without_detach_g_is_also_pushed_by_the_loss_of_d(images):
    """Its step then follows the sum of what it should minimise and of what D minimises."""

    def gradients(net):
        return torch.cat([p.grad.flatten() for p in net.parameters()])

    def stepped_by(**values):
        subject, seen = trainer(images, penalty="none", **values), []
        net = subject.model.generator
        subject.optimizers[G].register_step_pre_hook(lambda *_: seen.append(gradients(net)))
        subject.advance()
        return seen[0]

    subject = trainer(images, penalty="none", detach=False)
    subject.model.train()
    subject._update(next(subject.model.objectives(subject._batch())))
    leaked = gradients(subject.model.generator)
    assert leaked.norm() > 0.1 * stepped_by().norm()
    assert torch.allclose(stepped_by(detach=False), stepped_by() + leaked, rtol=1e-3, atol=1e-5)


def test_lazy_r1_comes_every_so_many_rounds_with_as_much_weight():
    model = make(r1=3.0, r1_every=4)
    plain = make(penalty="none")
    for step in range(6):
        (told, _), (bare, _) = (list(m.objectives(batch_of(step=step))) for m in (model, plain))
        extra = told.loss - bare.loss
        assert ("R1" in told.terms) == (step % 4 == 0)
        expected = 3.0 * 4 * told.terms["R1"] if step % 4 == 0 else torch.tensor(0.0)
        assert extra.item() == pytest.approx(expected.item(), rel=1e-3, abs=1e-5)


def test_wasserstein_brings_the_gradient_penalty_and_the_others_r1():
    kinds = {"wasserstein": "gradient penalty", "hinge": "R1", "least-squares": "R1"}
    for loss, term in kinds.items():
        assert term in next(make(loss=loss).objectives(batch_of())).terms


def test_label_smoothing_and_instance_noise_change_what_d_learns():
    plain = next(make().objectives(batch_of())).loss
    for values in ({"label_smoothing": 0.2}, {"instance_noise": 0.5}):
        assert next(make(**values).objectives(batch_of())).loss != plain
    smoothed = next(make(loss="hinge", label_smoothing=0.2).objectives(batch_of())).loss
    assert smoothed == next(make(loss="hinge").objectives(batch_of())).loss


def test_on_one_batch_d_learns_to_tell_and_g_to_fool():
    for part in (D, G):
        model = make(penalty="none", norm="group")
        own = list(model.parts()[part].parameters())
        optimizer, values = torch.optim.Adam(own, 1e-3), []
        for _ in range(30):
            objective = next(o for o in model.objectives(batch_of()) if o.part == part)
            optimizer.zero_grad()
            objective.loss.backward(inputs=own)
            optimizer.step()
            values.append(objective.loss.item())
        assert values[-1] < 0.5 * values[0], part


# The networks ------------------------------------------------------------------------------------


def test_the_lectures_mlp():
    net = Generator((1, 28, 28), 100, 32, conv=False)
    sizes = [(m.in_features, m.out_features) for m in net.modules() if isinstance(m, nn.Linear)]
    assert sizes == [(100, 256), (256, 512), (512, 1024), (1024, 784)]
    net = Discriminator((1, 28, 28), 32, conv=False, norm="none", dropout=0.3)
    sizes = [(m.in_features, m.out_features) for m in net.modules() if isinstance(m, nn.Linear)]
    assert sizes == [(784, 1024), (1024, 512), (512, 256), (256, 1)]
    assert [m.p for m in net.modules() if isinstance(m, nn.Dropout)] == [0.3] * 3


def test_a_leak_of_zero_is_a_relu():
    net = Discriminator((2,), 8, conv=False, leak=0.0)
    bent = next(m for m in net.modules() if isinstance(m, nn.LeakyReLU))
    assert torch.equal(bent(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))


def test_convolutions_begin_small():
    net = Discriminator((1, 28, 28), 48, conv=True)
    assert net.head.weight.std().item() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("conv", [True, False])
def test_classes_have_little_to_say_at_first(conv):
    net = Discriminator((1, 28, 28), 16, conv=conv, classes=10)
    assert net.label.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_the_head_sees_positions():
    """The same patch elsewhere gives another logit, which a pooled head could not."""
    model = make().discriminator.eval()
    a, b = torch.zeros(2, 1, 1, 28, 28)
    a[..., 4:12, 4:12] = b[..., 16:24, 16:24] = 1
    assert (model(a) - model(b)).abs() > 1e-4


def test_spectral_normalisation_bounds_every_layer():
    net = Discriminator((1, 28, 28), 8, conv=True, norm="spectral").train()
    for _ in range(50):
        net(torch.rand(2, 1, 28, 28))
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            norm = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
            assert norm.item() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4, 4)])
def test_spread_is_the_mean_standard_deviation_over_the_batch(shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    out = Spread()(x)
    expected = x.std(0, unbiased=False).mean()
    assert torch.equal(out[:, :3], x)
    assert out.shape == (5, 4, *shape[2:])
    assert torch.allclose(out[:, 3], expected.expand_as(out[:, 3]), atol=1e-4)


@pytest.mark.parametrize("conv", [True, False])
def test_a_batch_all_alike_shows_in_the_logits(conv):
    net = Discriminator((1, 28, 28), 8, conv=conv, norm="none", spread=True).eval()
    with torch.no_grad():
        net.head.weight[:, -1] = 1  # the last input is the deviation, at the last position
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    alike = x[:1].repeat(6, 1, 1, 1)
    features = net.features(x)[0, -1] - net.features(alike)[0, -1]
    assert features > 1e-6
    assert net(x)[0] - net(alike)[0] > features / 2


# Classes -----------------------------------------------------------------------------------------


def test_a_class_is_judged_by_projection():
    net = make(LABELLED, conditional=True).discriminator.eval()
    x = torch.rand(1, 1, 28, 28)
    features = net.features(x)[0]
    for k in range(3):
        y = torch.tensor([k])
        expected = net.head(features) + features @ net.label.weight[k]
        assert net(x, y).item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-6)


def test_classes_are_drawn_in_turn_or_as_asked():
    model = make(LABELLED, conditional=True).eval()
    z = torch.randn(1, 4).repeat(6, 1)
    turn = model.decode(z)
    assert torch.allclose(turn[:3], turn[3:])
    assert not torch.allclose(turn[0], turn[1])
    assert torch.allclose(model.decode(z, torch.ones(6, dtype=torch.long))[0], turn[1])


def test_data_without_labels_have_no_classes_to_learn():
    with pytest.raises(InputError, match="no labels"):
        make(GREY, conditional=True)


# Scales and mistakes -----------------------------------------------------------------------------


def test_pictures_are_scaled_to_the_range_of_tanh_and_back():
    model, x = make(), torch.rand(4, 1, 28, 28)
    assert torch.allclose(model.to_data(model.from_data(x)), x)
    assert (model.from_data(x).min() < -0.9, model.from_data(x).max() > 0.9) == (True, True)
    wrong = make(match_tanh=False)
    assert torch.equal(wrong.from_data(x), x)
    assert wrong.decode(torch.randn(5, 4)).min() >= 0


def test_points_are_neither_scaled_nor_bounded():
    model = make(Spec((2,)))
    x = torch.tensor([[-3.0, 3.0]])
    assert torch.equal(model.from_data(x), x)
    assert torch.equal(model.to_data(x), x)
    assert model.judge(x).shape == (1,)


def test_a_sample_depends_on_its_neighbours_only_if_that_mistake_is_made():
    for right in (True, False):
        model = make(sample_in_eval=right).eval()
        z = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
        alone, among = model.decode(z[:2])[0], model.decode(z)[0]
        assert torch.allclose(alone, among, atol=1e-5) == right
        assert not model.generator.training


def test_what_d_says_is_logged_as_a_probability_where_it_is_one():
    assert make().units()["D(real)"] == "probability"
    assert make(loss="wasserstein").units()["D(real)"] == "score"
    told = next(make().objectives(batch_of())).terms["D(real)"]
    assert 0 < told < 1
    raw = next(make(loss="wasserstein").objectives(batch_of())).terms["D(real)"]
    assert math.isfinite(raw.item())
