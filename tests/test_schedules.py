"""Schedules against diffusers, against published values, and against their own promises."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler

from explorer.errors import InputError
from explorer.schedules import Schedule, schedule

NAMES = ("linear", "cosine", "sigmoid", "flow")
SPACINGS = ("uniform", "quadratic", "log-snr")


def theirs(name: str, T: int, **more: float) -> DDPMScheduler:
    """The scheduler of diffusers with the same betas."""
    kind = {"linear": "linear", "cosine": "squaredcos_cap_v2"}[name]
    return DDPMScheduler(num_train_timesteps=T, beta_schedule=kind, **more)


# The tables -----------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [10, 100, 500, 1000])
@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_betas_and_alphas_equal_those_of_diffusers(name, T):
    ours, reference = schedule(name, T), theirs(name, T)
    assert ours.beta == pytest.approx(reference.betas.double().numpy(), rel=1e-5, abs=1e-7)
    expected = reference.alphas_cumprod.double().numpy()
    assert ours.alpha_bar[1:] == pytest.approx(expected, rel=2e-5, abs=1e-9)


def test_other_betas_equal_those_of_diffusers():
    ours = schedule("linear", 200, 1e-3, 0.1)
    reference = theirs("linear", 200, beta_start=1e-3, beta_end=0.1)
    assert ours.beta == pytest.approx(reference.betas.double().numpy(), rel=1e-5)


@pytest.mark.parametrize(("T", "left"), [(100, 0.60), (500, 0.080), (1000, 0.0064)])
def test_what_is_left_of_the_picture_at_the_end(T, left):
    assert schedule("linear", T).alpha[-1] == pytest.approx(left, rel=0.02)


def test_the_cosine_schedule_is_nichol_and_dhariwals():
    """ᾱ(t) = f(t) / f(0), f = cos²((t + 0.008) / 1.008 · π / 2); only the last β is cut."""
    t = torch.arange(1000, dtype=torch.float64) / 1000
    f = torch.cos((t + 0.008) / 1.008 * torch.pi / 2) ** 2
    ours = schedule("cosine", 1000)
    assert ours.alpha_bar[:-1] == pytest.approx((f / f[0]).numpy(), rel=1e-9)
    assert ours.beta.argmax() == 999
    assert ours.beta[-1] == pytest.approx(0.999)


def test_the_sigmoid_schedule_falls_along_a_sigmoid():
    """Chen 2023, alg. 1, from −3 to 3: symmetric about the middle, where half is left."""
    ours = schedule("sigmoid", 1000).alpha_bar
    assert ours[500] == pytest.approx(0.5, abs=1e-12)
    assert ours[1:1000] + ours[999:0:-1] == pytest.approx(1, abs=1e-12)
    ends = torch.tensor([3.0, -3.0], dtype=torch.float64).sigmoid()
    at = torch.tensor(3 - 6 * 0.25, dtype=torch.float64).sigmoid()
    assert ours[250] == pytest.approx(((at - ends[1]) / (ends[0] - ends[1])).item(), rel=1e-9)


def test_rectified_flow_is_a_straight_line():
    ours = schedule("flow", 10)
    assert ours.sigma == pytest.approx(np.arange(11) / 10)
    assert ours.alpha == pytest.approx(1 - np.arange(11) / 10)


@pytest.mark.parametrize("T", [10, 100, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_every_schedule_goes_from_data_to_noise(name, T):
    ours = schedule(name, T)
    assert ours.T == T
    assert ours.at(0) == (1, 0)
    assert (np.diff(ours.alpha) < 0).all()
    assert (np.diff(ours.sigma) > 0).all()
    assert ours.alpha.dtype == ours.sigma.dtype == np.float64
    if name != "flow":
        assert ours.alpha**2 + ours.sigma**2 == pytest.approx(1, abs=1e-12)
    if name != "linear":
        assert ours.alpha[-1] < 0.06


def test_the_views_agree_with_the_tables():
    ours = schedule("linear", 100)
    assert ours.alpha_bar == pytest.approx(np.cumprod([1, *1 - ours.beta]))
    assert ours.snr[0] == np.inf
    assert ours.snr[1:] == pytest.approx(ours.alpha_bar[1:] / (1 - ours.alpha_bar[1:]))
    assert 2 * ours.log_snr[1:] == pytest.approx(np.log(ours.snr[1:]))
    assert schedule("flow", 10).log_snr[[0, 5, 10]] == pytest.approx([np.inf, 0, -np.inf])


# Levels ---------------------------------------------------------------------------------------


def some_counts(T: int) -> list[int]:
    return sorted({1, 2, 3, 4, 7, 10, T // 3, T // 2, T - 1, T})


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("T", [10, 11, 50, 100, 500, 999, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_levels_fall_strictly_from_end_to_end(name, T, spacing):
    ours = schedule(name, T)
    for steps in some_counts(T):
        levels = ours.levels(steps, spacing)
        assert len(levels) == steps + 1
        assert (levels[0], levels[-1]) == (T, 0)
        assert (np.diff(levels) < 0).all()
        assert all(type(level) is int for level in levels)


def test_even_levels_are_evenly_spaced():
    assert schedule("linear", 1000).levels(5) == [1000, 800, 600, 400, 200, 0]


def test_quadratic_levels_are_squares():
    assert schedule("linear", 100).levels(5, "quadratic") == [100, 64, 36, 16, 4, 0]


@pytest.mark.parametrize("name", NAMES)
def test_even_log_snr_levels_are_even_in_log_snr(name):
    """As even as 1000 levels allow; the first step comes from T, which may be infinitely far."""
    ours = schedule(name, 1000)
    gaps = np.diff(ours.log_snr[ours.levels(10, "log-snr")])
    inner = gaps if name == "linear" else gaps[1:]
    assert inner[:-1] == pytest.approx(inner[:-1].mean(), rel=0.1)
    assert (gaps[0] > 0.9 * inner[1]) & (gaps[-1] == np.inf)


@pytest.mark.parametrize("T", [10, 1000])
@pytest.mark.parametrize("wrong", [0, -1, "T + 1"])
def test_impossible_numbers_of_steps_are_refused_with_the_limit(T, wrong):
    steps = T + 1 if wrong == "T + 1" else wrong
    with pytest.raises(InputError, match=rf"Steps is {steps}, .*between 1 and {T}\."):
        schedule("linear", T).levels(steps)


def test_a_schedule_of_ones_own_is_just_two_tables():
    ours = Schedule("flow", np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.5, 1.0]))
    assert ours.levels(2, "log-snr") == ours.levels(2) == [2, 1, 0]
    assert ours.levels(1, "log-snr") == [2, 0]


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_walk_may_begin_below_the_top(spacing):
    ours = schedule("linear", 100)
    whole = ours.levels(10, spacing)
    assert ours.levels(10, spacing, 100) == whole
    assert ours.levels(10, spacing, 55) == [55, *(k for k in whole if k < 55)]
    assert ours.levels(10, spacing, 1) == [1, 0]
