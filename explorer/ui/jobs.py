"""Answers that take a while: a thread waits for them, and the page goes on meanwhile."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import kept, leaving
from explorer.ui.asking import key_of, literal, stream

UNWATCHED = 20.0  # seconds after which work that nobody looks at is given up
EVERY = 0.25  # seconds between two looks


class Job:
    """A stream of the engine read by a thread: ``items`` so far, ``error`` if it failed."""

    def __init__(self, name: str, /, **args: Any):
        self.name, self.args = name, args
        self.items: list[Any] = []
        self.error: ExplorerError | None = None
        self.done = False
        self._seen = time.monotonic()
        self._left = False
        source = stream(name, **args)  # here, because waiting for the engine shows a spinner
        threading.Thread(target=self._read, args=(source,), name=f"job {name}", daemon=True).start()

    def look(self) -> list[Any]:
        """The items so far; whoever looks keeps the work going."""
        self._seen = time.monotonic()
        return list(self.items)

    def cancel(self) -> None:
        """Leave: the engine stops before it makes another item."""
        self._left = True

    def _read(self, source: Any) -> None:
        try:
            for item in source:
                self.items.append(item)
                if self._left or time.monotonic() > self._seen + UNWATCHED:
                    raise ExplorerError("This was stopped before it was done. Start it again.")
        except ExplorerError as error:
            self.error = error
        except Exception:
            self.error = ExplorerError("The work stopped for an unknown reason. Start it again.")
            raise  # threading's hook writes it into the server's log
        finally:
            source.close()
            self.done = True


def known(name: str, /, **args: Any) -> Any:
    """The last item of a stream that was waited for before, by anyone, or None."""
    return kept.find(name, args)


def awaited(slot: str, show: Callable[[list[Any]], None], name: str, /, **args: Any) -> Any:
    """The last item of an engine stream, or None while it works or after it failed.

    Meanwhile ``show`` draws the items so far, a few times a second; the page runs again at the
    end.  A ``slot`` works on one thing: another question cancels the one before.
    """
    if (answer := kept.find(name, args)) is not None:
        return answer
    key = name + key_of(args)
    held = st.session_state.get(slot)
    if held is None or held[0] != key:
        cancel(slot)
        st.session_state[slot] = held = (key, Job(name, **args))
    if held[1].error:
        _failed(slot, held[1].error)
    else:
        st.fragment(_watch, run_every=EVERY)(slot, show)
    return None


def working(slot: str) -> bool:
    """Whether something is being waited for."""
    held = st.session_state.get(slot)
    return held is not None and not held[1].done


def cancel(slot: str) -> None:
    """Give up what a slot works on."""
    if held := st.session_state.pop(slot, None):
        held[1].cancel()


def stoppable(stop: str, slot: str, question: str) -> AbstractContextManager[None]:
    """Draw how far a slot is, with a way out beside it; `leaving.left` says who took it."""
    return leaving.stoppable(stop, question, partial(cancel, slot))


def _watch(slot: str, show: Callable[[list[Any]], None]) -> None:
    held = st.session_state.get(slot)
    if held is None:
        return
    _, job = held
    done, items = job.done, job.look()
    if not done:
        show(items)
        return
    if not job.error:
        kept.keep(job.name, job.args, items[-1])
        st.session_state.pop(slot)
    st.rerun()


def _failed(slot: str, error: ExplorerError) -> None:
    st.error(literal(error), icon=":material/error:")
    if st.button("Try again", key=f"again-{slot}"):
        cancel(slot)
        st.rerun()
