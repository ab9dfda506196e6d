"""The page's choices live in its address: a link shows another person the same view."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.errors import InputError

LOCKED = " :material/lock:"  # behind the name of a control that the address locks
KEPT = ("lesson", "lock", "hide")  # of the address: they outlast what a page does with the others
NAMES, ARRIVED = "url-names", "url-arrived"


def begin(key: str, read: Callable[[str], Any] = str) -> None:
    """Give the widget called ``key`` the value in the address, before it is first made.

    ``read`` turns text into a value and raises InputError for a bad one, which is told and dropped.
    """
    note(key)
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
    note(key)
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
    return keep(key, put(widget, label, options, key=key, persist_state="session", **more), default)


def toggle(label: str, key: str, first: bool = False, **more: Any) -> bool:
    """A switch whose value lives in the address."""
    begin(key, switch)
    st.session_state.setdefault(key, first)
    return keep(key, put(st.toggle, label, key=key, persist_state="session", **more), first)


def maybe(widget: Callable, label: str, options: dict[str, str], key: str, **more: Any) -> Any:
    """One of a few or none yet, such as a guess: value -> what a person reads; in the address."""
    begin(key, one_of(options, "guess"))
    st.session_state.setdefault(key, None)
    more = {"format_func": options.get, "persist_state": "session", **more}
    return keep(key, put(widget, label, list(options), key=key, **more))


def beside(widget: Callable, label: str, *arguments: Any, first: Any, key: str, **more: Any) -> Any:
    """A control whose value, ``first`` at first, no address holds; links lock and hide it too."""
    st.session_state.setdefault(key, first)
    return put(widget, label, *arguments, key=key, **{"persist_state": "session", **more})


# What a teacher's link may do with the controls ---------------------------------------------------


def put(widget: Callable, label: str, *arguments: Any, key: str, **more: Any) -> Any:
    """The widget called ``key`` and its value: disabled if the address locks it, or left out.

    One that the address hides keeps the value that ``key`` has in the session's state.
    """
    if key in asked("hide"):
        return st.session_state.get(key)
    if {key, "all"} & asked("lock"):
        label, more = label + LOCKED, more | {"disabled": True}
    return widget(label, *arguments, key=key, **more)


def asked(what: str) -> set[str]:
    """The names that the address locks or hides: ``lock=beta,latent``."""
    return set(filter(None, st.query_params.get(what, "").split(",")))


def clear() -> None:
    """Empty the address, but for the lesson that it belongs to and what a teacher locked."""
    kept = {name: st.query_params[name] for name in KEPT if name in st.query_params}
    st.query_params.from_dict(kept)


def show() -> None:
    """Have the browser show the address as it is: a link of a page to itself changes only ours."""
    if found := st.query_params.to_dict():
        st.query_params.from_dict(found)
    else:
        st.query_params.clear()


# Arriving from a lesson ---------------------------------------------------------------------------


def note(key: str) -> None:
    """Remember that ``key`` of the session's state is a choice, which a lesson's link undoes."""
    st.session_state.setdefault(NAMES, set()).add(key)


def arrive(page: str) -> None:
    """Where a lesson's link led to ``page`` just now: forget all choices, so that its own count.

    The page of lessons has no name here, since its address names a lesson too.
    """
    now = (page, st.query_params.get("lesson") if page else None)
    if now[1] and st.session_state.get(ARRIVED) != now:
        for key in {*st.session_state.get(NAMES, ()), *st.query_params} - {*KEPT}:
            st.session_state.pop(key, None)
    st.session_state[ARRIVED] = now
