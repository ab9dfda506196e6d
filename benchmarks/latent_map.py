"""A map of 20,000 pictures while it is dragged, and a plane of latents under the pointer.

The map: pictures a second that the browser shows while the mouse drags it to and fro, flat or in
three dimensions, which it turns, and how long one painting of all points takes.  The plane: from a
move of the pointer (the event's own time stamp) until a frame is shown that has the blended picture
of this very place; the server is never asked.
At last: seconds of a UMAP of 5,000 x 32 latents, fitted and again.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks import measure
from benchmarks.chromium import chromium, open_page, served, settle, workspace
from explorer import embedding, mapping
from explorer.answers import LatentPlane

MAPS = ((2000, 2), (20_000, 2), (20_000, 3))  # points and dimensions
SIDE, SIZE = 33, 28
SECONDS = 5.0  # of dragging
MOVES = 60  # of the pointer
APP = "from benchmarks.latent_map import page\n\npage()\n"

WATCH = """(map) => {
  const seen = (window.seen = { frames: 0, begin: performance.now(), painted: 0 });
  let last = map.dataset.painted;
  const look = () => {
    if (window.seen !== seen) return;
    if (map.dataset.painted !== last) seen.frames++;
    last = map.dataset.painted;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
STOP = """() => {
  const { frames, begin } = window.seen;
  window.seen = null;
  return (1000 * frames) / (performance.now() - begin);
}"""
PAINT = """(view) => {
  // One painting, asked for by a key that moves the map.
  const laps = [];
  for (let i = 0; i < 20; i++) {
    const begin = performance.now();
    view.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "ArrowLeft" : "ArrowRight" }));
    laps.push(performance.now() - begin);
  }
  return laps;
}"""
COLLECT = """(pad) => {
  const laps = (window.laps = []);
  new MutationObserver(() => {
    const since = Number(pad.dataset.since);
    if (!since || since === window.since) return;
    window.since = since;
    requestAnimationFrame(() => setTimeout(() => laps.push(performance.now() - since)));
  }).observe(pad, { attributes: true });
}"""


def page() -> None:
    """The page that is measured, as Streamlit runs it: ``?count=N&axes=D`` a map, else a plane."""
    import streamlit as st

    from explorer.ui.latent_map import Shade, latent_map
    from explorer.ui.latent_pad import latent_pad

    st.set_page_config(layout="wide")
    rng = np.random.default_rng(0)
    if "count" not in st.query_params:
        latent_pad(_plane(rng), None, key="pad", name="pad", axes=("u", "v"), letters="")
        return
    count, axes = (int(st.query_params[name]) for name in ("count", "axes"))
    groups = rng.integers(0, 10, count)
    positions = rng.normal(size=(10, axes))[groups] + 0.35 * rng.normal(size=(count, axes))
    pictures = rng.integers(0, 256, (count, SIZE, SIZE), dtype=np.uint8)
    near = rng.integers(0, count, (count, 5))
    names = [f"class {i}" for i in range(10)]
    shade = Shade("Label", groups, names)
    latent_map(positions, pictures, shade, near, key="map", name="map", total=count)


def _plane(rng: np.random.Generator) -> LatentPlane:
    pictures = rng.integers(0, 256, (SIDE, SIDE, SIZE, SIZE), dtype=np.uint8)
    points = rng.normal(size=(2000, 2)).astype(np.float32)
    return LatentPlane(pictures, 3.0, points, np.empty((0, 2), np.float32))


def dragged(browser: Browser, address: str, count: int, axes: int) -> tuple[float, list[float]]:
    """Pictures a second while the map is dragged, and milliseconds of single paintings."""
    page = open_page(browser, f"{address}?count={count}&axes={axes}")
    view = page.locator(".map .view")
    page.locator(f".map[data-points='{count}']").wait_for()
    settle(page)
    box = view.bounding_box()
    x, y, reach = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.locator(".map").evaluate(WATCH)
    end, there = time.perf_counter() + SECONDS, 1
    while time.perf_counter() < end:
        page.mouse.move(x + there * reach, y + there * reach / 2, steps=60)
        there = -there
    rate = page.evaluate(STOP)
    page.mouse.up()
    laps = view.evaluate(PAINT)
    page.context.close()
    return rate, laps


def pointed(browser: Browser, address: str) -> list[float]:
    """Milliseconds from the pointer's move to the painted picture."""
    page = open_page(browser, address)
    ground = page.locator(".pad .ground")
    page.locator(".pad[data-painted]").wait_for()
    settle(page)
    page.locator(".pad").evaluate(COLLECT)
    box = ground.bounding_box()
    for i in range(MOVES):
        angle = 0.37 * i
        x = box["x"] + box["width"] * (0.5 + 0.4 * np.cos(angle))
        page.mouse.move(x, box["y"] + box["height"] * (0.5 + 0.4 * np.sin(angle)))
        _wait(page, i + 1)
    laps = page.evaluate("() => laps")
    page.context.close()
    return laps[1:]


def _wait(page: Page, count: int) -> None:
    page.wait_for_function("(count) => laps.length >= count", arg=count, polling=5)


def row(what: str, laps: list[float]) -> dict[str, Any]:
    """The figures of one kind of lap."""
    told = {"median ms": measure.median(laps), "p95 ms": measure.p95(laps), "slowest ms": max(laps)}
    return {"what": f"{what:>28}", **told, "laps": str(len(laps)), "load": measure.load()}


def fits(rounds: int) -> list[dict[str, Any]]:
    """Seconds of a UMAP of 5,000 x 32 latents; the first one also imports and compiles."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(10, 32))[np.arange(5000) % 10] * 2 + rng.normal(size=(5000, 32))
    z = z.astype(np.float32)
    start, told = mapping.principal(z, 2).of(z), []
    asked = {"n_neighbors": 15, "min_dist": 0.1, "metric": "euclidean", "seed": 0}
    for i in range(rounds):
        begin = time.perf_counter()
        signs = sum(1 for _ in embedding.process().stream("umap", z=z, start=start, **asked))
        seconds = time.perf_counter() - begin
        name = "with a warm process" if i else "with import and compilation"
        told.append(
            {
                "UMAP 5,000 x 32": f"{name:>28}",
                "seconds": seconds,
                "signs of life": str(signs),
                "load": measure.load(),
            }
        )
    embedding.process().close()
    return told


def main() -> None:
    """The maps and the plane, alternating; then the fits."""
    asked = measure.options(__doc__.partition("\n")[0], rounds=3, fits=2)
    report = measure.Report("latent_map")
    rates: dict[tuple[int, int], list[float]] = {one: [] for one in MAPS}
    paints: dict[tuple[int, int], list[float]] = {one: [] for one in MAPS}
    laps: list[float] = []
    with workspace() as environment, chromium() as browser, TemporaryDirectory() as folder:
        app = Path(folder) / "map.py"
        app.write_text(APP, encoding="utf-8")
        with served(environment, "run", str(app)) as server:
            for _ in range(asked.rounds):
                for one in MAPS:
                    rate, paint = dragged(browser, server.address, *one)
                    rates[one].append(rate)
                    paints[one] += paint
                laps += pointed(browser, server.address)
    told = [
        {
            "points": f"{count:,} in {axes}-D",
            "pictures/s": measure.median(r),
            "slowest": min(r),
            "load": measure.load(),
        }
        for (count, axes), r in rates.items()
    ]
    report.table("A map dragged with the mouse", told)
    kinds = {f"painting {n:,} points in {d}-D": paint for (n, d), paint in paints.items()}
    kinds["pointer to painted picture"] = laps
    report.table("In the browser", [row(what, some) for what, some in kinds.items()])
    report.table("Fits", fits(asked.fits))
    report.close(asked.json)


if __name__ == "__main__":
    main()
