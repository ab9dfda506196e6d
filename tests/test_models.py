"""The contract of every family, and the closed forms of each."""

from typing import get_args

import numpy as np
import pytest
import torch
from conftest import small

from explorer import layers
from explorer.checkpoints import build
from explorer.data import Spec
from explorer.errors import InputError
from explorer.models import autoencoder, diffusing, families, gan, vae
from explorer.models.base import Batch, Denoises, Encodes, last
from explorer.recipe import recipe

SPECS = {"grey": Spec((1, 28, 28)), "colour": Spec((3, 32, 32)), "large": Spec((3, 64, 64))}


CODING = [name for name, kind in families().items() if issubclass(kind, autoencoder.Autoencoder)]
JUDGING = [name for name, kind in families().items() if issubclass(kind, gan.GAN)]
DIFFUSING = [name for name, kind in families().items() if issubclass(kind, diffusing.Diffusing)]


def make(name, spec=SPECS["grey"], **values):
    return build(recipe(name, "any", small(name, **values)), spec)


def kinds():
    """Every family, with each kind of network that it can have."""
    for name, model in families().items():
        field = model.Config.model_fields.get("architecture")
        for kind in get_args(field.annotation) if field else ():
            places = {"latent": 784} if kind == "spatial" else {}  # 49 and 16 places fit
            yield pytest.param(name, {"architecture": kind} | places, id=f"{name}-{kind}")
        if not field:
            yield pytest.param(name, {}, id=name)


def batch_of(spec, n=8, step=0, epoch=0.0, seed=0):
    """Smooth random images: something that can be learned."""
    coarse = torch.rand(n, spec.shape[0], 4, 4, generator=torch.Generator().manual_seed(5))
    x = torch.nn.functional.interpolate(coarse, spec.shape[1:], mode="bilinear")
    return Batch(x, None, seed, step, epoch)


def trained(model, batch, steps):
    """Adam on one batch; the last loss of every step, and gradients as of the last."""
    optimizers = {k: torch.optim.Adam(p.parameters(), 1e-3) for k, p in model.parts().items()}
    losses = []
    for _ in range(steps):
        for objective in model.objectives(batch):
            assert all(torch.isfinite(term).all() for term in objective.terms.values())
            own = [*model.parts()[objective.part].parameters()]
            optimizers[objective.part].zero_grad()
            objective.loss.backward(inputs=own)
            optimizers[objective.part].step()
        losses.append(objective.loss.item())
    return losses


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize(("name", "kind"), list(kinds()))
class TestContract:
    def test_terms_are_finite_and_reach_every_weight(self, name, kind, spec):
        model, reached = make(name, spec, **kind), set()
        for epoch in (0.0, 100.0):  # parts may learn one after the other
            trained(model, batch_of(spec, epoch=epoch), 4)  # residuals begin as zero
            weights = model.named_parameters()
            reached |= {n for n, p in weights if p.grad is not None and p.grad.abs().sum() > 0}
        assert reached == {n for n, _ in model.named_parameters()}

    def test_samples_have_the_shape_of_the_data_and_depend_on_the_seed_alone(
        self, name, kind, spec
    ):
        model = make(name, spec, **kind).eval()

        def samples(n, seed):
            return last(model.generate(n, torch.Generator().manual_seed(seed)))

        assert samples(3, 1).shape == (3, *spec.shape)
        assert torch.allclose(samples(3, 1), samples(20, 1)[:3], atol=1e-6)
        assert not torch.equal(samples(3, 1), samples(3, 2))


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize(("name", "kind"), [k for k in kinds() if k.values[0] not in JUDGING])
def test_the_loss_falls_on_one_batch(name, kind, spec):  # a game has none: see test_gan
    losses = trained(make(name, spec, **kind), batch_of(spec), 25)
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("name", families())
def test_capabilities_are_found_by_what_a_model_can_do(name):
    model = make(name)
    assert isinstance(model, Encodes) == (name in CODING)
    assert isinstance(model, Denoises) == (name in DIFFUSING)
    assert set(model.capabilities) == {
        kind
        for kind, names in (
            ("Encodes", CODING),
            ("Decodes", CODING + JUDGING),
            ("Denoises", DIFFUSING),
            ("Judges", JUDGING),
        )
        if name in names
    }


