"""The page's choices live in its address: a link shows another person the same view."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.errors import InputError


def begin(key: str, read: Callable[[str], Any] = str) -> None:
    """Give the widget called ``key`` the value in the address, before it is first made.

    ``read`` turns text into a value and raises InputError for a bad one, which is told and dropped.
    """
    if key in st.session_state or key not in st.query_params:
        return
    try:
        st.session_state[key] = read(st.query_params[key])
    except InputError as error:
        refuse(key, error, "the usual value is used")


def refuse(key: str, error: Exception | str, instead: str) -> None:
    """Drop a parameter that asked for something impossible, and tell it and what is done."""
    st.query_params.pop(key, None)
    notices().append(f"{error} The address asked for it; {instead}.")


def notices() -> list[str]:
    """What the page's address asked for in vain; `shell` shows it above the page, once."""
    return st.session_state.setdefault("notices", [])


def switch(text: str) -> bool:
    """A reader for toggles."""
    if text not in ("true", "false"):
        raise InputError(f"{text[:60]!r} is neither true nor false.")
    return text == "true"


def keep(key: str, value: Any, default: Any = None) -> Any:
    """Write a widget's value into the address, or nothing if it is the usual one."""
    if value is None or value == default:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != (text := text_of(value)):
        st.query_params[key] = text
    return value


def text_of(value: Any) -> str:
    """How a value stands in an address."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def one_of(options: dict[str, Any] | list[str], what: str) -> Callable[[str], str]:
    """A reader that allows only ``options``."""

    def read(text: str) -> str:
        if text in options:
            return text
        few = ", ".join(list(options)[:6])
        raise InputError(f"There is no {what} {text[:60]!r}. There are: {few}.")

    return read


def segmented(label: str, options: dict[str, str], default: str, key: str, **more: Any) -> str:
    """One of a few, value -> what a person reads, as a row of buttons."""
    more = {"format_func": options.get, "required": True, **more}
    return choose(st.segmented_control, label, list(options), default, key, **more)


def choose(widget: Callable, label: str, options: list, default: Any, key: str, **more: Any) -> Any:
    """A select box, radio or segmented control whose value lives in the address."""
    begin(key, one_of(options, label.lower()))
    if key not in st.session_state:
        st.session_state[key] = default
    if st.session_state[key] not in options:
        st.session_state[key] = options[0]
    return keep(key, widget(label, options, key=key, persist_state="session", **more), default)
