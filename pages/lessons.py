"""Lessons: guided demonstrations, one step after another, and a hand-in at the end."""

import streamlit as st

from explorer.errors import ExplorerError
from explorer.lessons import reading
from explorer.lessons.reading import Place
from explorer.ui import lesson_cards, lesson_handin, lesson_view, theme, url
from explorer.ui.asking import guarded, literal


def asked() -> Place | None:
    """The step that the address names; what there is not is told and dropped."""
    key = st.query_params.get("lesson")
    if key is None:
        return None
    try:
        return reading.place(f"{key}.{st.query_params.get('step', '1')}")
    except ExplorerError as error:
        st.query_params.pop("step", None)
        url.refuse("lesson", error, "all lessons are shown")
        return None


def overview() -> None:
    """All lessons as cards."""
    theme.show(
        theme.hero(
            "Lessons",
            "Predict first, then look: guided demonstrations with pictures, measured numbers "
            "beside those of the course, and the mistakes that everybody makes once.",
        )
    )
    known = reading.found()
    lesson_cards.film()
    lesson_cards.cards(list(known.lessons.values()))
    for problem in known.problems:
        st.warning(literal(problem), icon=":material/error:")


url.show()
if place := asked():
    with guarded():
        lesson_view.step(place)
    with guarded():
        lesson_handin.offer(place.lesson)
else:
    with guarded():
        overview()
