"""The last part of *What is FID?*: two walls, a prediction, the measured numbers."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer import catalog
from explorer.corrupting import CORRUPTIONS
from explorer.lesson import Lesson
from explorer.ui import theme
from explorer.ui.asking import ask
from explorer.ui.fid_corruptions import WALL, set_of, wall

Set = tuple[str, float]  # name and strength, or a model's key and 0


@dataclass(frozen=True)
class Pair:
    """Two sets, what the question is about, and what the answer teaches."""

    first: Set
    second: Set
    about: str
    lesson: str


PAIRS = (
    Pair(
        ("pretrained:vae-fashion", 0),
        ("pretrained:gan-fashion", 0),
        "Two models that you can find on the other pages.",
        "FID likes sharp texture. A VAE's mean picture is soft, and the network sees that in every "
        "one of them.",
    ),
    Pair(
        ("real", 0),
        ("train", 0),
        "Both are real: new pictures, and the very pictures of the reference.",
        "A model that has learned its training pictures by heart cannot be beaten in FID. It never "
        "asks whether anything is new: see *Memorised or made?*.",
    ),
    Pair(
        ("classes", 8),
        ("noise", 5),
        "On one side whole classes are missing, on the other there is a breath of grain.",
        "A missing class takes away a little of the spread; grain moves every single picture. The "
        "network was taught on photographs and never met such grain on a black ground.",
    ),
    Pair(
        ("repeated", 100),
        ("blur", 0.6),
        "A hundred real pictures again and again, or all different and a little blurred.",
        "A hundred pictures have the FID of a hundred pictures, however often they are repeated: "
        "most of it is what so few would cost any model. Blur costs what it does at every n.",
    ),
    Pair(
        ("brighten", 15),
        ("classes", 5),
        "The background a little grey, or half of the classes gone.",
        "What is a trifle to the eye need not be one to the network, and the other way round.",
    ),
    Pair(
        ("shift", 2),
        ("jpeg", 60),
        "Two things that happen to every data set: a careless crop, a careless save.",
        "A pipeline that saves as JPEG or crops by two pixels changes the number before any model "
        "is trained.",
    ),
)


def quiz(found: Lesson) -> None:
    """One pair after the other; a score at the end."""
    st.header("Is it a good metric?")
    st.markdown(
        "Judge for yourself. Look at both walls, **predict which has the lower FID**, then see."
    )
    pairs = [pair for pair in PAIRS if answerable(found, pair)]
    if pairs:
        _asked(found, pairs)


def answerable(found: Lesson, pair: Pair) -> bool:
    """Whether both sets were measured and can be shown."""
    return all(fid_of(found, one) is not None for one in (pair.first, pair.second))


def fid_of(found: Lesson, one: Set) -> float | None:
    """The FID of a set at the lesson's n, None if unknown."""
    if one[0].startswith(catalog.SHIPPED):
        there = {entry.key for entry in catalog.shipped()}
        points = [dict(m.fid) for m in found.models if m.key == one[0] and m.key in there]
        return points[0].get(found.n) if points else None
    point = found.by_set.get((one[0], float(one[1])))
    return point and point.fid


@st.fragment
def _asked(found: Lesson, pairs: list[Pair]) -> None:
    answers = st.session_state.setdefault("fid-answers", {})
    at = st.session_state.setdefault("fid-pair", 0) % len(pairs)
    pair = pairs[at]
    st.caption(f"Pair {at + 1} of {len(pairs)} · {pair.about}")
    both = (pair.first, pair.second)
    theme.show(theme.row(*(_wall(*one) for one in zip("AB", both, strict=True)), least="20rem"))
    given = answers.get(at)
    with st.container(horizontal=True):
        for i, letter in enumerate("AB"):
            st.button(
                f"{letter} has the lower FID",
                key=f"fid-say-{letter}",
                disabled=given is not None,
                on_click=answers.__setitem__,
                args=(at, i),
            )
        st.button(
            "Next pair",
            key="fid-next",
            icon=":material/arrow_forward:",
            on_click=st.session_state.__setitem__,
            args=("fid-pair", at + 1),
        )
    if given is not None:
        _revealed(found, pair, given)
        _score(found, pairs, answers)


def _wall(letter: str, one: Set) -> str:
    if one[0].startswith(catalog.SHIPPED):
        return wall(letter, "samples of a model", _samples(one[0]))
    return wall(letter, "real pictures" if one[0] in ("real", "train") else "", set_of(*one))


def _samples(key: str) -> np.ndarray:
    return ask("fid_wall", checkpoint=key, n=WALL[0] * WALL[1])


def _revealed(found: Lesson, pair: Pair, given: int) -> None:
    """The numbers, whether the prediction holds, and the lesson."""
    fids = [fid_of(found, one) for one in (pair.first, pair.second)]
    right = int(np.argmin(fids)) == given
    titles = [
        f"{letter} · {_name(one)}"
        for letter, one in zip("AB", (pair.first, pair.second), strict=True)
    ]
    cards = [
        theme.stat(title, f"{fid:.1f}", "FID", f"{found.n:,} pictures")
        for title, fid in zip(titles, fids, strict=True)
    ]
    floor = theme.stat("Floor", f"{found.floor.fid:.1f}", "FID", "untouched test images")
    theme.show(theme.row(*cards, floor))
    told = st.success if right else st.info
    told(
        f"{'As you said' if right else 'The other way round'}. {pair.lesson}",
        icon=":material/check:" if right else ":material/lightbulb:",
    )


def _name(one: Set) -> str:
    if one[0].startswith(catalog.SHIPPED):
        return catalog.entry(one[0]).title
    if one[0] in ("real", "train"):
        return "test images" if one[0] == "real" else "training images"
    found = CORRUPTIONS[one[0]]
    return f"{found.title.lower()}, {found.told(one[1])}"


def _score(found: Lesson, pairs: list[Pair], answers: dict[int, int]) -> None:
    """How many predictions held, once all are made."""
    if len(answers) < len(pairs):
        return
    held = 0
    for i, pair in enumerate(pairs):
        held += (
            int(np.argmin([fid_of(found, pair.first), fid_of(found, pair.second)])) == answers[i]
        )
    st.markdown(
        f"**{held} of {len(pairs)} predictions held.** FID is a good alarm and a poor judge: read "
        "it beside its floor, its n, and a measure that sees copies and missing classes."
    )
