"""One run on the page: what it is doing, its film and its curves, live while it trains."""

import numpy as np
import streamlit as st

from explorer import figures, launch, runs
from explorer.answers import Curve
from explorer.config import Setting
from explorer.errors import StoreError
from explorer.films import run_film, titled
from explorer.history import Columns, History, history
from explorer.names import recipe_name
from explorer.runs import Run
from explorer.ui import theme
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.board_entries import of_checkpoints
from explorer.ui.player import player

POINTS = 400  # of a curve on the page; more cannot be told apart
RESUMABLE = ("created", "stopped", "interrupted", "failed")
MAIN = {  # terms that get a plot of their own if a run has them -> on a logarithmic axis or not
    "loss": True,  # the first steps would flatten everything after them
    "reconstruction": True,
    "KL": False,
    "discriminator loss": False,
    "generator loss": False,
    "classifier distance": True,
}


def run_view(run: Run) -> None:
    """Everything about one run; refreshes itself every second while a worker has the run."""
    live = is_live(run)
    st.fragment(_view, run_every=1.0 if live else 5.0)(run.id, live)


def is_live(run: Run) -> bool:
    """Whether a worker has the run, or is about to take it."""
    return run.status.live or launch.worker_pid(run) is not None


def _view(run_id: str, live: bool) -> None:
    with guarded():
        run = runs.find(run_id)
        status = run.status
        if live != is_live(run):
            st.rerun()
        if status.damaged:
            raise StoreError(f"The run {run.id} is damaged. {status.reason}")
        told = history(run)
        _head(run, told, status)
        _progress(told, status)
        _buttons(run, told, status)
        with guarded():
            _film(run, told)
        _curves(told)
        if status.live:
            _live_settings(run, told)
        measure_checkpoints(told)  # last: what appears above an open box would close it


def _head(run: Run, told: History, status: runs.Status) -> None:
    label = run.notes["label"] or recipe_name(run.settings)
    starting = status.state == "created" and launch.worker_pid(run)
    chip = theme.chip("waiting", "starting") if starting else theme.chip(status.state)
    where = told.facts.get("device", "")
    theme.show(theme.run_head(label, chip, " · ".join(filter(None, [run.id, where]))))
    if status.reason and status.state not in ("done", "running", "created"):
        show = st.error if status.state in ("failed", "damaged") else st.info
        show(literal(status.reason))


def _progress(told: History, status: runs.Status) -> None:
    """How far it is, how fast, and how long it still takes."""
    step = told.train.steps[-1] if told.train.steps else status.step
    if told.total:
        st.progress(min(1.0, step / told.total))
    stats = [
        theme.stat("Step", f"{step:,}", f"of {told.total:,}" if told.total else ""),
        theme.stat("Epoch", f"{step / told.per_epoch:.1f}"),
        theme.stat("Speed", f"{told.speed:,.0f}" if told.speed else "–", "images / s"),
        theme.stat("Parameters", f"{told.facts.get('parameters', 0):,}"),
    ]
    if status.live:
        stats.insert(3, theme.stat("Time left", _time_left(told, step)))
    theme.show(theme.row(*stats, least="8.5rem"))


def _time_left(told: History, step: int) -> str:
    if not told.speed or not told.facts:
        return "–"
    batch = told.run.settings["training"]["batch_size"]
    return duration((told.total - step) * batch / told.speed)


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _buttons(run: Run, told: History, status: runs.Status) -> None:
    with st.container(horizontal=True):
        if status.live:
            wished = run.stop_wished()
            text = "Stopping …" if wished else "Stop"
            if st.button(text, icon=":material/stop:", disabled=wished, key=f"stop-{run.id}"):
                run.stop()
                st.rerun(scope="fragment")
        elif status.state in RESUMABLE and launch.worker_pid(run) is None:
            resume = st.button("Resume", icon=":material/play_arrow:", key=f"resume-{run.id}")
            if resume:
                launch.start(run)
                st.rerun()
        if told.checkpoints:
            _fork_button(run, told)


def _fork_button(run: Run, told: History) -> None:
    with st.popover("Fork", icon=":material/fork_right:"):
        st.write("Go on from a checkpoint with other settings, in a new run.")
        steps = [c.step for c in run.checkpoints()]
        named = {s: f"step {s:,}" + (" · best" if s == told.best else "") for s in steps}
        step = st.selectbox("Checkpoint", steps[::-1], format_func=named.get, key=f"at-{run.id}")
        if st.button("Choose settings", key=f"fork-{run.id}", type="primary"):
            st.session_state["fork_wish"] = f"{run.id}@{step}"
            st.rerun()


