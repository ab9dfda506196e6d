"""Every loss against what is derived by hand, the penalties against critics known by formula."""

import math

import pytest
import torch
from torch import nn

from explorer.adversarial import LOSSES, gradient_penalty, r1, slopes

D = torch.linspace(-6, 6, 49, dtype=torch.float64)  # holds the hinge's corners −1 and 1
TERMS = ("real", "fake", "generator")


def sigmoid(d: float) -> float:
    return 1 / (1 + math.exp(-d))


# name -> the derivative after d of each term, by hand; at a corner of the hinge any of both slopes
BY_HAND = {
    "non-saturating": {
        "real": lambda d: sigmoid(d) - 1,
        "fake": sigmoid,
        "generator": lambda d: sigmoid(d) - 1,
    },
    "minimax": {
        "real": lambda d: sigmoid(d) - 1,
        "fake": sigmoid,
        "generator": lambda d: -sigmoid(d),
    },
    "least-squares": {
        "real": lambda d: d - 1,
        "fake": lambda d: d,
        "generator": lambda d: d - 1,
    },
    "wasserstein": {"real": lambda d: -1, "fake": lambda d: 1, "generator": lambda d: -1},
    "hinge": {
        "real": lambda d: -1 if d < 1 else 0,
        "fake": lambda d: 1 if d > -1 else 0,
        "generator": lambda d: -1,
    },
}
# the same for the values, as written in the papers
VALUES = {
    "non-saturating": {
        "real": lambda d: -math.log(sigmoid(d)),
        "fake": lambda d: -math.log(1 - sigmoid(d)),
        "generator": lambda d: -math.log(sigmoid(d)),
    },
    "minimax": {
        "real": lambda d: -math.log(sigmoid(d)),
        "fake": lambda d: -math.log(1 - sigmoid(d)),
        "generator": lambda d: math.log(1 - sigmoid(d)),
    },
    "least-squares": {
        "real": lambda d: (d - 1) ** 2 / 2,
        "fake": lambda d: d**2 / 2,
        "generator": lambda d: (d - 1) ** 2 / 2,
    },
    "wasserstein": {"real": lambda d: -d, "fake": lambda d: d, "generator": lambda d: -d},
    "hinge": {
        "real": lambda d: max(0, 1 - d),
        "fake": lambda d: max(0, 1 + d),
        "generator": lambda d: -d,
    },
}
AT_ZERO = {  # real, fake, generator
    "non-saturating": (math.log(2), math.log(2), math.log(2)),
    "minimax": (math.log(2), math.log(2), -math.log(2)),
    "least-squares": (0.5, 0, 0.5),
    "wasserstein": (0, 0, 0),
    "hinge": (1, 1, 0),
}


def term(loss: str, name: str, d: torch.Tensor) -> torch.Tensor:
    found = getattr(LOSSES[loss], name)
    return found(d, 1.0) if name == "real" else found(d)


def derivative(loss: str, name: str, d: torch.Tensor) -> torch.Tensor:
    d = d.clone().requires_grad_()
    (found,) = torch.autograd.grad(term(loss, name, d).sum(), d)
    return found


def by_hand(table: dict, loss: str, name: str, d: torch.Tensor) -> torch.Tensor:
    return torch.tensor([table[loss][name](x) for x in d.tolist()], dtype=torch.float64)


# The losses -----------------------------------------------------------------------------------


