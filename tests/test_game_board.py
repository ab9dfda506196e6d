"""The board of a game in a real Chromium: what is drawn where, and who asks for what when."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.answers import Board, Course, Film, Plane
from explorer.game_pictures import EXTENT
from explorer.palette import CATEGORICAL
from explorer.ui.game_board import _course, message
from explorer.ui.pack import source
from explorer.ui.player import encode

pytest_plugins = ["browser"]
pytestmark = pytest.mark.browser

SIDE = 400
SCRIPTS = ("pack.js", "film.js", "plane.js", "screens.js", "game_plots.js", "game.js")
COLOURS = ":root { --st-text-color: #000; --st-background-color: #fff; --st-border-color: #ddd; }"
SEND = """(text) => {
  const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  window.wishes ??= [];
  const setStateValue = (name, wish) => wishes.push(wish);
  mount({ parentElement: document.body, data, setStateValue });
}"""
DRAW = """async ([text, side]) => {
  const film = await Film.read(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const look = { paper: "rgb(255,255,255)", ink: "rgb(0,0,0)", accent: "rgb(200,0,0)" };
  const moment = { film, track: film.tracks[0], frame: 0, next: 0, part: 0 };
  drawPlane(canvas.getContext("2d"), moment, side, 1, look);
  return canvas.toDataURL().split(",")[1];
}"""


@pytest.fixture
def page(browser):
    """The board's own files and nothing else; a wish goes to ``window.wishes``."""
    page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="light")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    style = COLOURS + source("common.css", "game.css")
    page.set_content(f"<style>{style}</style>{source('game.html')}")
    code = source(*SCRIPTS).replace("export default function", "window.mount = function")
    page.add_script_tag(content=code)
    yield page
    page.close()
    assert not errors


def board(round: int = 0, fake=(0.5, 0.5), surface=0.5, modes=(3, 8)) -> Board:
    """One real point at the left, one generated, and D of one opinion everywhere."""
    return Board(
        round,
        np.array([[-1.0, 0.0]], np.float32),
        np.array([fake], np.float32),
        np.zeros((1, 2), np.float32),
        np.full((4, 4), surface, np.float32),
        0.5,
        0.5,
        np.full((1, 2, 2), 9, np.float32),
        {"D loss": 1.2, "G loss": 0.7, "D(real)": 0.6, "D(generated)": 0.4, "push": 1.0},
        modes,
        0.25 if modes else None,
    )


def send(page: Page, seen: Board, turn: int = 0, playing: bool = False) -> None:
    names = ["D loss", "G loss", "D(real)", "D(generated)", *(["modes"] if seen.modes else [])]
    course = Course(np.array([0, 4]), {name: np.array([0.5, 0.6]) for name in names})
    about = {"turn": turn, "playing": playing, "round": seen.round, "terms": seen.terms}
    about |= {"modes": seen.modes, "near": seen.near, "probability": True}
    sent = message(seen, about | {"course": _course(course)})
    page.evaluate(SEND, base64.b64encode(sent).decode())


def picture(text: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


def shown(page: Page) -> np.ndarray:
    text = page.locator(".plane").evaluate("c => c.toDataURL().split(',')[1]")
    return picture(text)


def at(pixels: np.ndarray, x: float, y: float, extent: float = EXTENT) -> tuple[int, ...]:
    """The colour at a place of the plane."""
    side = len(pixels)
    column, row = (1 + x / extent) / 2 * side, (1 - y / extent) / 2 * side
    return tuple(int(v) for v in pixels[round(row - 0.5), round(column - 0.5)])


def mixed(colour: tuple[int, ...], share: float):
    return pytest.approx([share * c + (1 - share) * 255 for c in colour], abs=3)


def rgb(text: str) -> tuple[int, ...]:
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))


REAL, FAKE = map(rgb, CATEGORICAL[:2])


def wishes(page: Page) -> list[dict]:
    return page.evaluate("wishes")


# What is drawn --------------------------------------------------------------------------------


def test_the_board_shows_points_and_what_d_thinks(page):
    send(page, board(round=7))
    seen = shown(page)
    assert at(seen, -1, 0) == mixed(REAL, 0.85)
    assert at(seen, 0.5, 0.5) == mixed(FAKE, 0.85)
    assert at(seen, 0, -1) == (255, 255, 255)  # D cannot tell
    expect(page.locator(".round output")).to_have_text("7")
    expect(page.locator(".modes figcaption")).to_contain_text("3 of 8")
    expect(page.locator(".opinions figcaption")).to_contain_text("0.6")
    send(page, board(fake=(0.5, -0.5), surface=1.0))
    assert at(shown(page), 0, -1) == mixed(REAL, 0.5)
    send(page, board(fake=(0.5, -0.5), surface=0.0))
    assert at(shown(page), 0, 1) == mixed(FAKE, 0.5)
    assert at(shown(page), 0.5, -0.5)[2] < 80
    send(page, board(modes=None))
    expect(page.locator(".modes")).to_be_hidden()


