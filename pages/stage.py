"""One stage: every family on the same pictures, side by side, epoch by epoch."""

import math
from contextlib import suppress

import streamlit as st

from explorer import catalog, data, header, stage, worth
from explorer.errors import ExplorerError, InputError
from explorer.metrics.diversity import pairwise_distance
from explorer.stage import Column
from explorer.ui import kept, later, pickers, stage_answers, stage_film, stage_ways, theme, url
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.stage_film import Stage
from explorer.ui.stage_table import Told, table

KEY, FROM = "columns", "stage_from"
SETS = {"mnist": "Digits", "fashion-mnist": "Clothes"}
COUNTED = "sample_cost"  # the question that counts what a sample takes


def epoch(text: str) -> float:
    """A reader for the epoch in the address."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e6:
        raise InputError(f"{text[:40]!r} is no epoch. Use a number such as 10.")
    return number


def choose() -> Stage:
    """A data set, and any models trained here that shall stand beside the shipped ones."""
    left, right = st.container(key="wrap-stage").columns([1, 3], gap="medium")
    with left:
        usual = stage_film.first()
        name = url.segmented("Data", SETS, usual.data if usual else "mnist", "stage_data")
    with right:
        more = pickers.several(
            "Further columns", others(name), [], KEY, placeholder="Models trained here"
        )
    return stage_film.on(name, more)


def others(name: str) -> dict[str, str]:
    """Key -> title of further models of this data: runs, and what the address names."""
    there = set(stage.shipped_keys(name).values())
    asked = filter(None, st.query_params.get(KEY, "").split(","))
    found = {}
    for key in dict.fromkeys([*pickers.titles(()), *asked]):
        try:
            found[key] = stage.checked(key, name).title
        except ExplorerError:
            continue
    return {key: title for key, title in found.items() if key not in there}


# The film and its figures -------------------------------------------------------------------------


@st.fragment
def film(found: Stage) -> None:
    """All columns by epoch, and below them what was measured at the epoch at which it stands."""
    asked = st.session_state[FROM]
    with st.container(key="bleed-stage"), guarded():
        now = stage_film.show(found, asked)
        st.caption(
            f"**Figures at epoch {now:g}.** Drag, or let go of the slider, to see those of another "
            "one. Every column shows its newest picture at or before the epoch, from the same "
            "noise each time. Below those with an encoder: test images, and under each row of them "
            "its copies. A GAN has to search for a copy, a diffusion to walk to noise and back: "
            "see the last table."
        )
        figures(found, now)
    last = stage_film.whole(found)[0].ticks[-1]
    url.keep("epoch", None if now == last else float(now))


def figures(found: Stage, now: float) -> None:
    """What each column is worth and costs."""
    known = [of_column(one, now) for one in found.columns]
    said = worth.verdicts(known)
    told = [
        Told(one.title, own, worth.fid(one.entry), one.entry.header.encodes, *words)
        for one, own, words in zip(found.columns, known, said, strict=True)
    ]
    theme.show(table(told, real(found.data)))


def of_column(one: Column, now: float) -> worth.Figures:
    """Its figures at an epoch, of the training as a whole, and of a sample."""
    told = catalog.past(one.entry)
    sample = worth.of_a_sample(one.entry) or kept.find(COUNTED, asked_of(one)) or {}
    then = worth.at_epoch(told, now) if told else worth.of_weights(one.entry, now)
    return then | worth.of_training(one.entry, told) | sample


@st.cache_data(show_spinner=False)
def real(name: str) -> worth.Figures:
    """What the same measures say of real test pictures."""
    found = {"pairwise distance": pairwise_distance(data.load(name, "test").x[:2000] / 255)}
    path = catalog.FOLDER / f"classifier-{name}.safetensors"
    with suppress(ExplorerError, KeyError):
        found["classifier distance"] = header.read_header(path, "classifier").facts["floor"]
    return found


def asked_of(one: Column) -> dict:
    return {"checkpoint": one.entry.exact}


def count(found: Stage) -> None:
    """Count what a sample of each model takes, where nobody has; then the figures are complete."""
    unknown = [
        one
        for one in found.columns
        if not worth.of_a_sample(one.entry) and not kept.find(COUNTED, asked_of(one))
    ]
    for one in unknown:
        kept.keep(COUNTED, asked_of(one), ask(COUNTED, **asked_of(one)))
    if unknown:
        st.rerun()


# The page -----------------------------------------------------------------------------------------


def absent(found: Stage) -> None:
    """Which columns are not there."""
    if found.missing:
        names = ", ".join(found.missing)
        st.caption(f"Without a film of their training here, and so not on the stage: {names}.")


def questions(found: Stage) -> None:
    """What else is asked of them, each answered in short and with a way to its room."""
    st.header("The way from one picture to another: is it smooth?")
    with guarded():
        stage_ways.ways(found)
        st.caption(
            "Behind a row stands its largest step over its mean one: 1 is even, and a sudden jump "
            "is marked. An autoencoder has no noise of its own to begin with."
        )
        stage_ways.epochs(found)
        with st.container(horizontal=True):
            st.page_link(
                "pages/interpolate.py", label="Interpolate", icon=":material/linear_scale:"
            )
            between = {"gan_view": "between"}
            st.page_link(
                "pages/gan_images.py",
                label="GAN on images",
                icon=":material/grid_view:",
                query_params=between,
            )
    st.header("Why .detach() in the discriminator's step?")
    with guarded():
        stage_answers.detach()
    st.header("Can a GAN copy, give a likelihood, represent?")
    with guarded():
        stage_answers.abilities(found)
    with guarded():
        count(found)


theme.show(
    theme.hero(
        "One stage",
        "Every family learns the same pictures from the same seed. Move through the epochs: who is "
        "quick, who stays blurred, who repeats itself, and what does each of them cost?",
    )
)
with guarded():
    st.session_state[FROM] = None
    if "epoch" in st.query_params:
        try:
            st.session_state[FROM] = epoch(st.query_params["epoch"])
        except InputError as error:
            url.refuse("epoch", error, "the film plays from its start")
    standing = choose()
    if standing.columns:
        film(standing)
        absent(standing)
        later.picture_first("stage-seen")
        questions(standing)
    else:
        title = literal(data.title(standing.data))
        st.info(
            f"There is no model of {title} with a film of its training yet. Train one first.",
            icon=":material/school:",
        )
