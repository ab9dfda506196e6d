"""From a move of a latent's slider to its 64 pictures painted, on the page Traverse.

A key moves a slider by one step; 8 x 8 pictures of 28 x 28 pixels are decoded anew by the shipped
VAE. Measured in the browser, from the input event until a frame is shown that has the pictures of
this very value, with the server idle otherwise. Every value is new: nothing is kept from before.
"""

from playwright.sync_api import Browser

from benchmarks import measure
from benchmarks.chromium import DASHBOARD, chromium, open_page, served, settle, workspace
from benchmarks.latency import laps_of

GOALS = {"median": 60, "p95": 120}  # milliseconds


def moves(browser: Browser, address: str, nth: int) -> list[float]:
    """Milliseconds of 40 moves of the ``nth`` slider, on a page of its own."""
    page = open_page(browser, f"{address}/traverse")
    panel = page.locator(".drag[data-painted]")
    panel.wait_for()
    settle(page)
    laps = laps_of(panel, panel.locator("input").nth(nth))
    page.context.close()
    return laps


def main() -> None:
    """Each round another latent."""
    asked = measure.options(__doc__.partition("\n")[0], rounds=5)
    report = measure.Report("traverse")
    with (
        workspace() as environment,
        served(environment, *DASHBOARD) as server,
        chromium() as browser,
    ):
        moves(browser, server.address, nth=15)  # the engine starts, the model is read
        laps = [lap for nth in range(asked.rounds) for lap in moves(browser, server.address, nth)]
    row = {
        "median ms": measure.median(laps),
        "p95 ms": measure.p95(laps),
        "slowest ms": max(laps),
        "moves": str(len(laps)),
        "goals": " / ".join(f"{value}" for value in GOALS.values()),
        "load": measure.load(),
    }
    report.table("Slider of a latent to 64 painted pictures", [row])
    report.close(asked.json)


if __name__ == "__main__":
    main()
