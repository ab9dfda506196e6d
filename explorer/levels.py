"""A schedule looked at level by level: signal to noise in decibel, and the curves that show it."""

from collections.abc import Mapping

import numpy as np

from explorer.answers import Curve
from explorer.schedules import Name, Schedule, schedule

EDGES = (-30.0, -10.0, 10.0, 30.0)  # dB, between the regions below
REGIONS = (
    "Pure noise, below −30 dB",
    "Vague layout, −30 to −10 dB",
    "Shapes, −10 to 10 dB",
    "Details, 10 to 30 dB",
    "Nearly clean, above 30 dB",
)
POINTS = 120  # of a curve
LIMIT = 60.0  # dB, beyond which curves are not drawn


def evenly(T: int, n: int) -> list[int]:
    """At most ``n`` whole numbers from 0 to T, evenly, both ends among them."""
    return sorted({round(T * i / max(1, n - 1)) for i in range(n)})


def decibel(chosen: Schedule) -> np.ndarray:
    """Signal-to-noise ratio of T + 1 levels in dB: +∞ at the data, −∞ where no picture is left."""
    with np.errstate(divide="ignore"):
        return 10 * np.log10(chosen.snr)


def region_shares(chosen: Schedule) -> np.ndarray:
    """The share of levels 1 … T in each of the `REGIONS` of signal-to-noise ratio."""
    return np.histogram(decibel(chosen)[1:], [-np.inf, *EDGES, np.inf])[0] / chosen.T


def level_curves(chosen: Schedule) -> dict[str, tuple[Curve, ...]]:
    """α and σ, SNR in dB and β over the level k, for one schedule."""
    k = np.array(evenly(chosen.T, POINTS))
    above = k[k > 0]
    return {
        "α and σ": (
            Curve("picture α", k, chosen.alpha[k], 0),
            Curve("noise σ", k, chosen.sigma[k], 1),
        ),
        "Signal-to-noise ratio in dB": (Curve("SNR", above, _drawn(decibel(chosen)[above]), 2),),
        "β, noise that a step adds": (Curve("β", above, chosen.beta[above - 1], 3),),
    }


def schedule_curves(schedules: Mapping[str, Schedule]) -> dict[str, tuple[Curve, ...]]:
    """α with σ, ᾱ, SNR and β of several schedules over t = k / T; one group each."""
    panels: dict[str, list[Curve]] = {
        "α, picture (σ, noise, dotted)": [],
        "ᾱ = α², share of the variance": [],
        "Signal-to-noise ratio in dB": [],
        "β, noise that a step adds": [],
    }
    both, share, ratio, step = panels.values()
    for group, (title, one) in enumerate(schedules.items()):
        k = np.array(evenly(one.T, POINTS))
        t, above = k / one.T, k[k > 0]
        both += [
            Curve(title, t, one.alpha[k], group),
            Curve(f"{title}, σ", t, one.sigma[k], group, dashed=True),
        ]
        share.append(Curve(title, t, one.alpha_bar[k], group))
        ratio.append(Curve(title, above / one.T, _drawn(decibel(one)[above]), group))
        step.append(Curve(title, above / one.T, one.beta[above - 1], group))
    return {title: tuple(lines) for title, lines in panels.items()}


def end_curves(names: Mapping[Name, str], beta_start: float, beta_end: float) -> list[Curve]:
    """α_T over T = 10 … 1000 for schedules, name -> title."""
    T = np.unique(np.geomspace(10, 1000, 40).astype(int))
    return [
        Curve(title, T, np.array([_end_of(name, n, beta_start, beta_end) for n in T]), group)
        for group, (name, title) in enumerate(names.items())
    ]


def _end_of(name: Name, T: int, beta_start: float, beta_end: float) -> float:
    return float(schedule(name, int(T), beta_start, beta_end).alpha[-1])


def _drawn(ratio: np.ndarray) -> np.ndarray:
    """Decibel as they are drawn: a gap where one of the two is gone for all purposes."""
    return np.where(np.abs(ratio) <= LIMIT, ratio, np.nan)
