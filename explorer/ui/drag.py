"""Sliders that repaint a picture while they are dragged.

``st.slider`` says nothing until it is let go. Here the browser asks for one picture at a time, the
fragment below answers with raw pixels, and the newest position is asked next.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui import url
from explorer.ui.asking import guarded
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


def drag_panel(
    draw: Callable[[dict[str, float]], np.ndarray | Mapping[str, np.ndarray]],
    *,
    key: str,
    sliders: Sequence[Slider],
    title: str = "Picture",
    height: int | None = None,
) -> dict[str, float]:
    """Show ``draw(values)`` (uint8 ``H W`` or ``H W 3``) and repaint it while a slider is dragged.

    Several pictures, each under its title, are shown side by side above the sliders. Call it in a
    fragment: a drag reruns that and nothing else on the page. It returns the values; ``height`` is
    the most CSS pixels a picture may be high.
    """
    turn, values = read(st.session_state.get(key), sliders)
    drawn = draw(values)
    pictures = drawn if isinstance(drawn, Mapping) else {title: drawn}
    header = {
        "turn": turn,
        "values": values,
        "title": title,
        "most": height,
        "locked": "all" in url.asked("lock"),
        "sliders": [asdict(slider) for slider in sliders],
        "pictures": [{"title": t, **shape_of(picture)} for t, picture in pictures.items()],
    }
    body = b"".join(np.ascontiguousarray(picture).tobytes() for picture in pictures.values())
    _component(key=key, data=pack(header, body), on_question_change=lambda: None)
    return values


@st.fragment
def drag_picture(*arguments: Any, **options: Any) -> None:
    """`drag_panel` for pages where nothing else follows the drag; what goes wrong is said there."""
    with guarded():
        drag_panel(*arguments, **options)


def read(state: Any, sliders: Sequence[Slider]) -> tuple[int, dict[str, float]]:
    """The browser's question as (turn, values), each value inside its slider's range."""
    question = _mapping(_mapping(state).get("question"))
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
