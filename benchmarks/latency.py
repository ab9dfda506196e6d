"""From a move of the temperature slider to the picture painted, on the Reconstruct page.

A key moves the slider by one step; measured in the browser, from the input event until a frame is
shown that has the picture of this very value. Every value is new, so no answer is kept from before.
"""

import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from benchmarks import measure
from benchmarks.chromium import (
    DASHBOARD,
    PATIENCE,
    chromium,
    open_page,
    served,
    settle,
    started,
    workspace,
)
from explorer import runs

MOVES = 40  # from 0 to the end of the slider, one step each
COLLECT = """(panel, name) => {
  const laps = (window.laps = []);
  const input = panel.querySelector(`input[data-name="${name}"]`);
  let begin, value;
  input.addEventListener("input", (event) => {
    [begin, value] = [event.timeStamp, Number(input.value)];
  });
  const look = () => {
    const shown = JSON.parse(panel.dataset.values)[input.dataset.name];
    if (value === undefined || shown !== value) return;
    value = undefined;
    requestAnimationFrame(() => setTimeout(() => laps.push(performance.now() - begin)));
  };
  new MutationObserver(look).observe(panel, { attributes: true });
}"""


def moves(browser: Browser, address: str, seed: int) -> list[float]:
    """Milliseconds of 40 moves on a page of its own."""
    page = open_page(browser, f"{address}/reconstruct")
    panel = page.locator(".st-key-samples-normal .drag")
    panel.locator("xpath=self::*[@data-painted]").wait_for()
    _choose(page, seed)
    laps = laps_of(panel, panel.locator("input").first)
    page.context.close()
    return laps


def laps_of(panel: Locator, slider: Locator) -> list[float]:
    """Milliseconds of 40 moves of one slider of a drag panel, from its lower end upwards."""
    page = panel.page
    panel.evaluate(COLLECT, slider.get_attribute("data-name"))
    slider.press("Home")
    page.wait_for_function("() => laps.length === 1")
    for count in range(2, MOVES + 2):
        slider.press("ArrowRight")
        page.wait_for_function("(count) => laps.length === count", arg=count)
    return page.evaluate("() => laps.slice(1)")


def _choose(page: Page, seed: int) -> None:
    """Another seed: pictures that nobody asked for before."""
    box = page.locator(".st-key-sample_seed input")
    box.fill(str(seed))
    box.press("Enter")
    settle(page)


@contextmanager
def training(environment: dict[str, str]):
    """One VAE trains meanwhile."""
    command = [sys.executable, "-m", "explorer", "train", "vae", "--epochs=10000"]
    with started(command, environment):
        root, end = Path(environment["EXPLORER_RUNS"]), time.monotonic() + PATIENCE
        while not any(run.status.step > 20 for run in runs.runs(root)):
            if time.monotonic() > end:
                raise TimeoutError("the run did not begin")
            time.sleep(0.2)
        yield


def row(name: str, laps: list[float]) -> dict[str, Any]:
    """The figures of one condition."""
    return {
        "meanwhile": name,
        "median ms": measure.median(laps),
        "p95 ms": measure.p95(laps),
        "slowest ms": max(laps),
        "moves": str(len(laps)),
        "load": measure.load(),
    }


def main() -> None:
    """Both conditions, alternating."""
    asked = measure.options(__doc__.partition("\n")[0], rounds=2)
    report = measure.Report("latency")
    told: dict[str, list[float]] = {"nothing trains": [], "one run trains": []}
    with (
        workspace() as environment,
        served(environment, *DASHBOARD) as server,
        chromium() as browser,
    ):
        moves(browser, server.address, seed=1)  # the engine starts, the models are read
        for turn in range(asked.rounds):
            for name, laps in told.items():
                busy = name == "one run trains"
                with training(environment) if busy else nullcontext():
                    laps += moves(browser, server.address, seed=2 + 2 * turn + busy)
    report.table("Slider to painted picture", [row(name, laps) for name, laps in told.items()])
    report.close(asked.json)


if __name__ == "__main__":
    main()
