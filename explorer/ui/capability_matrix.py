"""The matrix of capabilities: one band an ability, one cell a model, as HTML."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from explorer.capabilities import Cell
from explorer.worth import short

SURE = 2.0  # standard errors of the difference, below which two cells are equally good


@dataclass(frozen=True)
class Band:
    """How an ability is shown: its title, how to read it, and its figures."""

    title: str
    lead: str
    unit: str
    digits: int = 2  # behind the point
    scale: float = 1.0  # from the value that is measured to the one that is shown
    lower: bool = True  # is better

    def figure(self, value: float) -> str:
        """As it is shown; what would be rounded to nothing is below the last digit."""
        text = f"{self.scale * value:,.{self.digits}f}"
        return text if float(text.replace(",", "")) else f"< {10**-self.digits:.{self.digits}f}"


BANDS = {
    "reconstruct": Band(
        "Can it copy?",
        "Squared error an image: summed over pixels from 0 to 1, on the same test images. "
        "Lower is better.",
        "squared error",
    ),
    "likelihood": Band(
        "Can it say how probable a picture is?",
        "Bits per dimension that naming a test image takes, at most. Lower is better; pixels of "
        "pure chance take 8.",
        "bits/dim",
    ),
    "represent": Band(
        "Does it help to tell classes?",
        "Share of test images whose ten nearest neighbours, in the model's own numbers, vote for "
        "the right class. Higher is better.",
        "% right",
        digits=1,
        scale=100.0,
        lower=False,
    ),
    "sample": Band(
        "Can it invent?",
        "Classifier distance of 2,000 samples from real pictures. Lower is better.",
        "distance",
    ),
    "cost": Band(
        "What does a sample cost?",
        "Milliseconds a picture, and what it took to learn. Lower is cheaper.",
        "ms",
    ),
}


@dataclass(frozen=True)
class Column:
    """A model of the matrix and its cells, as far as they are known; ``doing`` is in work."""

    title: str
    model: str
    cells: dict[str, Cell]
    doing: str = ""


def head(columns: Sequence[Column]) -> str:
    """HTML: the names over the columns, where there is room for all of them side by side."""
    cells = "".join(
        f"<div><b>{escape(one.title)}</b>"
        + (f"<span>{escape(one.model)}</span>" if one.model != one.title else "")
        + "</div>"
        for one in columns
    )
    return f'{_style()}<div class="gm-can gm-can-head">{_grid(cells, len(columns))}</div>'


def band(ability: str, columns: Sequence[Column], ranked: bool) -> str:
    """HTML: one cell a column; if ``ranked``, the best are marked."""
    best = leaders(ability, columns) if ranked else set()
    cells = "".join(_cell(ability, one, i in best) for i, one in enumerate(columns))
    return f'<div class="gm-can" role="list">{_grid(cells, len(columns))}</div>'


def brief(columns: Sequence[Column], ranked: bool) -> str:
    """HTML: all figures and nothing else, a line an ability, as a table."""
    names = "".join(f"<th scope=col>{escape(one.title)}</th>" for one in columns)
    lines = "".join(_line(ability, columns, ranked) for ability in BANDS)
    table = f'<table class="gm-can-brief"><tr><td></td>{names}</tr>{lines}</table>'
    return f'{_style()}<div class="gm-can-wide">{table}</div>'


def _line(ability: str, columns: Sequence[Column], ranked: bool) -> str:
    best, shown = leaders(ability, columns) if ranked else set(), BANDS[ability]
    cells = ""
    for i, one in enumerate(columns):
        cell = one.cells.get(ability)
        text = "–" if cell is None else "no" if cell.value is None else shown.figure(cell.value)
        cells += f"<td{' data-best' if i in best else ''}>{escape(text)}</td>"
    unit = f"<small>{escape(shown.unit)}</small>"
    return f"<tr><th scope=row>{escape(shown.title)} {unit}</th>{cells}</tr>"


@cache
def _style() -> str:
    return f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def title(ability: str, columns: Sequence[Column]) -> str:
    """HTML: what the band below is about, how to read it, and what to compare it with."""
    one = BANDS[ability]
    facts = [c.cells[ability].facts for c in columns if ability in c.cells]
    beside = next(filter(None, map(_BESIDE.get(ability, lambda _: ""), facts)), "")
    lead = f"{one.lead} {beside}".rstrip()
    return f'<div class="gm-can-title"><h3>{escape(one.title)}</h3><p>{escape(lead)}</p></div>'


def _votes(facts: dict[str, Any]) -> str:
    told = [f"raw pixels {100 * facts['pixels']:.1f} %"] if "pixels" in facts else []
    if "classifier" in facts:
        share = f"{100 * facts['classifier']:.1f} %"
        told.append(f"the features of a classifier, which was told the classes, {share}")
    return f"For comparison: {'; '.join(told)}." if told else ""


_BESIDE: dict[str, Callable[[dict[str, Any]], str]] = {
    "represent": _votes,
    "cost": lambda facts: f"Measured on: {facts['machine']}." if "machine" in facts else "",
    "sample": lambda facts: f"Real test images: {facts['floor']:.2f}." if "floor" in facts else "",
}


def leaders(ability: str, columns: Sequence[Column]) -> set[int]:
    """Which columns are best: the first one, and all that are not surely worse."""
    known = {
        i: one.cells[ability]
        for i, one in enumerate(columns)
        if ability in one.cells and one.cells[ability].value is not None
    }
    if len(known) < 2:
        return set()
    sign = 1 if BANDS[ability].lower else -1
    first = min(known.values(), key=lambda cell: sign * cell.value)
    return {i for i, cell in known.items() if _as_good(cell, first)}


def _as_good(cell: Cell, first: Cell) -> bool:
    """Without error bars, only the very best."""
    error = math.hypot(cell.error or 0.0, first.error or 0.0)
    return abs(cell.value - first.value) <= SURE * error


def _grid(cells: str, count: int) -> str:
    return f'<div class="gm-can-grid" style="--gm-columns:{count}">{cells}</div>'


def _cell(ability: str, column: Column, best: bool) -> str:
    name = f'<span class="gm-can-name">{escape(column.title)}</span>'
    found = column.cells.get(ability)
    if found is None:
        text = "Being measured …" if column.doing == ability else "Waits for its turn"
        return f'<div role="listitem" class="gm-can-wait">{name}<p>{text}</p></div>'
    mark = ' data-best="yes"' if best else ""
    inside = _picture(found, column.title) + name + _figure(ability, found)
    inside += "".join(f"<p>{escape(line)}</p>" for line in lines(found))
    return f'<div role="listitem"{mark}>{inside}</div>'


def _picture(cell: Cell, who: str) -> str:
    if not cell.picture:
        return ""
    alt = "Test images, and their copies" if cell.ability == "reconstruct" else "Samples"
    source = f"data:image/png;base64,{escape(cell.picture)}"
    return f'<img src="{source}" alt="{escape(f"{alt}: {who}")}">'


def _figure(ability: str, cell: Cell) -> str:
    if cell.value is None:
        return '<div class="gm-can-figure gm-can-no">no</div>'
    shown = BANDS[ability]
    error = _error(ability, cell.error)
    return (
        f'<div class="gm-can-figure">{escape(shown.figure(cell.value))}'
        f"<small>{escape(shown.unit)}</small>{error}</div>"
    )


def _error(ability: str, error: float | None) -> str:
    """HTML: the standard error with the digits of the figure, where it has one that can be seen."""
    text = BANDS[ability].figure(error or 0.0)
    return "" if text.startswith("<") else f"<small>± {text}</small>"


# What stands below a figure -----------------------------------------------------------------------


def lines(cell: Cell) -> list[str]:
    """How it was measured and what else was found, a line each."""
    if cell.value is None:
        return [cell.text]
    return [cell.text, *_MORE[cell.ability](cell.facts)]


def _copied(facts: dict[str, Any]) -> list[str]:
    found = [f"through {facts['code']:,} numbers, of {facts['pixels']:,}"]
    if "half way" in facts:
        found.append(f"noised half way and back: {facts['half way']:.1f}")
    return found


def _likely(facts: dict[str, Any]) -> list[str]:
    found = [f"{facts['nats']:,.0f} nats an image"]
    if "scale" in facts:
        found.append(f"width fitted: {facts['scale']:.3f}")
    if "level" in facts:
        found.append(f"chain down to noise level {facts['level']:,}")
    return found


def _told_apart(facts: dict[str, Any]) -> list[str]:
    return [f"{facts['numbers']:,} numbers"]


def _invented(facts: dict[str, Any]) -> list[str]:
    plain = facts.get("from N(0, I)")
    return [] if plain is None else [f"with z from N(0, I): {plain:.1f}"]


def _paid(facts: dict[str, Any]) -> list[str]:
    seen = short(facts["images seen"])
    before = facts.get("images seen before")
    return [
        f"{short(facts['parameters'])} parameters",
        f"{facts['evaluations']:g} × {short(facts['operations each'])} operations",
        f"saw {seen} images in training" + (f", {short(before)} before" if before else ""),
    ]


_MORE: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "reconstruct": _copied,
    "likelihood": _likely,
    "represent": _told_apart,
    "sample": _invented,
    "cost": _paid,
}
