"""One step of a lesson: predict, look, compare the numbers, try the mistake, go on."""

import streamlit as st

from explorer import runs
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.lessons import reading
from explorer.lessons.reading import Place
from explorer.runs import Run
from explorer.ui import (
    experiments,
    lesson_links,
    lesson_notes,
    lesson_numbers,
    lesson_pictures,
    theme,
)
from explorer.ui.asking import guarded, literal


def step(place: Place) -> None:
    """Everything of one step."""
    one, lesson = place.step, place.lesson
    count = len(lesson.steps)
    st.progress(place.number / count, f"Step {place.number} of {count}")
    models = reading.models(one)
    left, right = st.container(key="wrap-wide-lesson").columns([5, 7], gap="large")
    with left:
        theme.show(theme.note(one.title, "", f"Lesson {lesson.key}, step {place.number}"))
        said = lesson_notes.predict(place)
        if said:
            verdict(place)
        st.markdown(f"**Look:** {one.look}")
        pages(place, models.entries)
        train(place)
    with right:
        missing(place, models)
        if said:
            with guarded():
                lesson_pictures.draw(one, models.entries, place.name)
            if one.picture.kind == "none":
                theme.show(veil("This one is best seen on its own page: open it on the left."))
        else:
            theme.show(veil("Say what you expect, and the picture appears here."))
    if said:
        below(place, models.entries)
    steps(place)


def verdict(place: Place) -> None:
    """What really happens, beside what was expected."""
    right, happens = lesson_notes.is_right(place), place.step.predict.happens
    if right:
        st.success(f"**Just so.** {happens}", icon=":material/check:")
    else:
        start = "**Not quite.** " if right is False else ""
        st.info(f"{start}{happens}", icon=":material/lightbulb:")


def veil(text: str) -> str:
    """Where a picture will be."""
    return f'<div class="gm-veil">{text}</div>'


def missing(place: Place, models: reading.Models) -> None:
    """What this step would need and does not find."""
    told = [models.problem] if models.problem else []
    told += reading.missing_data(place.step)
    for text in filter(None, told):
        st.warning(
            literal(f"{text} This step shows less without it; the others are not affected."),
            icon=":material/inventory_2:",
        )


def pages(place: Place, entries: tuple[Entry, ...]) -> None:
    """The pages that show it, each in the right state."""
    first = True
    for link in place.step.pages:
        asked = lesson_links.address(link, entries, place)
        if asked is None or link.mistake:
            continue
        icon = ":material/visibility:" if first else ":material/arrow_outward:"
        label = f"See it: {link.title}" if first else link.title
        st.page_link(f"pages/{link.page}.py", label=label, icon=icon, query_params=asked)
        first = False


def mistakes(place: Place, entries: tuple[Entry, ...]) -> None:
    """The known mistakes of this step, and where each can be switched on."""
    links = [one for one in place.step.pages if one.mistake]
    if not (links or place.step.mistakes):
        return
    st.subheader("The known mistake")
    for text in place.step.mistakes:
        st.markdown(text)
    for link in links:
        asked = lesson_links.address(link, entries, place)
        if asked is not None:
            label = f"Mistake {link.mistake}: {link.title}"
            icon = ":material/bug_report:"
            st.page_link(f"pages/{link.page}.py", label=label, icon=icon, query_params=asked)


def below(place: Place, entries: tuple[Entry, ...]) -> None:
    """Numbers, mistakes, notes and the address to share."""
    one = place.step
    if one.numbers:
        st.subheader("The document's numbers, and ours")
        with guarded():
            theme.show(lesson_numbers.table(one, entries, own_run(place)))
        if any(number.document is not None for number in one.numbers):
            st.caption(
                "Near: within 15 % of the document's number (less where it is exact by nature), or "
                "within twice our standard error. Numbers of different units are not compared."
            )
    mistakes(place, entries)
    lesson_notes.note(place)
    with st.expander("For teachers: this view as a link, and how to lock it"):
        sharing(place, entries)


def sharing(place: Place, entries: tuple[Entry, ...]) -> None:
    """The addresses behind the links."""
    st.caption(
        "Put this behind the address of this server. Add `&lock=all`, or `&lock=` and some of the "
        "names in it, to disable those controls, and `&hide=` to leave them out. docs/lessons.md "
        "says how to write a lesson of your own."
    )
    for link in place.step.pages:
        if (asked := lesson_links.address(link, entries, place)) is not None:
            st.code(lesson_links.written(link.page, asked), language=None, wrap_lines=True)


# Trained by the student ---------------------------------------------------------------------------


def own_run(place: Place) -> Run | None:
    """The run that this step's button started, if it is still there."""
    if not (found := lesson_notes.runs().get(place.name)):
        return None
    try:
        return runs.find(found)
    except ExplorerError:
        return None


def train(place: Place) -> None:
    """Start what the step would have trained, or go to it."""
    if (one := place.step.train) is None:
        return
    if run := own_run(place):
        label = f"Your run: {run.status.state}"
        st.page_link(
            "pages/train.py", label=label, icon=":material/school:", query_params={"run": run.id}
        )
        return
    if not lesson_links.here("train"):
        return
    if st.button("Train it yourself", key=f"train-{place.name}", icon=":material/play_arrow:"):
        with guarded():
            purpose = f"lesson-{place.name}"
            token = experiments.token(purpose)
            run = experiments.start(one.family, one.data, dict(one.settings), token)
            experiments.used(purpose)
            run.note(label=f"Lesson {place.name}: {place.step.title}"[:200])
            lesson_notes.runs()[place.name] = run.id
            st.rerun()


# Going on -----------------------------------------------------------------------------------------


def steps(place: Place) -> None:
    """Back and on."""
    st.divider()
    before, middle, after = st.columns([2, 3, 2], vertical_alignment="center")
    if place.number > 1:
        with before:
            earlier = Place(place.lesson, place.number - 1)
            lesson_links.to_step(f"Back: {earlier.step.title}", earlier, ":material/arrow_back:")
    with middle:
        st.page_link(
            f"pages/{lesson_links.LESSONS}.py", label="All lessons", icon=":material/apps:"
        )
    if place.number < len(place.lesson.steps):
        with after:
            later = Place(place.lesson, place.number + 1)
            lesson_links.to_step(f"Next: {later.step.title}", later, ":material/arrow_forward:")