def test_every_loss_is_derived_by_hand():
    assert BY_HAND.keys() == VALUES.keys() == AT_ZERO.keys() == LOSSES.keys()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_those_by_hand(loss, name):
    d = D[D.abs() != 1] if loss == "hinge" else D
    torch.testing.assert_close(
        derivative(loss, name, d), by_hand(BY_HAND, loss, name, d), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", TERMS)
def test_values_are_those_of_the_papers(loss, name):
    torch.testing.assert_close(
        term(loss, name, D), by_hand(VALUES, loss, name, D), rtol=1e-11, atol=1e-13
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_values_at_zero(loss):
    zero = torch.zeros(1, dtype=torch.float64)
    found = [term(loss, name, zero).item() for name in TERMS]
    assert found == pytest.approx(AT_ZERO[loss])


@pytest.mark.parametrize("loss", LOSSES)
def test_the_discriminators_loss_is_the_mean_of_both_parts(loss):
    real, fake = torch.tensor([0.3, -2.0, 1.5]), torch.tensor([-0.7, 0.1])
    wanted = term(loss, "real", real).mean() + term(loss, "fake", fake).mean()
    assert LOSSES[loss].discriminator(real, fake).item() == pytest.approx(wanted.item())


def test_both_cross_entropies_push_a_point_the_same_way_and_differ_in_strength():
    d = torch.tensor([-8.0, 0.0, 8.0], dtype=torch.float64)
    saturating, not_saturating = (
        derivative(n, "generator", d) for n in ("minimax", "non-saturating")
    )
    assert (saturating < 0).all()
    assert (not_saturating < 0).all()
    torch.testing.assert_close(saturating + not_saturating, -torch.ones(3, dtype=torch.float64))
    assert -saturating[0] < 4e-4  # where D is sure, minimax says nothing
    assert -not_saturating[0] > 0.999


# Label smoothing ------------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "lowest"), [
    ("non-saturating", math.log(0.9 / 0.1)),
    ("minimax", math.log(0.9 / 0.1)),
    ("least-squares", 0.9),
])  # fmt: skip
def test_a_smoothed_label_is_what_real_pictures_are_pulled_to(loss, lowest):
    d = torch.tensor([lowest - 1, lowest, lowest + 1], dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(LOSSES[loss].real(d, 0.9).sum(), d)
    assert slope[0] < 0 < slope[2]
    assert slope[1].item() == pytest.approx(0, abs=1e-12)


def test_smoothed_cross_entropy_is_that_of_a_coin():
    d = D
    p = torch.sigmoid(d)
    wanted = -(0.8 * p.log() + 0.2 * (1 - p).log())
    torch.testing.assert_close(LOSSES["minimax"].real(d, 0.8), wanted)


@pytest.mark.parametrize("loss", ["wasserstein", "hinge"])
def test_losses_without_a_label_have_nothing_to_smooth(loss):
    assert not LOSSES[loss].smooths
    torch.testing.assert_close(LOSSES[loss].real(D, 0.5), LOSSES[loss].real(D, 1.0))


# Far out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_logits_of_ten_thousand_overflow_nothing(loss, name, dtype):
    d = torch.tensor([-1e4, 1e4], dtype=dtype)
    assert term(loss, name, d).isfinite().all()
    found = derivative(loss, name, d)
    assert found.isfinite().all()
    wanted = [0.0, 1.0] if loss in ("minimax", "non-saturating") and name == "fake" else None
    if wanted:
        assert found.tolist() == wanted


def test_the_saturated_gradient_is_tiny_but_not_rounded_to_nothing():
    d = torch.tensor([-50.0])
    found = derivative("minimax", "generator", d).item()
    assert found == pytest.approx(-math.exp(-50), rel=1e-5)


# Penalties ------------------------------------------------------------------------------------


class Linear(nn.Module):
    """d = w·x: the slope is ‖w‖ everywhere."""

    def __init__(self, w: torch.Tensor):
        super().__init__()
        self.w = nn.Parameter(w)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ self.w


class Quadratic(nn.Module):
    """d = a‖x‖² / 2: the slope is |a|‖x‖."""

    def __init__(self, a: float):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.a * x.flatten(1).square().sum(1) / 2


def small_network() -> nn.Module:
    """2 -> 1, smooth, with weights that are always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        hidden = (nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh())
        return nn.Sequential(*hidden, nn.Linear(8, 1)).double()


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", [(5, 2), (3, 1, 4, 4)])
def test_the_slope_of_a_linear_critic_is_the_length_of_its_weights(shape):
    x = normal(*shape)
    critic = Linear(normal(x[0].numel(), seed=1))
    wanted = critic.w.norm().expand(len(x))
    torch.testing.assert_close(slopes(critic, x), wanted)


@pytest.mark.parametrize("shape", [(5, 2), (3, 1, 4, 4)])
def test_the_slope_of_a_quadratic_critic_grows_with_the_distance(shape):
    x = normal(*shape)
    torch.testing.assert_close(slopes(Quadratic(3.0), x), 3 * x.flatten(1).norm(dim=1))


def test_slopes_leave_what_they_are_given_alone():
    x = normal(4, 2).requires_grad_()
    slopes(Quadratic(1.0), x).sum().backward()
    assert x.grad is None


def test_r1_is_half_the_mean_squared_slope():
    x = normal(6, 2)
    found = r1(Quadratic(2.0), x).item()
    assert found == pytest.approx((4 * x.square().sum(1)).mean().item() / 2)


def test_the_gradient_penalty_of_a_linear_critic():
    critic = Linear(torch.tensor([3.0, 4.0], dtype=torch.float64))
    real, fake, at = normal(5, 2), normal(5, 2, seed=1), torch.rand(5, dtype=torch.float64)
    assert gradient_penalty(critic, real, fake, at).item() == pytest.approx((5 - 1) ** 2)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_gradient_penalty_looks_between_generated_and_real(share):
    real, fake = normal(5, 1, 3, 3), normal(5, 1, 3, 3, seed=1)
    between = ((1 - share) * fake + share * real).flatten(1).norm(dim=1)
    at = torch.full((5,), share, dtype=torch.float64)
    found = gradient_penalty(Quadratic(2.0), real, fake, at).item()
    assert found == pytest.approx((2 * between - 1).square().mean().item())


def test_the_gradient_penalty_moves_the_weights_of_the_critic():
    critic = Linear(torch.tensor([3.0, 4.0], dtype=torch.float64))
    real, fake = normal(5, 2), normal(5, 2, seed=1)
    gradient_penalty(critic, real, fake, torch.zeros(5, dtype=torch.float64)).backward()
    w, length = critic.w.detach(), critic.w.norm().item()
    torch.testing.assert_close(critic.w.grad, 2 * (length - 1) * w / length)


@pytest.mark.parametrize("penalty", [
    r1,
    lambda c, x: gradient_penalty(c, x, -x, torch.full((len(x),), 0.3, dtype=torch.float64)),
])  # fmt: skip
def test_penalties_can_be_differentiated_after_every_weight(penalty):
    net = small_network()
    x = normal(6, 2)
    penalty(lambda v: net(v).squeeze(1), x).backward()
    weight = net[2].weight
    found = weight.grad[1, 2].item()
    step = 1e-5
    with torch.no_grad():
        weight[1, 2] += step
    above = penalty(lambda v: net(v).squeeze(1), x).item()
    with torch.no_grad():
        weight[1, 2] -= 2 * step
    below = penalty(lambda v: net(v).squeeze(1), x).item()
    assert found == pytest.approx((above - below) / (2 * step), rel=1e-6)
    assert all(p.grad is not None for name, p in net.named_parameters() if name != "4.bias")
