"""The components in a real Chromium: what is painted is what Python meant."""

import base64
import io
import json
import signal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from component_films import film, wave
from PIL import Image, ImageSequence
from playwright.sync_api import Locator, Page, expect

from explorer.answers import Film, Track
from explorer.ui.pack import source
from explorer.ui.player import encode

pytest_plugins = ["browser"]
pytestmark = pytest.mark.browser

APP = Path(__file__).with_name("component_app.py")
FRAMES = 24
FILM = film(FRAMES + 2)

# The canvas holds every pixel as a square block: read the middle of each.
READ = """(canvas, [height, width]) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const block = canvas.width / width;
  const out = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = 4 * (Math.floor((y + 0.5) * block) * canvas.width + Math.floor((x + 0.5) * block));
      out.push(data[at], data[at + 1], data[at + 2]);
    }
  return out;
}"""


def pixels(canvas: Locator, height: int, width: int) -> np.ndarray:
    """What a canvas shows, uint8 H W 3."""
    return np.array(canvas.evaluate(READ, [height, width]), np.uint8).reshape(height, width, 3)


def shown(page: Page, track: int) -> np.ndarray:
    return pixels(page.locator(".player canvas").nth(track), *FILM.tracks[track].frames.shape[1:3])


def truth(track: int, frame: int) -> np.ndarray:
    picture = FILM.tracks[track].frames[frame]
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def frame_of(page: Page) -> int:
    return int(page.locator(".player").get_attribute("data-frame"))


def expect_frame(page: Page, frame: int) -> None:
    expect(page.locator(".player")).to_have_attribute("data-frame", str(frame))
    for track in range(len(FILM.tracks)):
        np.testing.assert_array_equal(shown(page, track), truth(track, frame))


WATCH = """player => {
  window.seen = [];
  const note = () => seen.push(Number(player.dataset.frame));
  new MutationObserver(note).observe(player, { attributeFilter: ["data-frame"] });
}"""


def watch(page: Page) -> None:
    """From here on, remember every frame that is shown, in the browser's own ``seen``."""
    page.locator(".player").evaluate(WATCH)


def scrub(page: Page, frame: int) -> None:
    page.locator(".scrub").fill(str(frame))


@pytest.fixture
def page(open_page, serve) -> Page:
    """The demonstration page, everything painted."""
    page = open_page(serve(APP), viewport={"width": 1280, "height": 900})
    expect(page.locator(".player")).to_have_attribute("data-frames", str(FRAMES), timeout=30_000)
    expect(page.locator(".drag")).to_have_attribute("data-painted", "0")
    return page


def test_scrubbing_paints_the_true_frames(page):
    expect_frame(page, 0)
    for frame in (1, 15, 16, 23, 7):  # both sides of a block's edge, and backwards
        scrub(page, frame)
        expect_frame(page, frame)
        expect(page.locator(".player .label")).to_have_text(FILM.labels[frame])


def test_keyboard(page):
    page.locator(".player").focus()
    for keys, frame in (
        ("ArrowRight", 1),
        ("Shift+ArrowRight", 11),
        ("ArrowLeft", 10),
        ("End", FRAMES - 1),
        ("ArrowRight", FRAMES - 1),
        ("Home", 0),
    ):
        page.keyboard.press(keys)
        assert frame_of(page) == frame
    page.keyboard.press("Space")
    expect(page.locator(".player")).to_have_attribute("data-playing", "true")
    page.keyboard.press("Space")
    expect(page.locator(".player")).to_have_attribute("data-playing", "false")


def test_python_hears_the_frame_on_release_only(page):
    expect(page.get_by_text("Python heard frame None")).to_be_visible()
    page.locator(".forward").click(click_count=3)
    expect(page.get_by_text("Python heard frame 3")).to_be_visible()
    page.locator(".play").click()
    page.wait_for_timeout(400)
    expect(page.get_by_text("Python heard frame 3")).to_be_visible()  # not while it plays
    page.locator(".play").click()
    expect(page.get_by_text(f"Python heard frame {frame_of(page)}")).to_be_visible()


def test_everything_works_while_the_server_is_frozen(page, serve):
    process = serve(APP).process
    process.send_signal(signal.SIGSTOP)
    try:
        page.get_by_label("Speed").select_option("4")
        watch(page)
        page.locator(".play").click()
        page.wait_for_function("new Set(seen).size > 3")
        page.locator(".play").click()
        expect_frame(page, frame_of(page))
        scrub(page, 9)
        expect_frame(page, 9)
    finally:
        process.send_signal(signal.SIGCONT)
    expect(page.get_by_text("Python heard frame 9")).to_be_visible()


