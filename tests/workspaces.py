"""A folder of runs for a module of tests, at a place that one engine can know all along."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st

from explorer.engine import engine

_served: set[tuple[str, int | None]] = set()  # the folder and the process of the last engine


@contextmanager
def workspace(beside: Path) -> Iterator[Path]:
    """Inside, runs and locks lie in an empty folder beside another, and the engine knows it.

    It is the same path for every module, so that they share an engine, whose start takes seconds.
    """
    folder = beside.parent / "workspace"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_RUNS", str(folder))
        patch.setenv("EXPLORER_LOCKS", str(folder / ".locks"))
        patch.setenv("OMP_NUM_THREADS", "1")  # networks this small lose more by a second thread
        _forget()
        _serve(folder)
        yield folder
        if _working():
            engine().close()  # or its work would hold up who comes next
        _forget()
        shutil.rmtree(folder)


def _serve(folder: Path) -> None:
    """An engine that was started with this environment."""
    if _engine_of(folder) not in _served:
        engine().close()
        engine().start()
        _served.clear()
        _served.add(_engine_of(folder))


def _engine_of(folder: Path) -> tuple[str, int | None]:
    process = engine()._process
    alive = process is not None and process.state != "dead"
    return str(folder), process._child.pid if alive else None


def _working() -> bool:
    return any(thread.name.startswith("job ") for thread in threading.enumerate())


def _forget() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()
