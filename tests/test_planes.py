"""Films in the plane in a real Chromium: what must be where, and what leaves as PNG and GIF."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from component_films import ring_film
from PIL import Image, ImageSequence
from playwright.sync_api import Page, expect

from explorer.answers import Film, Plane
from explorer.palette import CATEGORICAL
from explorer.ui.pack import source
from explorer.ui.player import GRAIN, encode

pytest_plugins = ["browser"]
pytestmark = pytest.mark.browser

APP = Path(__file__).with_name("plane_app.py")
SIDE = 400
PAPER, INK, ACCENT = (255, 255, 255), (0, 0, 0), (200, 0, 0)

READ = """async (message) => {
  const bytes = Uint8Array.from(atob(message), (c) => c.charCodeAt(0));
  window.film = await Film.read(bytes, window.film?.blocks);
}"""
DRAW = """([side, frame, next, part]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const look = { paper: "rgb(255,255,255)", ink: "rgb(0,0,0)", accent: "rgb(200,0,0)" };
  const moment = { film, track: film.tracks[0], frame, next, part };
  drawPlane(canvas.getContext("2d"), moment, side, 1, look);
  return canvas.toDataURL().split(",")[1];
}"""
NUMBERS = """(frames) => {
  const reel = film.tracks[0].points;
  return Array.from({ length: frames }, (_, frame) => Array.from(film.at(reel, frame)));
}"""
GIF = """async () => {
  const bytes = new Uint8Array(await (await gifBlob(film, 1, () => {})).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


@pytest.fixture(scope="module")
def bare(browser):
    """A page with the drawing code and nothing else."""
    page = browser.new_page()
    page.add_script_tag(
        content=source("pack.js", "film.js", "plane.js", "screens.js", "gif.js", "export.js")
    )
    yield page
    page.close()


def send(page: Page, plane: Plane) -> None:
    film = Film((plane,), tuple(f"frame {i}" for i in range(len(plane.points))))
    page.evaluate(READ, base64.b64encode(encode(film)).decode())


def picture(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


def drawn(page: Page, plane: Plane, frame: int = 0, part: float = 0) -> np.ndarray:
    """The plane as 400 x 400 pixels, uint8 H W 3."""
    send(page, plane)
    next_frame = frame + 1 if part else frame
    return np.asarray(picture(page.evaluate(DRAW, [SIDE, frame, next_frame, part])).convert("RGB"))


def at(pixels: np.ndarray, x: float, y: float, extent: float = 1.6) -> tuple[int, ...]:
    """The colour at a place of the plane."""
    column, row = (1 + x / extent) / 2 * SIDE, (1 - y / extent) / 2 * SIDE
    return tuple(int(v) for v in pixels[round(row - 0.5), round(column - 0.5)])


def mixed(colour: tuple[int, ...], share: float, below: tuple[int, ...] = PAPER):
    exact = [share * c + (1 - share) * b for c, b in zip(colour, below, strict=True)]
    return pytest.approx(exact, abs=2)


def rgb(text: str) -> tuple[int, ...]:
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))


def still(*points: tuple[float, float], frames: int = 1) -> np.ndarray:
    return np.repeat(np.array([points], np.float32).reshape(1, -1, 2), frames, axis=0)


PATH = np.array([[[-1, -1]], [[-1, 1]], [[1, 1]]], np.float32)


def test_points_are_where_they_must_be_in_their_colours(bare):
    seen = drawn(bare, Plane("x", still((0.8, 0.4), (-1.2, -0.4))))
    assert at(seen, 0.8, 0.4) == mixed(ACCENT, 0.85)
    assert at(seen, -1.2, -0.4) == mixed(ACCENT, 0.85)
    for x, y in ((0.8, -0.4), (-0.8, 0.4), (0.4, 0.8), (0, 0), (0.84, 0.4), (0.8, 0.44)):
        assert at(seen, x, y) == PAPER
    grouped = drawn(bare, Plane("x", still((0.8, 0.4), (-1.2, -0.4)), np.array([2, 14])))
    assert at(grouped, 0.8, 0.4) == mixed(rgb(CATEGORICAL[2]), 0.85)
    assert at(grouped, -1.2, -0.4) == mixed(rgb(CATEGORICAL[4]), 0.85)


def test_the_extent_is_the_edge_and_what_is_beyond_is_not_seen(bare):
    seen = drawn(bare, Plane("x", still((3.95, 0), (5, 5), (1e6, -1e6)), extent=4.0))
    assert at(seen, 3.95, 0, extent=4.0) != PAPER
    assert (seen[:, :-12] == PAPER).all()
    assert (np.delete(seen, slice(SIDE // 2 - 6, SIDE // 2 + 6), axis=0) == PAPER).all()


def test_the_ground_lies_with_its_first_row_on_top_and_may_stand_still(bare):
    ground = np.array([[[255, 0], [0, 102]]], np.uint8).repeat(16, 1).repeat(16, 2)
    plane = Plane("x", still(frames=3), ground=ground)
    for frame in (0, 2):
        seen = drawn(bare, plane, frame)
        assert at(seen, -0.8, 0.8) == mixed(ACCENT, 0.34)
        assert at(seen, 0.8, 0.8) == at(seen, -0.8, -0.8) == PAPER
        assert at(seen, 0.8, -0.8) == mixed(ACCENT, 0.34 * 102 / 255)


def test_an_arrow_runs_from_its_foot_to_its_tip_under_the_points(bare):
    arrows = np.array([[[-1, -0.004, 2, 0]]], np.float32)
    seen = drawn(bare, Plane("x", still((0.5, 0)), arrows=arrows))
    assert at(seen, 0, 0)[0] < 190
    assert at(seen, 0, 0.04) == at(seen, 0, -0.04) == PAPER
    assert at(seen, -1.03, 0) == at(seen, 1.03, 0) == PAPER
    assert at(seen, 0.97, 0)[0] < 190
    assert at(seen, 0.97, 0.013) != PAPER  # the head is wider than the shaft
    assert at(seen, 0.5, 0)[0] > at(seen, 0.5, 0)[1] + 100  # the point covers it


def test_a_trail_is_the_way_up_to_the_frame(bare):
    points = np.concatenate([PATH, -PATH], axis=1)
    plane = Plane("x", points, trails=1)
    first, second, third = (drawn(bare, plane, frame) for frame in range(3))
    assert at(first, -1, 0) == at(first, 0, 1) == PAPER
    assert at(second, -1, 0) != PAPER
    assert at(second, 0, 1) == PAPER
    assert at(second, 1, -1) == mixed(ACCENT, 0.85)
    assert at(third, 0, 1)[1] < at(third, -1, 0)[1] < 255  # the older, the fainter
    assert at(third, 1, 0) == at(third, 0, -1) == PAPER  # the second point leaves no trail
    assert at(third, 1, 1) == mixed(ACCENT, 1)


def test_between_two_frames_points_are_on_the_straight_way(bare):
    seen = drawn(bare, Plane("x", PATH), frame=1, part=0.25)
    assert at(seen, -0.5, 1) == mixed(ACCENT, 0.85)
    assert at(seen, -1, 1) == at(seen, 1, 1) == PAPER


def test_numbers_reach_the_browser_exactly_also_those_it_has_already(bare):
    film = ring_film(40, 300)
    for frames in (20, 40):  # the second message brings a block that is known
        send(bare, Plane("x", film.tracks[0].points[:frames]))
        wanted = np.rint(film.tracks[0].points[:frames] * (GRAIN / 1.6)).reshape(frames, -1)
        np.testing.assert_array_equal(bare.evaluate(NUMBERS, frames), wanted)


def coloured(pixels: np.ndarray, text: str, tolerance: int) -> np.ndarray:
    """Row and column of the middle of all pixels that are about of a colour."""
    near = np.abs(pixels.astype(int) - rgb(text)).max(-1) < tolerance
    assert near.any()
    return np.argwhere(near).mean(0)


def test_the_strip_shows_every_point_where_it_is(bare):
    send(bare, Plane("x", PATH, np.array([2]), trails=1))
    text = bare.evaluate("() => stripCanvas(film).toDataURL().split(',')[1]")
    strip = np.asarray(picture(text).convert("RGB"))
    for number, (x, y) in enumerate(PATH[:, 0]):
        left = 8 + number * (280 + 8)
        cell = strip[32 : 32 + 280, left : left + 280]
        assert len(cell) == cell.shape[1] == 280
        place = (1 - y / 1.6) / 2 * 280 - 0.5, (1 + x / 1.6) / 2 * 280 - 0.5
        np.testing.assert_allclose(coloured(cell, CATEGORICAL[2], 12), place, atol=0.6)


def test_the_gif_shows_every_point_where_it_is(bare):
    send(bare, Plane("x", PATH, np.array([4]), trails=0))
    with picture(bare.evaluate(GIF)) as gif:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)]
    assert len(frames) == 3
    for frame, (x, y) in zip(frames, PATH[:, 0], strict=True):
        cell = frame[8 : 8 + 336, 8 : 8 + 336]
        place = (1 - y / 1.6) / 2 * 336 - 0.5, (1 + x / 1.6) / 2 * 336 - 0.5
        np.testing.assert_allclose(coloured(cell, CATEGORICAL[4], 50), place, atol=0.6)


@pytest.fixture
def page(open_page, serve) -> Page:
    """Three planes in the player, everything painted."""
    page = open_page(serve(APP), viewport={"width": 1280, "height": 900}, color_scheme="light")
    expect(page.locator(".player")).to_have_attribute("data-frames", "50", timeout=30_000)
    return page


def shown(page: Page, track: int = 0) -> np.ndarray:
    text = page.locator(".player canvas").nth(track).evaluate("c => c.toDataURL().split(',')[1]")
    return np.asarray(picture(text).convert("RGB"))


def test_scrubbing_keys_and_python_work_on_planes(page):
    player = page.locator(".player")
    start = shown(page)
    player.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(player).to_have_attribute("data-frame", "10")
    tenth = shown(page)
    assert (tenth != start).any()
    expect(page.get_by_text("Python heard frame 10")).to_be_visible()
    page.keyboard.press("End")
    expect(player).to_have_attribute("data-frame", "49")
    page.locator(".scrub").fill("10")
    np.testing.assert_array_equal(shown(page), tenth)
    expect(page.get_by_role("img", name="Samples in their field, t = 0.80")).to_be_visible()


def test_a_film_that_plays_glides_and_stands_exactly_where_it_stops(page):
    page.get_by_label("Speed").select_option("0.25")
    page.locator(".play").click()
    expect(page.locator(".player")).to_have_attribute("data-playing", "true")
    collect = """async (canvas) => {
      const player = canvas.closest(".player"), seen = new Set();
      const start = Number(player.dataset.frame), end = performance.now() + 30000;
      const passed = () => Number(player.dataset.frame) - start;
      while (seen.size <= passed() + 2 && performance.now() < end) {
        await new Promise(requestAnimationFrame);
        seen.add(canvas.toDataURL());
      }
      return seen.size - passed();
    }"""
    more = page.locator(".player canvas").nth(1).evaluate(collect)
    assert more > 2, "planes stand still between frames"
    page.locator(".play").click()
    stopped, frame = shown(page, 1), page.locator(".player").get_attribute("data-frame")
    page.locator(".scrub").fill("0")
    page.locator(".scrub").fill(frame)
    np.testing.assert_array_equal(shown(page, 1), stopped)


def test_planes_follow_the_theme(page):
    assert tuple(shown(page, 1)[2, 2]) == (251, 250, 247)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        """canvas => canvas.getContext("2d").getImageData(2, 2, 1, 1).data[0] === 18""",
        arg=page.locator(".player canvas").nth(1).element_handle(),
    )


def test_planes_are_drawn_at_the_resolution_of_the_device(open_page, serve):
    page = open_page(
        serve(APP), "?alone=1", viewport={"width": 900, "height": 900}, device_scale_factor=2
    )
    expect(page.locator(".player")).to_have_attribute("data-frame", "0", timeout=30_000)
    canvas = page.locator(".player canvas")
    box = canvas.bounding_box()
    assert box["width"] == box["height"] == 700
    assert canvas.evaluate("c => [c.width, c.height]") == [1400, 1400]
