"""The lessons as cards, each with a picture of a shipped model, under a film of several."""

import numpy as np
import streamlit as st

from explorer import header
from explorer.errors import ExplorerError
from explorer.lessons import reading
from explorer.lessons.reading import shipped
from explorer.lessons.schema import Lesson
from explorer.pictures import enlarge
from explorer.ui import lesson_links, lesson_notes, theme
from explorer.ui import shipped as films
from explorer.ui.player import player

LEARNING = ("vae-fashion", "gan-fashion", "diffusion-fashion")
ACROSS = 3
SIDE = 224  # pixels of a cover, cut from the middle


def film() -> None:
    """Three families learning on one slider."""
    if found := films.side_by_side(LEARNING, "samples"):
        player(found, key="lessons-hero", height=300, autoplay=True, report=False)
        st.caption(
            "Three families learn the same pictures, each always from the same random numbers. "
            "The lessons take this apart, step by step."
        )


def cards(lessons: list[Lesson]) -> None:
    """A card a lesson, with how far one is."""
    several = [*lessons, None]
    for i in range(0, len(several), ACROSS):
        columns = st.container(key=f"wrap-lessons-{i}").columns(ACROSS)
        for lesson, column in zip(several[i : i + ACROSS], columns, strict=False):
            with column:
                _card(lesson) if lesson else own()


def own() -> None:
    """What a teacher may add."""
    with st.container(border=True, height="stretch"):
        words = (
            "A lesson is one data file: questions, pages in a given state, numbers. Put yours into "
            f"the folder {reading.folder().name} beside the runs, and it stands here. The file "
            "docs/lessons.md says how."
        )
        theme.show(theme.note("Write your own", words, "For teachers"))


def _card(lesson: Lesson) -> None:
    with st.container(border=True, height="stretch"):
        if (picture := cover(lesson.cover)) is not None:
            st.image(picture, width="stretch")
        source = f" · {lesson.source}" if lesson.source else ""
        kicker = f"Lesson {lesson.key}{source}"
        theme.show(theme.note(lesson.title, lesson.introduction, kicker))
        count = len(lesson.steps)
        said = sum(name.startswith(f"{lesson.key}.") for name in lesson_notes.answers())
        st.caption(f"{count} steps" + (f", {said} answered" if said else ""))
        st.page_link(
            f"pages/{lesson_links.LESSONS}.py",
            label="Go on" if said else "Begin",
            icon=":material/play_arrow:",
            query_params={"lesson": lesson.key, "step": str(min(said + 1, count))},
        )


@st.cache_resource(max_entries=32, show_spinner=False)
def cover(names: tuple[str, ...]) -> np.ndarray | None:
    """The end of the first film that one of these shipped models carries, twice as wide as high."""
    for name in names:
        try:
            entry = shipped(name)
            found = header.film(entry.path)
        except ExplorerError:
            continue
        tracks = [t for t in found.tracks if t.title == "samples"] if found else []
        if tracks:
            end = tracks[0].frames[-1]
            return enlarge(end[: len(end) // 2], 2)
    return None
