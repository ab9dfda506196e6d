"""Pages that open on something the engine is still computing, in Streamlit's own simulation."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from test_pages import sound

from explorer.engine import engine


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """Inside, runs and locks lie in ``folder``, and the engine is one that knows it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_RUNS", str(folder))
        patch.setenv("EXPLORER_LOCKS", str(folder / ".locks"))
        patch.setenv("OMP_NUM_THREADS", "1")  # networks this small lose more by a second thread
        engine().close()  # the next one is started with this environment
        yield folder
        engine().close()
        st.cache_resource.clear()


def settled(at: AppTest, waits: Callable[[AppTest], bool]) -> AppTest:
    """The page once it ``waits`` for nothing any more."""
    for _ in range(1000):
        if not waits(at):
            return at
        time.sleep(0.1)
        sound(at.run())
    raise AssertionError("the page never came to rest")


def told(at: AppTest, *kinds: str) -> str:
    """All that elements of some kinds say (errors, if none is named), without backslashes."""
    found = [one for kind in kinds or ("error",) for one in at.get(kind)]
    return " ".join(str(one.value) for one in found).replace("\\", "")


def players(at: AppTest) -> int:
    """How many films there are."""
    names = [one.proto.component_name for one in at.get("bidi_component")]
    return names.count("explorer.player")
