"""Samplers: equal to diffusers' schedulers, of the order they claim, and quiet at the last step."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler
from torch import Tensor

from explorer import sampling, targets
from explorer.checkpoints import build
from explorer.data import Spec
from explorer.device import own_randomness
from explorer.errors import InputError, NonFinite
from explorer.models.base import last
from explorer.models.diffusing import Diffusing
from explorer.recipe import recipe
from explorer.sampling import SampleSettings, Step, guided, heun, reverse
from explorer.schedules import Schedule, schedule

KINDS = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}  # diffusers' names and ours
BETAS = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
SHAPE = (3, 2, 5, 5)


# Equal to diffusers ---------------------------------------------------------------------------


def kept_variance(name: str, T: int) -> Tensor:
    """ᾱ of timesteps 0 … T − 1 in float64, from torch alone."""
    if name == "linear":
        return torch.cumprod(1 - torch.linspace(1e-4, 0.02, T, dtype=torch.float64), 0)
    t = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((t + 0.008) / 1.008 * torch.pi / 2) ** 2
    return torch.cumprod((f[1:] / f[:-1]).clamp(min=0.001), 0)


class Network:
    """What a trained network might say: a little curved, never far from the data's scale."""

    def __init__(self, name: str, T: int, kind: str):
        kept = kept_variance(name, T)
        self.alpha, self.sigma, self.kind = kept.sqrt(), (1 - kept).sqrt(), kind

    def __call__(self, x: Tensor, timestep: int) -> Tensor:
        """Its prediction for x at ``timestep`` 0 … T − 1, which is our level 1 … T."""
        a, s = self.alpha[timestep].item(), self.sigma[timestep].item()
        bend = 0.3 * torch.sin(2 * x + 0.01 * timestep)
        eps, x0 = s * x - a * bend, a * x + s * bend  # one and the same guess
        return {"epsilon": eps, "sample": x0, "v_prediction": a * eps - s * x0}[self.kind]


def denoiser(network: Network, ours: Schedule, clip: bool = False) -> sampling.Denoiser:
    """Our side of the comparison: what the network says, turned into x_0 by `targets`."""

    def denoise(x: Tensor, level: int) -> Tensor:
        a, s = torch.tensor(ours.at(level), dtype=torch.float32)
        return targets.clean(KINDS[network.kind], network(x, level - 1), x, a, s)

    return sampling.clipped(denoise) if clip else denoise


def start() -> Tensor:
    return torch.randn(SHAPE, generator=own_randomness(0))


def fresh(generator: torch.Generator) -> sampling.Noise:
    """The noise that diffusers draws from this generator."""
    return lambda x: torch.randn(x.shape, generator=generator)


def ddim(name: str, T: int, kind: str, clip: bool = False) -> DDIMScheduler:
    return DDIMScheduler(
        num_train_timesteps=T,
        beta_schedule=BETAS[name],
        prediction_type=kind,
        clip_sample=clip,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
    )


def ddpm(name: str, T: int, kind: str, clip: bool = False) -> DDPMScheduler:
    return DDPMScheduler(
        num_train_timesteps=T,
        beta_schedule=BETAS[name],
        prediction_type=kind,
        variance_type="fixed_small",
        clip_sample=clip,
    )


def dpm(name: str, T: int, kind: str) -> DPMSolverMultistepScheduler:
    return DPMSolverMultistepScheduler(
        num_train_timesteps=T,
        beta_schedule=BETAS[name],
        prediction_type=kind,
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero",
        lower_order_final=True,
        timestep_spacing="trailing",
    )


def precise(scheduler):
    """The same with tables in float64: their rounding to float32 grows to 1e-3 over 1000 steps."""
    name = {value: key for key, value in BETAS.items()}[scheduler.config.beta_schedule]
    kept = kept_variance(name, scheduler.config.num_train_timesteps)
    assert torch.allclose(scheduler.alphas_cumprod.double(), kept, rtol=3e-5, atol=1e-9)
    scheduler.alphas_cumprod = kept
    return scheduler


def chain(scheduler, network: Network, steps: int, **options) -> list[tuple[Tensor, Tensor | None]]:
    """(x, x_0) of every step of diffusers, and the end."""
    scheduler.set_timesteps(steps)
    x, seen = start(), []
    for t in scheduler.timesteps:
        out = scheduler.step(network(x, int(t)), t, x, **options)
        seen.append((x, getattr(out, "pred_original_sample", None)))
        x = out.prev_sample
    return [*seen, (x, x)]


