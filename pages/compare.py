"""The scoreboard: models and real pictures under one ruler, live, with all that FID hides."""

import time
from typing import Any

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Standing
from explorer.ui import board_entries, board_plots, board_table, forms, jobs, kept, theme, url
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.board_entries import Choice
from explorer.ui.live import duration
from explorer.ui.rows import Row, rows
from explorer.ui.source import code

SLOT = "board"
ACROSS = 20  # pictures of each competitor on the wall
SIGHTS = {"samples": "FID against samples", "cost": "Quality against cost", "sides": "All sides"}
STEPS = {"steps": "Over the training"}  # where several checkpoints of a run are on the board


def settings() -> dict[str, Any]:
    """What is asked for: the few that matter in a row, the others folded."""
    there = ask("board_settings")
    shown = [one for one in there if not one.hint.advanced]
    values = {}
    columns = st.container(key="wrap-board").columns(len(shown), gap="medium")
    for cell, one in zip(columns, shown, strict=True):
        with cell:
            values[one.name] = forms.control(one, one.default)
    return values | forms.form([one for one in there if one.hint.advanced], {})


def board(picked: list[Choice], asked: dict[str, Any]) -> None:
    """Everything about the chosen competitors, known or being measured."""
    entered = tuple(one.entered for one in picked)
    question = {"entered": entered, "asked": asked}
    done = jobs.known("board", **question)
    told = done or ask("board_known", **question)
    if all(one.stage == "done" for one in told):
        done = told
    if done is None and _wanted(question):
        st.button("Cancel", icon=":material/close:", on_click=_cancel)
        done = jobs.awaited(SLOT, lambda items: live(items, question), "board", **question)
        if done is None:
            return
    if done is None:
        _offer(told, question)
    st.session_state.pop("board-clock", None)
    show(done or told, question)


def _wanted(question: dict[str, Any]) -> bool:
    return st.session_state.get("board-wanted") == repr(question)


def _cancel() -> None:
    st.session_state.pop("board-wanted", None)
    jobs.cancel(SLOT)


def _offer(told: tuple[Standing, ...], question: dict[str, Any]) -> None:
    """What is missing, and the button that measures it."""
    missing = [one for one in told if one.stage != "done"]
    pictures = len(missing) * question["asked"]["samples"]
    work = "the Inception network looks at" if question["asked"]["inception"] else "drawing"
    st.info(
        f"{len(missing)} of {len(told)} are not measured in this way yet: {work} {pictures:,} "
        "pictures. What was looked at before is kept, so you may cancel and go on later.",
        icon=":material/straighten:",
    )
    if st.button("Measure", type="primary", icon=":material/play_arrow:"):
        st.session_state["board-wanted"] = repr(question)
        st.rerun()


def live(items: list[tuple[Standing, ...]], question: dict[str, Any]) -> None:
    """The board while it fills in."""
    if not items:
        st.progress(0.0, "Waiting for the engine …")
        return
    standings = items[-1]
    part = float(np.mean([board_table.share(one) for one in standings]))
    st.progress(part, _left(part))
    show(standings)


def _left(part: float) -> str:
    """How long it still takes, from how fast it has been since this page began to look."""
    now = time.monotonic()
    began, first = st.session_state.setdefault("board-clock", (now, part))
    if now - began < 3 or part <= first:
        return f"{part:.0%} done"
    return f"{part:.0%} done, about {duration((1 - part) * (now - began) / (part - first))} left"


