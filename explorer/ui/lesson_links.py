"""Links between lessons and pages: addresses of steps, and the bar above a page they open."""

from pathlib import Path
from urllib.parse import quote

import streamlit as st

from explorer.errors import ExplorerError
from explorer.lessons import doors, reading
from explorer.lessons.reading import Place
from explorer.lessons.schema import Link
from explorer.ui import theme, url
from explorer.ui.asking import ask, guarded, literal

PAGES = Path(__file__).parents[2] / "pages"
LESSONS = "lessons"
SHOWN = 8  # lessons named in the sidebar


def here(page: str) -> bool:
    """Whether a page is there to be opened."""
    return (PAGES / f"{page}.py").is_file()


def of_step(place: Place) -> dict[str, str]:
    """The address of a step on the page of lessons."""
    return {"lesson": place.lesson.key, "step": str(place.number)}


def to_step(label: str, place: Place, icon: str = ":material/school:") -> None:
    """A link to a step."""
    st.page_link(f"pages/{LESSONS}.py", label=label, icon=icon, query_params=of_step(place))


def address(link: Link, entries: tuple, place: Place) -> dict[str, str] | None:
    """The address a step's link opens; None if a model of it or its page is not here."""
    preset = reading.preset(link, entries)
    if preset is None or not here(link.page):
        return None
    return preset | {"lesson": place.name}


def written(page: str, asked: dict[str, str]) -> str:
    """An address as one types it."""
    words = "&".join(f"{name}={quote(text, safe=':,@|~')}" for name, text in asked.items())
    return f"/{page}?{words}"


# Above the page that a step opened ----------------------------------------------------------------


def bar() -> None:
    """The step that led here, what to look at, and the ways back and on."""
    if not (name := st.query_params.get("lesson")):
        return
    try:
        place = reading.place(name)
    except ExplorerError as error:
        url.refuse("lesson", error, "the page opens without it")
        return
    with st.container(border=True, key="lesson-bar"):
        words, back, on = st.columns([6, 1.3, 1.3], vertical_alignment="center")
        with words:
            head = f"Lesson {place.lesson.key}, step {place.number}: {place.step.title}"
            theme.show(theme.bar(head, place.step.look))
        with back:
            to_step("Back to the lesson", place, ":material/arrow_back:")
        if place.number < len(place.lesson.steps):
            with on:
                following = Place(place.lesson, place.number + 1)
                to_step("Next step", following, ":material/arrow_forward:")


def strangers(page: str) -> None:
    """Tell what the address asks that this page does not know: of a preset, a lock or a hiding."""
    given = set(st.query_params) if "lesson" in st.query_params else set()
    told = (("hides", url.asked("hide")), ("locks", url.asked("lock") - {"all"}), ("sets", given))
    for what, names in told:
        for name in _unknown(page, names):
            url.notices().append(
                f"The address {what} {name[:60]!r}, but this page has no such setting. Nothing "
                "else is changed by that."
            )


def _unknown(page: str, names: set[str]) -> list[str]:
    if page not in doors.DOORS or not names:
        return []
    known = ask if doors.strangers(page, names) or doors.DOORS[page].asked else None
    return doors.strangers(page, sorted(names), known)


# Beside every page that a lesson uses -------------------------------------------------------------


def used_in(page: str) -> None:
    """Links to the steps that open this page."""
    places = [one for one in reading.places() if any(link.page == page for link in one.step.pages)]
    if not places:
        return
    st.caption("In lessons")
    with st.container(horizontal=True, gap="small"), guarded():
        for one in places[:SHOWN]:
            st.page_link(
                f"pages/{LESSONS}.py",
                label=one.name,
                help=literal(one.step.title),
                query_params=of_step(one),
            )