def assert_equal(
    walk: Iterable[Step], seen: list[tuple[Tensor, Tensor | None]], ours: Schedule
) -> None:
    """Every x to 1e-5, and every guess, which from ε is as exact as x over α."""
    walk = list(walk)
    assert len(walk) == len(seen)
    for step, (x, x0) in zip(walk, seen, strict=True):
        alpha = ours.alpha[round(step.t * ours.T)]
        assert step.x.dtype == torch.float32
        assert (step.x - x).abs().max() < 1e-5, f"x at t = {step.t}"
        assert x0 is None or (step.x0 - x0).abs().max() < 1e-5 + 4e-7 / alpha, f"x_0, {step.t}"


@pytest.mark.parametrize("clip", [False, True], ids=["free", "clipped"])
@pytest.mark.parametrize("eta", [0, 0.3, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("T", "steps"), [(10, 10), (10, 1), (100, 20), (1000, 50), (1000, 1)])
@pytest.mark.parametrize("name", BETAS)
def test_chains_of_reverse_are_the_ddim_of_diffusers(name, T, steps, kind, eta, clip):
    ours, network = schedule(name, T), Network(name, T, kind)
    options = {"eta": eta, "use_clipped_model_output": clip, "generator": own_randomness(1)}
    seen = chain(precise(ddim(name, T, kind, clip)), network, steps, **options)
    guess, levels = denoiser(network, ours, clip), ours.levels(steps)
    noise = fresh(own_randomness(1))
    assert_equal(reverse(guess, ours, start(), levels, eta, noise), seen, ours)


@pytest.mark.parametrize(
    ("T", "clip"), [(10, False), (10, True), (100, False), (100, True), (1000, False)]
)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BETAS)
def test_chains_of_reverse_with_eta_1_are_the_ddpm_of_diffusers(name, T, kind, clip):
    ours, network = schedule(name, T), Network(name, T, kind)
    theirs = precise(ddpm(name, T, kind, clip))
    seen = chain(theirs, network, T, generator=own_randomness(2))
    guess, levels = denoiser(network, ours, clip), ours.levels(T)
    noise = fresh(own_randomness(2))
    assert_equal(reverse(guess, ours, start(), levels, 1.0, noise), seen, ours)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("T", "steps"), [(10, 10), (10, 2), (100, 20), (1000, 8), (1000, 50)])
@pytest.mark.parametrize("name", BETAS)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_chains_of_dpm_solver_are_those_of_diffusers(name, T, steps, kind):
    if (name, kind) == ("cosine", "epsilon"):
        kind = "v_prediction"  # they round σ = √(1 − ᾱ) / √ᾱ, some 1e4 here, to float32
    ours, network = schedule(name, T), Network(name, T, kind)
    seen = chain(dpm(name, T, kind), network, steps)
    guess, levels = denoiser(network, ours), ours.levels(steps)
    assert_equal(sampling.dpm_solver(guess, ours, start(), levels), seen, ours)


