"""The whole dashboard in a real Chromium: train, stop, resume, fork, compare, draw, kill."""

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

from explorer import cli, launch, runs, turns
from explorer.runs import Run
from explorer.runs.status import lease_of

if TYPE_CHECKING:
    from browser import Server

pytest_plugins = ["browser"]
pytestmark = pytest.mark.browser

APP = Path(__file__).parent.parent / "app.py"
PATIENCE = 60_000  # ms until a condition counts as never met; on a quiet machine they take seconds
TINY = {"width": 4, "latent": 2, "batch_size": 16}
SOON, NEVER = 400, 1_000_000  # steps of a run that is to end, and of one that is not


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
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # or every process compiles PyTorch
        patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("bytecode")))
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
    made = [_trained("vae"), _trained("autoencoder")]
    for run in made:
        run.note(label="Of a pair")
    return made


def _trained(family: str) -> Run:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    before = {run.id for run in runs.runs()}
    assert cli.main(["train", family, "--steps=20", *flags]) == 0
    return next(run for run in runs.runs() if run.id not in before)


@pytest.fixture(autouse=True)
def _quiet(request) -> Iterator[None]:
    """No run outlives its test."""
    request.getfixturevalue("workspace")
    yield
    for run in runs.runs():
        run.stop()
        until(lambda run=run: not run.has_worker())


def until(true: Callable[[], object]) -> None:
    """Wait for a condition on this side of the browser."""
    end = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < end, "this never came true"
        time.sleep(0.005)


def ids() -> set[str]:
    return {run.id for run in runs.runs()}


@contextmanager
def frozen(run: Run) -> Iterator[None]:
    """Inside ``with``, time stands still for the run's worker, however fast the machine is."""
    pid = lease_of(run.folder).process.pid
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


def previews(run: Run) -> int:
    return len({preview.step for preview in run.previews()})


# The page -------------------------------------------------------------------------------------


def expect_state(page: Page, state: str) -> None:
    expect(page.locator(".gm-run .gm-chip")).to_have_attribute("data-state", state)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def run_in(page: Page) -> Run:
    expect(page).to_have_url(re.compile(r"/train\?run="))
    return runs.find(page.url.partition("run=")[2])


def picture(canvas: Locator) -> np.ndarray:
    """What a canvas shows, uint8 H W 4."""
    read = """c => [c.height, c.width,
      ...c.getContext("2d").getImageData(0, 0, c.width, c.height).data]"""
    height, width, *data = canvas.evaluate(read)
    return np.array(data, np.uint8).reshape(height, width, 4)


def is_painted(canvas: Locator) -> bool:
    return len(np.unique(picture(canvas)[..., 0])) > 8


def expect_film(page: Page, more_than: int = 0) -> int:
    """A painted film of more frames than that; returns how many it has."""
    player = page.locator(".player").first
    expect(player).to_be_visible()
    until(lambda: int(player.get_attribute("data-frames") or 0) > more_than)
    assert is_painted(player.locator("canvas").first)
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


# Start and train ------------------------------------------------------------------------------


def test_the_start_page_is_alive_and_one_click_trains(app, open_page):
    page = open_page(app)
    expect_film(page, more_than=1)
    before = ids()
    with turns.turn("this test"):  # has the only slot: the run has to wait, and trains nothing
        button(page, "Train it now").first.click()
        run = run_in(page)
        assert ids() - before == {run.id}
        expect(page.get_by_role("heading", name="A VAE learns to dress")).to_be_visible()
        expect_state(page, "waiting")
        page.get_by_role("link", name="Start").click()
        expect(page.get_by_text("A VAE learns to dress · step 0")).to_be_visible()
        page.get_by_role("link", name="Watch").click()
        assert run_in(page) == run
        button(page, "Stop").click()
        expect_state(page, "stopped")


def test_train_stop_resume(app, open_page):
    page = open_page(app, f"/train?width=4&latent=2&batch_size=16&steps={SOON}")
    before = ids()
    with turns.turn("this test"):  # has the only slot
        button(page, "Train").dblclick()
        run = run_in(page)
        expect_state(page, "waiting")
        expect(page.get_by_text("place 1")).to_be_visible()
        assert ids() - before == {run.id}, "a double click made two runs"
    until(lambda: previews(run) > 1)
    with frozen(run):
        expect_state(page, "running")
        frames, drawn = expect_film(page), points(page)
    until(lambda: previews(run) > frames + 1)
    with frozen(run):
        expect_film(page, more_than=frames)
        assert points(page) > drawn
        button(page, "Stop").click()
        expect(button(page, "Stopping …")).to_be_disabled()
    expect_state(page, "stopped")
    step = run.status.step

    page.reload()
    expect_state(page, "stopped")
    assert run_in(page) == run
    other = open_page(app, f"/train?run={run.id}")
    expect_state(other, "stopped")

    button(page, "Resume").click()
    until(lambda: run.status.step > step)
    with frozen(run):
        expect_state(page, "running")
    expect_state(page, "done")
    expect(button(page, "Resume")).to_have_count(0)
    expect(page.get_by_text(f"{SOON:,}").first).to_be_visible()
    assert run.verify() == []


