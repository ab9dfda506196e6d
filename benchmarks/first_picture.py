"""Navigation to the first meaningful picture in Chromium: Start and One stage against a bare page.

The server runs and has shown each page once; the browser's cache is empty at every load. Counted
are the seconds from the start of the navigation, and from the server's first answer in it, to the
frame after the one in which the film's first picture stands on its canvas, where it can be played
and dragged. Start has that picture earlier, in the page that the server answers with: there it is
what the browser calls its first contentful paint, elsewhere that is Streamlit's skeleton. Beside
them: the first heading of ``streamlit hello``, by the first clock. Loads alternate.
"""

from typing import Any

from playwright.sync_api import Browser

from benchmarks import measure
from benchmarks.chromium import DASHBOARD, PATIENCE, chromium, served, settle, workspace

PAGES = {"Start": "/", "One stage": "/stage"}
HELLO = "streamlit hello"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FILM, HEADING = ".player[data-frames] canvas", "h1"
# Looks at every frame, in all shadow roots, for something painted; then waits until it was shown.
CLOCK = """
const roots = [document];
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (how) {
  const root = attach.call(this, how);
  roots.push(root);
  return root;
};
const there = () => roots.some((root) => root.querySelector(WANTED)?.clientWidth);
const tell = () => setTimeout(() => (window.shown = performance.now()));
const look = () => requestAnimationFrame(there() ? tell : look);
requestAnimationFrame(look);
"""


def once(browser: Browser, address: str, wanted: str) -> dict[str, float]:
    """Seconds to what is ``wanted`` (a selector), and the kilobytes that came until then."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    kilobytes: list[float] = []
    page.on("websocket", lambda socket: socket.on("framereceived", _counted(kilobytes)))
    page.add_init_script(CLOCK.replace("WANTED", repr(wanted)))
    page.goto(address, wait_until="commit")
    shown = page.wait_for_function("window.shown").json_value() / 1000
    answered = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart") / 1000
    told = {"shown": shown, "after": shown - answered, "kB": sum(kilobytes)}
    told["painted"] = page.wait_for_function(PAINTED).json_value() / 1000 - answered
    settle(page)
    context.close()
    return told


def _counted(kilobytes: list[float]):
    return lambda message: kilobytes.append(len(message) / 1000)


def rows(times: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Medians, and the ratio to what Streamlit takes for a heading."""
    bare = measure.median(t["shown"] for t in times[HELLO])
    return [
        {
            "page": f"{name:>15}",
            "median s": measure.median(t["shown"] for t in told),
            "p95 s": measure.p95(t["shown"] for t in told),
            "fastest s": min(t["shown"] for t in told),
            "after answer s": measure.median(t["after"] for t in told),
            "first paint after it": measure.median(t["painted"] for t in told),
            "ratio to hello": measure.median(t["shown"] for t in told) / bare,
            "kB by socket": measure.median(t["kB"] for t in told),
            "loads": str(len(told)),
        }
        for name, told in times.items()
    ]


def main() -> None:
    """Load all in turn; the first load of each is not counted."""
    asked = measure.options(__doc__.partition("\n")[0], loads=10)
    report = measure.Report("first_picture")
    with (
        workspace() as environment,
        chromium() as browser,
        served(environment, *DASHBOARD) as ours,
        served(environment, "hello") as hello,
    ):
        wanted = {name: (ours.address + path, FILM) for name, path in PAGES.items()}
        wanted[HELLO] = hello.address, HEADING
        times: dict[str, list[dict[str, float]]] = {name: [] for name in wanted}
        for turn in range(asked.loads + 1):
            for name, (address, selector) in wanted.items():
                found = once(browser, address, selector)
                if turn:
                    times[name].append(found)
    report.table("Navigation to first picture", rows(times))
    report.close(asked.json)


if __name__ == "__main__":
    main()
