"""Settings as widgets: every control, its bounds and its tooltip come from the settings themselves.

The widgets' keys are the settings' names; their values live in the address of the page.
"""

from collections.abc import Iterable
from math import floor, log10
from typing import Any

import streamlit as st

from explorer.config import Setting
from explorer.ui import url

STOPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.5)  # of a decade of a logarithmic slider
SMALLEST = 1e-4  # where a logarithmic slider that includes 0 begins


def form(
    settings: Iterable[Setting], given: dict[str, Any], beside: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Widgets for some settings; returns name -> value.

    ``given`` are the values to begin with.  Advanced settings are folded away, and those without a
    meaning beside the others, or beside those of another form, are not shown.
    """
    values: dict[str, Any] = {}
    shown = [s for s in settings if not s.hint.advanced]
    folded = [s for s in settings if s.hint.advanced]
    for one in shown:
        if _applies(one, (beside or {}) | values):
            values[one.name] = control(one, given.get(one.name, one.default))
    if folded := [s for s in folded if _applies(s, (beside or {}) | values)]:
        with st.expander(f"More about the {folded[0].hint.group.lower()}"):
            values |= {s.name: control(s, given.get(s.name, s.default)) for s in folded}
    return {name: value for name, value in values.items() if value is not None}


def _applies(one: Setting, values: dict[str, Any]) -> bool:
    other, allowed = one.hint.when or ("", ())
    return not other or values.get(other) in allowed


def control(one: Setting, first: Any) -> Any:
    """The widget of one setting, at the address's value or ``first``."""
    url.begin(one.name, one.read)
    if one.name not in st.session_state or _of_another_page(one):
        st.session_state[one.name] = first
    label = f"{one.title} ({one.hint.unit})" if one.hint.unit else one.title
    common = {"key": one.name, "help": one.description, "persist_state": "session"}
    return url.keep(one.name, _widget(one, label, common), one.default)


def _of_another_page(one: Setting) -> bool:
    """Whether a text stands where a number belongs: another page's widget has the same name."""
    return one.kind in ("integer", "number") and isinstance(st.session_state[one.name], str)


def _widget(one: Setting, label: str, common: dict[str, Any]) -> Any:
    if one.kind == "switch":
        return url.put(st.toggle, label, **common)
    if one.kind == "choice":
        return url.put(st.selectbox, label, one.choices, format_func=one.label, **common)
    if one.kind == "text":
        return url.put(st.text_input, label, max_chars=20, **common)
    if one.hint.log:
        stops = scale(one, st.session_state[one.name])
        return url.put(st.select_slider, label, stops, format_func=_short, **common)
    kind = int if one.kind == "integer" else float
    low, high, step = kind(one.low), kind(one.high), kind(slider_step(one))
    if slides(one):
        return url.put(st.slider, label, low, high, step=step, **common)
    step = step if kind is int else 10.0 ** (floor(log10(one.default)) - 2)
    more = {"format": "%d" if kind is int else "%g", "placeholder": "not set"}
    return url.put(st.number_input, label, low, high, value=None, step=step, **more, **common)


def slides(one: Setting) -> bool:
    """Whether a plain slider can show the usual value and be dragged to any other."""
    if one.default is None or one.kind == "integer":
        return one.default is not None and one.high - one.low <= 1000
    steps = (one.default - one.low) / slider_step(one)
    return abs(steps - round(steps)) < 1e-6


def slider_step(one: Setting) -> float:
    """One, or a hundredth of the range."""
    return 1 if one.kind == "integer" else (one.high - one.low) / 100


def scale(one: Setting, value: float) -> list[float]:
    """The stops of a logarithmic slider: round numbers, both ends, and the value in use."""
    start = one.low or SMALLEST
    decades = [10.0**k for k in range(floor(log10(start)), floor(log10(one.high)) + 1)]
    stops = {one.low, one.high, one.default, value}
    if one.kind == "number":
        rounded = {float(f"{m * d:.6g}") for m in STOPS for d in decades}
        return sorted(float(v) for v in stops | rounded if one.low <= v <= one.high)
    rounded = {2**k for k in range(10)} | {m * d for m in (1, 2, 5) for d in decades if d >= 1000}
    return sorted(int(v) for v in stops | rounded if one.low <= v <= one.high)


def _short(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
