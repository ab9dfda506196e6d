"""The GAN game in a real Chromium: rounds and pictures a second, and how soon Pause acts.

The page is opened as a person would, with its usual game on the ring, and left to play at each of
its paces; training, server and browser share the cores. Then Pause is clicked with the mouse again
and again while it plays. A picture counts when it has been painted; Pause has acted with the last
new picture (the one that was on its way), the button shows it before.
"""

import time
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from benchmarks import measure
from benchmarks.chromium import DASHBOARD, chromium, open_page, served, workspace

SECONDS = 5.0  # how long each pace is measured
QUIET = 1000  # milliseconds that are waited for pictures after Pause
PACES = (1, 2, 4, 10, 25)  # rounds a picture

COUNTS = "(game) => [Number(game.dataset.round), Number(game.dataset.pictures)]"
# A game pauses by itself after a while: keep it going.
GO_ON = """(game) => setInterval(() => {
  if (game.dataset.playing === "false") game.querySelector(".play").click();
}, 20)"""
# From the moment that the mouse button went down: milliseconds until the button showed that the
# game is paused, until the last new picture, and rounds that were still seen.
WATCH = """(game) => {
  const seen = (window.seen = { rounds: 0 });
  const play = game.querySelector(".play");
  play.addEventListener("pointerdown", (event) => {
    Object.assign(seen, { down: event.timeStamp, last: event.timeStamp, acted: event.timeStamp });
    seen.round = Number(game.dataset.round);
    new MutationObserver((changes) => {
      const now = performance.now();
      if (changes.some((one) => one.attributeName === "data-playing")) seen.acted = now;
      if (Number(game.dataset.round) === seen.round + seen.rounds) return;
      Object.assign(seen, { last: now, rounds: game.dataset.round - seen.round });
    }).observe(game, { attributes: true });
  }, { once: true });
}"""
SEEN = "() => [seen.acted - seen.down, seen.last - seen.down, seen.rounds]"


def played(game: Locator, page: Page) -> tuple[float, float]:
    """Rounds and pictures a second over some seconds."""
    start, before = time.perf_counter(), game.evaluate(COUNTS)
    page.wait_for_timeout(1000 * SECONDS)
    after, seconds = game.evaluate(COUNTS), time.perf_counter() - start
    return tuple((b - a) / seconds for a, b in zip(before, after, strict=True))


def playing(browser: Browser, address: str) -> tuple[Page, Locator]:
    """The page with its game on."""
    page = open_page(browser, f"{address}/game")
    game = page.locator(".game[data-playing=true]")
    game.wait_for()
    return page, page.locator(".game")


def paces(browser: Browser, address: str, rounds: int) -> list[dict[str, Any]]:
    """A row a pace; the game begins anew for each, so that it never ends by itself."""
    page, game = playing(browser, address)
    timer = game.evaluate(GO_ON)
    rows = []
    for pace in PACES:
        game.locator(".speed").select_option(str(pace))
        found = []
        for _ in range(rounds):
            game.locator(".restart").click()
            page.wait_for_timeout(300)
            found.append(played(game, page))
        played_rounds, pictures = zip(*found, strict=True)
        rows.append(
            {
                "rounds a picture": pace,
                "rounds/s": measure.median(played_rounds),
                "slowest": min(played_rounds),
                "pictures/s": measure.median(pictures),
                "fewest": min(pictures),
                "load": measure.load(),
            }
        )
    page.evaluate("(timer) => clearInterval(timer)", timer)
    page.context.close()
    return rows


def pauses(browser: Browser, address: str, clicks: int) -> dict[str, Any]:
    """How long after a click on Pause the game is still seen to move."""
    page, game = playing(browser, address)
    told = []
    for _ in range(clicks):
        page.wait_for_timeout(700)
        game.evaluate(WATCH)
        game.locator(".play").click()
        page.wait_for_timeout(QUIET)
        told.append(page.evaluate(SEEN))
        game.locator(".restart").click()
    page.context.close()
    acted, ended, rounds = zip(*told, strict=True)
    return {
        "clicks": clicks,
        "button ms": measure.median(acted),
        "last picture ms": measure.median(ended),
        "slowest ms": max(ended),
        "rounds after": measure.median(rounds),
        "load": measure.load(),
    }


def main() -> None:
    """Every pace, then Pause."""
    asked = measure.options(__doc__.partition("\n")[0], rounds=3, clicks=12)
    report = measure.Report("game")
    with (
        workspace() as environment,
        chromium() as browser,
        served(environment, *DASHBOARD) as server,
    ):
        report.table("The game plays", paces(browser, server.address, asked.rounds))
        report.table("Pause", [pauses(browser, server.address, asked.clicks)])
    report.close(asked.json)


if __name__ == "__main__":
    main()
