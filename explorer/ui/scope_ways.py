"""*AE against VAE*: the same pairs of pictures through every row, and how far off they lead."""

from typing import Any

import numpy as np
import streamlit as st

from explorer import data
from explorer.answers import Ways, WayScores
from explorer.catalog import Entry
from explorer.data import Data
from explorer.ui import counting, theme, url, way_curves
from explorer.ui.asking import ask
from explorer.ui.rows import Row, figure

SLOT = "scope-scores"
STEPS = 9
PAIRS = 3
LABELS = ((0, 8), (2, 7), (5, 9))  # of the pairs at first
EACH = {"1": "1", "2": "2", "3": "3", "4": "4"}
PIXELS = "Pixels"
OFF = 1.0  # from which on a middle is marked: farther off than latents are from each other


def choose(name: str) -> dict[str, Any]:
    """Which ways, as the engine's arguments; what is chosen stands in the address."""
    test = data.load(name, "test")
    labels = pair_labels(test)
    cells = st.container(key="wrap-scope-how").columns(2, gap="medium")
    with cells[0]:
        each = int(url.segmented("Samples of each pair", EACH, "2", "scope_each"))
    with cells[1]:
        kinds = {"line": "Straight line", "sphere": "On the sphere"}
        kind = url.segmented("The way between latents", kinds, "line", "scope_way")
    pairs = tuple(p for i, pair in enumerate(labels) for p in indices(test, pair, each, i))
    return {"data_name": name, "pairs": pairs, "steps": STEPS, "straight": kind == "line"}


def pair_labels(test: Data) -> list[tuple[int, int] | None]:
    """The start and the end label of each pair; None for data without labels."""
    if test.y is None:
        return [None] * PAIRS
    count, found = len(test.classes), []
    cells = st.container(key="wrap-scope-pairs").columns(PAIRS, gap="medium")
    for i, cell in enumerate(cells):
        with cell, st.container(horizontal=True):
            a, b = (min(label, count - 1) for label in LABELS[i])
            sides = (("From", "a", a), ("To", "b", b))
            found.append(
                tuple(_label(test, title, f"scope_{k}{i + 1}", f) for title, k, f in sides)
            )
    return found


def _label(test: Data, title: str, key: str, first: int) -> int:
    numbers = [str(i) for i in range(len(test.classes))]
    names = {"format_func": lambda i: test.classes[int(i)]}
    return int(url.choose(st.selectbox, title, numbers, numbers[first], key, **names))


def indices(
    test: Data, pair: tuple[int, int] | None, each: int, turn: int
) -> list[tuple[int, int]]:
    """``each`` pairs of test images from one label to another, never an image to itself."""
    if pair is None:
        first = 2 * each * turn
        return [((first + 2 * i) % len(test), (first + 2 * i + 1) % len(test)) for i in range(each)]
    a, b = (np.flatnonzero(test.y == label) for label in pair)
    if not len(a) or not len(b):
        return []
    later = each if pair[0] == pair[1] else 0
    return [(int(a[i % len(a)]), int(b[(i + later) % len(b)])) for i in range(each)]


# What is seen -------------------------------------------------------------------------------------


def ways(entries: dict[str, Entry], asked: dict[str, Any]) -> dict[str, WayScores] | None:
    """The rows of pictures, and what is measured of them; None while it is being measured."""
    pairs, steps = asked["pairs"], asked["steps"]
    found = {PIXELS: ask("faded_ways", data_name=asked["data_name"], pairs=pairs, steps=steps)}
    found |= drawn(entries, asked)
    place = st.empty()
    place.html(blocks(found, {}, asked))
    scores = measured(entries, asked)
    if scores:
        place.html(blocks(found, scores, asked))
    return scores


def drawn(entries: dict[str, Entry], asked: dict[str, Any]) -> dict[str, Ways]:
    """The ways of each row, by its name."""
    return {n: ask("latent_ways", checkpoint=e.exact, **asked) for n, e in entries.items()}


def measured(entries: dict[str, Entry], asked: dict[str, Any]) -> dict[str, WayScores] | None:
    """How far off each row's ways are, by its name."""
    keys = tuple(entry.exact for entry in entries.values())
    question = {"checkpoints": keys} | asked
    found = counting.awaited(SLOT, way_curves.OFF, "Measure it", "way_scores", **question)
    return found and {name: found[entry.exact] for name, entry in entries.items()}


def blocks(found: dict[str, Ways], scores: dict[str, WayScores], asked: dict[str, Any]) -> str:
    """HTML: a figure for each pair of labels, in it a block of rows for each sample."""
    test = data.load(asked["data_name"], "test")
    each = {}  # title -> rows of its samples
    for row, pair in enumerate(asked["pairs"]):
        each.setdefault(_title(test, pair), []).append(row)
    figures_ = [
        figure(title, "", *(_block(found, scores, row) for row in rows))
        for title, rows in each.items()
    ]
    return theme.row(*figures_, least="21rem")


def _title(test: Data, pair: tuple[int, int]) -> str:
    if test.y is None:
        return "From one picture to another"
    return " → ".join(test.classes[test.y[i]] for i in pair)


def _block(found: dict[str, Ways], scores: dict[str, WayScores], row: int) -> list[Row]:
    """One pair of images through every model, the pixels first."""
    lines = []
    for name, one in found.items():
        off = scores[name].off[row, middle(scores[name])] if name in scores else None
        after = "" if off is None else f"{off:.1f}"
        lines.append(Row(one.pictures[row], name, after, off is not None and bool(off > OFF)))
    return lines


def middle(scores: WayScores) -> int:
    """The place half way."""
    return scores.off.shape[1] // 2


# What is measured ---------------------------------------------------------------------------------


def curves(scores: dict[str, WayScores], asked: dict[str, Any], entries: dict[str, Entry]) -> None:
    """Along the way, on average over all pairs."""
    way_curves.curves(drawn(entries, asked), scores, "scope-along")
    st.caption(f"Means over all ways above. {way_curves.ABOUT}")
