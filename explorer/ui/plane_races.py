"""Comparisons on the page of the plane: samplers side by side, and what goes wrong."""

from typing import Any

import numpy as np
import streamlit as st

from explorer import data
from explorer.errors import InputError
from explorer.ui import jobs, theme, url
from explorer.ui.asking import guarded
from explorer.ui.plane_choices import apply, key, segmented, several, waiting
from explorer.ui.player import player

TAKEN = 4000  # points of a toy
DDPM = {"schedule": "linear", "T": 1000, "beta_start": 1e-4, "beta_end": 0.02, "target": "eps"}
FLOW = {"schedule": "flow", "target": "velocity"}
SHORT = {**DDPM, "T": 100}
RACERS = {
    "ddpm": ("DDPM", {"sampler": "ddim", "eta": 1.0}),
    "ddim": ("DDIM", {"sampler": "ddim", "eta": 0.0}),
    "heun": ("Heun", {"sampler": "heun"}),
    "dpm": ("DPM-Solver++", {"sampler": "dpm"}),
    "linear": ("Trained with linear β", {"sampler": "ddim", "values": DDPM}),
    "flow": ("Trained by flow matching", {"sampler": "ddim", "values": FLOW}),
}
STOPS = (1, 2, 4, 6, 8, 10, 16, 20, 32, 50, 64, 100)
FEW = (1, 2, 4, 8, 16, 64)
SOLVERS = {"ddim": "Euler (DDIM)", "heun": "Heun", "dpm": "DPM-Solver++"}


@st.fragment
def compare(asked: dict[str, Any]) -> None:
    """The same noise through two to four samplers or models."""
    titles = {name: title for name, (title, _) in RACERS.items()}
    left, right = st.container(key="wrap-race").columns([3, 1], gap="large")
    with left:
        chosen = several("Two to four of", titles, ["ddpm", "ddim", "heun", "dpm"], "race")
    with right:
        begin_steps()
        more = {"key": key("race_steps"), "persist_state": "session"}
        steps = url.put(st.select_slider, "Steps", STOPS, **more)
        url.keep(key("race_steps"), steps, 10)
    if not 2 <= len(chosen) <= 4:
        st.info(f"{len(chosen)} chosen. Choose two to four.")
        return
    runners = tuple({"title": titles[n], "steps": steps, **RACERS[n][1]} for n in chosen)
    race("p_race_job", asked, runners)
    st.caption(
        "Each network call costs the same. The distance is the sliced 2-Wasserstein distance to "
        "held-out points: how far points have to be moved on average, seen along lines in all "
        "directions, until both sets agree. Other true points show how small it can get."
    )


def begin_steps() -> None:
    """Give the slider the address's number of steps, or the usual one."""
    name = key("race_steps")

    def read(text: str) -> int:
        if text not in map(str, STOPS):
            raise InputError(f"{text[:60]!r} is none of {', '.join(map(str, STOPS))} steps.")
        return int(text)

    url.begin(name, read)
    st.session_state.setdefault(name, 10)


def race(slot: str, asked: dict[str, Any], runners: tuple[dict, ...], first: bool = False) -> None:
    """Runners side by side on one clock, at their ends at first, or at their ``first`` moment."""
    found = jobs.awaited(slot, waiting, "points_race", **asked, runners=runners)
    if found is None:
        return
    whole, outcomes = found
    at = 0 if first else len(whole.labels) - 1
    height = 225 if len(runners) == 4 else 300  # four stand in one row
    player(whole, key=f"{slot}-player", height=height, value=at, report=False)
    stats = [
        theme.stat(o["title"], f"{o['distance']:.3f}", "distance", told(o))
        for o, runner in zip(outcomes, (*runners, {"sampler": "none"}), strict=True)
        if runner["sampler"] != "forward"
    ]
    theme.show(theme.row(*stats, least="8rem"))


