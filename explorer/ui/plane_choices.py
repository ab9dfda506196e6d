"""Choices on the page of the plane: in the address, under names of its own."""

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.config import Setting
from explorer.errors import InputError
from explorer.ui import url

EXTENT = 2.1  # half the side of what is shown


def key(name: str) -> str:
    """The name of one of this page's choices, here and in the address."""
    return f"p_{name}"


def segmented(label: str, options: dict[str, str], default: str, name: str) -> str:
    """One of a few, in the address."""
    return url.segmented(label, options, default, key(name))


def several(label: str, options: dict[str, str], default: list[str], name: str, **more) -> list:
    """Some of a few, in the address; ``default`` if none is chosen."""
    name = key(name)

    def read(text: str) -> list[str]:
        if not set(text.split(",")) <= options.keys():
            raise InputError(f"{text[:60]!r} is not some of {', '.join(options)}.")
        return text.split(",")

    url.begin(name, read)
    kept = st.session_state.get(name, default)
    st.session_state[name] = [one for one in kept if one in options]
    chosen = url.put(
        st.pills,
        label,
        list(options),
        key=name,
        selection_mode="multi",
        format_func=options.get,
        persist_state="session",
        **more,
    )
    chosen = [one for one in options if one in chosen] or default
    url.keep(name, ",".join(chosen), ",".join(default))
    return chosen


def prefixed(one: Setting) -> Setting:
    """A setting under a name of this page, so that other pages keep their own."""
    when = one.hint.when and (key(one.hint.when[0]), one.hint.when[1])
    return replace(one, name=key(one.name), hint=replace(one.hint, when=when))


def apply(values: dict[str, Any]) -> None:
    """Give this page's settings new values; for a button's ``on_click``."""
    st.session_state.update({key(name): value for name, value in values.items()})
    st.session_state["p_wish"] = None  # train what is chosen then


def waiting(items: list) -> None:
    """Something is computed or trained for a part of the page."""
    now = next((one for one in reversed(items) if isinstance(one, dict)), None)
    done = now["step"] / now["total"] if now else 0.0
    text = f"Training for this: step {now['step']:,} of {now['total']:,}" if now else "Computing …"
    st.progress(done, text)