@pytest.mark.parametrize("name", families())
def test_points_are_learned_too(name):
    assert last(make(name, Spec((2,))).generate(5, torch.Generator())).shape == (5, 2)


@pytest.mark.parametrize("name", ["autoencoder", "vae", "latent-diffusion"])
def test_a_spatial_code_has_as_many_numbers_at_each_place(name):
    with pytest.raises(InputError, match=r"multiple of 49, such as 196\. It is 50"):
        make(name, architecture="spatial", latent=50)
    with pytest.raises(InputError, match="multiple of 16"):
        make(name, SPECS["colour"], architecture="spatial", latent=50)


@pytest.mark.parametrize(("inputs", "outputs", "size"), [(6, 5, (7, 9)), (1, 3, (1, 1))])
def test_doubling_and_convolving_are_one_transposed_convolution(inputs, outputs, size):
    x = torch.randn(2, inputs, *size, dtype=torch.float64, requires_grad=True)
    one = layers.UpConv(inputs, outputs).double()
    taps = one.weight.detach().clone().requires_grad_()
    doubled = torch.nn.functional.interpolate(x, scale_factor=2)
    two = torch.nn.functional.conv2d(doubled, taps, padding=1)
    torch.testing.assert_close(one(x), two)
    weights = torch.randn_like(two)
    (one(x) * weights).sum().backward()
    expected = torch.autograd.grad((two * weights).sum(), (taps, x))
    torch.testing.assert_close(one.weight.grad, expected[0])
    torch.testing.assert_close(x.grad, expected[1])


def test_what_a_spatial_code_says_stays_in_its_place():
    model = make("autoencoder", architecture="spatial", latent=98).eval()
    z = torch.zeros(1, 98)
    z[0, 3] = 5  # the first channel in the upper row, in the middle
    enter, (convolve, *_) = model.decoder[:2]
    changed = (convolve(enter(z)) - convolve(enter(0 * z))).abs()[0].sum(0) > 0
    assert changed[:2, 2:5].all()
    assert changed.sum() == 6
    code = model.encoder(torch.rand(1, 1, 28, 28))
    assert code.shape == (1, 98)
    shape = layers.code_shape((1, 28, 28), 98)
    assert shape == (2, 7, 7)


@pytest.mark.parametrize("name", CODING)
def test_points_have_no_cross_entropy(name):
    with pytest.raises(InputError, match="points"):
        make(name, Spec((2,)), loss="bce")


def test_the_seed_decides_the_first_weights_and_leaves_global_randomness_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    a, b, c = make("vae", seed=1), make("vae", seed=1), make("vae", seed=2)
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not all(torch.equal(p, q) for p, q in zip(a.parameters(), c.parameters(), strict=True))


@pytest.mark.parametrize(
    ("loss", "distance"),
    [
        ("l2", lambda a, x: ((a - x) ** 2).sum()),
        ("l1", lambda a, x: (a - x).abs().sum()),
        ("bce", lambda a, x: -(x * a.log() + (1 - x) * (1 - a).log()).sum()),
    ],
)
def test_reconstruction_is_summed_over_pixels_and_averaged_over_images(loss, distance):
    model, batch = make("autoencoder", loss=loss), batch_of(SPECS["grey"])
    (objective,) = model.objectives(batch)
    drawn = model.decode(model.posterior(batch.x)[0])
    by_hand = sum(distance(a, x) for a, x in zip(drawn, batch.x, strict=True)) / len(batch.x)
    assert objective.terms["reconstruction"].item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_kl_against_torch_distributions():
    mean, log_var = torch.randn(50, 7), torch.randn(50, 7)
    q = torch.distributions.Normal(mean, (log_var / 2).exp())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    assert torch.allclose(vae.kl_to_standard_normal(mean, log_var), expected, atol=1e-5)


def test_beta_weighs_the_kl_term():
    spec = SPECS["grey"]
    terms = next(make("vae", beta=2.5).objectives(batch_of(spec))).terms
    assert terms["loss"].item() == pytest.approx(
        terms["reconstruction"].item() + 2.5 * terms["KL"].item(), rel=1e-6
    )