def told(outcome: dict) -> str:
    """The small print of one outcome."""
    calls = outcome["calls"]
    told = f"{calls} network call{'s' if calls > 1 else ''}" if calls else "no network"
    near = outcome["near"]
    return told + ("" if near is None else f", {near:.0%} within 3 σ of a mode")


# What goes wrong ------------------------------------------------------------------------------


@st.fragment
def wrong(asked: dict[str, Any]) -> None:
    """Two mistakes, their cause, and a click that mends each."""
    which = segmented(
        "Choose a mistake",
        {"steps": "Too few steps", "schedule": "A schedule that never becomes noise"},
        "steps",
        "wrong",
    )
    with guarded():
        too_few_steps(asked) if which == "steps" else bad_schedule(asked)


def too_few_steps(asked: dict[str, Any]) -> None:
    """1 to 64 steps from the same noise."""
    solver = segmented("Solver", SOLVERS, "ddim", "solver")
    most = asked["values"]["T"]
    counts = [n for n in FEW if n <= most]
    runners = tuple(
        {"title": f"{n} step{'s' if n > 1 else ''}", "sampler": solver, "steps": n} for n in counts
    )
    race("p_wrong_job", asked, runners)
    st.markdown(
        "With **one step** every point lands on the network's first guess. From pure noise that "
        "guess is the mean of everything, so all of them land in the middle. Each step follows a "
        "straight line while the true path is curved: **few steps cut the corners**, and points "
        "end between the modes. More steps help; so does a solver that bends."
    )
    if solver != "dpm":
        mend = {key("solver"): "dpm"}
        url.put(
            st.button,
            "Fix it: as few steps with DPM-Solver++",
            key="p_fix_solver",
            icon=":material/build:",
            on_click=st.session_state.update,
            args=(mend,),
        )


def bad_schedule(asked: dict[str, Any]) -> None:
    """Linear β over 100 steps ends far from noise, where sampling nevertheless begins."""
    mended = st.session_state.get("p_mended", False)
    tried = {"T = 100": SHORT} | ({"T = 1000": DDPM} if mended else {})
    noised = [(f"{t}: the data as noised", "forward", v) for t, v in tried.items()]
    drawn = [(f"{t}: sampled from N(0, I)", "ddim", v) for t, v in tried.items()]
    runners = tuple(
        {"title": title, "sampler": sampler, "steps": 50, "values": values}
        for title, sampler, values in noised + drawn
    )
    race("p_wrong_job", in_a_corner(asked), runners, first=True)
    st.markdown(
        "Linear β from 0.0001 to 0.02 was made for T = 1000. With **T = 100** too little noise is "
        "added: at the end $\\alpha_T = 0.60$, so **60 % of the data is still there**. Look at "
        "t = 1: what the network learned from still lies towards the corner, but sampling begins "
        "with N(0, I) in the middle, which it never saw. **It starts in the wrong place and ends "
        "in the wrong place**, many points on the near side. The points are moved to a corner for "
        "this because pictures are like that: most pixels are black, far from the middle of the "
        "noise. Around the middle the mistake would hardly show."
    )
    if not mended:
        url.put(
            st.button,
            "Fix it: T = 1000",
            key="p_fix_levels",
            icon=":material/build:",
            on_click=st.session_state.update,
            args=({"p_mended": True},),
        )
    else:
        st.markdown("With **T = 1000**, $\\alpha_T = 0.006$: the end is noise, as it should be.")
        more = {"on_click": apply, "args": (DDPM,)}
        url.put(st.button, "Use these settings above", key="p_use", **more)


def in_a_corner(asked: dict[str, Any]) -> dict[str, Any]:
    """The same points, smaller and away from the middle."""
    own = asked["points"]
    points = data.load(asked["name"]).x[:TAKEN] if own is None else own
    return {**asked, "name": "corner", "points": (0.4 * points + 0.9).astype(np.float32)}
