"""The end of a forward process: whether x_T is noise, by how much it is not, and what mends it."""

import math

import numpy as np
import streamlit as st

from explorer import forward
from explorer.errors import InputError
from explorer.forward import End
from explorer.pictures import enlarge, sheet
from explorer.schedules import Schedule
from explorer.ui import noising, theme, url
from explorer.ui.source import code

MEASURED = 2000  # test images over which the end is averaged
STATES = {"good": "done", "borderline": "waiting", "bad": "failed"}  # whose colour a verdict has


def verdict(x: np.ndarray, energy: np.ndarray, values: dict, seed: int) -> None:
    """Pictures x (uint8 N C H W) at the end of the schedule of ``values``, judged and explained.

    ``energy`` is that of the pictures which the numbers are averaged over.
    """
    chosen = noising.chosen(values)
    found = forward.end(*chosen.at(chosen.T), energy, math.prod(x.shape[1:]))
    st.header("Is the end pure noise?")
    with st.container(border=True):
        title, text = _words(found)
        theme.show(theme.chip(STATES[found.verdict], title))
        st.markdown(text)
        theme.show(_numbers(found))
        if found.verdict != "good":
            _fixes(energy, found, values)
        _beside_noise(x, chosen, seed)
    with st.expander("What these numbers mean, and why a picture left at the end hurts"):
        st.markdown(EXPLAINED)
        code(forward.end)


def _words(found: End) -> tuple[str, str]:
    share, cases = _share(found.alpha), f"{100 * found.told:.0f} of 100"
    if found.verdict == "good":
        return "Pure noise", (
            f"**$x_T$ holds {share} of the picture.** Even who knows the picture tells $x_T$ from "
            f"noise in only {cases} cases; guessing gives 50. Sampling may start from noise."
        )
    if found.verdict == "borderline":
        return "Not quite noise", (
            f"**$x_T$ still holds {share} of the picture.** The eye sees noise, but who knows the "
            f"picture is right in {cases} cases. A network sees it too: samples tend to have a "
            "wrong overall brightness."
        )
    return "The picture is still there", (
        f"**$x_T$ still holds {share} of the picture.** Who knows the picture is right in {cases} "
        "cases. The network never learned to start from pure noise, and sampling starts there."
    )


def _share(alpha: float) -> str:
    return "nothing" if alpha == 0 else f"{100 * alpha:.2g} %"


def _numbers(found: End) -> str:
    snr = "−∞" if math.isinf(found.decibel) else f"{found.decibel:.1f}".replace("-", "−")
    return theme.row(
        theme.stat("Picture left, α_T = √ᾱ_T", f"{found.alpha:.4f}", help="0 is pure noise"),
        theme.stat("Signal-to-noise ratio", snr, "dB", help="each −10 dB: ten times less picture"),
        theme.stat(
            "Distance from noise (KL)",
            _plain(found.kl),
            "nats a picture",
            help=f"{_plain(found.kl / found.numbers)} nats a pixel value",
        ),
        theme.stat(
            "Told from noise",
            f"{100 * found.told:.0f} %",
            help=f"good up to {forward.GOOD:.0%}, bad from {forward.BAD:.0%} on",
        ),
        least="11rem",
    )


def _plain(value: float) -> str:
    """Three digits, never as a power of ten."""
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def _fixes(energy: np.ndarray, found: End, values: dict) -> None:
    """Buttons that set what works, and only those that do."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Mend it:**", width="content")
        for title, change in _remedies(values).items():
            better = noising.chosen(values | change)
            told = forward.end(*better.at(better.T), energy, found.numbers)
            if told.verdict == "good":
                more = {"on_click": noising.wish, "kwargs": change, "key": f"fix-{title}"}
                url.put(st.button, title, **more)


def _remedies(values: dict) -> dict[str, dict]:
    """What may help: another last β, all the steps that there can be, another schedule."""
    found = {"Use T = 1000": {"T": 1000}, "Use the cosine schedule": {"schedule": "cosine"}}
    try:
        beta = float(f"{forward.beta_end_for(values['T'], values['beta_start']):.4g}")
    except InputError:
        return found
    return {f"Keep T = {values['T']}, raise the last β to {beta:g}": {"beta_end": beta}, **found}


def _beside_noise(x: np.ndarray, chosen: Schedule, seed: int) -> None:
    """Where the forward process ends, over where sampling starts."""
    x0 = np.resize(forward.signal(x), (8, *x.shape[1:]))  # one picture alone: under eight noises
    eps = forward.noise(x0.shape, seed + 1)
    last = forward.at_level(x0, eps, chosen, chosen.T)
    for title, note, row in (
        ("x_T", "where the forward process ends", last),
        ("N(0, I)", "where sampling starts", forward.noise(x0.shape, seed + 2)),
    ):
        tiles = sheet(forward.shown(row), len(row), gap=1)
        theme.show(theme.strip(title, note, enlarge(tiles, 3)))


EXPLAINED = f"""
Training shows the network x_k for every level k, up to x_T. **Sampling starts from N(0, I)**, as if
x_T were pure noise. If x_T still holds a part of the picture, the network has never seen its own
starting point: it takes the missing hint for a hint (a grey, average picture), and no later step
repairs that. Stable Diffusion 1.5 was trained with α_T = 0.068, and its pictures could be neither
very dark nor very bright (Lin et al. 2024).

- **α_T** is the factor in front of the picture, √ᾱ_T in the notation of DDPM. T = 1000 with β from
  0.0001 to 0.02 leaves {forward.GONE}; with T = 500 it is 0.080, with T = 100 it is 0.60.
- **KL** is the mean over {MEASURED:,} test images (or your own picture) of
  KL( q(x_T | x_0) ‖ N(0, I) ), the term L_T of the diffusion bound: how many nats a code for noise
  loses on x_T.
- **Told from noise**: somebody knows x_0 and looks for it in x (a matched filter). This is the
  exact share of cases in which they say rightly whether x is x_T or noise. 50 % is guessing. Larger
  pictures are easier to find, so the same α_T can be good at 28 × 28 and borderline at 64 × 64.
"""