def test_beta_zero_without_noise_is_the_autoencoder():
    spec = SPECS["grey"]
    variational, plain = make("vae", beta=0, sampling=False), make("autoencoder")
    weights = variational.state_dict()
    for name in ("encoder.4.weight", "encoder.4.bias"):  # only the means' half exists in both
        weights[name] = weights[name][:4]
    plain.load_state_dict(weights)
    (a,), (b,) = (list(m.objectives(batch_of(spec))) for m in (variational, plain))
    assert a.loss.item() == b.loss.item()
    a.loss.backward()
    b.loss.backward()
    for (name, p), q in zip(plain.named_parameters(), variational.parameters(), strict=True):
        assert torch.allclose(p.grad, q.grad[: len(p)], rtol=1e-4, atol=1e-5), name


def test_beta_zero_with_noise_is_not_the_autoencoder():
    spec = SPECS["grey"]
    (noisy,) = make("vae", beta=0).objectives(batch_of(spec))
    (plain,) = make("vae", beta=0, sampling=False).objectives(batch_of(spec))
    assert noisy.loss.item() != plain.loss.item()


def test_units_of_beta_optimise_the_same_thing():
    """Equivalent betas give gradients that differ by a constant factor only."""
    spec, pixels, latent = SPECS["grey"], 784, 4
    config = make("vae", beta=1.5, beta_unit="mean").config
    equivalent = vae.equivalent_betas(config, spec)
    assert equivalent["mean"] == pytest.approx(1.5)
    assert equivalent["sum"] == pytest.approx(1.5 * pixels / latent)
    assert equivalent["batch-sum"] == pytest.approx(equivalent["sum"])

    def gradient(unit, beta):
        model = make("vae")
        model.config = config.model_copy(update={"beta_unit": unit, "beta": beta})
        next(model.objectives(batch_of(spec))).loss.backward()
        return torch.cat([p.grad.flatten() for p in model.parameters()])

    mean, total = gradient("mean", 1.5), gradient("sum", equivalent["sum"])
    batch = gradient("batch-sum", equivalent["batch-sum"])
    assert torch.allclose(mean * pixels, total, rtol=1e-3, atol=1e-4)
    assert torch.allclose(batch / 8, total, rtol=1e-3, atol=1e-4)


def test_the_mean_unit_is_the_mean_over_pixels_and_over_latents():
    spec = SPECS["grey"]
    model, batch = make("vae", beta=1.5, beta_unit="mean", sampling=False), batch_of(spec)
    mean, log_var = model.gaussian(batch.x)
    by_hand = torch.nn.functional.mse_loss(model.decode(mean), batch.x)
    by_hand = by_hand + 1.5 * -0.5 * torch.mean(1 + log_var - mean**2 - log_var.exp())
    assert next(model.objectives(batch)).loss.item() == pytest.approx(by_hand.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("schedule", "epochs", "expected"),
    [
        ("constant", [0, 5, 50], [1, 1, 1]),
        ("linear", [0, 2.5, 10, 50], [0, 0.25, 1, 1]),
        ("cyclical", [0, 2.5, 5, 9.9, 10, 12.5], [0, 0.5, 1, 1, 0, 0.5]),
    ],
)
def test_schedules_of_beta(schedule, epochs, expected):
    config = make("vae", beta_schedule=schedule, beta_epochs=10).config
    assert [vae.beta_ramp(config, e) for e in epochs] == pytest.approx(expected)


def test_input_noise_is_added_while_training_only():
    spec = SPECS["grey"]
    model = make("autoencoder", noise=0.5)
    noisy = model.train().corrupted(batch_of(spec))
    assert (noisy - batch_of(spec).x).std().item() == pytest.approx(0.5, rel=0.05)
    assert torch.equal(model.eval().corrupted(batch_of(spec)), batch_of(spec).x)


def test_noise_is_a_function_of_seed_step_and_purpose():
    spec = SPECS["grey"]
    draw = lambda purpose="z", **kw: batch_of(spec, **kw).noise(purpose, (4, 3))  # noqa: E731
    assert torch.equal(draw(), draw())
    for other in (draw("y"), draw(step=1), draw(seed=1)):
        assert not torch.equal(draw(), other)


def test_active_units_counts_latents_that_carry_information():
    model = make("autoencoder")
    mean = torch.zeros(100, 6)
    mean[:, :2] = torch.from_numpy(np.random.default_rng(0).normal(size=(100, 2))).float()
    assert model.usage(mean)["active units"].item() == 2
