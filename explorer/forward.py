r"""The forward process in numpy: what pictures become at each level, and what is left at the end.

    x_k = α_k x_0 + σ_k ε,   ε ~ N(0, I),   pixels of x_0 in [−1, 1]

Nothing is learned here, so pages compute it themselves at the speed of a slider.  Ho et al. 2020,
eq. 4 (the jump) and the term L_T of eq. 5 (what is left); Lin et al. 2024, "Common Diffusion Noise
Schedules and Sample Steps are Flawed" (why it matters).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer.answers import Film, Track
from explorer.errors import InputError
from explorer.levels import evenly
from explorer.pictures import sheet, to_uint8
from explorer.schedules import Schedule, schedule

GONE = 0.006  # α_T of Ho et al.: T = 1000, β from 0.0001 to 0.02
GOOD, BAD = 0.65, 0.95  # how often the end may be told from noise: up to GOOD, from BAD on
Verdict = Literal["good", "borderline", "bad"]


# Pictures and noise -------------------------------------------------------------------------------


def noised(x0: np.ndarray, eps: np.ndarray, alpha: float, sigma: float) -> np.ndarray:
    """x_k in one jump: the picture fades by α, the noise grows by σ."""
    return alpha * x0 + sigma * eps


def mistaken(x0: np.ndarray, eps: np.ndarray, beta: float) -> np.ndarray:
    """What course code often computes instead: the picture never fades, the noise stays tiny."""
    return x0 - beta * eps


def signal(x: np.ndarray) -> np.ndarray:
    """uint8 pixels -> float32 in [−1, 1], the scale in which diffusion adds its noise."""
    return x.astype(np.float32) / 127.5 - 1


def shown(x: np.ndarray) -> np.ndarray:
    """N C H W around 0 -> uint8 N H W [3]: 0 is mid-grey, what lies beyond ±1 is cut off."""
    return to_uint8((x + 1) / 2)


def noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Standard normal float32; the first k items do not depend on how many there are."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def beta_at(chosen: Schedule, level: int) -> float:
    """β of the step that ends at ``level``; 0 at the data."""
    return float(chosen.beta[level - 1]) if level else 0.0


def at_level(x0: np.ndarray, eps: np.ndarray, chosen: Schedule, level: int) -> np.ndarray:
    """x_k of one level."""
    return noised(x0, eps, *chosen.at(level))


def step_by_step(
    x0: np.ndarray, chosen: Schedule, levels: Sequence[int], seed: int
) -> Iterator[np.ndarray]:
    """x at rising ``levels``, each from the one before with fresh noise: a Markov chain.

    q(x_j | x_i) = N(r x_i, σ_j² − r² σ_i²) with r = α_j / α_i, so each x has the law of the jump.
    """
    random = np.random.default_rng([seed, 1])
    x, a, s = x0, 1.0, 0.0
    for level in levels:
        a_to, s_to = chosen.at(level)
        ratio = a_to / a if level else 1.0
        fresh = math.sqrt(max(0.0, s_to**2 - (ratio * s) ** 2))
        x = ratio * x + fresh * random.standard_normal(x.shape, dtype=np.float32)
        a, s = a_to, s_to
        yield x


# Rows and films -----------------------------------------------------------------------------------


def strip(x0: np.ndarray, eps: np.ndarray, chosen: Schedule, at: Sequence[int]) -> np.ndarray:
    """One picture: a row for each x_0, a column for each level in ``at``."""
    columns = [shown(at_level(x0, eps, chosen, level)) for level in at]
    rows = np.stack(columns, axis=1)  # N levels H W [3]
    return sheet(rows.reshape(-1, *rows.shape[2:]), len(at), gap=1)


def wall(x: np.ndarray) -> np.ndarray:
    """N C H W around 0 as one picture: four in a row, or two if they are few."""
    return sheet(shown(x), 4 if len(x) > 4 else min(2, len(x)), gap=1)


def film(x0: np.ndarray, chosen: Schedule, seed: int, mistake: bool = False, n: int = 51) -> Film:
    """The way to noise: in jumps with one noise, step by step, and (if wanted) as it goes wrong."""
    at = evenly(chosen.T, n)
    eps = noise(x0.shape, seed)
    walk = step_by_step(x0, chosen, at, seed)
    tracks = {
        "One jump, always the same noise": [at_level(x0, eps, chosen, k) for k in at],
        "Step by step, fresh noise each time": list(walk),
    }
    if mistake:
        wrong = [mistaken(x0, eps, beta_at(chosen, k)) for k in at]
        tracks["The common mistake, x₀ − β ε"] = wrong
    labels = tuple(f"level {k} of {chosen.T}" for k in at)
    return _film(tracks, labels, tuple(map(float, at)))


def race(x0: np.ndarray, eps: np.ndarray, schedules: Mapping[str, Schedule], n: int = 51) -> Film:
    """Several schedules on one slider over t = k / T: the same pictures, the same noise."""
    times = np.linspace(0, 1, n)
    tracks = {
        title: [at_level(x0, eps, one, round(t * one.T)) for t in times]
        for title, one in schedules.items()
    }
    labels = tuple(f"t = {t:.2f}" for t in times)
    return _film(tracks, labels, tuple(times.round(2).tolist()))


def _film(
    tracks: Mapping[str, list[np.ndarray]], labels: tuple[str, ...], ticks: tuple[float, ...]
) -> Film:
    made = (Track(title, np.stack([wall(x) for x in xs])) for title, xs in tracks.items())
    return Film(tuple(made), labels, ticks, fps=12)


# The end ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """What x_T still holds: exact numbers, averaged over pictures.

    ``kl`` is E KL( q(x_T | x_0) ‖ N(0, I) ) in nats per picture, over ``numbers`` pixel values;
    ``told`` the share of cases in which x_T and noise are told apart (0.5 is guessing).
    """

    alpha: float
    sigma: float
    kl: float
    told: float
    numbers: int

    @property
    def decibel(self) -> float:
        """Signal-to-noise ratio in dB; −∞ where nothing of the picture is left."""
        return 20 * math.log10(self.alpha / self.sigma) if self.alpha else -math.inf

    @property
    def verdict(self) -> Verdict:
        """Whether sampling may start from pure noise."""
        return "good" if self.told <= GOOD else "borderline" if self.told < BAD else "bad"


def energy(x: np.ndarray) -> np.ndarray:
    """Mean square of each picture's pixels in [−1, 1]: uint8 N C H W -> float64 N."""
    return np.array([np.square(signal(one), dtype=np.float64).mean() for one in x])


