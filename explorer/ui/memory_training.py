"""A model that copies, trained in front of one: the form, its film, its copies as they come."""

from typing import Any

import streamlit as st

from explorer import films, header, runs
from explorer.answers import Film
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.films import run_film, titled
from explorer.history import history
from explorer.names import recipe_name
from explorer.runs import Run
from explorer.ui import experiments, memory_rates, pickers, theme, url
from explorer.ui.asking import guarded
from explorer.ui.live import is_live
from explorer.ui.player import player

DATA = "fashion-mnist"
RECIPE = {  # of the shipped models too: see pretrained/README.md
    "width": 48,
    "patch": "4",
    "batch_size": 50,
    "warmup": 100,
    "precision": "float32",
}
IMAGES = {"30": "30", "100": "100", "300": "300", "1000": "1,000"}
STEPS = {"1500": "1,500", "3000": "3,000", "6000": "6,000"}
NEWEST = 100  # runs that are looked through
FRAMES = 60  # of a film


def train_one(entry: Entry | None) -> None:
    """The form, or what became of it."""
    st.header("Train one in front of you")
    with guarded():
        form()
    run = newest()
    if run is None:
        _shipped_film(entry)
        return
    live = is_live(run)
    st.fragment(watch, run_every=2.0 if live else None)(run.id, live)
    with guarded():
        counting(run)


def form() -> None:
    """How many pictures, how many steps, and the button."""
    cells = st.container(key="wrap-memory-form").columns(3, vertical_alignment="bottom")
    with cells[0]:
        images = url.segmented("Training pictures", IMAGES, "100", "memory_images", wrap=True)
    with cells[1]:
        steps = url.segmented("Steps", STEPS, "3000", "memory_steps", wrap=True)
    with cells[2]:
        if st.button("Train", type="primary", icon=":material/play_arrow:", key="memory-train"):
            begin(int(images), int(steps))
    st.caption(
        "A small class-conditional diffusion model; 3,000 steps take about three minutes of an "
        "idle core. The fewer the pictures, the sooner it copies. It is a run like any other: "
        "stop, resume and fork it on the page Train."
    )


def begin(images: int, steps: int) -> None:
    """One click makes one run."""
    values: dict[str, Any] = {**RECIPE, "images": images, "steps": steps}
    run = experiments.start("diffusion", DATA, values, experiments.token("memory"))
    run.note(label=f"Diffusion on {images:,} pictures")
    experiments.used("memory")
    pickers.titles.clear()
    st.rerun()


def newest() -> Run | None:
    """The newest run here that saw only some of its data's pictures."""
    for run in runs.runs()[:NEWEST]:
        try:
            training = run.settings["training"]
        except (ExplorerError, KeyError):
            continue
        if training.get("images"):
            return run
    return None


def watch(run_id: str, live: bool) -> None:
    """The film of a run, live while it trains."""
    with guarded():
        run = runs.find(run_id)
        if is_live(run) != live:
            st.rerun()
        told, status = history(run), run.status
        label = run.notes["label"] or recipe_name(run.settings)
        theme.show(theme.run_head(label, theme.chip(status.state), run.id))
        if told.total:
            step = told.train.steps[-1] if told.train.steps else status.step
            st.progress(min(1.0, step / told.total), f"Step {step:,} of {told.total:,}")
        if film := run_film(told):
            _play(film, f"memory-{run.id}")
        else:
            st.caption("Loading PyTorch and the data, or waiting for its turn. This takes seconds.")
        _ways_on(run)


def _ways_on(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = {"memory_way": "any", "memory_model": run.id}
        if run.latest_checkpoint(verify=False) and st.button(
            "Look at its samples above", icon=":material/arrow_upward:", key="memory-look"
        ):
            st.session_state["memory-wish"] = asked
            st.rerun()
        st.page_link(
            "pages/train.py",
            label="Curves, stop, resume and fork",
            icon=":material/model_training:",
            query_params={"run": run.id},
        )


def take_wish() -> None:
    """What a button asked for, carried out before any widget is made."""
    for key, value in st.session_state.pop("memory-wish", {}).items():
        st.session_state[key] = value


def counting(run: Run) -> None:
    """The copies of its checkpoints so far, if wanted: it takes a second or two for each."""
    key = f"memory-count-{run.id}"
    if url.beside(st.toggle, "Count the copies at each checkpoint", first=False, key=key):
        memory_rates.of_run(run)


def _shipped_film(entry: Entry | None) -> None:
    """The film of the training of the model above, if its file holds one."""
    if entry and entry.header.facts.get("film") and (film := header.film(entry.path)):
        st.caption("Until then: the training of the model above, always from the same noise.")
        _play(film, "memory-shipped")


def _play(film: Film, key: str) -> None:
    wanted = films.shortened(film, FRAMES) if len(film.labels) > FRAMES else film
    kept = tuple(track for track in wanted.tracks if track.title == "samples") or wanted.tracks
    shown = titled(Film(kept, wanted.labels, fps=wanted.fps))
    player(shown, key=key, height=360, value=len(shown.labels) - 1, report=False)
