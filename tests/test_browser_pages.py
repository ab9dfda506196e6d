"""The pages in a real Chromium: draw, sample, cancel, and nothing that overflows."""

import io
import re

import numpy as np
import pytest
from dashboard import PATIENCE, button, is_painted, picture, until
from PIL import Image
from playwright.sync_api import Page, expect

pytest_plugins = ["browser", "dashboard"]
pytestmark = pytest.mark.browser


def test_samples_follow_the_prior_and_the_temperature(app, open_page, trained):
    page = open_page(app, f"/reconstruct?a={trained[0].id}&b={trained[1].id}")
    answers = []
    page.on("response", lambda reply: answers.append(reply.status) if "/drag/" in reply.url else 0)
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
    assert answers  # without a rerun
    assert set(answers) == {200}


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
    end = picture(canvas).astype(int)
    slider.press("Home")
    until(lambda: np.abs(end - picture(canvas)).mean() > 20)


def test_cancelling_a_long_sampling_stops_it(app, open_page):
    page = open_page(app, "/reverse?sampling_steps=1000&sampler=ddim&n=36&noise_seed=5")
    expect(page.get_by_text(re.compile(r"Step \d+ of 1,000"))).to_be_visible()
    button(page, "Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing runs any more.")).to_be_visible()
    again = open_page(app, "/reverse?sampling_steps=5&n=1&noise_seed=6")  # needs the engine's turn
    expect(again.locator(".player")).to_have_attribute("data-frames", "6")
    expect(page.locator(".player")).to_have_count(0)


def test_a_mark_on_the_stage_goes_to_its_epoch(app, open_page):
    """At once in the browser, then in the address and in the figures below."""
    page = open_page(app, "/stage?stage_data=fashion-mnist&epoch=20")
    expect(button(page, "Epoch 20")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Figures at epoch 20.")).to_be_visible()
    button(page, "Epoch 10").click()
    expect(page).to_have_url(re.compile(r"epoch=10\b"))
    expect(page.get_by_text("Figures at epoch 10.")).to_be_visible()
    expect(button(page, "Epoch 10")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("width", [1440, 900])
def test_the_film_of_start_takes_the_place_of_its_opening(width, app, open_page, browser):
    """What stands there before any script has run is what stands there afterwards."""
    view = {"viewport": {"width": width, "height": 900}, "color_scheme": "light"}
    page = open_page(app, "/", **view)
    page.wait_for_function("() => !document.getElementById('gm-opening')", timeout=PATIENCE)
    tracks, hero = (page.locator(one).bounding_box() for one in (".tracks", ".gm-hero"))
    after = [shot(page, place) for place in (hero, tracks)]
    still = browser.new_context(java_script_enabled=False, **view)
    empty = still.new_page()
    empty.goto(app.address)
    before = [shot(empty, place) for place in (hero, tracks)]
    still.close()
    for one, other in zip(before, after, strict=True):
        assert one.std() > 20  # something is there
        assert np.abs(one - other).mean() < 3


def shot(page: Page, place: dict[str, float]) -> np.ndarray:
    """A part of what is seen, at a quarter of its size: a canvas and a picture scale unlike."""
    picture = Image.open(io.BytesIO(page.screenshot(clip=place))).convert("L")
    return np.array(picture.reduce(4), np.float32)


SIZES = (1440, 900, 390)
OVERFLOW = """() => Math.max(...[document.documentElement, ...document.querySelectorAll(
  "[data-testid=stMain], [data-testid=stMainBlockContainer]")].map(
  one => one.scrollWidth - one.clientWidth))"""
LOADED = {
    "/": ".player canvas",
    "/stage": ".player canvas",
    "/train": ".st-key-train button",
    "/runs": ".stDataFrame canvas",
    "/reconstruct": ".st-key-wrap-own .paper",
    "/points": ".player canvas",
    "/forward": ".js-plotly-plot",
    "/reverse": ".player canvas",
    "/schedules": ".js-plotly-plot",
    "/simple": ".player canvas",
    "/latent": ".gm-hero",
    "/game": ".gm-hero",
    "/clinic": ".gm-hero",
    "/losses": ".gm-hero",
    "/mistakes": ".gm-hero",
    "/gan_images": ".gm-hero",
    "/conditional": ".gm-hero",
    "/latent_map": ".pad canvas",
    "/train?run=": ".js-plotly-plot",
    "/runs?runs=": ".js-plotly-plot",
}


@pytest.mark.parametrize("path", LOADED)
def test_no_page_overflows(path, app, open_page, trained):
    query = path + (trained[0].id if path.endswith("=") else "")
    page = open_page(app, query)
    expect(page.locator(LOADED[path]).first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in SIZES:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(f"({OVERFLOW})() <= 0", timeout=PATIENCE)
    assert "Traceback" not in page.inner_text("body")
    alarm = "notifications_active"  # of the clinic: what it trains collapses by itself
    assert not page.get_by_role("alert").filter(has_not_text=alarm).count()
