"""What can be seen here, what is running, and experiments to start with one click."""

import streamlit as st

from explorer import runs
from explorer.history import history
from explorer.names import recipe_name
from explorer.ui import shipped, theme
from explorer.ui.asking import guarded, literal
from explorer.ui.experiments import EXPERIMENTS, start_and_show
from explorer.ui.player import player

theme.show(
    theme.hero(
        "See how generative models learn",
        "Autoencoders, VAEs, GANs and diffusion models, trained in front of you, on your machine. "
        "Watch every step, stop anywhere, change one thing, and compare.",
        "Generative Model Explorer",
    )
)


film = shipped.side_by_side(("autoencoder-fashion", "vae-fashion"), "samples")
if film:
    player(film, key="hero", height=380, autoplay=True, report=False)
    st.caption(
        "Two models learn the same 10,000 pictures; these are their samples from the same random "
        "numbers, step by step. The VAE learns to turn any of them into clothes. The autoencoder "
        "does not, although it copies pictures better. Drag to stop at any moment."
    )

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
ROOMS = (
    ("lessons", "Lessons", "Guided demonstrations: predict, look, compare, hand in."),
    ("train", "Train", "Choose a family, a data set and every setting; watch it learn."),
    ("runs", "Runs", "Everything trained here: compare curves and films, fork, export."),
    ("zoo", "Model zoo", "Every model that came along: samples, recipe, figures, hash."),
    (
        "reconstruct",
        "Reconstruct and sample",
        "Any models side by side: what they copy and invent.",
    ),
    ("points", "Diffusion in 2-D", "Draw a shape, train in seconds, see every arrow of the field."),
    ("forward", "Forward process", "How a picture becomes noise, and whether it really does."),
    ("reverse", "Reverse process", "Noise becomes a picture: watch, race samplers, repair."),
    ("schedules", "Schedules", "Four ways to fade into noise, over each other."),
    ("latent", "Latent diffusion", "A walk through the latent space, decoded at every step."),
    ("simple", "Simple diffusion", "One picture, one noise, one hundred iterations."),
    ("game", "GAN game", "Two networks against each other on points, live, move by move."),
    ("clinic", "Collapse clinic", "Make a generator collapse, hear the alarm, try the cures."),
    ("losses", "Why the loss trains", "What each loss tells the generator, and when nothing."),
    ("mistakes", "Known mistakes", "Three slips beside their healthy twins: guess, then see."),
    ("gan_images", "GAN on images", "The best moment of a game, and walks through its latents."),
    ("conditional", "Conditional GAN", "A class a row, a latent a column: what is style?"),
    ("compare", "Compare", "The scoreboard: FID with its error, bias and floor, live."),
    ("fid", "What is FID?", "Two Gaussians to drag, and what fools the number."),
    ("memorised", "Memorised or made?", "The training pictures nearest to every sample."),
    ("capabilities", "Capabilities", "What each family can do, every cell measured."),
    ("latent_map", "Latent map", "Where a model puts every picture: point, and it appears."),
    ("ae_vae", "AE against VAE", "The same ways through both, and the holes between."),
    ("interpolate", "Interpolate", "Between pictures or noises, through every family."),
    ("traverse", "Traverse", "Every latent as a slider; what does each one do?"),
    ("few_shots", "Few shots", "What do latents know of classes, with few labels?"),
)
columns = [c for _ in range(-(-len(ROOMS) // 3)) for c in st.columns(3)]
for column, (page, title, text) in zip(columns, ROOMS, strict=False):
    with column.container(border=True, height="stretch"):
        theme.show(theme.note(title, text))
        st.page_link(f"pages/{page}.py", label="Open", icon=":material/arrow_forward:")
