"""What can be seen here, what is running, and three experiments to start with one click."""

import streamlit as st

from explorer import catalog, header, runs
from explorer.answers import Film
from explorer.history import history
from explorer.ui import theme
from explorer.ui.asking import guarded
from explorer.ui.experiments import EXPERIMENTS, start_and_show
from explorer.ui.player import player

theme.show(
    theme.hero(
        "See how generative models learn",
        "Autoencoders and variational autoencoders, trained in front of you, on your own machine. "
        "Watch every step, stop anywhere, change one thing, and compare.",
        "Generative Model Explorer",
    )
)


@st.cache_resource(max_entries=2, show_spinner=False)
def shipped_films() -> Film | None:
    """The training films of the shipped autoencoder and VAE on one step slider."""
    found = [header.film(e.path) for e in catalog.shipped() if e.header.facts.get("start")]
    tracks = [t for film in found if film for t in film.tracks if t.title.startswith("Samples")]
    named = [e.title for e in catalog.shipped() if e.header.facts.get("start")]
    if not tracks:
        return None
    retitled = tuple(type(t)(n, t.frames) for n, t in zip(named, tracks, strict=True))
    return Film(retitled, found[0].labels, fps=6)


film = shipped_films()
if film:
    player(film, key="hero", autoplay=True, report=False)
    st.caption(
        "Both learned the same 10,000 pictures. From the same random numbers the VAE invents "
        "clothes and the autoencoder does not: nothing asked its latents to be random numbers. "
        "Drag to look at any moment of the training."
    )

st.header("Start with one click")
for column, experiment in zip(st.columns(3), EXPERIMENTS, strict=True):
    with column.container(border=True, height="stretch"), guarded():
        theme.show(theme.note(experiment.title, experiment.question, kicker=experiment.family))
        if st.button("Train it now", key=experiment.name, icon=":material/play_arrow:"):
            start_and_show(experiment)
st.caption("Each trains for about a minute on a laptop without a GPU. You can leave the page.")


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
        with st.container(horizontal=True, vertical_alignment="center"):
            theme.show(theme.chip(status.state))
            name = run.notes["label"] or f"{run.settings['family']} on {run.settings['data']}"
            st.progress(
                min(1.0, status.step / total), f"{name} · step {status.step:,} of {total:,}"
            )
            st.page_link("pages/train.py", label="Watch", query_params={"run": run.id})


with guarded():
    running()

st.header("What can be seen here")
theme.show(
    theme.row(
        theme.card("Train", "Choose a family, a data set and every setting; watch it learn."),
        theme.card("Runs", "Everything trained here: compare curves and films, fork, export."),
        theme.card(
            "Reconstruct and sample",
            "Any two models side by side: what they copy, what they invent, what they miss.",
        ),
    )
)
