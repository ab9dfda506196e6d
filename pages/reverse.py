"""The reverse process: a trained model turns noise into pictures, and every step is shown."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explorer import catalog, data, figures, films, header
from explorer.answers import Curve, Film, Track, Walk
from explorer.catalog import Entry
from explorer.history import history
from explorer.pictures import enlarge, sheet, tiles
from explorer.ui import images, pickers, theme, url
from explorer.ui.asking import ask, guarded, stream
from explorer.ui.filming import film
from explorer.ui.player import player
from explorer.ui.sampler_form import described, knows_classes, label, sampling, seed
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
CALLS = (4, 8, 16, 32, 64)  # of the network, in the race
RUNNERS = {  # name -> settings; η = 1 is DDPM
    "DDPM (η = 1)": {"sampler": "ddim", "eta": 1.0},
    "DDIM (η = 0)": {"sampler": "ddim", "eta": 0.0},
    "Heun": {"sampler": "heun"},
    "DPM-Solver++(2M)": {"sampler": "dpm"},
}
MISSING = {
    "bottom": "Bottom half",
    "top": "Top half",
    "left": "Left half",
    "right": "Right half",
    "centre": "Centre",
    "frame": "Everything but the centre",
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
        n = int(url.choose(st.segmented_control, "Samples", ["1", "4", "16", "36"], "16", "n"))
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


# The race -----------------------------------------------------------------------------------------


def race(entry: Entry) -> None:
    """The same noise under several samplers at equal cost."""
    levels = entry.header.recipe["model"]["T"]
    names = st.multiselect(
        "Samplers", list(RUNNERS), list(RUNNERS), key="runners", persist_state="session"
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = seed()
        chosen = label(entry) if knows_classes(entry) else None
    if not names:
        st.info("Choose at least one sampler.")
        return
    calls = [c for c in CALLS if c <= levels]
    hows = tuple(
        RUNNERS[name] | {"steps": steps_for(name, c)} | ({"label": chosen} if chosen else {})
        for name in names
        for c in calls
    )
    reference, *walks = raced(entry.exact, number, hows)
    rows = [walks[i * len(calls) : (i + 1) * len(calls)] for i in range(len(names))]
    show_race(names, calls, rows, reference)


def steps_for(name: str, calls: int) -> int:
    """Heun asks the network twice a step, but once at the last."""
    return (calls + 1) // 2 if name == "Heun" else calls


def raced(checkpoint: str, number: int, hows: tuple[dict[str, Any], ...]) -> list[Walk]:
    """All walks of the race, made once for all who ask."""
    kept, name = races(), repr((checkpoint, number, hows))
    if name not in kept:
        bar, walks = st.progress(0.0, "First the reference: DDIM at every noise level …"), []
        for told in stream("race", checkpoint=checkpoint, n=8, seed=number, hows=hows):
            if isinstance(told, Walk):
                walks.append(told)
            else:
                bar.progress(min(told, 1.0), "Sampling the same noise in every way …")
        bar.empty()
        while len(kept) >= 16:
            kept.pop(next(iter(kept)))
        kept[name] = walks
    return kept[name]


@st.cache_resource(show_spinner=False)
def races() -> dict[str, list[Walk]]:
    """Races run before, by what was asked."""
    return {}


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
    if not entry.key.startswith(catalog.SHIPPED):
        strips(entry)


def training_film(entry: Entry):
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


# A picture of one's own ---------------------------------------------------------------------------


def repair(entry: Entry) -> None:
    """Noise a picture and denoise it again, or fill in what is missing."""
    kind = url.choose(
        st.segmented_control,
        "What to do",
        ["again", "fill"],
        "again",
        "repair",
        format_func={"again": "Noise it and denoise it", "fill": "Fill in a part"}.get,
        required=True,
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        picture = own_or_test(entry)
    with right:
        how = sampling(entry, mixed=False)
        number = seed()
        much = share() if kind == "again" else missing()
    if picture is None:
        st.info("Draw something, or upload a picture.", icon=":material/draw:")
    elif kind == "again":
        again(entry, picture, much, number, how)
    else:
        fill(entry, picture, much, number, how)


def share() -> float:
    """Up to which time a picture is noised."""
    return st.slider(
        "Noise it up to t",
        0.05,
        1.0,
        0.5,
        0.05,
        key="share",
        persist_state="session",
        help="A little noise changes details only; much noise leaves the model free.",
    )


def missing() -> str:
    """Which part of the picture is left out."""
    return url.choose(
        st.segmented_control,
        "Missing",
        list(MISSING),
        "bottom",
        "missing",
        format_func=MISSING.get,
        required=True,
        wrap=True,
    )


def own_or_test(entry: Entry) -> np.ndarray | None:
    """A test image or a picture of one's own, uint8 C H W."""
    shape = tuple(entry.header.facts["spec"]["shape"])
    source = url.choose(
        st.segmented_control,
        "Picture",
        ["test", "own"],
        "test",
        "source",
        format_func={"test": "Test image", "own": "My own"}.get,
        required=True,
        wrap=True,
    )
    if source == "own":
        return images.own_picture(shape[1], shape[0] == 3, key="repair-pad")
    info = pickers.dataset("images", shape, entry.header.recipe["data"])
    which = int(st.slider("Test image", 0, info.test - 1, 0, key="which", persist_state="session"))
    picture = data.load(info.name, "test").x[which]
    theme.show(theme.strip("", "", enlarge(tiles(picture[None])[0], 6)))
    return picture


def again(entry: Entry, picture: np.ndarray, share: float, number: int, how: dict) -> None:
    """To time ``share`` and back, nine times at once with different noise."""
    x = np.repeat(picture[None], 9, axis=0)
    film("repair", "repair", checkpoint=entry.exact, x=x, share=share, seed=number, how=how)
    st.caption(
        "Nine times the same picture under nine noises. What the noise has covered, the model "
        "invents anew; what still shows through, it keeps (SDEdit, Meng et al. 2022)."
    )


def fill(entry: Entry, picture: np.ndarray, missing: str, number: int, how: dict) -> None:
    """Nine ways to complete a picture."""
    asked = {"x": picture, "missing": missing, "n": 9, "seed": number, "how": how}
    film("fill", "fill", checkpoint=entry.exact, **asked)
    st.caption(
        "The known part follows its own noise exactly; the network only guesses the rest, and each "
        "noise finds another completion that fits."
    )
    with st.expander("The code that computes it"):
        code("explorer.sampling:inpainted")


SHOW = {"watch": watch, "race": race, "epochs": epochs, "between": between, "repair": repair}

theme.show(
    theme.hero("Reverse process", "From pure noise to a picture: every step that a model takes.")
)
if entry := choose():
    view = url.choose(
        st.segmented_control,
        "What to see",
        list(VIEWS),
        "watch",
        "view",
        format_func=VIEWS.get,
        required=True,
        wrap=True,
        label_visibility="collapsed",
    )
    with guarded():
        SHOW[view](entry)
