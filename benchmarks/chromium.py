"""A real Chromium, real servers, and what their processes weigh."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
DASHBOARD = ("run", str(ROOT / "app.py"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = (
    "chromium-headless-shell",  # the same engine without windows: a tenth less to compute
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
PATIENCE = 120.0  # seconds until something counts as never coming, on a machine that is not quiet


@dataclass(frozen=True)
class Server:
    """A running Streamlit: where it answers, its process, and when that was started."""

    address: str
    process: subprocess.Popen
    started: float


@contextmanager
def chromium() -> Iterator[Browser]:
    """One headless Chromium."""
    if not (found := path()):
        sys.exit("No Chromium found: install one or set EXPLORER_CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


def path() -> str | None:
    """The first Chromium found: EXPLORER_CHROMIUM, one on the PATH, else Playwright's own."""
    asked = os.environ.get("EXPLORER_CHROMIUM")
    found = asked or next(filter(None, map(shutil.which, NAMES)), None) or _own_chromium()
    return found if Path(found).exists() else None


def _own_chromium() -> str:
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


@contextmanager
def workspace() -> Iterator[dict[str, str]]:
    """An environment with a folder of runs and slots of its own."""
    with TemporaryDirectory() as folder:
        own = {"EXPLORER_RUNS": f"{folder}/runs", "EXPLORER_LOCKS": f"{folder}/locks"}
        yield {**os.environ, **own, "PYTHONPATH": str(ROOT)}


@contextmanager
def served(environment: dict[str, str], *words: str) -> Iterator[Server]:
    """Run ``streamlit WORDS`` in the project's root; the process ends with the context."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", *words, f"--server.port={port}"]
    with started(command, environment) as process:
        server = Server(f"http://127.0.0.1:{port}", process, time.perf_counter())
        _wait_until_healthy(server)
        yield server


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A process that is told to end, and waited for, when the context ends."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def explorer(environment: dict[str, str], *words: str) -> str:
    """The first line that ``python -m explorer WORDS`` prints."""
    command = [sys.executable, "-m", "explorer", *words]
    said = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return said.stdout.decode().partition("\n")[0]


def open_page(browser: Browser, address: str) -> Page:
    """A page in a context of its own: nothing is cached in the browser."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(address)
    return page


def settle(page: Page) -> None:
    """Wait until the server has nothing left to do for this page, but for a moment of its own."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(500)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def painted(page: Page) -> None:
    """Wait until the browser has shown a frame of what there is now."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def megabytes(pid: int) -> dict[str, float]:
    """Resident memory in MB of a server and of the engine that it started (0: none)."""
    said = subprocess.check_output(["ps", "-axo", "pid=,ppid=,rss=,args="], text=True)
    rows = [line.split(None, 3) for line in said.splitlines()]
    found = {"web": 0.0, "engine": 0.0}
    for own, parent, kilobytes, command in (row for row in rows if len(row) == 4):
        if int(own) == pid:
            found["web"] = int(kilobytes) / 1024
        elif int(parent) == pid and "explorer engine" in command:
            found["engine"] = int(kilobytes) / 1024
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_healthy(server: Server) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"no answer from {server.address}; exit code {server.process.poll()}")
