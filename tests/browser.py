"""A real Chromium and a real server for the tests that need them.

Use it with ``pytest_plugins = ["browser"]``: the fixtures are ``browser`` (one Chromium a session),
``serve`` (start a Streamlit script, get its Server) and ``open_page`` (a page whose console must
stay free of errors).
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Server:
    """A running Streamlit script: where it answers, and its process."""

    address: str
    process: subprocess.Popen


def chromium_path() -> str | None:
    """The first Chromium found: EXPLORER_CHROMIUM, one on the PATH, else Playwright's own."""
    asked = os.environ.get("EXPLORER_CHROMIUM")
    found = asked or next(filter(None, map(shutil.which, NAMES)), None) or _own_chromium()
    return found if found and Path(found).exists() else None


def _own_chromium() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(app: Path, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """Run ``streamlit run app`` from the project's root; the process ends with the context."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={port}"]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    settings = {**os.environ, "PYTHONPATH": paths, **(environment or {})}
    process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
    try:
        server = Server(f"http://127.0.0.1:{port}", process)
        _wait_until_healthy(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(server: Server, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {server.process.returncode}")
        try:
            with urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no answer from {server.address} within {seconds:.0f} s")


@pytest.fixture(scope="session")
def browser():
    """One headless Chromium; without one the test is skipped, or fails where CI is set."""
    path = chromium_path()
    if path is None and os.environ.get("CI"):
        pytest.fail("no Chromium found: install one or set EXPLORER_CHROMIUM to its path")
    if path is None:
        pytest.skip("no Chromium found: install one or set EXPLORER_CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


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


@pytest.fixture
def open_page(browser):
    """``open_page(server, query, **context)`` opens a page; errors in its console fail the test."""
    contexts, errors = [], []

    def open_(server: Server, query: str = "", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.extend(_errors_of(message)))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.address + query)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not errors, f"errors in the browser's console: {errors}"
