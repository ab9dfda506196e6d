"""Rows of pictures that stand exactly under each other, each with words beside it."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import numpy as np

from explorer.answers import Paths
from explorer.pictures import enlarge, sheet
from explorer.ui.theme import picture_url


class Row(NamedTuple):
    """Pictures N H W [3], what stands before them and what behind; a ``loud`` row is marked."""

    pictures: np.ndarray
    before: str = ""
    after: str = ""
    loud: bool = False


def rows(lines: Iterable[Row]) -> str:
    """HTML of rows under each other."""
    lines = list(lines)
    widths = ["auto"] * any(line.before for line in lines) + ["1fr"]
    widths += ["auto"] * any(line.after for line in lines)
    cells = "".join(_cells(line, len(widths)) for line in lines)
    return (
        f'<div role="group" style="display:grid;grid-template-columns:{" ".join(widths)};'
        f'gap:2px 0.7rem;align-items:center;margin-bottom:0.5rem">{cells}</div>'
    )


def figure(title: str, note: str, *blocks: Iterable[Row]) -> str:
    """HTML of blocks of rows under a title and a note, to stand in `theme.row` beside others."""
    words = f"<b>{escape(title)}</b><span>{escape(note)}</span>"
    inside = "".join(map(rows, blocks))
    return f'<figure class="gm-strip"><figcaption>{words}</figcaption>{inside}</figure>'


def by_epoch(found: Iterable[tuple[float, int, Paths]]) -> list[Row]:
    """A row for each (epoch, step, path): the epoch stands before it, and its evenness behind."""
    return [
        Row(path.pictures[0], f"epoch {epoch:.3g}", f"{path.jump[0]:.1f}", bool(path.jump[0] >= 2))
        for epoch, _, path in found
    ]


def _cells(line: Row, count: int) -> str:
    picture = picture_url(enlarge(sheet(line.pictures, len(line.pictures), gap=1), 2))
    said = f"{line.before} {line.after}".strip() or "A row of pictures"
    image = f'<img src="{picture}" alt="{escape(said)}" style="width:100%;display:block">'
    before = _word(line.before) if line.before or count == 3 else ""
    after = _word(line.after, line.loud) if line.after or count == 3 else ""
    return before + image + after


def _word(text: str, loud: bool = False) -> str:
    look = "color:var(--gm-accent);font-weight:600" if loud else "color:var(--gm-muted)"
    return f'<span style="font-size:0.82rem;white-space:nowrap;{look}">{escape(text)}</span>'
