"""One matrix: what each family can do and what it costs, every cell measured on a real model."""

import time

import streamlit as st

from explorer import capabilities, catalog, data
from explorer.capabilities import ABILITIES, KINDS
from explorer.catalog import Entry
from explorer.ui import capability_matrix as matrix
from explorer.ui import capability_words, jobs, pickers, theme
from explorer.ui.asking import guarded, literal

SLOT = "capabilities"


def choose() -> dict[str, Entry]:
    """One model of each kind, column by column; a kind without a model has no column."""
    found = {}
    with st.expander("Exchange the models", icon=":material/swap_horiz:"):
        cells = st.container(key="wrap-can-models").columns(3, gap="medium")
        for i, (name, kind) in enumerate(KINDS.items()):
            with cells[i % 3]:
                first = f"{catalog.SHIPPED}{kind.first}"
                entry = pickers.checkpoint(kind.title, f"can_{name}", first, (), kind.has)
                if entry and kind.has(entry):
                    found[name] = entry
                elif entry:  # an address may name any model
                    st.error(literal(f"{entry.title} is no {kind.title} of pictures. Choose one."))
    return found


def known(entry: Entry, since: float | None) -> dict[str, capabilities.Cell]:
    """The cells of a model: those measured here ``since`` then, or those that came with it."""
    if since is not None:
        return capabilities.kept(entry, since)
    return capabilities.kept(entry) | capabilities.shipped(entry)


def controls(since: float | None) -> None:
    """Measure again on this machine, or back to what came with the models."""
    if since is None:
        text = "Measure all of it again, here and now"
        if st.button(text, key="can_measure", icon=":material/speed:"):
            st.session_state["can_since"] = time.time() // 1
            st.session_state.pop("can_stopped", None)
            st.rerun()
    elif st.button("Back to the figures that came with the models", key="can_back"):
        jobs.cancel(SLOT)
        st.session_state.pop("can_since")
        st.rerun()


def measuring(entry: Entry, since: float | None, count: int) -> None:
    """Measure what is missing of one model; the page runs again with each new cell."""
    if st.session_state.get("can_stopped"):
        if st.button("Go on measuring", key="can_on", icon=":material/play_arrow:"):
            st.session_state.pop("can_stopped")
            st.rerun()
        return

    def show(items: list[dict]) -> None:
        now = items[-1] if items else {"ability": "", "share": 0.0, "known": count}
        st.progress(min(now["share"], 1.0), doing(entry, now["ability"]))
        if now["known"] > count:
            st.rerun()

    asked = {"checkpoint": entry.exact, "since": since or 0.0}
    bar, stop = st.columns([7, 1], vertical_alignment="bottom")
    with bar:
        if jobs.awaited(SLOT, show, "capability", **asked):  # measured, but kept no longer
            st.info("Some figures had to make room for others. Measure all of it again.")
    with stop:
        if jobs.working(SLOT) and st.button("Stop", key="can_stop", width="stretch"):
            jobs.cancel(SLOT)
            st.session_state["can_stopped"] = True
            st.rerun()


def doing(entry: Entry, ability: str) -> str:
    """What is measured just now."""
    title = literal(entry.title)
    if not ability:
        return f"Measuring {title} …"
    return f"Measuring {title}: {matrix.BANDS[ability].title} …"


def table(columns: list[matrix.Column], cells: capability_words.Cells, ranked: bool) -> None:
    """The bands, each with its explanation."""
    theme.show(matrix.head(columns))
    for ability in matrix.BANDS:
        line = st.container(horizontal=True, vertical_alignment="bottom")
        with line:
            theme.show(matrix.title(ability, columns))
            with st.popover("How it is measured", type="tertiary"):
                capability_words.explain(ability, cells)
        theme.show(matrix.band(ability, columns, ranked))


def same_data(entries: dict[str, Entry]) -> bool:
    """Whether all figures are of the same pictures, and so may be ranked."""
    names = {e.header.recipe["data"].removesuffix("-full") for e in entries.values()}
    if len(names) > 1:
        several = " and ".join(sorted(literal(data.title(name)) for name in names))
        st.warning(f"These models are of different data ({several}), so none is marked as best.")
    return len(names) < 2


def measured(cells: capability_words.Cells) -> str:
    """When, as a sentence; nothing while nothing is known."""
    days = [one.when // 86400 for own in cells.values() for one in own.values() if one.when]
    if not days:
        return ""
    first, last = (time.strftime("%d %B %Y", time.gmtime(86400 * f(days))) for f in (min, max))
    when = first if first == last else f"{first} to {last}"
    return f"Measured {when}. In colour: the best, and what is not surely worse."


def show(entries: dict[str, Entry]) -> None:
    """The matrix of these models, and what goes on meanwhile."""
    since = st.session_state.get("can_since")
    cells = {name: known(entry, since) for name, entry in entries.items()}
    missing = [name for name, own in cells.items() if len(own) < len(ABILITIES)]
    with st.container(horizontal=True, vertical_alignment="center"):
        controls(since)
        st.caption(measured(cells))
    now = {}
    if missing:
        with guarded():
            measuring(entries[missing[0]], since, len(cells[missing[0]]))
        if jobs.working(SLOT):
            now = {missing[0]: next(a for a in ABILITIES if a not in cells[missing[0]])}
    columns = [
        matrix.Column(KINDS[name].title, entry.title, cells[name], now.get(name, ""))
        for name, entry in entries.items()
    ]
    table(columns, cells, same_data(entries))
    if answers := capability_words.of_a_gan(cells):
        st.header("Can a GAN do that?")
        theme.show(answers)


theme.show(
    theme.hero(
        "Capabilities",
        "Copy a picture, say how probable it is, tell its class, invent a new one: no family can "
        "do it all, and none does it for nothing. Guess first which of them wins which row.",
    )
)
if entries := choose():
    with guarded():
        show(entries)
else:
    st.info("There is no model to look at yet. Train one first.", icon=":material/school:")
