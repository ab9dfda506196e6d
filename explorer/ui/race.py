"""A race of samplers: the same noise at equal cost, how far each ends from the exact path."""

from typing import Any

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Curve, Film, Track, Walk
from explorer.catalog import Entry
from explorer.pictures import sheet
from explorer.ui import kept, url
from explorer.ui.player import player
from explorer.ui.sampler_form import knows_classes, label, seed

CALLS = (4, 8, 16, 32, 64)  # of the network, in the race
RUNNERS = {  # name -> settings; η = 1 is DDPM
    "DDPM (η = 1)": {"sampler": "ddim", "eta": 1.0},
    "DDIM (η = 0)": {"sampler": "ddim", "eta": 0.0},
    "Heun": {"sampler": "heun"},
    "DPM-Solver++(2M)": {"sampler": "dpm"},
}


def race(entry: Entry) -> None:
    """The same noise under several samplers at equal cost."""
    levels = entry.header.recipe["model"]["T"]
    more = {"first": list(RUNNERS), "key": "runners"}
    names = url.beside(st.multiselect, "Samplers", list(RUNNERS), **more)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = seed()
        chosen = label(entry) if knows_classes(entry) else None
    if not names:
        st.info("Choose at least one sampler.")
        return
    calls = [c for c in CALLS if c <= levels]
    hows = tuple(
        RUNNERS[name]
        | {"steps": steps_for(name, c)}
        | ({} if chosen is None else {"label": chosen})
        for name in names
        for c in calls
    )
    text = "Sampling the same noise in every way, and once at every noise level …"
    asked = {"checkpoint": entry.exact, "n": 8, "seed": number, "hows": hows}
    reference, *walks = kept.awaited("race", text, **asked)
    rows = [walks[i * len(calls) : (i + 1) * len(calls)] for i in range(len(names))]
    show_race(names, calls, rows, reference)


def steps_for(name: str, calls: int) -> int:
    """Heun asks the network twice a step, but once at the last."""
    return (calls + 1) // 2 if name == "Heun" else calls


def show_race(names: list[str], calls: list[int], rows: list[list[Walk]], goal: Walk) -> None:
    """Curves of distance over cost, and the pictures on a slider of the cost."""
    lines = [
        Curve(name, np.array([w.calls for w in row]), np.array([w.distance for w in row]), i)
        for i, (name, row) in enumerate(zip(names, rows, strict=True))
    ]
    ends = {name: [walk.pictures for walk in row] for name, row in zip(names, rows, strict=True)}
    ends[f"The goal: DDIM, {goal.steps:,} calls"] = [goal.pictures] * len(calls)
    tracks = tuple(Track(t, np.stack([sheet(p, 4, gap=2) for p in e])) for t, e in ends.items())
    player(Film(tracks, tuple(f"{c} calls of the network" for c in calls), fps=1.5), key="race")
    figure = figures.curves(
        lines,
        title="How far each ends from the exact path",
        x_title="calls of the network",
        y_title="distance a pixel",
        log_x=True,
        log_y=True,
        legend="above",
        height=360,
    )
    st.plotly_chart(figure, config=figures.CONFIG)
    st.caption(
        f"Root mean square difference a pixel to DDIM with all {goal.steps:,} steps, from the "
        "same noise. Lower is better; a steeper line gains more from each further call. DDPM "
        "adds fresh noise, so it ends elsewhere: as good a picture, but another one."
    )
    with st.expander("All numbers"):
        st.dataframe(race_table(names, rows), hide_index=True)


def race_table(names: list[str], rows: list[list[Walk]]) -> list[dict[str, Any]]:
    """One line a walk."""
    return [
        {
            "sampler": name,
            "network calls": walk.calls,
            "steps": walk.steps,
            "seconds for 8": round(walk.seconds, 2),
            "distance a pixel": round(walk.distance, 4),
        }
        for name, row in zip(names, rows, strict=True)
        for walk in row
    ]