def walls(question: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """The first pictures of each competitor."""
    text = "Drawing the first samples of each …"
    return tuple(kept.awaited("board_wall", text, n=ACROSS, **question))


def show(standings: tuple[Standing, ...], question: dict[str, Any] | None = None) -> None:
    """Rows and plots; at rest also walls, which may have to be drawn first, and all numbers."""
    warnings(standings)
    place = st.empty()
    place.html(board_table.table(standings, [None] * len(standings)))
    plots(standings, moving=question is None)
    if question is None:
        return
    wall = st.container()
    numbers(standings)
    with wall, guarded():
        pictures = walls(question)
        place.html(board_table.table(standings, pictures))
        sample_walls(standings, pictures)


def warnings(standings: tuple[Standing, ...]) -> None:
    """What must be known before two figures are compared."""
    rulers = {one.protocol.ruler for one in standings if one.fid}
    if len(rulers) > 1:
        st.warning(
            "These figures were measured with different rulers (network, precision, samples or "
            "reference differ), so they are not ranked. Measure them in one way.",
            icon=":material/warning:",
        )
    fewest = min((one.protocol.samples for one in standings if one.fid), default=None)
    if fewest and fewest < board_plots.FEATURES:
        st.caption(
            f":material/info: {fewest:,} samples are fewer than the {board_plots.FEATURES:,} "
            "features: covariances are singular, and every FID here is biased upwards, also that "
            "of real test images. Compare with that floor, with FID∞ and with KID, which has no "
            "bias."
        )
    for said in {one.problem for one in standings if one.problem}:
        st.warning(literal(said), icon=":material/warning:")


def plots(standings: tuple[Standing, ...], moving: bool) -> None:
    """One of the sights; while measuring, the one that grows."""
    if not any(one.fid or one.quick for one in standings):
        return
    quick = not any(one.fid for one in standings)
    if moving or quick:
        figure = board_plots.growing(standings, quick)
        st.plotly_chart(figure, key="board-growing", config=figures.CONFIG)
        return
    sights = SIGHTS | (STEPS if board_plots.courses(standings) else {})
    sight = url.segmented("Sight", sights, "samples", "sight", label_visibility="collapsed")
    draw = {
        "steps": board_plots.by_step,
        "samples": board_plots.growing,
        "cost": board_plots.against_cost,
        "sides": board_plots.sides,
    }[sight]
    st.plotly_chart(draw(standings), key=f"board-{sight}", config=figures.CONFIG)
    st.caption(CAPTIONS[sight])


CAPTIONS = {
    "steps": (
        "FID of each checkpoint that is on the board, with its standard error; the star is the "
        "best one. Is it the last? And is the gap wider than the errors?"
    ),
    "samples": (
        "FID of the first n samples. It falls with n because it is biased, by about c / n: the "
        "diamonds on the right are the line's end, FID∞, with its standard error. The dotted line "
        "is the floor: real test images against the same reference."
    ),
    "cost": (
        "Down and left is better. The dotted line joins those that nothing beats on both. "
        "Operations depend on no machine; seconds here are in the table. A diffusion model stands "
        "here once for each number of steps that you put on the board."
    ),
    "sides": (
        "Every axis from the worst competitor here (bottom) to the best (top), so only the order "
        "and the gaps of these competitors count; where values span more than tenfold, by ratio."
    ),
}


def sample_walls(standings: tuple[Standing, ...], pictures: tuple[np.ndarray, ...]) -> None:
    """The first samples of each, under each other; nothing was selected."""
    st.header("The samples themselves")
    order = board_table.order(standings)
    theme.show(rows(Row(pictures[i], board_plots.label(standings[i])) for i in order))
    st.caption(
        "The first samples from one seed, not picked. Conditional models take classes in turn."
    )


def numbers(standings: tuple[Standing, ...]) -> None:
    """All figures with their protocols, and as CSV."""
    st.header("All figures")
    st.dataframe(board_table.records(standings), hide_index=True)
    st.download_button(
        "Download as CSV",
        board_table.csv(standings),
        "scores.csv",
        "text/csv",
        icon=":material/download:",
    )
    with st.expander("What each figure is"):
        explained()


def explained() -> None:
    """The measures in a sentence each, with their sources and our code."""
    st.latex(
        r"\mathrm{FID}=\lVert\mu_1-\mu_2\rVert^2+\operatorname{tr}\big(\Sigma_1+\Sigma_2"
        r"-2(\Sigma_1\Sigma_2)^{1/2}\big)"
    )
    st.markdown(MEASURES)
    code("explorer.metrics.frechet:frechet_of")
    code("explorer.metrics.inception:enlarged")


MEASURES = """
- **FID** (Heusel et al. 2017): the distance between two Gaussians fitted to 2,048 features of the
  Inception network. Low is good. ± is the standard error from random halves of the samples.
- **FID∞** (Chong & Forsyth 2020): where the line through FID over 1 / n meets infinitely many
  samples. Its error says how far that can be trusted.
- **KID** (Bińkowski et al. 2018): a kernel distance of the same features without bias; real
  against real is 0 within its error. From up to 2,000 real pictures.
- **Precision / recall** (Kynkäänniemi et al. 2019): the share of samples among the real pictures,
  and of real pictures among the samples, by nearest neighbours of 2,000 each. **Density** and
  **coverage** (Naeem et al. 2020) ask the same and mind outliers less.
- **Classifier distance**: the Fréchet distance in 128 features of our own small classifier. It
  takes a second. It is not FID and has a scale of its own.
- **Sharpness**: variance of the Laplacian over that of real pictures; 1 is right, below is blurred.
- **Evaluations** of the network and operations a sample, counted by PyTorch (a multiplication and
  the addition after it are two), and how many images, each time counted, it has learned from.
- **Stability** (*swing*): in the second half of the training, how far the distance to real pictures
  rose above the lowest before it, as a ratio. 1 is never. Only where such a curve is known.
- **Nearer to training**: the share of samples that lie nearer to a training image than to any of
  equally many test images (classifier features). One half is right; more is memorised.
"""


# The page -----------------------------------------------------------------------------------------

theme.show(
    theme.hero(
        "Compare",
        "Every model under the same ruler, while you watch: the standard FID with its error, its "
        "bias and its floor, and what FID cannot see: missing modes, copies, cost.",
    )
)
with guarded():
    left, right = st.container(key="wrap-entries").columns([1, 3], gap="medium")
    with left:
        sets = board_entries.sets()
        name = url.choose(
            st.selectbox, "Data", list(sets), "fashion-mnist", "data", format_func=sets.get
        )
    with right:
        picked = board_entries.chosen(name)
    wanted = settings()
    if picked:
        board(picked, wanted)
    else:
        st.info("Choose at least one competitor: a model, or real pictures.")
