"""The forward process against closed forms: moments, what is left at the end, where β must end."""

import math

import numpy as np
import pytest

from explorer import forward, levels
from explorer.errors import InputError
from explorer.schedules import LARGEST_BETA, schedule

NAMES = ("linear", "cosine", "sigmoid", "flow")


def pixels(n: int = 4, shape: tuple[int, ...] = (1, 6, 6)) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n, *shape), dtype=np.uint8)


# Pictures and noise -------------------------------------------------------------------------------


def test_noised_is_the_formula():
    x0, eps = np.array([1.0, -0.5]), np.array([0.2, 2.0])
    np.testing.assert_allclose(forward.noised(x0, eps, 0.6, 0.8), [0.76, 1.3])


def test_the_mistake_neither_fades_the_picture_nor_adds_much_noise():
    x0, eps = np.ones(3), np.array([0.0, 1.0, -2.0])
    np.testing.assert_allclose(forward.mistaken(x0, eps, 0.02), [1.0, 0.98, 1.04])


@pytest.mark.parametrize(("pixel", "value"), [(0, -1.0), (255, 1.0), (127, -1 / 255)])
def test_signal_runs_from_minus_one_to_one(pixel, value):
    assert forward.signal(np.uint8([pixel]))[0] == pytest.approx(value)


def test_a_picture_survives_signal_and_shown():
    x = pixels(2, (3, 4, 5))
    np.testing.assert_array_equal(forward.shown(forward.signal(x)), x.transpose(0, 2, 3, 1))


def test_what_is_too_bright_is_cut_off_and_zero_is_mid_grey():
    x = np.array([-3.0, 0.0, 3.0]).reshape(1, 1, 1, 3)
    assert forward.shown(x).ravel().tolist() == [0, 128, 255]


def test_noise_repeats_and_does_not_depend_on_how_many():
    few, many = forward.noise((2, 1, 3, 3), 7), forward.noise((5, 1, 3, 3), 7)
    np.testing.assert_array_equal(few, many[:2])
    assert not np.array_equal(few, forward.noise((2, 1, 3, 3), 8))


