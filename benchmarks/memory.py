"""Megabytes of the web process after every page was used, and for each tab that stays open.

The web process is the one that serves Streamlit. The engine, which holds PyTorch, and the workers
are processes of their own; the engine's size is told beside it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks import measure
from benchmarks.chromium import (
    DASHBOARD,
    Server,
    chromium,
    explorer,
    megabytes,
    open_page,
    served,
    settle,
    workspace,
)

SMALL = ("--steps=60", "--width=8", "--latent=4", "--batch-size=64")


def links(page: Page) -> list[str]:
    """The address of every page, from the navigation."""
    found = page.get_by_test_id("stSidebarNavLink")
    found.first.wait_for()
    return [link.evaluate("link => link.href") for link in found.all()]


def use_train(page: Page) -> None:
    """Open the form, with its estimate, and change the family."""
    page.locator(".st-key-train button").wait_for()
    page.get_by_role("radio", name="Autoencoder", exact=True).first.click()
    settle(page)


def use_reconstruct(page: Page) -> None:
    """Samples from N(0, I) and from the mixture; drag the temperature a little."""
    page.locator(".drag[data-painted]").first.wait_for()
    page.get_by_role("radio", name="Mixture of 10").click()
    page.locator(".st-key-samples-mixture .drag[data-painted]").wait_for()
    slider = page.locator(".st-key-samples-mixture .drag input").first
    for _ in range(3):
        slider.press("ArrowRight")
        page.wait_for_timeout(300)


def look(page: Page) -> None:
    """Only wait until everything is there."""
    page.get_by_role("heading", level=1).first.wait_for()


def view_run(page: Page) -> None:
    """A run's film and its curves."""
    page.locator(".player[data-frames]").first.wait_for()
    page.locator(".js-plotly-plot").first.wait_for()


def visits(server: Server, run: str, addresses: list[str]) -> list[tuple[str, str, Callable]]:
    """Title, address and use of every page, and of the run that was trained."""
    uses = {"train": use_train, "reconstruct": use_reconstruct}
    named = [(a, a.removeprefix(server.address).strip("/")) for a in addresses]
    pages = [(name or "start", address, uses.get(name, look)) for address, name in named]
    views = [("train?run", "/train?run="), ("runs?runs", "/runs?runs=")]
    return pages + [(name, f"{server.address}{path}{run}", view_run) for name, path in views]


def one_tab(browser: Browser, server: Server, run: str) -> Iterator[dict[str, Any]]:
    """Every page in one tab, one after the other."""
    page = open_page(browser, server.address)
    for name, address, use in visits(server, run, links(page)):
        page.goto(address)
        use(page)
        settle(page)
        yield row(f"used {name}", server)


def more_tabs(browser: Browser, server: Server, run: str, tabs: int) -> Iterator[dict[str, Any]]:
    """Further tabs that stay open, on one page after the other."""
    pages = visits(server, run, links(open_page(browser, server.address)))
    for number in range(tabs):
        name, address, use = pages[number % len(pages)]
        page = open_page(browser, address)
        use(page)
        settle(page)
        yield row(f"tab {number + 1}: {name}", server)


def row(moment: str, server: Server) -> dict[str, Any]:
    """What both processes weigh now."""
    now = megabytes(server.process.pid)
    return {"moment": moment, "web MB": now["web"], "engine MB": now["engine"]}


def main() -> None:
    """Use every page, then open tabs."""
    asked = measure.options(__doc__.partition("\n")[0], tabs=14)
    report = measure.Report("memory")
    with workspace() as environment, chromium() as browser:
        run = explorer(environment, "train", "vae", *SMALL)
        with served(environment, *DASHBOARD) as server:
            used = report.table("Every page in one tab", one_tab(browser, server, run))
            told = report.table("More tabs", more_tabs(browser, server, run, asked.tabs))
    each = (told[-1]["web MB"] - used[-1]["web MB"]) / asked.tabs
    last = {"web MB after every page": used[-1]["web MB"], "MB for each further tab": each}
    report.table("In short", [last | {"engine MB": told[-1]["engine MB"]}])
    report.close(asked.json)


if __name__ == "__main__":
    main()