def test_a_growing_film_keeps_its_place_and_follows_at_the_end(page):
    canvas = page.locator(".player canvas").first.element_handle()
    scrub(page, 12)
    page.get_by_role("button", name="Grow").click()
    expect(page.locator(".player")).to_have_attribute("data-frames", str(FRAMES + 1))
    expect_frame(page, 12)
    scrub(page, FRAMES)
    page.get_by_role("button", name="Grow").click()
    expect(page.locator(".player")).to_have_attribute("data-frames", str(FRAMES + 2))
    expect_frame(page, FRAMES + 1)
    assert canvas.evaluate("canvas => canvas.isConnected"), "the player was mounted anew"


def test_a_playing_film_that_grows_plays_on(page):
    page.locator(".play").click()
    page.get_by_role("button", name="Grow").click()
    expect(page.locator(".player")).to_have_attribute("data-frames", str(FRAMES + 1))
    expect(page.locator(".player")).to_have_attribute("data-playing", "true")
    watch(page)
    page.wait_for_function("new Set(seen).size > 2")


def test_python_seeks(page):
    page.get_by_text("Seek to 5").click()
    expect(page.locator(".player")).to_have_attribute("data-frame", "5")
    expect_frame(page, 5)
    scrub(page, 8)
    expect(page.get_by_text("Python heard frame 8")).to_be_visible()
    page.get_by_role("button", name="Grow").click()
    expect(page.locator(".player")).to_have_attribute("data-frames", str(FRAMES + 1))
    expect_frame(page, 8)  # an unchanged wish does not pull a person back


def test_repeat_modes(page):
    button = page.locator(".repeat")
    page.get_by_label("Speed").select_option("4")
    button.click()  # back and forth
    scrub(page, FRAMES - 2)
    watch(page)
    page.locator(".play").click()
    page.wait_for_function("seen.some((frame, i) => frame < seen[i - 1])")  # it turns back
    seen = page.evaluate("seen")
    assert all(abs(later - earlier) < FRAMES - 3 for earlier, later in pairwise(seen))
    button.click()  # once
    expect(page.locator(".player")).to_have_attribute("data-playing", "false")
    expect_frame(page, FRAMES - 1)


