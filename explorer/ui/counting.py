"""Answers that count what is done meanwhile: a bar with the time left, a way out and a way back."""

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.ui import jobs, leaving
from explorer.ui.asking import key_of


def awaited(
    slot: str,
    what: str,
    again: str,
    question: str,
    /,
    show: Callable[[list[Any]], None] = lambda items: None,
    **asked: Any,
) -> Any:
    """The last item of a stream; None while it counts, after it failed, or once a person left it.

    ``what`` is said then to be missing, and ``again`` is the button that begins anew.  Meanwhile
    ``show`` gets the items that are not counts.
    """
    if (answer := jobs.known(question, **asked)) is not None:
        return answer
    mark = question + key_of(asked)
    if leaving.stopped(slot, mark, what, again):
        return None

    def meanwhile(items: list[Any]) -> None:
        with jobs.stoppable(slot, slot, mark):
            progress(slot, [item for item in items if _is_count(item)])
        show([item for item in items if not _is_count(item)])

    return jobs.awaited(slot, meanwhile, question, **asked)


def _is_count(item: Any) -> bool:
    return isinstance(item, tuple) and isinstance(item[0], str)


def progress(slot: str, told: list[tuple[str, int, int]]) -> None:
    """A bar with what is done and how long it still takes."""
    if not told:
        st.progress(0.0, "Waiting for its turn …")
        return
    text, done, total = told[-1]
    since = st.session_state.setdefault(f"{slot}-since", {})
    start, first = since.setdefault(text, (time.monotonic(), done))
    if done < first:
        since[text] = start, first = (time.monotonic(), done)
    left = ""
    if done > first:
        seconds = (total - done) * (time.monotonic() - start) / (done - first)
        left = f", about {seconds:.0f} s left" if seconds >= 2 else ""
    counted = f": {done:,} of {total:,}" if total > 1 else ""
    st.progress(min(1.0, done / total), f"{text}{counted}{left} …")
