"""Take the pictures of the lessons' steps for docs/demonstrations.md, and some of the README's.

    python scripts/pictures.py            # every step of the bundled lessons
    python scripts/pictures.py A.1 B.3    # these alone, for example after a new model was shipped
    python scripts/pictures.py clinic     # docs/images/clinic.png of the README

The app runs in a folder of its own; the browser is headless Chromium, 1280 pixels wide.  A step is
answered rightly and taken once its picture stands, a film at its end.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.chromium import DASHBOARD, ROOT, chromium, painted, served, settle, workspace
from explorer.lessons import reading, table
from explorer.lessons.reading import Place
from explorer.ui.lesson_notes import UNSURE

IMAGES = ROOT / "docs" / "images"
WIDTH, MOST = 640, 35_000  # pixels across and bytes of a step's picture
QUALITIES = (70, 60, 50, 40, 30, 20, 10, 5)  # the first that is small enough
ROOM = ".st-key-wrap-wide-lesson"  # the question beside its picture
WAITING = f"{ROOM} .gm-veil, {ROOM} [data-testid=stProgress], [data-testid=stSpinner]"
MARGIN = 16  # pixels around it
SIDEBAR = 240  # pixels, left out of the README's pictures
PAGES = {  # path, width and height
    "clinic": ("clinic?c_ground=pictures", 1440, 1600),
    "compare": ("compare", 1440, 1500),
}
LONG = 240_000  # ms that a busy machine may take for what is learned while one watches


def main(names: list[str]) -> None:
    """Take all that are named."""
    places = {place.name: place for place in reading.places() if table.is_bundled(place)}
    names = names or list(places)
    if unknown := set(names) - places.keys() - PAGES.keys():
        sys.exit(f"No such picture: {', '.join(sorted(unknown))}.")
    with workspace() as folder, served(folder, *DASHBOARD) as server, chromium() as browser:
        for name in names:
            context = browser.new_context(reduced_motion="reduce", color_scheme="light")
            page = context.new_page()
            page.set_default_timeout(LONG)
            taken = step(page, server.address, places[name]) if name in places else None
            path = taken or readme(page, server.address, name)
            print(f"{name}: {path.relative_to(ROOT)}, {path.stat().st_size / 1000:.0f} kB")
            context.close()


def step(page: Page, address: str, place: Place) -> Path:
    """A step of a lesson, answered."""
    page.set_viewport_size({"width": 1280, "height": 2400})
    page.goto(f"{address}/lessons?lesson={place.lesson.key}&step={place.number}")
    answer(page, place)
    page.wait_for_function("(busy) => !document.querySelector(busy)", arg=WAITING)
    at_rest(page)
    path = IMAGES / table.picture(place)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(small(page.screenshot(clip=around(page.locator(ROOM).bounding_box()))))
    return path


def around(box: dict[str, float]) -> dict[str, float]:
    """A box with a margin."""
    at = {"x": box["x"] - MARGIN, "y": box["y"] - MARGIN}
    return at | {side: box[side] + 2 * MARGIN for side in ("width", "height")}


def answer(page: Page, place: Place) -> None:
    """Choose what is right, or say that one does not know."""
    predict = place.step.predict
    if predict.choices:
        options = page.get_by_role("radiogroup").first.locator("label")
        options.nth(predict.right or 0).click()
    else:
        page.get_by_role("button", name=UNSURE).click()
    page.get_by_text("Your notes").first.wait_for()


def readme(page: Page, address: str, name: str) -> Path:
    """A page of the README, without its sidebar."""
    path, width, height = PAGES[name]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/{path}")
    page.locator(".player, .gm-board").first.wait_for()
    at_rest(page)
    clip = {"x": SIDEBAR, "y": 0, "width": width - SIDEBAR, "height": height}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip)))
    picture.quantize(256, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    return IMAGES / f"{name}.png"


def at_rest(page: Page) -> None:
    """Everything is loaded and drawn, films at their end."""
    settle(page)
    for player in page.locator(".player").all():
        player.locator("button.last").click()
    page.wait_for_timeout(1500)  # films are painted, plots are laid out
    painted(page)


def small(screenshot: bytes) -> bytes:
    """A screenshot as WebP, as wide and large as a table in the docs can bear."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    height = round(picture.height * WIDTH / picture.width)
    picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MOST:
            break
    return buffer.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