def test_lines_and_a_signed_ground_are_drawn_by_the_player_too(page):
    ground = np.array([[[255, 1], [128, 192]]], np.uint8).repeat(16, 1).repeat(16, 2)
    lines = np.array([[[[-1, 0.5], [1, 0.5]], [[-0.25, -1], [-0.25, -0.5]]]], np.float32)
    plane = Plane("x", np.empty((1, 0, 2), np.float32), ground=ground, lines=lines, signed=True)
    text = base64.b64encode(encode(Film((plane,), ("one",)))).decode()
    seen = picture(page.evaluate(DRAW, [text, SIDE]))
    assert at(seen, -0.8, 0.8, 1.6) == mixed(REAL, 0.5)
    assert at(seen, 0.8, 0.8, 1.6) == mixed(FAKE, 0.5)
    assert at(seen, -0.8, -0.8, 1.6) == (255, 255, 255)
    assert at(seen, 0.8, -0.8, 1.6) == mixed(REAL, 0.25)
    assert at(seen, -0.25, -0.75, 1.6) != (255, 255, 255)  # a line
    assert at(seen, -0.25, -0.3, 1.6) == (255, 255, 255)  # which has ended
    assert at(seen, -0.5, 0.5, 1.6) != at(seen, -0.5, 0.6, 1.6)


# Who asks -------------------------------------------------------------------------------------


def test_a_painted_picture_asks_for_the_next_and_for_one_only(page):
    send(page, board(), playing=True)
    page.wait_for_function("wishes.length === 1")
    page.locator(".speed").select_option("10")
    page.wait_for_timeout(200)
    assert wishes(page) == [{"turn": 1, "act": "play", "rounds": 4}]
    send(page, board(4), turn=0, playing=True)  # something else on the page changed
    page.wait_for_timeout(200)
    assert len(wishes(page)) == 1
    send(page, board(4), turn=1, playing=True)
    page.wait_for_function("wishes.length === 2")
    assert wishes(page)[1] == {"turn": 2, "act": "play", "rounds": 10}


def test_pause_stops_the_asking_at_once_whatever_is_on_its_way(page):
    send(page, board(), turn=5, playing=True)
    page.wait_for_function("wishes.length === 1")
    page.locator(".play").click()
    expect(page.locator(".game")).to_have_attribute("data-playing", "false")
    assert wishes(page)[-1] == {"turn": 7, "act": "pause", "rounds": 1}
    send(page, board(4), turn=6, playing=True)  # the answer that was on its way
    page.wait_for_timeout(200)
    assert len(wishes(page)) == 2
    expect(page.locator(".game")).to_have_attribute("data-playing", "false")
    expect(page.locator(".round output")).to_have_text("4")


def test_the_server_ends_a_game_and_space_goes_on(page):
    send(page, board(), playing=True)
    page.wait_for_function("wishes.length === 1")
    send(page, board(600), turn=1, playing=False)
    expect(page.locator(".play")).to_have_attribute("aria-label", "Play")
    page.wait_for_timeout(200)
    assert len(wishes(page)) == 1
    page.locator(".game").focus()
    page.keyboard.press("Space")
    assert wishes(page)[-1] == {"turn": 2, "act": "play", "rounds": 4}


@pytest.mark.parametrize(
    ("label", "act", "plays"),
    [
        ("Step D", "discriminator", False),
        ("Step G", "generator", False),
        ("Step both", "both", False),
        ("Restart", "restart", True),
    ],
)
def test_each_button_asks_for_its_act(page, label, act, plays):
    send(page, board(), playing=not plays)
    page.get_by_role("button", name=label, exact=True).click()
    assert wishes(page)[-1]["act"] == act
    expect(page.locator(".game")).to_have_attribute("data-playing", str(plays).lower())


def test_who_wants_less_motion_gets_none_unasked(browser, page):
    page.emulate_media(reduced_motion="reduce")
    send(page, board(), playing=True)
    page.wait_for_timeout(200)
    assert [wish["act"] for wish in wishes(page)] == ["pause"]