def end(alpha: float, sigma: float, mean_square: np.ndarray, numbers: int) -> End:
    r"""What is left of pictures (their `energy`, and how many ``numbers`` each has) at α and σ.

    KL = ½ Σ (α² x_0² + σ² − 1 − log σ²), the sum over pixels.  Who knows x_0 and compares x with it
    sees x·x_0/‖x_0‖ ~ N(α‖x_0‖, σ²), or N(0, 1) for noise: with equal errors on both sides right
    in a share Φ( α‖x_0‖ / (1 + σ) ) of all cases.
    """
    squares = alpha**2 * float(mean_square.mean())
    kl = 0.5 * numbers * (squares + sigma**2 - 1 - math.log(sigma**2))
    distance = alpha * np.sqrt(mean_square * numbers) / (1 + sigma)
    told = float(np.mean([0.5 * math.erfc(-d / math.sqrt(2)) for d in distance]))
    return End(alpha, sigma, kl, told, numbers)


def beta_end_for(T: int, beta_start: float, alpha: float = GONE) -> float:
    """The last β with which T linear steps end exactly at α_T = ``alpha``, by bisection.

    Raises InputError where no β below 0.999 takes that much, or any takes more.
    """
    low, high = beta_start, 0.999
    reached = [schedule("linear", T, beta_start, b).alpha[-1] for b in (low, high)]
    if not reached[1] <= alpha <= reached[0]:
        raise InputError(
            f"With T = {T} and β from {beta_start:g}, the end can hold between {reached[1]:.2g} "
            f"and {reached[0]:.2g} of the picture, not {alpha:g}. Change T or the first β."
        )
    while high - low > 1e-12:
        middle = (low + high) / 2
        more = schedule("linear", T, beta_start, middle).alpha[-1] > alpha
        low, high = (middle, high) if more else (low, middle)
    return high
