"""A real Chromium and a real server for the tests that need them.

Use it with ``pytest_plugins = ["browser"]``: the fixtures are ``browser`` (one Chromium a session),
``serve`` (start a Streamlit script, get its Server) and ``open_page`` (a page whose console must
stay free of errors).
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from benchmarks import chromium
from benchmarks.chromium import ARGUMENTS, ROOT, Server

VIEWPORT = {"width": 1280, "height": 720}


def served(app: Path, environment: dict[str, str] | None = None) -> AbstractContextManager[Server]:
    """Run ``streamlit run app`` from the project's root; the process ends with the context."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    settings = {**os.environ, "PYTHONPATH": paths, **(environment or {})}
    return chromium.served(settings, "run", str(app))


@pytest.fixture(scope="session")
def browser():
    """One headless Chromium; without one the test is skipped, or fails where CI is set."""
    path = chromium.path()
    if path is None and os.environ.get("CI"):
        pytest.fail("no Chromium found: install one or set EXPLORER_CHROMIUM to its path")
    if path is None:
        pytest.skip("no Chromium found: install one or set EXPLORER_CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Server]]:
    """``serve(app, environment)`` starts a script once per module and returns its Server."""
    running: dict[Path, Server] = {}
    with ExitStack() as stack:

        def start(app: Path, environment: dict[str, str] | None = None) -> Server:
            if app not in running:
                running[app] = stack.enter_context(served(app, environment))
            return running[app]

        yield start


def _errors_of(message) -> list[str]:
    """An error in the console; Streamlit itself looks in vain for its own root below a page."""
    said = f"{message.text} {message.location['url']}"
    probe = re.search(r" 404 .*/\w+/_stcore/(health|host-config)$", said)
    return [said] if message.type == "error" and not probe else []


@pytest.fixture(scope="session")
def context_of(browser) -> Callable[..., BrowserContext]:
    """``context_of(**options)``: one for all pages that want the same, so that it has the
    dashboard's scripts, several megabytes, compiled already.
    """
    made: dict[str, BrowserContext] = {}

    def context(**options) -> BrowserContext:
        key = str(sorted(options.items()))
        if key not in made:
            made[key] = browser.new_context(**options)
        return made[key]

    return context


@pytest.fixture
def open_page(context_of):
    """``open_page(server, query, viewport, color_scheme, reduced_motion, **context)`` opens a page.

    Errors in its console fail the test.  What a context alone can have costs one of its own.  Films
    stand still unless ``reduced_motion`` is "no-preference": each one that plays takes a core.
    """
    pages, errors = [], []

    def open_(
        server: Server,
        query: str = "",
        viewport: dict[str, int] = VIEWPORT,
        color_scheme: str | None = None,
        reduced_motion: str = "reduce",
        **options,
    ) -> Page:
        page = context_of(**options).new_page()
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        page.set_default_timeout(1000 * chromium.PATIENCE)
        pages.append(page)
        page.on("console", lambda message: errors.extend(_errors_of(message)))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.address + query)
        return page

    yield open_
    for page in pages:
        page.close()
    assert not errors, f"errors in the browser's console: {errors}"
