"""The whole dashboard in a real Chromium: train, stop, resume, fork, compare, kill."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard import (
    APP,
    PATIENCE,
    button,
    choose,
    expect_film,
    expect_state,
    frozen,
    ids,
    points,
    previews,
    run_in,
    tick,
    train_one,
    until,
)
from playwright.sync_api import Page, expect

from explorer import launch, runs, turns
from explorer.runs import Run

pytest_plugins = ["browser", "dashboard"]
pytestmark = pytest.mark.browser

SOON, NEVER = 200, 1_000_000  # steps of a run that is to end, and of one that is not


@pytest.fixture(autouse=True)
def _quiet(request) -> Iterator[None]:
    """No run outlives its test."""
    request.getfixturevalue("workspace")
    yield
    for run in runs.runs():
        run.stop()
        until(lambda run=run: not run.has_worker())


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
        page.get_by_role("link", name="Watch", exact=True).click()
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
        until(lambda: points(page) > drawn)
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
    run = train_one("vae")
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
    page = open_page(app, f"/runs?runs={run.id}")
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
    bad = train_one("vae")
    (bad.folder / "settings.json").write_bytes(b"\x00\xff")
    page = open_page(app, f"/runs?runs={bad.id},{trained[0].id}")
    expect(page.get_by_role("alert").first).to_contain_text(f"{bad.id} is damaged")
    expect_film(page)
    choose(page, "done pair")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect_film(page)


# Reconstruct and sample -----------------------------------------------------------------------


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
