"""Where FID and a person disagree: the clearest measured pair, side by side."""

import streamlit as st

from explorer.corrupting import CORRUPTIONS
from explorer.lesson import Lesson, Point
from explorer.ui import theme
from explorer.ui.fid_corruptions import set_of, wall

# What no one would call worse, and what everyone would.
INVISIBLE = (
    ("shift", 1),
    ("noise", 2),
    ("noise", 5),
    ("brighten", 5),
    ("jpeg", 90),
    ("blur", 0.4),
    ("shift", 2),
)
GLARING = (("classes", 9), ("classes", 8), ("repeated", 200), ("repeated", 100), ("classes", 5))


def verdicts(found: Lesson) -> None:
    """A set that no one would call worse, beside one that everyone would, if FID disagrees."""
    if (pair := disagreement(found)) is None:
        return
    quiet, loud = pair
    st.subheader("Where FID and you disagree")
    names = [(p, CORRUPTIONS[p.name]) for p in pair]
    theme.show(
        theme.row(
            *(
                wall(
                    f"FID {p.fid:.1f} · {one.title.lower()}",
                    one.told(p.strength),
                    set_of(p.name, p.strength),
                )
                for p, one in names
            ),
            least="20rem",
        )
    )
    st.caption(
        f"First, nothing that a person would mind: {names[0][1].told(quiet.strength)}. Second, "
        f"{names[1][1].told(loud.strength)}: {names[1][1].eye}. FID prefers the second by "
        f"{quiet.fid - loud.fid:.1f}; the floor is {found.floor.fid:.1f}. It sees textures "
        "sharply, and a gap in the variety only as a little less spread."
    )


def disagreement(found: Lesson) -> tuple[Point, Point] | None:
    """The measured pair (looks fine, looks wrong) that FID orders most clearly the other way."""
    quiet, loud = (
        [found.by_set[name, s] for name, s in some if (name, s) in found.by_set]
        for some in (INVISIBLE, GLARING)
    )
    pairs = [(q, g) for q in quiet for g in loud if q.fid > g.fid]
    return max(pairs, key=lambda pair: pair[0].fid - pair[1].fid, default=None)
