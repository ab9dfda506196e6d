"""The whole dashboard for a test in Chromium: a folder of runs, a server, two trained models.

Use it with ``pytest_plugins = ["browser", "dashboard"]``.
"""

import base64
import io
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from explorer import cli, runs
from explorer.runs import Run
from explorer.runs.status import lease_of

if TYPE_CHECKING:
    from browser import Server

APP = Path(__file__).parent.parent / "app.py"
PATIENCE = 180_000  # ms until a condition counts as never met; on a quiet machine it takes seconds
TINY = {"width": 4, "latent": 2, "batch_size": 16}


# The workspace --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """A folder of runs with one slot to train in, for the server and for this process."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_RUNS", str(folder))
        patch.setenv("EXPLORER_LOCKS", str(tmp_path_factory.mktemp("locks")))
        patch.setenv("EXPLORER_SLOTS", "1")
        patch.setenv("OMP_NUM_THREADS", "1")  # networks this small lose more by a second thread
        expect.set_options(timeout=PATIENCE)
        yield folder
        expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def app(workspace, serve) -> "Server":
    """The dashboard."""
    return serve(APP)


@pytest.fixture(scope="module")
def trained(workspace) -> list[Run]:
    """A VAE and an autoencoder, trained for 20 steps."""
    made = [train_one("vae"), train_one("autoencoder")]
    for run in made:
        run.note(label="Of a pair")
    return made


def train_one(family: str) -> Run:
    """A run of 20 steps, done in this very process."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    before = {run.id for run in runs.runs()}
    assert cli.main(["train", family, "--steps=20", *flags]) == 0
    return next(run for run in runs.runs() if run.id not in before)


def until(true: Callable[[], object]) -> None:
    """Wait for a condition on this side of the browser, and look for half of the time at most."""
    looked = time.monotonic()
    end = looked + PATIENCE / 1000
    while not true():
        now = time.monotonic()
        assert now < end, "this never came true"
        time.sleep(max(0.005, now - looked))
        looked = time.monotonic()


def ids() -> set[str]:
    return {run.id for run in runs.runs()}


@contextmanager
def frozen(run: Run) -> Iterator[None]:
    """Inside ``with``, time stands still for the run's worker, however fast the machine is."""
    pid = lease_of(run.folder).process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def previews(run: Run) -> int:
    return len({preview.step for preview in run.previews()})


# The page -------------------------------------------------------------------------------------


def expect_state(page: Page, state: str) -> None:
    expect(page.locator(".gm-run .gm-chip")).to_have_attribute("data-state", state)


def button(page: Page, name: str) -> Locator:
    """A button of ours: while a page is slow, Streamlit's own Stop stands above it."""
    ours = page.locator(":not([data-testid=stBaseButton-header])")
    return page.get_by_role("button", name=name, exact=True).and_(ours)


def run_in(page: Page) -> Run:
    expect(page).to_have_url(re.compile(r"/train\?run="))
    return runs.find(page.url.partition("run=")[2])


def drawn(canvas: Locator) -> str:
    """All that a canvas shows, as a PNG's address: a million numbers would take seconds."""
    return canvas.evaluate("canvas => canvas.toDataURL()")


def picture(canvas: Locator) -> np.ndarray:
    """The same as uint8 H W 4."""
    png = base64.b64decode(drawn(canvas).partition(",")[2])
    with Image.open(io.BytesIO(png)) as image:
        return np.array(image.convert("RGBA"))


def is_painted(canvas: Locator) -> bool:
    return len(np.unique(picture(canvas)[..., 0])) > 8


def expect_film(page: Page, more_than: int = 0) -> int:
    """A painted film of more frames than that; returns how many it has."""
    player = page.locator(".player").first
    expect(player).to_be_visible()
    until(lambda: int(player.get_attribute("data-frames") or 0) > more_than)
    until(lambda: is_painted(player.locator("canvas").first))
    return int(player.get_attribute("data-frames"))


def points(page: Page) -> int:
    """How many points the first curve of the page has."""
    plot = page.locator(".js-plotly-plot").first
    expect(plot).to_be_visible()
    return plot.evaluate("plot => plot._fullData?.[0]?._length ?? 0")


def choose(page: Page, words: str) -> None:
    """Show only the runs with these words in the table, and only those that are chosen of them."""
    page.get_by_label("Filter").fill(words)
    page.get_by_label("Filter").press("Enter")


def tick(page: Page, *rows: int) -> None:
    """Tick rows of the table, which is painted on a canvas: by their place."""
    for row in rows:
        grid = page.locator(".stDataFrame .dvn-scroller").first
        grid.click(position={"x": 16, "y": 36 + 56 * row + 28})
