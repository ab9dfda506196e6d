"""The second part of *What is FID?*: real pictures made worse, and what the measures say."""

import numpy as np
import streamlit as st

from explorer import corrupting, data
from explorer.corrupting import CORRUPTIONS, Corruption
from explorer.figures import CONFIG
from explorer.lesson import Lesson, Point
from explorer.pictures import enlarge, sheet
from explorer.ui import fid_plots, theme, url
from explorer.ui.asking import ask, guarded
from explorer.ui.fid_plots import KID
from explorer.ui.fid_trial import trial
from explorer.ui.rows import Row, rows
from explorer.ui.source import code

ROW = 16  # pictures side by side
WALL = (4, 12)  # rows and columns of a wall


def corruptions(found: Lesson | None) -> None:
    """Choose a corruption and a strength: pictures, figures, all others, and a trial here."""
    st.header("What makes it rise?")
    st.markdown(
        "Below are real test images of Fashion-MNIST, compared with its training images. "
        "Untouched, they are as good as samples can be. **Predict:** which will FID mind more, "
        "grain that you can hardly see or a whole kind of clothes that is missing?"
    )
    chosen, strength = choose()
    pictures(chosen, strength)
    with guarded():
        numbers(found, chosen, strength)
    if found:
        st.plotly_chart(
            fid_plots.ladder(found, (chosen.name, strength)), key="fid-ladder", config=CONFIG
        )
        st.caption(
            f"From weak to strong, {found.n:,} pictures each, measured when this "
            "program was made. The dotted lines are the same number of untouched test images: the "
            "floor. KID compares the same features without a bias in n."
        )
    with guarded():
        trial(found, chosen, strength)
    with st.expander("The lines that make pictures worse, and the protocol"):
        code(f"explorer.corrupting:{(chosen.change or chosen.pick).__name__}")
        if found:
            st.markdown(protocol(found))


def choose() -> tuple[Corruption, float]:
    """One corruption and one of its strengths; both live in the address."""
    titles = {name: one.title for name, one in CORRUPTIONS.items()}
    name = url.segmented("Corruption", titles, "noise", "corruption")
    one = CORRUPTIONS[name]
    words = {f"{s:g}": one.told(s) for s in one.strengths}
    if st.session_state.get("strength") not in (None, *words):
        del st.session_state["strength"]  # it was one of another corruption
    with st.container(key="wrap-strength").columns(2)[0]:
        strength = url.choose(
            st.select_slider,
            "Strength",
            list(words),
            list(words)[1],
            "strength",
            format_func=lambda key: words.get(key, key),
            help="From hardly visible to hopeless.",
        )
    return one, float(strength)


def pictures(one: Corruption, strength: float) -> None:
    """Before and after: pair by pair where pictures change, as walls where they are chosen."""
    if one.change:
        before, after = (
            corrupting.corrupted(*which, ROW) for which in (("real", 0), (one.name, strength))
        )
        theme.show(rows([Row(before, "real"), Row(after, one.title.lower(), loud=True)]))
    else:
        theme.show(
            theme.row(
                wall("Real test images", "ten classes, all different", set_of("real", 0)),
                wall(one.title, one.told(strength), set_of(one.name, strength)),
                least="20rem",
            )
        )
    st.caption(f"{one.title}, {one.told(strength)}: {one.eye}.{missing(one, strength)}")


def missing(one: Corruption, strength: float) -> str:
    """Which classes a set is without, as a sentence; nothing for other corruptions."""
    if one.name != "classes":
        return ""
    return f" Missing: {', '.join(data.info(corrupting.DATA).classes[round(strength) :])}."


@st.cache_data(max_entries=64, show_spinner=False)
def set_of(name: str, strength: float) -> np.ndarray:
    """The first pictures of a set, as many as a wall shows."""
    return corrupting.corrupted(name, strength, WALL[0] * WALL[1])


def wall(title: str, note: str, shown: np.ndarray) -> str:
    """HTML of pictures in rows under a title."""
    return theme.strip(title, note, enlarge(sheet(shown, WALL[1], gap=1), 2))


def numbers(found: Lesson | None, one: Corruption, strength: float) -> None:
    """The measures of the chosen set, each beside what untouched pictures get."""
    point = found and found.by_set.get((one.name, strength))
    cards = list(_shipped(found, point)) if point else []
    distance, floor = ask("fid_quick", name=one.name, strength=strength)
    note = f"measured just now; untouched pictures {floor:.2f}"
    theme.show(theme.row(*cards, theme.stat("Classifier distance", f"{distance:.2f}", "", note)))
    if found and not point:
        st.caption("This set was not measured beforehand. Measure it below.")


def _shipped(found: Lesson, point: Point) -> list[str]:
    floor = found.floor
    kid = f"± {KID * point.kid_error:.2f}; untouched pictures {KID * floor.kid:.2f}"
    return [
        theme.stat("FID", f"{point.fid:.1f}", "", f"{found.n:,} pictures"),
        theme.stat("Above the floor", f"{point.fid - floor.fid:+.1f}", "", f"of {floor.fid:.1f}"),
        theme.stat("KID × 1,000", f"{KID * point.kid:.2f}", "", kid),
    ]


def protocol(found: Lesson) -> str:
    """What the figures depend on, as a list."""
    told = {name.replace("_", " "): value for name, value in found.protocol.items()}
    return "\n".join(f"- {name}: `{value[:90]}`" for name, value in told.items())