def test_beta_changes_while_it_trains(app, open_page, trained):
    run = running(trained[0])
    page = open_page(app, f"/train?run={run.id}")
    page.get_by_text("Change while it trains").click()
    page.get_by_label("β", exact=True).fill("2")  # and the page refreshes itself meanwhile
    first = points(page)
    until(lambda: points(page) > first)
    page.locator(f".st-key-apply-beta-{run.id} button").click()
    expect(page.get_by_text("beta = 2", exact=False)).to_be_visible()
    changes = [event for event in run.events() if event["event"] == "change"]
    assert [(one["name"], one["value"]) for one in changes] == [("beta", 2)]


def running(like: Run) -> Run:
    """A run with the settings of another one that goes on until it is stopped."""
    settings = like.settings
    run = runs.create(settings | {"training": settings["training"] | {"steps": NEVER}})
    launch.start(run)
    until(lambda: run.status.step > 0)
    return run


def test_a_fork_goes_on_from_a_checkpoint(app, open_page, trained):
    parent = trained[0]
    page = open_page(app, f"/train?run={parent.id}")
    button(page, "Fork").click()
    button(page, "Choose settings").click()
    expect(page).to_have_url(re.compile("fork="))
    page.get_by_text("More about the training", exact=True).click()
    page.get_by_label("Steps", exact=True).fill("30")
    page.get_by_label("Steps", exact=True).press("Enter")
    button(page, "Train").click()
    run = run_in(page)
    expect_state(page, "done")
    assert run.settings["parent"] == {"run": parent.id, "step": 20}
    assert [one.step for one in run.checkpoints()] == [20, 30]


# Runs -----------------------------------------------------------------------------------------


def test_two_runs_side_by_side(app, open_page, trained):
    page = open_page(app, "/runs")
    choose(page, "pair")
    expect(page.locator(".stDataFrame [role=row]")).to_have_count(3)  # with the head
    tick(page, 0, 1)
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    expect_film(page)
    expect(page.locator(".player canvas")).to_have_count(2)
    traces = page.locator(".js-plotly-plot").nth(1).evaluate("p => p.data.map(t => t.name)")
    assert len(traces) == 2  # the reconstruction error, which both have
    assert all(run.id in page.url for run in trained)
    choose(page, trained[0].id)
    expect(page.get_by_role("heading", name="Side by side")).to_have_count(0)
    expect(page.get_by_role("heading", name="Of a pair")).to_be_visible()


def test_notes_trash_and_back(app, open_page, trained):
    run = _trained("vae")
    page = open_page(app, f"/runs?runs={run.id}")
    page.get_by_text("Name and notes").click()
    page.get_by_label("Name", exact=True).fill("My first")
    page.get_by_label("Notes", exact=True).fill("It *works*.")
    button(page, "Save").click()
    expect(page.get_by_role("heading", name="My first")).to_be_visible()
    assert run.notes == {"label": "My first", "text": "It *works*."}

    button(page, "Delete").click()
    page.get_by_text("Trash (").click()
    assert run.id not in ids()
    expect(page.get_by_role("alert").filter(has_text="no run")).to_have_count(0)
    page.locator(f".st-key-restore-{run.id} button").click()
    until(lambda: run.id in ids())
    assert run.verify() == []


def test_export_and_import(app, open_page, trained, tmp_path):
    run = trained[1]
    page = open_page(app, f"/runs?runs={run.id}", accept_downloads=True)
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="Export as zip").click()
    path = tmp_path / "run.zip"
    download.value.save_as(path)
    before = ids()
    bring_in(page, path)
    until(lambda: len(ids()) == len(before) + 1)
    (new,) = ids() - before
    assert runs.find(new).settings == run.settings
    assert runs.find(new).verify() == []


def bring_in(page: Page, path: Path) -> None:
    page.get_by_text("Import a run").click()
    page.locator("input[type=file]").set_input_files(path)
    button(page, "Import").click()


def test_a_file_that_is_no_run_is_refused(app, open_page, tmp_path):
    path = tmp_path / "run.zip"
    path.write_bytes(b"this is no zip file")
    before = ids()
    page = open_page(app, "/runs")
    bring_in(page, path)
    expect(page.get_by_role("alert")).to_contain_text("zip")
    assert ids() == before


def test_a_damaged_run_is_marked_and_the_others_work(app, open_page, trained):
    bad = _trained("vae")
    (bad.folder / "settings.json").write_bytes(b"\x00\xff")
    page = open_page(app, f"/runs?runs={bad.id},{trained[0].id}")
    expect(page.get_by_role("alert").first).to_contain_text(f"{bad.id} is damaged")
    expect_film(page)
    choose(page, "done pair")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect_film(page)


# Reconstruct and sample -----------------------------------------------------------------------


