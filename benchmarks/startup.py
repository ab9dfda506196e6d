"""Server start to first page painted in Chromium: our Start page against ``streamlit hello``.

Painted: the main heading is visible, on ours also the film's first picture in the player, and the
browser has shown a frame since. Servers are fresh each time, pages have an empty browser cache, the
disk's cache is warm, and the two alternate.
"""

import ast
import subprocess
import sys
import time
from collections import Counter
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks import measure
from benchmarks.chromium import DASHBOARD, ROOT, chromium, open_page, painted, served, workspace
from explorer import catalog

OURS = {"app.py": DASHBOARD, "streamlit hello": ("hello",)}
FIRST = ("app.py", "pages/start.py")  # what the first page imports
SHOWN = 12  # packages in the table of imports
PAUSE = 2.0  # seconds in which the processes of the start before may end


def once(browser: Browser, name: str) -> dict[str, float]:
    """Seconds from the start of the process to its first answer and to the painted page."""
    time.sleep(PAUSE)
    with workspace() as environment, served(environment, *OURS[name]) as server:
        answered = time.perf_counter()
        page = open_page(browser, server.address)
        page.get_by_role("heading", level=1).first.wait_for()
        if name == "app.py" and catalog.shipped():
            _film(page)
        painted(page)
        end = time.perf_counter()
        page.context.close()
    return {"answers": answered - server.started, "painted": end - server.started}


def _film(page: Page) -> None:
    """The player has its frames and shows one."""
    page.locator(".player[data-frames]").first.wait_for()
    page.locator(".player canvas").first.wait_for()


def rows(times: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Medians of both and their ratio."""
    return [
        {
            "server": name,
            "median s": measure.median(t["painted"] for t in told),
            "p95 s": measure.p95(t["painted"] for t in told),
            "fastest s": min(t["painted"] for t in told),
            "answers s": measure.median(t["answers"] for t in told),
            "starts": str(len(told)),
        }
        for name, told in times.items()
    ]


def imports() -> list[dict[str, Any]]:
    """Milliseconds that the first page's imports take by themselves, summed by package."""
    trees = (ast.parse((ROOT / name).read_text()) for name in FIRST)
    nodes = [n for tree in trees for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    script = "import streamlit.web.cli, streamlit.web.bootstrap\n" + "\n".join(
        map(ast.unparse, nodes)
    )
    command = [sys.executable, "-X", "importtime", "-c", script]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    spent: Counter[str] = Counter()
    for line in told.splitlines():
        own, _, name = line.removeprefix("import time:").split("|") if "|" in line else ("", "", "")
        if own.strip().isdigit():
            spent[name.strip().partition(".")[0]] += int(own) / 1000
    total = {"package": "all", "ms": spent.total()}
    return [total, *({"package": k, "ms": v} for k, v in spent.most_common(SHOWN))]


def main() -> None:
    """Alternate both servers and print the ratio."""
    asked = measure.options(__doc__.partition("\n")[0], starts=7)
    report = measure.Report("startup")
    times: dict[str, list] = {name: [] for name in OURS}
    with chromium() as browser:
        for turn in range(asked.starts + 1):
            for name in OURS:
                found = once(browser, name)
                if turn:  # the first start of each only warms the disk's cache
                    times[name].append(found)
    report.table("Process start to first page painted", rows(times))
    ours, hello = ([t["painted"] for t in times[name]] for name in OURS)
    report.table("Ratio ours / hello", [_ratio(ours, hello)])
    report.table("Imports of the first page, own time by package", imports())
    report.close(asked.json)


def _ratio(ours: list[float], hello: list[float]) -> dict[str, Any]:
    pairs = [a / b for a, b in zip(ours, hello, strict=True)]
    return {
        "of medians": measure.median(ours) / measure.median(hello),
        "of the fastest": min(ours) / min(hello),
        "median pair": measure.median(pairs),
        "quartiles": measure.spread(pairs),
    }


if __name__ == "__main__":
    main()
