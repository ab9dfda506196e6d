"""Attribute vectors added to images, arithmetic of latents, and what a classifier sees of both."""

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Arithmetic, Attribute, Curve
from explorer.catalog import Entry
from explorer.pictures import enlarge
from explorer.ui import gans, kept, theme, url
from explorer.ui.asking import ask
from explorer.ui.rows import Row, rows

STRENGTHS = (-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
OTHERS = -1  # as the engine calls all other classes
TERMS = {"class": "Means of classes", "image": "Test images"}
SIGNS = ("A", "− B", "+ C")


def attributes(entry: Entry) -> None:
    """One vector, and the arithmetic of three terms."""
    names = entry.header.facts["spec"]["classes"]
    if not entry.header.encodes:
        st.info(
            "An attribute is the difference between means of the latents of images, and this model "
            "has no encoder that would find them. Its own directions can be walked in the other "
            "views; *GAN on images* finds those in which most changes.",
            icon=":material/block:",
        )
        return
    if not names:
        st.info("These data have no labels, so there is no attribute to learn.")
        return
    ends = vector(entry, names)
    arithmetic(entry, names, ends)


# One vector ---------------------------------------------------------------------------------------


def vector(entry: Entry, names: list[str]) -> tuple[int, int]:
    """Test images of one class on their way to another; returns both."""
    st.subheader("With and without")
    cells = st.container(key="wrap-attribute").columns(3, gap="medium")
    with cells[0]:
        source = _class("Without: images of", ["all others", *names], "attribute_from", 1) - 1
    with cells[1]:
        target = _class("With: the mean of", names, "attribute_to", min(9, len(names) - 1))
    asked = {"target": target, "source": source, "strengths": STRENGTHS}
    text = "Adding the difference of both means to test images …"
    found: Attribute = kept.awaited("latent_attribute", text, checkpoint=entry.exact, **asked)[-1]
    ticks = [f"{s:g}".replace("-", "−") for s in STRENGTHS]
    theme.show(rows([Row(row) for row in found.pictures]), _scale(ticks))
    st.caption(
        "Each row is a test image; each column adds the vector once more by a quarter (0 is the "
        "reconstruction, 1 the whole difference of the two means, less than 0 takes it away)."
    )
    effects(found, names, source, target)
    return source, target


def _class(label: str, names: list[str], key: str, first: int) -> int:
    return gans.label(names, key, first, label)


def _scale(ticks: list[str]) -> str:
    """HTML: the strengths under the columns."""
    cells = "".join(f"<span>{tick}</span>" for tick in ticks)
    look = (
        f"display:grid;grid-template-columns:repeat({len(ticks)},1fr);text-align:center;"
        "font-size:0.82rem;color:var(--gm-muted);margin-bottom:0.4rem"
    )
    return f'<div style="{look}">{cells}</div>'


def effects(found: Attribute, names: list[str], source: int, target: int) -> None:
    """What else the vector changes: the class that a classifier sees."""
    if found.seen is None:
        st.caption("These data have no classifier, so nobody can say which class is seen.")
        return
    seen, s = 100 * found.seen, found.strengths
    lines = [Curve(f"seen as {names[target]}", s, seen[:, target], group=0)]
    if source != OTHERS:
        lines.append(Curve(f"seen as {names[source]}", s, seen[:, source], group=1))
        rest = 100 - seen[:, target] - seen[:, source]
        lines.append(Curve("seen as anything else", s, rest, group=2, dashed=True))
    left, right = st.container(key="wrap-wide-effects").columns(2, gap="large")
    with left:
        title = f"What {found.counted} test images are taken for · per cent"
        chart = figures.curves(lines, title=title, x_title="strength", legend="above")
        chart.update_yaxes(range=[-2, 102])
        st.plotly_chart(chart, key="attribute-seen", config=figures.CONFIG)
    with right:
        moved = [Curve("change", s, 100 * found.changed, group=3)]
        title = "How far the pictures move · per cent a pixel"
        chart = figures.curves(moved, title=title, x_title="strength")
        st.plotly_chart(chart, key="attribute-moved", config=figures.CONFIG)
    whole = int(np.argmin(np.abs(s - 1)))
    text = f"With the whole vector {seen[whole, target]:.0f} % are seen as {names[target]}"
    if source != OTHERS:
        text += (
            f" and {seen[whole, source]:.0f} % still as {names[source]}; "
            f"{rest[whole]:.0f} % have become something that nobody asked for"
        )
    st.caption(
        f"{text}. What a vector does beside its purpose is its off-effect: a straight line "
        "from one class to another may cross a third one on its way."
    )


# Arithmetic ---------------------------------------------------------------------------------------


def arithmetic(entry: Entry, names: list[str], ends: tuple[int, int]) -> None:
    """A − B + C of classes or of images."""
    st.subheader("A − B + C")
    st.caption(
        "In word vectors king − man + woman comes out near queen. Guess first what comes out here."
    )
    kind = url.segmented("Terms", TERMS, "class", "terms")
    cells = st.container(key="wrap-terms").columns(3, gap="medium")
    first = (2, 0, 3) if kind == "class" else (1, 2, 0)
    terms = []
    for cell, sign, at, key in zip(cells, SIGNS, first, "abc", strict=True):
        with cell:
            if kind == "class":
                number = _class(sign, names, f"term_{key}", min(at, len(names) - 1))
            else:
                number = _image(sign, f"picture_{key}", at)
        terms.append((kind, number))
    found = ask("latent_arithmetic", checkpoint=entry.exact, a=terms[0], b=terms[1], c=terms[2])
    theme.show(theme.row(*cards(found, names), least="12rem"))
    st.caption(
        "Latents are added, not pixels: the decoder draws the sum. A sum of means is a mean of "
        "nothing in particular, so it may lie where no image does."
    )


def _image(label: str, key: str, first: int) -> int:
    """The place of a test image, in the address."""
    url.begin(key, _number)
    st.session_state.setdefault(key, first)
    return url.keep(key, int(url.put(st.number_input, label, 0, 100_000, key=key)), first)


def _number(text: str) -> int:
    """A place among the test images; what is none becomes the first."""
    return min(int(text), 100_000) if text.isascii() and text.isdigit() else 0


def cards(found: Arithmetic, names: list[str]) -> list[str]:
    """The three terms and the sum, each with what a classifier sees."""
    return [
        theme.strip(title, _verdict(found, i, names), enlarge(picture, 6))
        for i, (title, picture) in enumerate(zip((*SIGNS, "= sum"), found.pictures, strict=True))
    ]


def _verdict(found: Arithmetic, i: int, names: list[str]) -> str:
    if found.seen is None:
        return ""
    return f"seen as {names[int(found.seen[i])]} ({found.sure[i]:.0%})"
