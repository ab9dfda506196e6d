"""Frames that the film player paints per second, scrubbed and played, in a real Chromium.

50 frames of three sheets of 16 images each; beside them, in the second film, 2,000 points in the
plane with trails, arrows and a ground. The slider is dragged to and fro with the mouse, then the
film plays at its highest speed (60 frames a second are asked for). A frame counts as painted when
the browser comes to show a picture that has it: the display's rate, 60 at best, is the most there
can be, and a mouse that lags behind it (on a busy machine) is the most that scrubbing can show.
Meanwhile messages from the page to the server are counted.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Locator, Page, WebSocket

from benchmarks import measure
from benchmarks.chromium import chromium, open_page, served, settle, workspace
from explorer.answers import Film, Plane, Track

FRAMES, POINTS = 50, 2000
SECONDS = 5.0  # how long each kind of watching is measured
FILMS = {"3 tracks of 16 images": False, "the same and a plane": True}
APP = "from benchmarks.scrubbing import page\n\npage()\n"

WATCH = """(player) => {
  const seen = (window.seen = { pictures: 0, frames: 0, begin: performance.now() });
  let last = player.dataset.frame;
  const look = () => {
    if (window.seen !== seen) return;
    seen.pictures++;
    if (player.dataset.frame !== last) seen.frames++;
    last = player.dataset.frame;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
STOP = """() => {
  const { pictures, frames, begin } = window.seen;
  const seconds = (performance.now() - begin) / 1000;
  window.seen = null;
  return [frames / seconds, pictures / seconds];
}"""


def page() -> None:
    """The page that is measured, as Streamlit runs it; ``?plane`` adds the points."""
    import streamlit as st

    from explorer.ui.player import player

    st.set_page_config(layout="wide")
    tracks = _sheets() + ((_plane(),) if "plane" in st.query_params else ())
    player(Film(tracks, tuple(map(str, range(FRAMES))), fps=15), key="film")


def _sheets() -> tuple[Track, ...]:
    """Three tracks of 4 x 4 images of 28 x 28, noise at first and smooth at the end."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 255, (3, FRAMES, 112, 112))
    smooth = np.add.outer(np.sin(np.arange(112) / 4), np.cos(np.arange(112) / 5)) * 60 + 128
    share = np.linspace(0, 1, FRAMES)[:, None, None]
    sheets = (share * smooth + (1 - share) * noise).astype(np.uint8)
    return tuple(Track(name, s) for name, s in zip(("x", "x0", "noise"), sheets, strict=True))


def _plane() -> Plane:
    """Points that wander from noise to a ring, 40 of them with trails, in a field of arrows."""
    rng = np.random.default_rng(1)
    start = rng.normal(size=(POINTS, 2))
    end = start / np.linalg.norm(start, axis=1, keepdims=True)
    share = np.linspace(0, 1, FRAMES)[:, None, None]
    grid = np.stack(np.meshgrid(*[np.linspace(-1.5, 1.5, 20)] * 2), -1).reshape(-1, 2)
    arrows = np.concatenate([np.broadcast_to(grid, (FRAMES, 400, 2)), -0.1 * share * grid], -1)
    ground = rng.integers(0, 256, (FRAMES, 64, 64), dtype=np.uint8)
    points = (1 - share) * start + share * end
    return Plane("points", points, arrows=arrows, ground=ground, trails=40)


def scrubbed(page: Page, player: Locator) -> None:
    """Drag the slider from end to end and back until the time is over; the button stays down."""
    box = player.locator(".scrub").bounding_box()
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 8, box["width"] - 16
    page.mouse.move(left, y)
    page.mouse.down()
    player.evaluate(WATCH)
    end, there = time.perf_counter() + SECONDS, True
    while time.perf_counter() < end:
        page.mouse.move(left + width * there, y, steps=FRAMES - 1)  # a frame a step
        there = not there


def played(page: Page, player: Locator) -> None:
    """Play back and forth at the highest speed for as long."""
    player.locator(".repeat").click()
    player.locator(".speed").select_option("4")
    player.locator(".play").click()
    player.evaluate(WATCH)
    page.wait_for_timeout(1000 * SECONDS)


def measured(browser: Browser, address: str, plane: bool) -> dict[str, list[float]]:
    """Frames/s, pictures/s and messages to the server, by the way of watching."""
    page = open_page(browser, "about:blank")
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: _listen(socket, sent))
    page.goto(f"{address}?plane" if plane else address)
    player = page.locator(".player")
    player.locator("xpath=self::*[@data-frame]").wait_for()
    settle(page)
    figures = {}
    for name, watch in (("scrubbed", scrubbed), ("played", played)):
        before = len(sent)
        watch(page, player)
        figures[name] = [*page.evaluate(STOP), len(sent) - before]
        page.mouse.up()
        settle(page)
    page.context.close()
    return figures


def _listen(socket: WebSocket, sent: list[str | bytes]) -> None:
    socket.on("framesent", lambda message: sent.append(message))


def row(film: str, name: str, rounds: list[list[float]]) -> dict[str, Any]:
    """The figures of one way of watching one film."""
    frames, pictures, messages = zip(*rounds, strict=True)
    return {
        "film": f"{film:>22}",
        "watched": name,
        "frames/s": measure.median(frames),
        "slowest": min(frames),
        "display/s": measure.median(pictures),
        "messages": str(int(sum(messages))),
        "load": measure.load(),
    }


def main() -> None:
    """Both films, alternating."""
    asked = measure.options(__doc__.partition("\n")[0], rounds=3)
    report = measure.Report("scrubbing")
    told: dict[tuple[str, str], list[list[float]]] = {}
    with workspace() as environment, chromium() as browser:
        app = Path(environment["EXPLORER_RUNS"]).with_name("film.py")
        app.write_text(APP, encoding="utf-8")
        with served(environment, "run", str(app)) as server:
            for _ in range(asked.rounds):
                for film, plane in FILMS.items():
                    for name, figures in measured(browser, server.address, plane).items():
                        told.setdefault((film, name), []).append(figures)
    report.table("Film player", [row(*names, rounds) for names, rounds in told.items()])
    report.close(asked.json)


if __name__ == "__main__":
    main()
