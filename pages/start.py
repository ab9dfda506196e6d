"""What can be seen here, what is running, and experiments to start with one click."""

import streamlit as st

from explorer import runs
from explorer.history import history
from explorer.names import recipe_name
from explorer.ui import later, opening, stage_film, theme
from explorer.ui.asking import guarded, literal
from explorer.ui.experiments import EXPERIMENTS, start_and_show
from explorer.ui.player import player
from explorer.ui.rooms import SECTIONS, icon, path

theme.show(theme.hero(**opening.HERO))

if standing := stage_film.first():
    film = stage_film.short(standing)
    places = range(len(film.tracks))
    player(film, key="hero", autoplay=True, report=False, places=places)
    told, link = st.container(key="wrap-hero").columns([3, 1], gap="large")
    told.caption(
        "Every family learns the same pictures; these are samples from the same random numbers, "
        "epoch by epoch. The GANs are quick and sharp, the VAE is blurred, the autoencoder was "
        "never asked to invent, and diffusion is slow to begin and hard to beat. Drag to stop."
    )
    with link:
        icon_of = ":material/view_week:"
        st.page_link("pages/stage.py", label="One stage: look closely", icon=icon_of)

later.picture_first("start-seen")
st.header("Start with one click")
columns = st.container(key="wrap-experiments").columns(len(EXPERIMENTS))
for column, experiment in zip(columns, EXPERIMENTS, strict=True):
    with column.container(border=True, height="stretch"), guarded():
        theme.show(theme.note(experiment.title, experiment.question, kicker=experiment.family))
        if st.button("Train it now", key=experiment.name, icon=":material/play_arrow:"):
            start_and_show(experiment)
st.caption("One to four minutes on two idle cores without a GPU. You can leave the page meanwhile.")


@st.fragment(run_every=2.0)
def running() -> None:
    """The runs that train or wait now."""
    busy = [run for run in runs.runs()[:50] if run.status.live]
    st.header("What is running")
    if not busy:
        st.write("Nothing at the moment. A run goes on when its page is closed, and shows up here.")
    for run in busy:
        told, status = history(run), run.status
        total = told.total or 1
        name = literal(run.notes["label"] or recipe_name(run.settings))
        state, bar, link = st.columns([1, 5, 1], vertical_alignment="center")
        state.html(theme.chip(status.state))
        bar.progress(min(1.0, status.step / total), f"{name} · step {status.step:,} of {total:,}")
        link.page_link("pages/train.py", label="Watch", query_params={"run": run.id})


with guarded():
    running()

st.header("What can be seen here")
with st.container(key="rooms"):
    for section, rooms in SECTIONS.items():
        with st.container(key=f"rooms-{section or 'first'}"):
            theme.show(theme.label(section or "Begin here"))
            for room in rooms:
                if room.page != "start":
                    label = f"**{room.title}** {room.line}"
                    st.page_link(path(room), label=label, icon=icon(room))
