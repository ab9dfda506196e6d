"""Two Gaussians that are dragged, in a real Chromium: the numbers are those of our Python."""

import json

import numpy as np
import pytest
from playwright.sync_api import Page

from explorer.metrics.frechet import Statistics, frechet
from explorer.ui.pack import source

pytest_plugins = ["browser"]
pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser) -> Page:
    """The component alone on a page, without a server."""
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    page.set_content(f"<style>{source('common.css', 'gaussians.css')}</style>")
    page.evaluate("html => document.body.innerHTML = html", source("gaussians.html"))
    script = source("gaussians.js").replace("export default function", "window.mount = function")
    page.add_script_tag(content=f"{script}\nmount({{ parentElement: document.body }});")
    yield page
    page.close()


def state(page: Page) -> dict:
    return json.loads(page.locator(".gaussians").get_attribute("data-state"))


def told(page: Page, term: str) -> float:
    return float(page.locator(f'[data-term="{term}"] output').inner_text())


def statistics(cloud: dict) -> Statistics:
    c, s = np.cos(cloud["turn"]), np.sin(cloud["turn"])
    axes = np.array([[c, -s], [s, c]]) * [cloud["a"], cloud["b"]]
    return Statistics(np.array([cloud["x"], cloud["y"]]), axes @ axes.T, 1000)


def expect_ours(page: Page) -> None:
    """Both terms and their sum are what our own distance says of the same two Gaussians."""
    found = state(page)
    one, two = map(statistics, found["clouds"])
    centres = ((one.mean - two.mean) ** 2).sum()
    total = frechet(one, two)
    assert found["centres"] == pytest.approx(centres, abs=1e-9)
    assert found["spreads"] == pytest.approx(total - centres, abs=1e-6)
    assert told(page, "total") == pytest.approx(total, abs=0.006)
    assert told(page, "centres") == pytest.approx(centres, abs=0.006)


def drag(page: Page, which: int, grip: str, dx: float, dy: float) -> None:
    box = page.locator(f'g[data-which="{which}"] [data-grip="{grip}"] .handle').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=5)
    page.mouse.up()


def test_the_numbers_are_ours_before_and_after_every_drag(page):
    expect_ours(page)
    before = state(page)["clouds"]
    drag(page, 0, "centre", 40, -25)
    moved = state(page)["clouds"]
    assert moved[0]["x"] > before[0]["x"]
    assert moved[0]["y"] > before[0]["y"]
    assert moved[1] == before[1]
    expect_ours(page)
    drag(page, 1, "along", 15, -60)
    turned = state(page)["clouds"]
    assert turned[1]["turn"] != moved[1]["turn"]
    assert turned[1]["b"] == moved[1]["b"]
    expect_ours(page)
    drag(page, 0, "across", -30, -30)
    assert state(page)["clouds"][0]["b"] != moved[0]["b"]
    expect_ours(page)


def test_the_pointer_moves_nothing_once_it_is_let_go(page):
    drag(page, 0, "centre", 30, 0)
    before = state(page)
    page.mouse.move(300, 300)
    assert state(page) == before


@pytest.mark.parametrize(
    ("name", "centres", "spreads"),
    [("Apart", 16, 0), ("Wider", 0, 2 * 1.1**2), ("Turned", 0, None), ("Blind to it", 0, 0)],
)
def test_every_ready_position_shows_one_thing(page, name, centres, spreads):
    page.get_by_role("button", name=name).click()
    expect_ours(page)
    assert told(page, "centres") == pytest.approx(centres)
    if spreads is None:
        assert told(page, "spreads") > 0.5
    else:
        assert told(page, "spreads") == pytest.approx(spreads, abs=0.006)


def test_a_ring_with_equal_moments_changes_no_number(page):
    before = {name: told(page, name) for name in ("centres", "spreads", "total")}
    page.get_by_label("Draw the left cloud as a ring").check()
    assert {name: told(page, name) for name in before} == before
    dots = page.locator('g[data-which="0"] .cloud circle').evaluate_all(
        "all => all.map((one) => [Number(one.getAttribute('cx')), -one.getAttribute('cy')])"
    )
    ring, cloud = np.array(dots), statistics(state(page)["clouds"][0])
    np.testing.assert_allclose(ring.mean(0), cloud.mean, atol=1e-3)
    np.testing.assert_allclose(np.cov(ring.T, bias=True), cloud.covariance, atol=1e-3)
    white = np.linalg.solve(np.linalg.cholesky(cloud.covariance), (ring - cloud.mean).T)
    assert np.hypot(*white).min() > 1.2  # nothing in the middle: it is a ring


def test_the_keyboard_moves_what_has_the_focus(page):
    page.locator('g[data-which="1"] [data-grip="centre"]').focus()
    before = state(page)["clouds"][1]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    after = state(page)["clouds"][1]
    assert after["x"] == pytest.approx(before["x"] - 0.1)
    assert after["y"] == pytest.approx(before["y"] - 0.1)
    expect_ours(page)


def test_nothing_leaves_the_plane_or_shrinks_to_nothing(page):
    drag(page, 0, "centre", -2000, 2000)
    cloud = state(page)["clouds"][0]
    assert (cloud["x"], cloud["y"]) == (-4, -4)
    page.get_by_role("button", name="Start").click()
    for grip in ("along", "across"):
        box = page.locator('g[data-which="0"] [data-grip="centre"] .handle').bounding_box()
        arm = page.locator(f'g[data-which="0"] [data-grip="{grip}"] .handle').bounding_box()
        drag(page, 0, grip, box["x"] - arm["x"], box["y"] - arm["y"])
    cloud = state(page)["clouds"][0]
    assert min(cloud["a"], cloud["b"]) >= 0.12
    expect_ours(page)
