"""The reverse process: a trained model turns noise into pictures, and every step is shown."""

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer import catalog, films, header
from explorer.catalog import Entry
from explorer.history import history
from explorer.pictures import enlarge, sheet
from explorer.ui import pickers, theme, url
from explorer.ui.asking import ask, guarded, stream
from explorer.ui.filming import film
from explorer.ui.player import player
from explorer.ui.race import race
from explorer.ui.repair import repair
from explorer.ui.sampler_form import described, sampling, seed
from explorer.ui.source import code

ABLE = ("Denoises",)
FIRST = f"{catalog.SHIPPED}diffusion-fashion"
VIEWS = {
    "watch": "Watch it",
    "race": "Race of samplers",
    "epochs": "By epoch",
    "between": "Between two noises",
    "repair": "Repair a picture",
}


def choose() -> Entry | None:
    """The model whose noise is reversed."""
    found = pickers.checkpoint("Model", "model", FIRST, ABLE)
    if found:
        st.caption(described(found))
    return found


# What can be watched ------------------------------------------------------------------------------


def watch(entry: Entry) -> None:
    """The films of x_t, the guess and the noise."""
    how = sampling(entry)
    left, right = st.columns(2)
    with left:
        number = seed()
    with right:
        many = ["1", "4", "16", "36"]
        n = int(url.choose(st.segmented_control, "Samples", many, "16", "n", required=True))
    film("walk", "walk", checkpoint=entry.exact, n=n, seed=number, how=how)
    st.caption(
        "Left: the state, which starts as noise. Middle: what the network believes the finished "
        "picture to be, vague at first because many pictures fit. Right: the noise it sees; grey "
        "is none. Drag the slider, press play, or step with the arrow keys."
    )
    formulas(how)


def formulas(how: dict[str, Any]) -> None:
    """What a step does, with our own code."""
    with st.expander("The step as a formula, and the code that computes it"):
        st.latex(
            r"x_{k'} = \alpha_{k'}\,\hat{x}_0 + \sqrt{\sigma_{k'}^2 - \eta^2 s^2}\;\hat\varepsilon"
            r"+ \eta\,s\,z, \qquad \hat\varepsilon = (x_k - \alpha_k \hat{x}_0) / \sigma_k"
        )
        st.caption(
            "From level k down to k′: the network's guess x̂₀, the noise ε̂ that it implies, and, "
            "with η > 0, some fresh noise z of at most the posterior's width s."
        )
        name = {"heun": "heun", "dpm": "dpm_solver"}.get(how["sampler"], "reverse")
        code(f"explorer.sampling:{name}")
        if how.get("guidance", 1) not in (0, 1):
            st.latex(r"\hat{x}_0 = \hat{x}_0(\emptyset) + w\,(\hat{x}_0(y) - \hat{x}_0(\emptyset))")
            code("explorer.sampling:guided")


# By epoch -----------------------------------------------------------------------------------------


def epochs(entry: Entry) -> None:
    """What the same noise became at every look of the training."""
    told = training_film(entry)
    if told is None:
        st.info(
            "This model carries no film of its training. Choose one of your own runs.",
            icon=":material/movie:",
        )
    else:
        tracks = tuple(t for t in told.tracks if t.title in ("reverse", "samples"))
        player(
            films.titled(replace(told, tracks=tracks)), key="by-epoch", autoplay=True, report=False
        )
        st.caption(
            "Each row starts from the same noise at every moment of the training. Before the first "
            "step the network removes nothing it should; after one epoch outlines appear; later "
            "epochs sharpen what is already there."
        )
    if not entry.key.startswith((catalog.SHIPPED, catalog.EXACT)):
        strips(entry)


def training_film(entry: Entry):
    if entry.key.startswith(catalog.EXACT):
        return None
    if entry.key.startswith(catalog.SHIPPED):
        return header.film(entry.path)
    from explorer import runs

    return films.run_film(history(runs.find(entry.key.partition("@")[0])))


def strips(entry: Entry) -> None:
    """The reverse strip of one noise for every checkpoint that the run kept."""
    st.header("Every checkpoint, one noise")
    number, rows = seed(), []
    slot = st.empty()
    asked = {"checkpoint": entry.exact, "seed": number, "how": {}}
    for epoch, pictures in stream("by_epoch", **asked):
        rows.append((epoch, pictures[0]))
        with slot.container():
            for e, strip in rows:
                picture = enlarge(sheet(strip, len(strip), gap=2, ground=0), 3)
                theme.show(theme.strip(f"Epoch {e:.3g}", "", picture, quiet=True))


# Between two noises -------------------------------------------------------------------------------


def between(entry: Entry) -> None:
    """Samples along the way from one noise to another."""
    how = sampling(entry, sampler=False, mixed=False)
    with st.container(horizontal=True):
        first, second = seed(), seed("noise_seed_2", 1, "Seed of the other noise")
    asked = {"checkpoint": entry.exact, "seeds": (first, second), "how": how, "steps": 11}
    for title, note, straight in (
        ("On the sphere", "noise keeps its length all the way", False),
        ("Straight through", "the middle is shorter than any noise: pictures fade", True),
    ):
        (pictures,) = ask("between", straight=straight, **asked)
        picture = enlarge(sheet(pictures, len(pictures), gap=2, ground=0), 4)
        theme.show(theme.strip(title, note, picture))
    st.caption(
        "Both ends are samples of their own noise; everything between is decoded from a mixture of "
        "the two, without fresh noise (DPM-Solver++). In many dimensions all noise lies near a "
        "sphere, so the way has to go along it (spherical interpolation)."
    )
    with st.expander("The code that computes it"):
        code("explorer.denoising:slerp")


SHOW = {"watch": watch, "race": race, "epochs": epochs, "between": between, "repair": repair}

theme.show(
    theme.hero("Reverse process", "From pure noise to a picture: every step that a model takes.")
)
if entry := choose():
    more = {"wrap": True, "label_visibility": "collapsed"}
    view = url.segmented("What to see", VIEWS, "watch", "view", **more)
    with guarded():
        SHOW[view](entry)
