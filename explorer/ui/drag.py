"""Sliders that repaint a picture while they are dragged.

``st.slider`` says nothing until it is let go. Here the browser asks for one picture at a time, is
answered with raw pixels, and asks for the newest position next.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui import url
from explorer.ui.asking import guarded
from explorer.ui.direct import line
from explorer.ui.pack import pack, shape_of, source


@dataclass(frozen=True)
class Slider:
    """One slider: its name in the answer, its label, and the range ``low..high`` in ``step``.

    A ``note`` may stand behind its label, and a bar as long as a ``share`` from 0 to 1.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    default: float
    unit: str = ""
    note: str = ""
    share: float | None = None


_component = st.components.v2.component(
    "explorer.drag",
    html=source("drag.html"),
    css=source("common.css", "drag.css"),
    js=source("pack.js", "drag.js"),
)


Draw = Callable[[dict[str, float]], np.ndarray | Mapping[str, np.ndarray]]


def drag_panel(
    draw: Draw,
    *,
    key: str,
    sliders: Sequence[Slider],
    title: str = "Picture",
    height: int | None = None,
    alone: bool = False,
) -> dict[str, float]:
    """Show ``draw(values)`` (uint8 ``H W`` or ``H W 3``) and repaint it while a slider is dragged.

    Several pictures, each under its title, are shown side by side above the sliders. Call it in a
    fragment: a drag reruns that and nothing else on the page. If nothing follows the drag but the
    picture, say that it is ``alone``: then nothing is rerun before the sliders rest, and ``draw``
    must not show anything. It returns the values; ``height`` is the most CSS pixels a picture may
    be high.
    """

    def answer(question: Any) -> bytes:
        return _drawn(draw, title, *understood(question, sliders))

    turn, values = read(st.session_state.get(key), sliders)
    more = {
        "title": title,
        "most": height,
        "locked": "all" in url.asked("lock"),
        "sliders": [asdict(slider) for slider in sliders],
        "line": line(key, answer) if alone else "",
    }
    drawn = _drawn(draw, title, turn, values, more)
    _component(key=key, data=drawn, on_question_change=lambda: None)
    return values


def _drawn(
    draw: Draw,
    title: str,
    turn: int,
    values: dict[str, float],
    more: Mapping[str, Any] | None = None,
) -> bytes:
    """The message that has the browser paint ``draw(values)``."""
    drawn = draw(values)
    pictures = drawn if isinstance(drawn, Mapping) else {title: drawn}
    shapes = [{"title": t, **shape_of(picture)} for t, picture in pictures.items()]
    header = {"turn": turn, "values": values, "pictures": shapes, **(more or {})}
    body = b"".join(np.ascontiguousarray(picture).tobytes() for picture in pictures.values())
    return pack(header, body)


@st.fragment
def drag_picture(*arguments: Any, **options: Any) -> None:
    """`drag_panel` for pages where nothing else follows the drag; what goes wrong is said there."""
    with guarded():
        drag_panel(*arguments, alone=True, **options)


def read(state: Any, sliders: Sequence[Slider]) -> tuple[int, dict[str, float]]:
    """The component's state as (turn, values), each value inside its slider's range."""
    return understood(_mapping(state).get("question"), sliders)


def understood(question: Any, sliders: Sequence[Slider]) -> tuple[int, dict[str, float]]:
    """The browser's question as (turn, values), each value inside its slider's range."""
    question = _mapping(question)
    asked = _mapping(question.get("values"))
    turn = question.get("turn")
    values = {slider.name: _inside(asked.get(slider.name), slider) for slider in sliders}
    return (turn if type(turn) is int and turn >= 0 else 0), values


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _inside(value: Any, slider: Slider) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        return float(slider.default)
    return float(min(max(value, slider.low), slider.high))