@pytest.mark.parametrize("name", NAMES)
def test_both_ends_of_the_way(name):
    chosen = schedule(name, 1000)
    x0, eps = forward.signal(pixels()), forward.noise((4, 1, 6, 6), 0)
    np.testing.assert_array_equal(forward.at_level(x0, eps, chosen, 0), x0)
    np.testing.assert_allclose(forward.at_level(x0, eps, chosen, 1000), eps, atol=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_step_by_step_has_the_law_of_the_jump(name):
    """Mean α x_0 and standard deviation σ at every level, within five standard errors."""
    n, chosen, x0 = 40_000, schedule(name, 50), 0.7
    at = [0, 1, 10, 30, 50]
    walk = forward.step_by_step(np.full(n, x0, np.float32), chosen, at, seed=1)
    for level, x in zip(at, walk, strict=True):
        a, s = chosen.at(level)
        assert x.mean() == pytest.approx(a * x0, abs=5 * s / math.sqrt(n) + 1e-6)
        assert x.std() == pytest.approx(s, abs=5 * s / math.sqrt(2 * n) + 1e-6)


def test_one_step_of_the_chain_is_the_one_of_ho_et_al():
    """q(x_k | x_{k-1}) = N(√(1 − β) x, β I): what correlates with the step before is known."""
    chosen, n = schedule("linear", 20, 0.1, 0.4), 100_000
    before, after = forward.step_by_step(np.zeros(n, np.float32), chosen, [9, 10], seed=2)
    beta = forward.beta_at(chosen, 10)
    assert beta == pytest.approx(np.linspace(0.1, 0.4, 20)[9])
    slope = (before * after).mean() / (before**2).mean()
    assert slope == pytest.approx(math.sqrt(1 - beta), abs=0.015)
    assert (after - slope * before).var() == pytest.approx(beta, rel=0.03)


def test_beta_at_the_data_is_none():
    assert forward.beta_at(schedule("linear", 10), 0) == 0


def test_falling_beta_is_refused():
    assert schedule("linear", 10, 0.1, 0.1).T == 10
    with pytest.raises(InputError, match="Noise has to grow"):
        schedule("linear", 10, 0.1, 0.05)
    assert schedule("cosine", 10, 0.1, 0.05).name == "cosine"  # has no use for them


# Rows and films -----------------------------------------------------------------------------------


def test_a_strip_has_a_row_a_picture_and_a_column_a_level():
    x0 = forward.signal(pixels(2))
    eps, chosen = forward.noise(x0.shape, 0), schedule("linear", 100)
    row = forward.strip(x0, eps, chosen, [0, 50, 100])
    assert row.shape == (2 * 6 + 1, 3 * 6 + 2)
    np.testing.assert_array_equal(row[:6, :6], forward.shown(x0)[0])
    last = forward.shown(forward.at_level(x0, eps, chosen, 100))
    np.testing.assert_array_equal(row[7:, 14:], last[1])


@pytest.mark.parametrize(("n", "size"), [(1, (6, 6)), (2, (6, 13)), (4, (13, 13)), (8, (13, 27))])
def test_walls(n, size):
    assert forward.wall(forward.signal(pixels(n))).shape == size


def test_the_film_starts_with_the_picture_and_ends_in_noise():
    x0 = forward.signal(pixels(8))
    film = forward.film(x0, schedule("flow", 40), seed=5, mistake=True, n=11)
    assert (film.labels[0], film.labels[-1]) == ("level 0 of 40", "level 40 of 40")
    assert film.ticks[-1] == 40
    jump, chain, mistake = (track.frames for track in film.tracks)
    clean = forward.wall(x0)
    for frames in (jump, chain, mistake):
        assert len(frames) == 11
        np.testing.assert_array_equal(frames[0], clean)
    np.testing.assert_array_equal(jump[-1], forward.wall(forward.noise(x0.shape, 5)))
    assert not np.array_equal(jump[5], chain[5])
    assert len(forward.film(x0, schedule("flow", 40), seed=5, n=11).tracks) == 2


def test_a_race_shows_every_schedule_at_equal_times():
    x0 = forward.signal(pixels())
    eps = forward.noise(x0.shape, 0)
    both = {"a": schedule("linear", 10), "b": schedule("cosine", 1000)}
    film = forward.race(x0, eps, both, n=11)
    assert [track.title for track in film.tracks] == ["a", "b"]
    assert film.labels[3] == "t = 0.30"
    for track, level in zip(film.tracks, (3, 300), strict=True):
        now = forward.at_level(x0, eps, both[track.title], level)
        np.testing.assert_array_equal(track.frames[3], forward.wall(now))


# The end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("T", "alpha", "verdict"),
    [(100, 0.60, "bad"), (500, 0.080, "borderline"), (1000, 0.006, "good")],
)
def test_the_ends_of_the_course(T, alpha, verdict):
    """The three values that teachers know, for 28 x 28 pictures as bright as Fashion-MNIST."""
    found = forward.end(*schedule("linear", T).at(T), np.array([0.7]), 784)
    assert found.alpha == pytest.approx(alpha, rel=0.07)
    assert found.decibel == pytest.approx(20 * math.log10(found.alpha / found.sigma))
    assert found.verdict == verdict


@pytest.mark.parametrize("name", ["cosine", "sigmoid", "flow"])
@pytest.mark.parametrize("T", [10, 100, 1000])
def test_the_others_end_in_noise_whatever_T(name, T):
    assert forward.end(*schedule(name, T).at(T), np.array([1.0]), 784).verdict == "good"


def test_kl_is_that_of_two_gaussians():
    """Against Monte Carlo: the mean of log q(x_T | x_0) − log N(x_T; 0, I)."""
    x, (a, s) = pixels(3), (0.5, 0.8)
    found = forward.end(a, s, forward.energy(x), 36)
    x0 = np.repeat(forward.signal(x).astype(float), 4000, axis=0).reshape(-1, 36)
    eps = np.random.default_rng(0).standard_normal(x0.shape)
    drawn = a * x0 + s * eps
    logs = -0.5 * (eps**2).sum(1) - 36 * math.log(s) + 0.5 * (drawn**2).sum(1)
    assert found.kl == pytest.approx(logs.mean(), abs=5 * logs.std() / math.sqrt(len(logs)))


def test_pure_noise_is_no_distance_away_and_only_guessed():
    found = forward.end(0.0, 1.0, np.array([0.5]), 784)
    assert (found.kl, found.told, found.decibel) == (0.0, 0.5, -math.inf)


