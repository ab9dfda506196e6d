"""The hand-in of a lesson: what a student predicted and saw, with all that repeats it."""

import platform

import numpy as np
import plotly
import streamlit as st

import explorer
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.lessons import handin, reading
from explorer.lessons.handin import Figure, Line, Part
from explorer.lessons.numbers import digits, given
from explorer.lessons.reading import Place
from explorer.lessons.schema import Lesson, Step
from explorer.ui import lesson_links, lesson_notes, lesson_numbers, lesson_pictures
from explorer.ui.asking import ask, guarded

SAMPLES = {"samples", "epochs", "film"}  # kinds of pictures that `sample` repeats
READY = "lesson-handin"


def offer(lesson: Lesson) -> None:
    """Make the page, then save it."""
    st.header("Hand it in")
    st.caption(
        "One page with every step you answered: your predictions, the pictures, the numbers, and "
        "the settings and commands that show the same again. It opens in any browser and prints."
    )
    name, make, save = st.columns([3, 2, 2], vertical_alignment="bottom")
    with name:
        student = st.text_input("Your name (optional)", max_chars=80, key="lesson-student")
    with make:
        pressed = st.button("Export hand-in", icon=":material/description:", key="lesson-export")
    if pressed:
        with guarded(), st.spinner("Putting the page together …"):
            st.session_state[READY] = (lesson.key, page(lesson, student))
    key, text = st.session_state.get(READY, ("", ""))
    if key == lesson.key:
        with save:
            st.download_button(
                "Save it",
                text,
                f"lesson-{lesson.key}.html",
                "text/html",
                icon=":material/download:",
                type="primary",
            )


def page(lesson: Lesson, student: str = "") -> str:
    """The hand-in of all answered steps; of a lesson nobody answered, of all of them."""
    places = [Place(lesson, i + 1) for i in range(len(lesson.steps))]
    answered = [one for one in places if one.name in lesson_notes.answers()]
    title = f"Lesson {lesson.key}: {lesson.title}"
    return handin.page(title, map(part, answered or places), student, versions())


def versions() -> dict[str, str]:
    """Of the program and of what it stands on."""
    return {
        "Generative Model Explorer": explorer.__version__,
        "Python": platform.python_version(),
        "Streamlit": st.__version__,
        "NumPy": np.__version__,
        "Plotly": plotly.__version__,
    }


def part(place: Place) -> Part:
    """Everything of one step."""
    step, entries = place.step, reading.models(place.step).entries
    return Part(
        name=f"Lesson {place.lesson.key}, step {place.number}",
        title=step.title,
        question=step.predict.question,
        answer=lesson_notes.answers().get(place.name, ""),
        right=lesson_notes.is_right(place),
        happens=step.predict.happens,
        note=lesson_notes.notes().get(place.name, ""),
        figures=tuple(_figures(step, entries)),
        lines=tuple(_lines(step, entries)),
        settings=_settings(place, entries),
        commands=tuple(_commands(place, entries)),
        weights=tuple((one.title, one.digest) for one in entries),
    )


def _figures(step: Step, entries: tuple[Entry, ...]) -> list[Figure]:
    """The pictures of a step; what cannot be drawn is left out."""
    try:
        return lesson_pictures.still(step, entries)
    except ExplorerError:
        return []


def _lines(step: Step, entries: tuple[Entry, ...]) -> list[Line]:
    found = []
    for one in step.numbers:
        ours, verdict = lesson_numbers.looked_up(one, entries)
        theirs = "" if one.document is None else f"{given(one.document)} {one.unit}"
        here = f"{digits(ours.value)} {ours.unit} ({ours.where})" if ours else "–"
        why = f"{one.why} ({verdict.reason})" if verdict.reason else one.why
        found.append(Line(one.what, theirs, here, verdict.state, why))
    return found


def _settings(place: Place, entries: tuple[Entry, ...]) -> dict[str, str]:
    """The addresses behind the links, by what they show, and the seed of the pictures."""
    found = {}
    for link in place.step.pages:
        asked = lesson_links.address(link, entries, place)
        if asked is not None:
            found[link.title] = lesson_links.written(link.page, asked)
    found["Seed of the pictures"] = str(place.step.picture.seed)
    return found | {f"Seed of {e.title}": str(e.header.recipe["training"]["seed"]) for e in entries}


def _commands(place: Place, entries: tuple[Entry, ...]) -> list[str]:
    """The commands that train, sample and measure what was shown."""
    found = [ask("trained_by", checkpoint=one.exact) for one in entries]
    picture = place.step.picture
    if picture.kind in SAMPLES:
        asked = f"--n {picture.n} --seed {picture.seed} --out grid.png"
        found += [f"python -m explorer sample {one.key} {asked}" for one in entries]
    if any(one.ours.source == "board" for one in place.step.numbers):
        keys = " ".join(one.key for one in entries) or "real:fashion-mnist:test"
        found.append(f"python -m explorer evaluate {keys} --metrics fid --samples 2000")
    if run := lesson_notes.runs().get(place.name):
        found.append(f"python -m explorer show {run}")
    return found
