"""The collapse clinic on pictures: two runs side by side, seen by a classifier, and their forks."""

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer import data, figures, films, launch
from explorer.answers import Curve, PictureCheckup
from explorer.collapse import PICTURES, collapsed_at
from explorer.config import SEED_LIMIT, Settings, describe, setting
from explorer.history import History, history
from explorer.palette import CATEGORICAL
from explorer.pictures import enlarge, sheet
from explorer.runs import Run
from explorer.ui import clinic_words as words
from explorer.ui import forms, shipped, theme
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.clinic_runs import DATA, RECIPE, TWINS, Case, admit, case_of, colour, fork, title
from explorer.ui.live import is_live, thinned
from explorer.ui.player import player
from explorer.ui.source import code

CLASSES = 10
SHIPPED = {"healthy": "mnist-gan-healthy", "sick": "mnist-gan-collapsed"}  # of seed 0
EFFECTIVE, APART = "effective classes", "pairwise distance"


class View(Settings):
    """Which pair of runs."""

    c_run_seed: int = setting(
        0, "Seed", "Where all chance comes from, for both twins.", ge=0, le=SEED_LIMIT
    )


def show() -> None:
    """The whole clinic on pictures."""
    (one,) = describe(View)
    seed = int(forms.control(one, one.default))
    with guarded():
        case = case_of(seed)
        if len(case.runs) < len(TWINS):
            admission(case)
        else:
            st.fragment(ward, run_every=2.0 if case.live else None)(seed, case.live)
        st.header("The recipe")
        words.recipe(PICTURES, RECIPE)
        treatment(case)


# The twins ------------------------------------------------------------------------------------


def admission(case: Case) -> None:
    """What will be trained, the button, and what came of it once."""
    film = shipped.side_by_side(tuple(SHIPPED.values()), "samples")
    left, right = st.container(key="wrap-admission").columns([1, 1], gap="large")
    with left:
        if film:
            titles = map(title, SHIPPED)
            tracks = tuple(
                replace(t, title=name) for t, name in zip(film.tracks, titles, strict=True)
            )
            player(replace(film, tracks=tracks), key="c_shipped", autoplay=True, report=False)
        else:
            real_digits()
    with right:
        st.markdown(
            f"Two runs of {PICTURES.steps:,} steps on {data.title(DATA)}, one after another. "
            "While they train, a classifier of ours says which digit each generated picture "
            f"shows. Equal shares of all are {CLASSES} effective classes; a collapsed generator "
            "is left with one or two.\n\n"
            "**Expect:** the healthy one draws all digits after a few epochs. The other one "
            "draws a single shape, and the alarm names the step."
        )
        if st.button("Train both", type="primary", icon=":material/play_arrow:", key="c_admit"):
            admit(case)
            st.rerun()
    if film:
        st.caption("Above and below: the twins of seed 0, trained when this program was made.")
        told = {n: past for n, key in SHIPPED.items() if (past := shipped.past_of(key))}
        alarm(told)
        curves(told)


def real_digits() -> None:
    """What both players are shown."""
    real = data.load(DATA, "test")
    tiles = enlarge(sheet(real.x[:64, 0], 8, gap=1), 2)
    theme.show(theme.strip("What both are shown", "real digits, ten kinds of them", tiles))