def test_told_is_how_often_the_matched_filter_is_right():
    """Somebody who knows x_0 really guesses, with equal errors on both sides."""
    random = np.random.default_rng(4)
    a, s = 0.15, math.sqrt(1 - 0.15**2)
    x0 = forward.signal(pixels(1)).astype(float).ravel()
    found = forward.end(a, s, np.array([np.mean(x0**2)]), 36)
    along = x0 / np.linalg.norm(x0)
    seen = (a * x0 + s * random.standard_normal((50_000, 36))) @ along
    noise = random.standard_normal((50_000, 36)) @ along
    threshold = a * np.linalg.norm(x0) / (1 + s)
    right = ((seen > threshold).mean() + (noise <= threshold).mean()) / 2
    assert found.told == pytest.approx(right, abs=0.008)
    assert found.told <= 0.5 + 0.5 * math.sqrt(found.kl / 2) + 1e-9  # Pinsker's bound


def test_energy_is_the_mean_square():
    x = np.stack([np.zeros((3, 2, 2)), np.full((3, 2, 2), 255)]).astype(np.uint8)
    np.testing.assert_allclose(forward.energy(x), [1, 1])
    np.testing.assert_allclose(
        forward.energy(pixels(5)), [np.mean((p / 127.5 - 1) ** 2) for p in pixels(5)], rtol=1e-6
    )


@pytest.mark.parametrize("T", [10, 50, 100, 500])
def test_the_last_beta_is_solved_for_exactly(T):
    beta = forward.beta_end_for(T, 1e-4)
    assert 0.02 < beta < LARGEST_BETA
    assert schedule("linear", T, 1e-4, beta).alpha[-1] == pytest.approx(forward.GONE, rel=1e-6)


def test_a_last_beta_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="Change T or the first β"):
        forward.beta_end_for(1000, 0.1)  # nothing is left long before the end
    with pytest.raises(InputError, match=r"not 0\.99"):
        forward.beta_end_for(100, 0.01, alpha=0.99)


# Level by level -----------------------------------------------------------------------------------


def test_evenly_has_both_ends_and_no_level_twice():
    assert levels.evenly(1000, 11) == [*range(0, 1001, 100)]
    assert levels.evenly(10, 120) == [*range(11)]


def test_decibel_of_the_straight_path():
    ratio = levels.decibel(schedule("flow", 4))
    np.testing.assert_allclose(ratio[1:-1], 20 * np.log10([3, 1, 1 / 3]))
    assert ratio[0] == math.inf
    assert ratio[-1] == -math.inf


@pytest.mark.parametrize("name", NAMES)
def test_region_shares_count_every_level_once(name):
    assert levels.region_shares(schedule(name, 200)).sum() == pytest.approx(1)


def test_region_shares_of_the_straight_path():
    """t / (1 − t) = 10^(dB / 20): the borders are where the levels say they are."""
    shares = levels.region_shares(schedule("flow", 10_000))
    t = [1 / (1 + 10 ** (db / 20)) for db in (-30, -10, 10, 30)]
    wanted = [1 - t[0], t[0] - t[1], t[1] - t[2], t[2] - t[3], t[3]]
    np.testing.assert_allclose(shares, wanted, atol=2e-4)
    assert len(levels.REGIONS) == len(shares)


def test_curves_are_those_of_the_schedule():
    chosen = schedule("linear", 1000)
    (alpha, sigma), (ratio,), (beta,) = levels.level_curves(chosen).values()
    np.testing.assert_array_equal(alpha.y, chosen.alpha[alpha.x])
    np.testing.assert_allclose(alpha.y**2 + sigma.y**2, 1)
    np.testing.assert_allclose(
        ratio.y, 20 * np.log10(chosen.alpha[ratio.x] / chosen.sigma[ratio.x])
    )
    assert (beta.x[-1], beta.y[-1]) == (1000, pytest.approx(0.02))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("T", [10, 1000])
def test_curves_have_no_infinity(name, T):
    groups = levels.schedule_curves({"a": schedule(name, T)})
    assert not any(np.isinf(line.y).any() for lines in groups.values() for line in lines)
    assert all(len(line.x) == len(line.y) for lines in groups.values() for line in lines)


def test_the_end_over_T():
    (line, flow) = levels.end_curves({"linear": "a", "flow": "b"}, 1e-4, 0.02)
    assert (line.x[0], line.x[-1]) == (10, 1000)
    assert line.y[-1] == pytest.approx(schedule("linear", 1000).alpha[-1])
    assert (np.diff(line.y) < 0).all()
    assert not flow.y.any()