@pytest.mark.parametrize("eta", [0, 0.3, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("T", [10, 100, 1000])
@pytest.mark.parametrize("name", BETAS)
def test_single_steps_are_those_of_diffusers_as_they_are(name, T, kind, eta):
    """Both as they come, tables in float32 and all; each step of theirs from the same x."""
    ours, network = schedule(name, T), Network(name, T, kind)
    every_level, every_other = ddim(name, T, kind), ddim(name, T, kind)
    every_level.set_timesteps(T)
    every_other.set_timesteps(T // 2)
    pairs = [(every_level, k, k - 1) for k in (T, T // 2, 2, 1)]
    pairs += [(every_other, k, k - 2) for k in (T, T // 2 + T // 2 % 2, 2)]
    # Their posterior divides by 1 − ᾱ, which float32 knows badly near the data.
    pairs += [(ddpm(name, T, kind), k, k - 1) for k in (T, T // 2, T // 5) if eta == 1]
    for scheduler, k, to in pairs:
        options = {"eta": eta} if isinstance(scheduler, DDIMScheduler) else {}
        said = network(start(), k - 1)
        out = scheduler.step(said, k - 1, start(), generator=own_randomness(3), **options)
        guess, noise = denoiser(network, ours), fresh(own_randomness(3))
        *_, end = reverse(guess, ours, start(), [k, to], eta, noise)
        assert (end.x - out.prev_sample).abs().max() < 1e-5, (k, to)


# The probability-flow ODE ---------------------------------------------------------------------

MEAN, STD = torch.tensor([0.7, -0.4], dtype=torch.float64), 0.6


def gaussian(ours: Schedule) -> sampling.Denoiser:
    """E[x_0 | x] for data N(m, s² I), by conditioning a joint Gaussian."""

    def denoise(x: Tensor, level: int) -> Tensor:
        a, s = ours.at(level)
        return MEAN + a * STD**2 / (a**2 * STD**2 + s**2) * (x - a * MEAN)

    return denoise


def exact_end(ours: Schedule, x: Tensor) -> Tensor:
    """Where the ODE leads: it keeps (x − α m) / √(α² s² + σ²), which is N(0, I) at every level."""
    a, s = ours.at(ours.T)
    return MEAN + STD * (x - a * MEAN) / np.sqrt(a**2 * STD**2 + s**2)


def noise(n: int = 64) -> Tensor:
    return torch.randn(n, 2, generator=own_randomness(4), dtype=torch.float64)


def error(walk: Callable, ours: Schedule, steps: int) -> float:
    """How far from the exact end a sampler gets."""
    *_, end = walk(gaussian(ours), ours, noise(), ours.levels(steps))
    return (end.x - exact_end(ours, noise())).abs().max().item()


def smooth(name: str) -> Schedule:
    """A schedule without a kink at the data, where the others' σ starts like a square root."""
    angles = np.linspace(0, np.pi / 2, 1001)
    return (
        schedule("flow", 1000) if name == "flow" else Schedule(name, np.cos(angles), np.sin(angles))
    )


@pytest.mark.parametrize("name", ["circle", "flow"])
@pytest.mark.parametrize(("walk", "order"), [(reverse, 1), (heun, 2)])
def test_halving_the_steps_shows_the_order(walk, order, name):
    errors = [error(walk, smooth(name), steps) for steps in (25, 50, 100)]
    for coarse, fine in pairwise(errors):
        assert np.log2(coarse / fine) == pytest.approx(order, abs=0.15)
    assert errors[-1] < (0.05, 1e-3)[order - 1]


@pytest.mark.parametrize("name", ["linear", "cosine", "sigmoid", "flow"])
def test_higher_order_is_better_at_equal_calls(name):
    ours = schedule(name, 1000)
    first = error(reverse, ours, 40)
    assert error(heun, ours, 20) < 0.7 * first
    assert error(sampling.dpm_solver, ours, 40) < 0.3 * first


@pytest.mark.parametrize("name", ["linear", "cosine", "sigmoid", "flow"])
@pytest.mark.parametrize("walk", [reverse, heun, sampling.dpm_solver])
def test_all_samplers_end_at_the_exact_end(walk, name):
    assert error(walk, schedule(name, 1000), 1000) < (0.006 if walk is reverse else 1e-3)


def test_ddim_on_a_straight_path_is_eulers_rule():
    """x + dt · (ε − x_0), as every rectified flow code has it."""
    ours = schedule("flow", 100)
    guess = gaussian(ours)
    walk = list(reverse(guess, ours, noise(), ours.levels(20)))
    x = noise()
    for step, t in zip(walk, np.arange(20, 0, -1) / 20, strict=False):
        assert step.t == pytest.approx(t)
        assert torch.allclose(step.x, x, rtol=0, atol=1e-12)
        x0 = guess(x, round(100 * t))
        eps = (x - (1 - t) * x0) / t
        x = x - 0.05 * (eps - x0)
    assert torch.allclose(walk[-1].x, x, rtol=0, atol=1e-12)


def test_one_step_is_the_denoisers_first_guess():
    for name in ("cosine", "flow"):
        ours = schedule(name, 50)
        expected = gaussian(ours)(noise(), 50)
        for walk in (reverse, heun, sampling.dpm_solver):
            first, end = walk(gaussian(ours), ours, noise(), ours.levels(1))
            assert torch.equal(first.x0, expected)
            assert torch.allclose(end.x, expected, rtol=0, atol=1e-12)


# What is shown, and when chance comes in ------------------------------------------------------


class Counted:
    """A function that remembers how often, and with what, it was called."""

    def __init__(self, function: Callable):
        self.function, self.calls = function, []

    def __call__(self, *arguments):
        self.calls.append(arguments)
        return self.function(*arguments)


@pytest.mark.parametrize("name", ["linear", "flow"])
@pytest.mark.parametrize("eta", [0.5, 1.0])
def test_no_noise_is_added_at_the_last_step(name, eta):
    ours = schedule(name, 20)
    drawn = Counted(torch.ones_like)
    walk = list(reverse(gaussian(ours), ours, noise(), ours.levels(10), eta, drawn))
    assert len(drawn.calls) == 9
    assert torch.allclose(walk[-1].x, walk[-2].x0, rtol=0, atol=1e-12)


def test_without_eta_no_noise_is_drawn():
    ours = schedule("linear", 20)
    drawn = Counted(torch.randn_like)
    for _ in reverse(gaussian(ours), ours, noise(), ours.levels(20), 0.0, drawn):
        pass
    assert drawn.calls == []


def test_all_of_eta_forgets_pure_noise_on_a_straight_path():
    """At T, x says nothing about x_0; with η = 1 the next x is made of fresh noise alone."""
    ours = schedule("flow", 10)
    ends = [
        list(reverse(gaussian(ours), ours, x, [10, 5], 1.0, torch.ones_like))[-1].x
        for x in (noise(), -noise())
    ]
    assert torch.allclose(ends[0], 0.5 * MEAN + 0.5)
    assert torch.allclose(*ends)


@pytest.mark.parametrize(("walk", "calls"), [(reverse, 8), (heun, 15), (sampling.dpm_solver, 8)])
def test_every_step_is_shown_with_its_time_and_its_guess(walk, calls):
    ours = schedule("cosine", 16)
    asked = Counted(gaussian(ours))
    steps = list(walk(asked, ours, noise(), ours.levels(8)))
    assert [step.t for step in steps] == [k / 16 for k in range(16, -1, -2)]
    assert len(asked.calls) == calls
    for step in steps[:-1]:
        assert torch.equal(step.x0, gaussian(ours)(step.x, round(16 * step.t)))
    assert torch.equal(steps[-1].x, steps[-1].x0)
    assert torch.equal(steps[0].x, noise())


def test_a_sampler_works_only_when_it_is_asked():
    ours = schedule("flow", 100)
    asked = Counted(gaussian(ours))
    walk = reverse(asked, ours, noise(), ours.levels(100))
    for _ in range(3):
        next(walk)
    walk.close()
    assert len(asked.calls) == 3


def test_the_noise_of_a_step_makes_up_its_x():
    ours = schedule("linear", 50)
    for step in reverse(gaussian(ours), ours, noise(), ours.levels(5)):
        a, s = ours.at(round(50 * step.t))
        again = a * step.x0 + s * sampling.eps_of(ours, step)
        assert torch.allclose(again, step.x, rtol=0, atol=1e-12)
    assert not sampling.eps_of(ours, step).any()


# Settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sampler", "solver", "more"),
    [
        ("ddim", reverse, (0.5, torch.ones_like)),
        ("euler", reverse, ()),
        ("heun", heun, ()),
        ("dpm", sampling.dpm_solver, ()),
    ],
)
def test_settings_choose_the_sampler(sampler, solver, more):
    ours, asked = schedule("linear", 100), SampleSettings(sampler=sampler, steps=6, eta=0.5)
    levels = ours.levels(6, "quadratic")
    found = sampling.walk(gaussian(ours), ours, noise(), levels, asked, torch.ones_like)
    assert torch.equal(last(found), last(solver(gaussian(ours), ours, noise(), levels, *more)))


@pytest.mark.parametrize("guidance", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("sampler", ["ddim", "euler", "heun", "dpm"])
def test_settings_know_how_often_the_network_is_asked(sampler, guidance):
    ours = schedule("linear", 100)
    asked = SampleSettings(sampler=sampler, steps=6, guidance=guidance)
    network = Counted(gaussian(ours))
    guess = guided(network, network, guidance)
    last(sampling.walk(guess, ours, noise(), ours.levels(6), asked, torch.randn_like))
    assert len(network.calls) == asked.calls


def test_too_many_steps_are_refused_before_anything_is_drawn(model):
    with pytest.raises(InputError, match=r"Steps is 101, .*between 1 and 100"):
        next(model.generate(2, own_randomness(0), SampleSettings(steps=101)))


@pytest.mark.parametrize("wrong", [{"eta": 1.1}, {"eta": -0.1}, {"steps": 0}, {"guidance": -1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(InputError):
        SampleSettings.read(wrong)


# Guidance -------------------------------------------------------------------------------------


def test_guidance_asks_one_network_where_one_is_enough():
    asked, plain = Counted(lambda x, k: x + 1), Counted(lambda x, k: x - 1)
    assert torch.equal(guided(asked, plain, 0.0)(noise(), 3), noise() - 1)
    assert (len(asked.calls), len(plain.calls)) == (0, 1)
    assert torch.equal(guided(asked, plain, 1.0)(noise(), 3), noise() + 1)
    assert (len(asked.calls), len(plain.calls)) == (1, 1)


@pytest.mark.parametrize("scale", [0.5, 2.0, 7.5])
def test_guidance_goes_beyond_the_condition(scale):
    """ε_∅ + w (ε_y − ε_∅), Ho & Salimans 2022 in the form of Imagen, in ε as in x_0."""
    a, s = schedule("linear", 100).at(40)
    x, of_y, of_any = (torch.randn(9, generator=own_randomness(i)) for i in range(3))
    found = guided(lambda x, k: of_y, lambda x, k: of_any, scale)(x, 40)
    eps_y, eps_any, eps = ((x - a * x0) / s for x0 in (of_y, of_any, found))
    assert torch.allclose(eps, eps_any + scale * (eps_y - eps_any), atol=1e-5)


def test_clipping_keeps_guesses_where_pictures_are():
    found = sampling.clipped(lambda x, k: 3 * x)(torch.tensor([-1.0, -0.1, 0.2, 2.0]), 5)
    assert found.tolist() == pytest.approx([-1, -0.3, 0.6, 1])


# What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("walk", [reverse, heun, sampling.dpm_solver])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_a_number_is_told_with_its_level(walk, bad):
    ours = schedule("linear", 100)

    def broken(x: Tensor, level: int) -> Tensor:
        return torch.full_like(x, bad) if level <= 40 else gaussian(ours)(x, level)

    shown = []
    with pytest.raises(NonFinite, match="noise level 40 of 100 is not a number"):
        shown.extend(walk(broken, ours, noise(), ours.levels(10)))
    assert all(step.x.isfinite().all() for step in shown)


# With a model ---------------------------------------------------------------------------------


def awake(*shape: int) -> Diffusing:
    """A small network for data of this shape, whose last layer is not zero any more."""
    made = recipe("diffusion", "blobs", {"width": 8, "blocks": 1, "T": 100})
    built = build(made, Spec(shape, ("one", "two", "three"))).eval()
    with torch.no_grad():
        for weights in built.parameters():
            weights += 0.05 * torch.randn(weights.shape, generator=own_randomness(5))
    return built


@pytest.fixture(scope="module")
def model() -> Diffusing:
    return awake(1, 8, 8)


@pytest.mark.parametrize("shape", [(1, 8, 8), (2,)], ids=["pictures", "points"])
@pytest.mark.parametrize("sampler", ["ddim", "euler", "heun", "dpm"])
def test_the_first_samples_do_not_depend_on_how_many_are_drawn(sampler, shape):
    model = awake(*shape)
    asked = SampleSettings(sampler=sampler, steps=7, eta=1.0, guidance=2.0)
    many, few = (list(model.generate(n, own_randomness(6), asked)) for n in (9, 4))
    assert len(many) == len(few) == 8
    assert torch.equal(many[0].x[:4], few[0].x)
    for a, b in zip(many, few, strict=True):
        assert torch.allclose(a.x[:4], b.x, atol=1e-5)
        assert torch.allclose(a.x0[:4], b.x0, atol=1e-5)
    assert many[-1].x.std() > 0.05


def test_the_same_seed_draws_the_same_samples_and_another_one_others(model):
    asked = SampleSettings(sampler="ddim", steps=5, eta=1.0)
    first, again, other = (last(model.generate(3, own_randomness(s), asked)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 0.1


def test_guided_samples_of_a_model_are_the_formula(model):
    x = model.start(3, own_randomness(7))
    y = torch.tensor([0, 1, 2])
    with torch.no_grad():
        of_y, of_any = model.denoise(x, 50, y), model.denoise(x, 50)
        found = model.denoiser(3, SampleSettings(guidance=2.0))(x, 50)  # all classes in turn
    assert torch.allclose(found, (2 * of_y - of_any).clamp(-1, 1), atol=1e-6)
    assert (of_y - of_any).abs().max() > 1e-3


def test_samples_are_in_the_scale_of_the_data(model):
    *_, end = model.generate(4, own_randomness(8), SampleSettings(sampler="heun", steps=10))
    assert (end.x >= -1e-5).all()
    assert (end.x <= 1 + 1e-5).all()
