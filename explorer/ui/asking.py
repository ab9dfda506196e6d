"""The pages' way to the engine: answers are kept, errors become sentences, waiting is shown."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from string import punctuation
from typing import Any

import numpy as np
import streamlit as st

from explorer.engine import engine
from explorer.errors import ExplorerError, StoreError
from explorer.ui.leaving import Left

log = logging.getLogger("explorer")


@st.cache_resource(max_entries=200, ttl=7200.0, show_spinner=False)
def _kept(name: str, _args: dict[str, Any], key: str) -> Any:
    return engine().call(name, **_args)


def ask(name: str, /, **args: Any) -> Any:
    """An answer of the engine, shared by all who ask the same; it must not be modified.

    Shows that the engine is starting, if it is: loading PyTorch takes seconds, once.
    """
    _wait_for_engine()
    return _kept(name, args, key_of(args))


def stream(name: str, /, **args: Any) -> Iterator[Any]:
    """The items of an engine function that yields, as they are made; nothing is kept."""
    _wait_for_engine()
    return engine().stream(name, **args)


def _wait_for_engine() -> None:
    if engine().state != "ready":
        with st.spinner("Starting the engine: PyTorch is being loaded, once per server …"):
            engine().wait_ready()


def key_of(args: dict[str, Any]) -> str:
    """Equal for equal arguments, whatever is in them; pictures count by their content."""
    return repr([(name, _plain(value)) for name, value in sorted(args.items())])


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, blake2b(np.ascontiguousarray(value), digest_size=16).hexdigest()
    return blake2b(value, digest_size=16).hexdigest() if isinstance(value, bytes) else value


def literal(text: object) -> str:
    """``text`` for a place that reads Markdown, where it shall stand as it is.

    Names and addresses come from people: none of them may become a picture, a link or a formula.
    """
    return re.sub(f"[{re.escape(punctuation)}]", r"\\\g<0>", str(text))


@contextmanager
def guarded() -> Iterator[None]:
    """What goes wrong inside is said in a sentence; no traceback reaches a person."""
    try:
        yield
    except Left:
        return
    except ExplorerError as error:
        told = st.warning if isinstance(error, StoreError) else st.error
        told(literal(error), icon=":material/error:")
    except Exception:
        log.exception("a page failed")
        st.error(
            "This part of the page could not be shown. Nothing was lost: your runs are safe. "
            "Reload the page; if it stays, the server's log says why.",
            icon=":material/error:",
        )