def test_samples_follow_the_prior_and_the_temperature(app, open_page, trained):
    page = open_page(app, f"/reconstruct?a={trained[0].id}&b={trained[1].id}")
    canvas = page.locator(".drag canvas").first
    expect(canvas).to_be_visible()
    until(lambda: is_painted(canvas))
    normal = picture(canvas)
    page.get_by_role("radio", name="Mixture of 10").click()
    until(lambda: changed(page, normal))
    expect(page).to_have_url(re.compile("prior=mixture"))
    mixture = picture(page.locator(".drag canvas").first)
    page.locator(".drag input[data-name=temperature]").fill("0")
    until(lambda: changed(page, mixture))
    expect(page.locator(".drag")).to_have_attribute("data-values", re.compile(r":0\b"))


def changed(page: Page, before: np.ndarray) -> bool:
    canvas = page.locator(".drag canvas").first
    return bool(canvas.count()) and not np.array_equal(picture(canvas), before)


def test_what_is_drawn_is_reconstructed_by_both(app, open_page):
    page = open_page(app, "/reconstruct")
    own = page.locator(".st-key-wrap-own")
    paper = own.locator(".paper")
    paper.scroll_into_view_if_needed()
    expect(own.locator(".gm-strip")).to_have_count(0)
    box = paper.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 160, steps=8)
    page.mouse.up()
    expect(own.locator(".gm-strip")).to_have_count(2)


def test_an_uploaded_picture_and_one_that_is_none(app, open_page):
    page = open_page(app, "/reconstruct")
    own = page.locator(".st-key-wrap-own")
    buffer = io.BytesIO()
    Image.linear_gradient("L").save(buffer, "PNG")
    good = {"name": "a.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    own.locator("input[type=file]").set_input_files(good)
    expect(own.locator(".gm-strip")).to_have_count(2)
    own.locator("input[type=file]").set_input_files(good | {"buffer": b"These are words."})
    expect(own.get_by_role("alert")).to_contain_text("image")
    expect(own.locator(".gm-strip")).to_have_count(0)


# Diffusion --------------------------------------------------------------------------------------


def test_a_sample_is_watched_step_by_step(app, open_page):
    """The film arrives, plays by itself, and scrubs to noise and back without the server."""
    page = open_page(app, "/reverse?sampling_steps=10&n=4")
    film = page.locator(".player")
    expect(film).to_have_attribute("data-frames", "11")
    canvas = film.locator("canvas").first
    slider = film.get_by_role("slider")
    slider.press("End")
    drawn = picture(canvas)
    slider.press("Home")
    noise = picture(canvas)
    assert np.abs(drawn.astype(int) - noise).mean() > 20


def test_cancelling_a_long_sampling_stops_it(app, open_page):
    page = open_page(app, "/reverse?sampling_steps=1000&sampler=ddim&n=36&noise_seed=5")
    expect(page.get_by_text(re.compile(r"Step \d+ of 1,000"))).to_be_visible()
    button(page, "Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing runs any more.")).to_be_visible()
    again = open_page(app, "/reverse?sampling_steps=5&n=1&noise_seed=6")  # needs the engine's turn
    expect(again.locator(".player")).to_have_attribute("data-frames", "6")
    expect(page.locator(".player")).to_have_count(0)


# Around it all --------------------------------------------------------------------------------


def test_a_killed_server_leaves_nothing_running(tmp_path, open_page):
    from browser import served

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_RUNS", str(tmp_path))
        with served(APP) as server:
            page = open_page(server, f"/train?width=4&latent=2&steps={NEVER}")
            button(page, "Train").click()
            run = run_in(page)
            until(lambda: run.status.step > 0)
            page.close()
            server.process.kill()
            until(lambda: not run.has_worker())
        assert run.status.state == "interrupted"
        assert run.verify() == []
        with served(APP) as server:
            page = open_page(server, f"/train?run={run.id}")
            expect_state(page, "interrupted")
            expect(button(page, "Resume")).to_be_visible()
            page.close()


SIZES = (1440, 900, 390)
OVERFLOW = """() => Math.max(...[document.documentElement, ...document.querySelectorAll(
  "[data-testid=stMain], [data-testid=stMainBlockContainer]")].map(
  one => one.scrollWidth - one.clientWidth))"""
LOADED = {
    "/": ".player canvas",
    "/train": ".st-key-train button",
    "/runs": ".stDataFrame canvas",
    "/reconstruct": ".st-key-wrap-own .paper",
    "/points": ".player canvas",
    "/forward": ".js-plotly-plot",
    "/reverse": ".player canvas",
    "/schedules": ".js-plotly-plot",
    "/simple": ".player canvas",
    "/latent": ".gm-hero",
    "/train?run=": ".js-plotly-plot",
    "/runs?runs=": ".js-plotly-plot",
}


@pytest.mark.parametrize("path", LOADED)
def test_no_page_overflows(path, app, open_page, trained):
    page = open_page(app, path + (trained[0].id if path.endswith("=") else ""))
    expect(page.locator(LOADED[path]).first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in SIZES:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(f"({OVERFLOW})() <= 0", timeout=PATIENCE)
    assert "Traceback" not in page.inner_text("body")
    assert not page.get_by_role("alert").count()