def test_dragging_across_the_picture_scrubs_and_a_tap_plays(page):
    box = page.locator(".tracks").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 20, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 20 + box["width"] / 2, y, steps=6)
    page.mouse.up()
    expect_frame(page, FRAMES // 2)
    page.mouse.click(box["x"] + 40, y)
    expect(page.locator(".player")).to_have_attribute("data-playing", "true")


def test_touch_and_a_narrow_screen(open_page, serve):
    page = open_page(serve(APP), viewport={"width": 360, "height": 740}, has_touch=True)
    expect(page.locator(".player")).to_have_attribute("data-frames", str(FRAMES), timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for name in ("play", "first", "last", "gif", "strip", "repeat", "speed"):
        box = page.locator(f".player .{name}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["height"] >= 24
    page.locator(".player .play").tap()
    expect(page.locator(".player")).to_have_attribute("data-playing", "true")


@pytest.mark.parametrize(("motion", "plays"), [("no-preference", "true"), ("reduce", None)])
def test_autoplay_respects_reduced_motion(open_page, serve, motion, plays):
    page = open_page(serve(APP), "?autoplay=1", reduced_motion=motion)
    expect(page.locator(".player")).to_have_attribute("data-frames", str(FRAMES), timeout=30_000)
    page.wait_for_timeout(300)
    assert page.locator(".player").get_attribute("data-playing") == plays


def test_every_control_has_a_name(page):
    expect(page.get_by_role("slider", name="Frame")).to_have_attribute(
        "aria-valuetext", FILM.labels[0]
    )
    for name in ("Play", "First frame", "Last frame", "Step back", "Step forward"):
        expect(page.get_by_role("button", name=name)).to_be_visible()
    expect(page.get_by_role("img", name=f"Samples, {FILM.labels[0]}")).to_be_visible()


def test_the_strip_is_a_png_of_true_frames(page):
    with page.expect_download() as download:
        page.locator(".strip").click()
    assert download.value.suggested_filename == "samples-strip.png"
    strip = np.asarray(Image.open(download.value.path()).convert("RGB"))
    factor = 2  # 112 pixels are enlarged to at least 140
    first = strip[32 : 32 + 224 : factor, 8 : 8 + 224 : factor]
    np.testing.assert_array_equal(first, truth(0, 0))
    last = strip[32 : 32 + 224 : factor, -232:-8:factor]
    np.testing.assert_array_equal(last, truth(0, FRAMES - 1))


def test_the_gif_holds_every_frame(page):
    with page.expect_download(timeout=60_000) as download:
        page.locator(".gif").click()
    assert download.value.suggested_filename == "samples.gif"
    with Image.open(io.BytesIO(Path(download.value.path()).read_bytes())) as gif:
        frames = [np.asarray(f.convert("RGB"), int) for f in ImageSequence.Iterator(gif)]
    assert len(frames) == FRAMES
    for number in (0, 11, FRAMES - 1):
        grey = frames[number][8 : 8 + 224 : 2, 8 : 8 + 224 : 2]
        assert np.abs(grey - truth(0, number)).mean() < 6  # one palette for grey and colour
        colour = frames[number][8:200:6, -200:-8:6]
        assert np.abs(colour - truth(2, number)).mean() < 12


IN_BROWSER = """async (message) => {
  const film = await Film.read(Uint8Array.from(atob(message), (c) => c.charCodeAt(0)));
  const numbers = Array.from(Array(film.count).keys());
  const frames = numbers.map((i) => Array.from(film.at(film.tracks[0].picture, i)));
  const gif = new Uint8Array(await (await gifBlob(film, 1, () => {})).arrayBuffer());
  return [frames, Array.from(gif)];
}"""


@pytest.mark.parametrize("kind", ["noise", "smooth", "flat"])
def test_grey_films_reach_the_browser_and_the_gif_exactly(browser, kind):
    generator = np.random.default_rng(1)
    frames = {
        "noise": generator.integers(0, 256, (18, 90, 90)),  # fills the table of codes many times
        "smooth": np.add.outer(np.arange(18) * 3, np.add.outer(np.arange(90), np.arange(90))) % 256,
        "flat": np.zeros((18, 90, 90)),
    }[kind].astype(np.uint8)
    film = Film((Track("x", frames),), tuple(map(str, range(18))))
    page = browser.new_page()
    page.add_script_tag(content=source("pack.js", "film.js", "gif.js", "export.js"))
    message = base64.b64encode(encode(film)).decode()
    received, gif = page.evaluate(IN_BROWSER, message)
    page.close()
    np.testing.assert_array_equal(np.array(received), frames.reshape(18, -1))
    with Image.open(io.BytesIO(bytes(gif))) as image:
        seen = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(image)]
        assert image.info["loop"] == 0
    pictures = [frame[8 : 8 + 180 : 2, 8 : 8 + 180 : 2] for frame in seen]
    np.testing.assert_array_equal(pictures, frames)


def test_the_draw_pad_delivers_what_is_drawn(page):
    expect(page.get_by_text("Python holds nothing")).to_be_visible()
    paper = page.locator(".paper").first
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5, steps=8)
    expect(page.get_by_text("Python holds (1, 28, 28) 255")).to_be_visible()  # before release
    page.mouse.up()
    page.wait_for_timeout(200)  # longer than two messages are apart
    seen = pixels(page.locator(".seen").first, 28, 28)[..., 0]
    assert seen[14, 8:20].min() > 200
    assert seen[:10].max() == seen[18:].max() == 0
    expect(page.get_by_text(f"Python holds (1, 28, 28) 255 {(seen > 0).sum()}")).to_be_visible()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("Python holds nothing")).to_be_visible()


def test_dragging_a_slider_paints_the_right_pictures_before_release(page):
    panel = page.locator(".drag")
    panel.scroll_into_view_if_needed()
    picture = page.locator(".drag .picture")
    expected = wave(1, 0.5)
    np.testing.assert_array_equal(pixels(picture, 56, 56)[..., 0], expected)
    box = page.locator(".drag input").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.62, y)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(box["x"] + box["width"] * (0.62 + step * 0.02), y)
        page.wait_for_timeout(30)
    page.wait_for_function(
        "panel => Number(panel.dataset.painted) >= 3 && !panel.classList.contains('busy')",
        arg=panel.element_handle(),
    )
    values = json.loads(panel.get_attribute("data-values"))
    assert values["across"] > 1
    np.testing.assert_array_equal(pixels(picture, 56, 56)[..., 0], wave(**values))
    page.mouse.up()
    page.get_by_role("button", name="Reset").click()
    expect(panel).to_have_attribute("data-values", '{"across":1,"down":0.5}')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_look_follows_the_system(open_page, serve, scheme):
    page = open_page(serve(APP), color_scheme=scheme)
    expect(page.locator(".drag")).to_have_attribute("data-painted", "0", timeout=30_000)
    background = page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == {"light": "rgb(251, 250, 247)", "dark": "rgb(18, 19, 22)"}[scheme]
    accent = page.locator(".gm-kicker").first.evaluate("e => getComputedStyle(e).color")
    assert accent == {"light": "rgb(47, 79, 208)", "dark": "rgb(147, 165, 255)"}[scheme]
    expect(page.get_by_text("<b>Text is text.</b>")).to_have_count(6)  # escaped, not bold
