"""The look: one style sheet for the whole app and the few pieces of HTML that pages share.

The pieces are plain functions from text to HTML; every word that comes from a person is escaped.
"""

import base64
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from explorer import palette

_PAIRS = {
    "paper": palette.PAPER,
    "surface": palette.SURFACE,
    "ink": palette.INK,
    "muted": palette.MUTED,
    "line": palette.LINE,
    "accent": palette.ACCENT,
}


def apply() -> None:
    """Put the style sheet on the page; call once at the top of every run of the script."""
    st.html(stylesheet())


def stylesheet() -> str:
    """The style sheet with the palette's colours in it, as one ``<style>`` element."""
    return f"<style>{sheet('.stApp')}</style>"


@cache
def sheet(root: str) -> str:
    """The style sheet, whose colours are known from the element ``root`` (a selector) on."""
    colours = "".join(f"--gm-{name}:{_light_dark(pair)};" for name, pair in _PAIRS.items())
    states = "".join(
        f'.gm-chip[data-state="{state}"]{{--gm-state:{_light_dark(pair)}}}'
        for state, pair in palette.STATES.items()
    )
    css = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    css = css.replace(".stApp {", f"{root} {{", 1)
    return f"{root}{{{colours}}}\n{css}\n{states}"


def show(*pieces: str) -> None:
    """Write pieces of HTML made by the functions below."""
    st.html("".join(pieces))


def hero(title: str, lead: str, kicker: str = "") -> str:
    """The head of a page: what it is, in one line, and why to look, in one sentence."""
    return (
        f'<header class="gm-hero">{_kicker(kicker)}<h1>{escape(title)}</h1>'
        f'<p class="gm-lead">{escape(lead)}</p></header>'
    )


def card(
    title: str, text: str, *, kicker: str = "", picture: np.ndarray | None = None, foot: str = ""
) -> str:
    """A card; ``picture`` is uint8 ``H W`` or ``H W 3``, ``foot`` is HTML such as a chip."""
    image = "" if picture is None else f'<img src="{picture_url(picture)}" alt="{escape(title)}">'
    below = f'<div class="gm-foot">{foot}</div>' if foot else ""
    return (
        f'<article class="gm-card">{image}{_kicker(kicker)}<h3>{escape(title)}</h3>'
        f"<p>{escape(text)}</p>{below}</article>"
    )


def stat(label: str, value: str, unit: str = "", help: str = "") -> str:
    """One number with its name, its unit and, if wanted, one line on how to read it."""
    unit = f"<small>{escape(unit)}</small>" if unit else ""
    note = f"<p>{escape(help)}</p>" if help else ""
    return (
        f'<div class="gm-stat"><dl><dt>{escape(label)}</dt>'
        f"<dd>{escape(value)}{unit}</dd></dl>{note}</div>"
    )


def chip(state: str, text: str = "") -> str:
    """A run's state in its colour; ``text`` says more than the state's own name."""
    return f'<span class="gm-chip" data-state="{escape(state)}">{escape(text or state)}</span>'


def row(*pieces: str, least: str = "15rem") -> str:
    """Cards or stats side by side, wrapping where each would be narrower than ``least``."""
    return f'<div class="gm-row" style="--gm-least:{escape(least)}">{"".join(pieces)}</div>'


def picture_url(picture: np.ndarray) -> str:
    """uint8 ``H W`` or ``H W 3`` as a PNG data URL."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _light_dark(pair: tuple[str, str]) -> str:
    return f"light-dark({pair[0]},{pair[1]})"


def _kicker(text: str) -> str:
    return f'<p class="gm-kicker">{escape(text)}</p>' if text else ""


def run_head(title: str, chip: str, detail: str) -> str:
    """The head of a run's view: its name, its state as a chip, and where it runs."""
    return (
        f'<header class="gm-run"><h2>{escape(title)}</h2>{chip}'
        f'<span class="gm-detail">{escape(detail)}</span></header>'
    )


def strip(title: str, note: str, picture: np.ndarray, quiet: bool = False) -> str:
    """A titled row of pictures across the page; a ``quiet`` one belongs to the row above."""
    return (
        f'<figure class="gm-strip{" gm-quiet" if quiet else ""}"><figcaption>'
        f"<b>{escape(title)}</b><span>{escape(note)}</span></figcaption>"
        f'<img src="{picture_url(picture)}" alt="{escape(title)}"></figure>'
    )


def note(title: str, text: str, kicker: str = "") -> str:
    """A title and a sentence, for the inside of a container with a border."""
    inside = f"{_kicker(kicker)}<h3>{escape(title)}</h3><p>{escape(text)}</p>"
    return f'<div class="gm-note">{inside}</div>'


def bar(title: str, text: str) -> str:
    """One line that says where a person is, and one on what to look at."""
    return f'<p class="gm-bar-line"><b>{escape(title)}</b> <span>{escape(text)}</span></p>'


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        '<div class="gm-scroll"><table class="gm-table"><thead><tr>'
        f"{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def label(text: str) -> str:
    """A few words above a group of things."""
    return _kicker(text)
