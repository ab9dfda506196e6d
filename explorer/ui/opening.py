"""The first picture of the Start page, in the very page that the server answers with.

Streamlit's browser side takes most of a second before it asks what there is to show.  The words and
the first picture that Start will show therefore come along, drawn by the same style sheets in the
same places, and go when the film itself stands there (``web/opening.js``).
"""

from functools import lru_cache
from html import escape
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit.file_util import get_static_dir

from explorer.answers import Film
from explorer.errors import ExplorerError
from explorer.ui import stage_film, theme
from explorer.ui.pack import source

HERO = {
    "title": "See how generative models learn",
    "lead": "Autoencoders, VAEs, GANs and diffusion models, trained in front of you, on your "
    "machine. Watch every step, stop anywhere, change one thing, and compare.",
    "kicker": "Generative Model Explorer",
}
FONTS = {"Source Sans": "SourceSansVF-Upright*", "Source Serif": "SourceSerifVariable-Roman*"}
EMPTY = 'class="gx player"', '<div class="tracks"></div>', '<span class="label"></span>'


async def _start(_request: Request) -> HTMLResponse:
    page = await run_in_threadpool(_page)
    return HTMLResponse(page, headers={"Cache-Control": "no-cache"})


def _page() -> str:
    """Streamlit's empty page, with the opening in it if there is a film to open with."""
    empty = Path(get_static_dir(), "index.html").read_text(encoding="utf-8")
    return empty.replace("</body>", f"{_opening()}</body>", 1)


def _opening() -> str:
    try:
        standing = stage_film.first()
        return opening(stage_film.short(standing)) if standing else ""
    except ExplorerError:  # which the page itself will tell
        return ""


@lru_cache(maxsize=2)
def opening(film: Film) -> str:
    """What Start shows before it runs: the words, and the first picture of ``film``."""
    styles = theme.sheet(":host") + source("common.css", "player.css", "opening.css")
    return (
        f"<style>{_fonts()}</style>"
        f'<div id="gm-opening" inert><template shadowrootmode="closed"><style>{styles}</style>'
        f"<aside></aside><main>{theme.hero(**HERO)}{_player(film)}</main></template></div>"
        f"<script>{source('opening.js')}</script>"
    )


def _player(film: Film) -> str:
    """The player as it will stand there, with plain pictures for canvases."""
    columns = len(film.tracks)
    figures = "".join(
        f'<figure style="--at:{i + 1}"><img alt="" decoding="sync" '
        f'src="{theme.picture_url(track.frames[0])}">'
        f"<figcaption>{escape(track.title)}</figcaption></figure>"
        for i, track in enumerate(film.tracks)
    )
    tracks = f'<div class="tracks" style="--columns:{columns};--half:{-(-columns // 2)}">'
    label = f'<span class="label">{escape(film.labels[0])}</span>'
    full = 'class="gx player aligned"', f"{tracks}{figures}</div>", label
    markup = source("player.html")
    for empty, filled in zip(EMPTY, full, strict=True):
        markup = markup.replace(empty, filled)
    return markup


def _fonts() -> str:
    """The fonts that Streamlit will use, asked for before it asks."""
    found = (
        (name, next(Path(get_static_dir()).rglob(files), None)) for name, files in FONTS.items()
    )
    return "".join(
        f"@font-face{{font-family:'{name}';src:url('./static/media/{path.name}');"
        "font-weight:200 900;font-display:swap}"
        for name, path in found
        if path
    )


ROUTES = [Route("/", _start, methods=["GET"])]