def alarm(told: dict[str, History]) -> None:
    """When the sick one collapsed, if it has."""
    if "sick" in told:
        steps, values = told["sick"].validation.curve(EFFECTIVE)
        words.alarm(collapsed_at(steps, values, PICTURES.steps // 5), EFFECTIVE)


def ward(seed: int, live: bool) -> None:
    """Everything about the runs, again and again while one of them trains."""
    with guarded():
        case = case_of(seed)
        if case.live != live:
            st.rerun()
        told = {name: history(run) for name, run in case.runs.items()}
        alarm(told)
        states(case, told)
        film(told)
        curves(told)
        histograms(case)


def states(case: Case, told: dict[str, History]) -> None:
    """What each run is doing, and how many classes it draws."""
    stats = []
    for name, run in case.runs.items():
        status, classes = run.status, last(told[name], EFFECTIVE)
        state = "starting" if status.state == "created" and launch.worker_pid(run) else status.state
        number = "–" if classes is None else f"{classes:.1f}"
        help = f"{state}, step {status.step:,} of {told[name].total or PICTURES.steps:,}"
        stats.append(theme.stat(title(name), number, "effective classes", help))
    theme.show(theme.row(*stats, least="11rem"))
    with st.container(horizontal=True):
        for name, run in case.runs.items():
            st.page_link("pages/train.py", label=title(name), query_params={"run": run.id})
    for name, run in case.runs.items():
        if reason := run.status.reason if run.status.state == "failed" else "":
            st.error(f"{title(name)}: {literal(reason)}")


def last(told: History, term: str) -> float | None:
    """The newest measured value of a validation term."""
    values = told.validation.curve(term)[1]
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None


def film(told: dict[str, History]) -> None:
    """Samples of all runs on one slider."""
    found = films.comparison([(title(name), h) for name, h in told.items()], "samples")
    if found is None:
        st.caption("Loading PyTorch and the data, or waiting for its turn. This takes seconds.")
        return
    player(found, key="c_runs", height=330, value=len(found.labels) - 1, report=False)


def curves(told: dict[str, History]) -> None:
    """How varied the pictures are over the steps."""
    places = st.container(key="wrap-clinic-curves").columns(2, gap="large")
    names = {EFFECTIVE: "Effective classes", APART: "Two pictures apart"}
    for place, (term, words_for) in zip(places, names.items(), strict=True):
        lines = []
        for name, one in told.items():
            x, y = thinned(one.validation, term)
            there = np.isfinite(y)  # it is measured at whole epochs only
            if there.any():
                lines.append(Curve(title(name), x[there], y[there], colour(name)))
        if lines:
            figure = figures.curves(lines, title=words_for, legend="above", height=320)
            place.plotly_chart(figure, key=f"c-{term}", config=figures.CONFIG)


def histograms(case: Case) -> None:
    """Which digits the newest checkpoints draw, all from the same noise."""
    found = {name: one for name, run in case.runs.items() if (one := examined(run))}
    if not found:
        st.caption("Pictures are classified once an epoch is over.")
        return
    st.subheader("The same noise, seen by the classifier")
    st.plotly_chart(bars(found), key="c_bars", config=figures.CONFIG)
    strips = (
        theme.strip(title(n), f"step {c.step:,}", enlarge(sheet(c.pictures[:32], 8, gap=1), 2))
        for n, c in found.items()
    )
    theme.show(theme.row(*strips, least="13rem"))
    left, right = st.container(key="wrap-clinic-numbers").columns([3, 2], gap="large")
    with left:
        st.dataframe([row(name, one) for name, one in found.items()], hide_index=True)
    with right:
        st.latex(r"H = -\sum_k p_k \ln p_k, \qquad \text{effective classes} = e^H")
        code("explorer.metrics.classes:ClassShares.effective", "return")


def examined(run: Run) -> PictureCheckup | None:
    """The newest checkpoint of a run in the classifier's eyes; None before there is one."""
    latest = run.latest_checkpoint(verify=False)
    return ask("examine", checkpoint=f"{run.id}@{latest.step}") if latest else None


def bars(found: dict[str, PictureCheckup]) -> go.Figure:
    """Shares of the classes, a colour a run; the line is the fair share."""
    figure = go.Figure()
    for name, one in found.items():
        colours = {"marker_color": CATEGORICAL[colour(name)]}
        figure.add_bar(x=list(one.classes), y=one.shares, name=title(name), **colours)
    figure.add_hline(1 / CLASSES, line_dash="dot", line_width=1)
    figure.update_layout(
        title={"text": "Share of each digit", "font": {"size": 14}, "x": 0, "xref": "paper"},
        height=320,
        margin={"l": 8, "r": 8, "t": 72, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(tickformat=".0%", automargin=True)
    return figure


def row(name: str, one: PictureCheckup) -> dict[str, Any]:
    """One line of the table."""
    return {
        "run": title(name),
        "step": one.step,
        "effective classes": round(one.effective, 2),
        "classes hit": one.hit,
        "entropy (nats)": round(one.entropy, 3),
        "two pictures apart": round(one.distance, 2),
    }


# The cures ------------------------------------------------------------------------------------


def treatment(case: Case) -> None:
    """A card a cure, each with a button that forks the collapsed run."""
    st.header("The cures")
    st.markdown(
        "Every cure is a **fork** of the collapsed run: a run of its own that takes over all "
        "weights of its last checkpoint and changes one thing. No treatment is the control."
    )
    sick = case.runs.get("sick")
    ready = sick is not None and not is_live(sick) and sick.latest_checkpoint(verify=False)

    def foot(name: str) -> None:
        if name in case.runs:
            outcome(case.runs[name])
        elif st.button(
            "Fork", key=f"c_fork_{name}", disabled=not ready, icon=":material/fork_right:"
        ):
            fork(case, name)
            st.rerun()

    words.cures(PICTURES, PICTURES.sick(RECIPE), foot)
    if not ready:
        st.caption("Forks can be made once the collapsed run is done.")
    words.behind()


def outcome(run: Run) -> None:
    """The end of a cure's card: what the fork is doing, or what came of it."""
    classes, state = last(history(run), EFFECTIVE), run.status.state
    if state == "done" and classes is not None:
        theme.show(words.verdict(classes, CLASSES, "classes"))
    else:
        theme.show(theme.chip(state))