def _film(run: Run, told: History) -> None:
    film = run_film(told)
    if film:
        # The newest frame at first; from then on a person's place on the slider is kept.
        first = st.session_state.setdefault(f"frame-{run.id}", len(film.labels) - 1)
        player(titled(film), key=f"film-{run.id}", value=first, report=False)
    elif told.facts:
        st.caption("The first pictures come in a moment.")
    else:
        st.caption("Loading PyTorch and the data, or waiting for its turn. This takes seconds.")


def measure_checkpoints(told: History) -> None:
    """The way to the real FID of a run's checkpoints, on the scoreboard."""
    pictures = len(told.facts.get("shape", ())) == 3
    if pictures and told.run and told.checkpoints:
        st.page_link(
            "pages/compare.py",
            label="Measure the FID of its checkpoints",
            icon=":material/straighten:",
            query_params=of_checkpoints(told.run, told.best),
        )


# Curves ------------------------------------------------------------------------------------------


def _curves(told: History) -> None:
    units = told.facts.get("units", {})
    measured = list(told.train.terms | told.validation.terms)
    terms = [t for t in MAIN if t in measured]
    plots = st.container(key="wrap-curves").columns(max(1, len(terms)))
    for column, term in zip(plots, terms, strict=False):
        unit = units.get(term, "")
        figure = figures.curves(
            _lines(told, term), title=term, y_title=unit, log_y=MAIN[term], height=260
        )
        column.plotly_chart(figure, key=f"{term}-{told.run.id}", config=figures.CONFIG)
    with st.expander("Everything that is measured"):
        _more(told, units, [t for t in measured if t not in terms])


def _more(told: History, units: dict[str, str], terms: list[str]) -> None:
    for start in range(0, len(terms), 3):
        for column, term in zip(st.columns(3), terms[start : start + 3], strict=False):
            figure = figures.curves(_lines(told, term), title=_titled(term, units), height=220)
            column.plotly_chart(figure, key=f"{term}-{told.run.id}", config=figures.CONFIG)
    for name, values in told.validation.vectors.items():
        figure = figures.latent_bars(np.array(values, dtype=float), title=_titled(name, units))
        st.plotly_chart(figure, key=f"{name}-{told.run.id}", config=figures.CONFIG)


def _titled(term: str, units: dict[str, str]) -> str:
    return f"{term} · {units[term]}" if units.get(term) else term


def _lines(told: History, term: str) -> list[Curve]:
    sides = (("training", told.train, 0), ("test images", told.validation, 1))
    return [Curve(n, *thinned(side, term), group=i) for n, side, i in sides if term in side.terms]


def thinned(columns: Columns, term: str) -> tuple[np.ndarray, np.ndarray]:
    """A curve of at most `POINTS` points: means of neighbours, so that no trend is lost."""
    steps, values = columns.curve(term)
    if len(steps) <= POINTS:
        return steps, values
    parts = np.array_split(np.arange(len(steps)), POINTS)
    return np.array([steps[p[-1]] for p in parts]), np.array([np.nanmean(values[p]) for p in parts])


# Live settings ----------------------------------------------------------------------------------


def _live_settings(run: Run, told: History) -> None:
    with st.expander("Change while it trains", icon=":material/tune:"):
        st.caption("A change is written into the run: resuming or repeating it makes it again.")
        now = run.settings["model"] | run.settings["training"]
        now |= {c["name"]: c["value"] for c in told.changes if c["event"] == "change"}
        for one in _changeable(run.settings["family"]):
            _live_setting(run, one, now[one.name])
        for change in told.changes[-5:]:
            st.caption(literal(_change_told(change)))


def _changeable(family: str) -> list[Setting]:
    info = next(f for f in ask("families") if f.name == family)
    return [s for s in (*info.training, *info.settings) if s.hint.live]


def _live_setting(run: Run, one: Setting, value: float) -> None:
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    new = left.number_input(
        one.title,
        float(one.low),
        float(one.high),
        float(value),
        format="%g",
        step=value / 2 or 0.1,
        help=one.description,
        key=f"live-{one.name}-{run.id}",
    )
    if right.button("Apply", key=f"apply-{one.name}-{run.id}", width="stretch"):
        run.wish("set", name=one.name, value=new)


def _change_told(change: dict) -> str:
    if change["event"] == "refused":
        return f"Refused: {change['reason']}"
    return f"After step {change['step']:,}: {change['name']} = {change['value']:g}"
