"""A student's hand-in: one HTML page that needs nothing beside it, to be read or printed."""

import base64
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

import numpy as np

from explorer.answers import Curve
from explorer.palette import ACCENT, CATEGORICAL, INK, LINE, MUTED, PAPER
from explorer.pictures import png

WIDTH, HEIGHT, EDGE = 640, 240, 44  # of a plot, in its own units


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture (uint8 H W [3]) or some curves, with a title and a note."""

    title: str
    note: str = ""
    picture: np.ndarray | None = None
    curves: tuple[Curve, ...] = ()
    axes: tuple[str, str] = ("", "")
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Line:
    """A number beside the document's: all as text, with the judgement and the reason."""

    what: str
    document: str
    here: str
    state: str
    why: str


@dataclass(frozen=True, eq=False)
class Part:
    """One step: what was asked, predicted and found, and what was shown."""

    name: str
    title: str
    question: str
    answer: str
    right: bool | None
    happens: str
    note: str = ""
    figures: tuple[Figure, ...] = ()
    lines: tuple[Line, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)  # a page's title -> its address
    commands: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()  # a model's title and the SHA-256 of its file


def page(
    lesson: str, parts: Iterable[Part], student: str = "", versions: dict[str, str] | None = None
) -> str:
    """The whole page.  Everything a person wrote is escaped, and nothing outside is loaded."""
    parts = list(parts)
    body = "".join(map(_part, parts))
    day = time.strftime("%d %B %Y", time.localtime())
    made = ", ".join(f"{escape(k)} {escape(v)}" for k, v in (versions or {}).items())
    who = f"{escape(student)} · " if student else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(lesson)}</title><style>{_style()}</style></head><body>"
        f"<header><p class=k>Generative Model Explorer · hand-in</p><h1>{escape(lesson)}</h1>"
        f"<p>{who}{day}{_score(parts)}</p></header>{body}"
        f"<footer>Made with {made or 'Generative Model Explorer'}.</footer></body></html>"
    )


def _score(parts: list[Part]) -> str:
    """How many of the answers that can be right are."""
    judged = [one.right for one in parts if one.right is not None]
    return f" · {sum(judged)} of {len(judged)} predictions right" if judged else ""


def _part(one: Part) -> str:
    return (
        f"<section><p class=k>{escape(one.name)}</p><h2>{escape(one.title)}</h2>"
        f"<p><b>{escape(one.question)}</b></p>{_answer(one)}<p>{escape(one.happens)}</p>"
        f"{''.join(map(_figure, one.figures))}{_lines(one.lines)}"
        f"{_paragraph('Notes', one.note)}{_settings(one)}</section>"
    )


def _answer(one: Part) -> str:
    mark = {True: "right", False: "not right", None: "no right or wrong"}[one.right]
    said = escape(one.answer) if one.answer else "no prediction"
    kind = {True: "yes", False: "no", None: "open"}[one.right]
    return f'<p class="said {kind}"><span>Predicted</span> {said} <em>{mark}</em></p>'


def _paragraph(title: str, text: str) -> str:
    if not text:
        return ""
    return f"<p class=note><span>{title}</span> {escape(text)}</p>"


def _figure(one: Figure) -> str:
    title, note = escape(one.title), escape(one.note)
    inside = _plot(one) if one.curves else _image(one)
    words = f"<figcaption><b>{title}</b> {note}</figcaption>"
    return f"<figure>{words}{inside}</figure>" if inside else ""


def _image(one: Figure) -> str:
    if one.picture is None:
        return ""
    data = base64.b64encode(png(one.picture)).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{escape(one.title)}">'


def _lines(lines: tuple[Line, ...]) -> str:
    if not lines:
        return ""
    head = "<tr><th>What</th><th>Document</th><th>Here</th><th></th><th>Why</th></tr>"
    rows = "".join(
        f"<tr><td>{escape(one.what)}</td><td>{escape(one.document)}</td><td>{escape(one.here)}</td>"
        f'<td class="{one.state.replace(" ", "-")}">{escape(one.state)}</td>'
        f"<td>{escape(one.why)}</td></tr>"
        for one in lines
    )
    return f"<table>{head}{rows}</table>"


def _settings(one: Part) -> str:
    """What reproduces it: addresses, commands, and which weights."""
    told = [*one.settings.items(), *(("Command", text) for text in one.commands)]
    told += [(title, f"SHA-256 {digest}") for title, digest in one.weights]
    rows = "".join(f"<dt>{escape(what)}</dt><dd>{escape(text)}</dd>" for what, text in told)
    return f"<details open><summary>How to see it again</summary><dl>{rows}</dl></details>"


# Curves -------------------------------------------------------------------------------------------


def _plot(one: Figure) -> str:
    """Curves as one SVG: a line each, named at its end, with the extremes on the axes."""
    x = np.concatenate([line.x for line in one.curves]).astype(float)
    y = np.concatenate([line.y for line in one.curves]).astype(float)
    y = y[np.isfinite(y)]
    low, high = y.min(), y.max()

    def places(line: Curve) -> list[tuple[float, float]]:
        across = EDGE + _share(line.x, x, one.log_x) * (WIDTH - 2 * EDGE)
        down = HEIGHT - EDGE - _share(line.y, y, one.log_y) * (HEIGHT - 2 * EDGE)
        return [(a, b) for a, b in zip(across, down, strict=True) if np.isfinite(b)]

    drawn = "".join(_curve(line, places(line), i) for i, line in enumerate(one.curves))
    told = (
        f'<text x="{EDGE}" y="{HEIGHT - 6}">{escape(one.axes[0])}</text>'
        f'<text x="{EDGE}" y="16">{escape(one.axes[1])}</text>'
        f'<text x="4" y="{EDGE + 4}">{high:.3g}</text>'
        f'<text x="4" y="{HEIGHT - EDGE}">{low:.3g}</text>'
        f'<text x="{WIDTH - EDGE}" y="{HEIGHT - 6}" text-anchor="end">{x.max():.4g}</text>'
    )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{drawn}{told}</svg>'


def _share(values: np.ndarray, known: np.ndarray, log: bool) -> np.ndarray:
    """How far along an axis from the least to the greatest ``known`` value each one lies."""
    scale = np.log10 if log else np.asarray
    least, most = scale(known.min()), scale(known.max())
    return (scale(np.asarray(values, float)) - least) / max(most - least, 1e-12)


def _curve(line: Curve, places: list[tuple[float, float]], i: int) -> str:
    colour = CATEGORICAL[line.group % len(CATEGORICAL)]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    name = f'<text x="{WIDTH - EDGE}" y="{18 + 15 * i}" text-anchor="end" fill="{colour}">'
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        f"{name}{escape(line.name)}</text>"
    )


def _style() -> str:
    """A quiet sheet of paper, which also prints well."""
    ink, muted, line, paper, accent = (pair[0] for pair in (INK, MUTED, LINE, PAPER, ACCENT))
    return (
        f"body{{font:16px/1.5 Georgia,serif;color:{ink};background:{paper};max-width:52rem;"
        "margin:2.5rem auto;padding:0 1.5rem}"
        "h1{font-size:2.2rem;line-height:1.15;margin:.2rem 0}"
        "h2{margin:.1rem 0 .6rem;font-size:1.5rem}"
        f".k{{color:{accent};font:600 .75rem/1 sans-serif;letter-spacing:.08em;"
        "text-transform:uppercase;margin:0}"
        f"section{{border-top:1px solid {line};padding:1.8rem 0 .6rem;margin-top:1.8rem}}"
        f"p.said,p.note{{border-left:3px solid {line};padding:.3rem .9rem;white-space:pre-wrap}}"
        "p.said.yes{border-color:#1F7A4D}p.said.no{border-color:#B3262E}"
        f"span,figcaption,dt,th,em,footer{{color:{muted};font-family:sans-serif;font-size:.82rem}}"
        "figure{margin:1rem 0;break-inside:avoid}"
        "img{max-width:100%;image-rendering:pixelated;display:block;margin-top:.3rem}"
        "svg{width:100%;height:auto;font:12px sans-serif}"
        "table{border-collapse:collapse;width:100%;font-size:.88rem;margin:1rem 0}"
        f"td,th{{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;"
        f"border-bottom:1px solid {line}}}"
        "td.near{color:#1F7A4D}td.differs{color:#8A5A00}"
        "dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem;margin:.4rem 0}"
        "dd{margin:0;font:13px/1.45 monospace;overflow-wrap:anywhere}"
        "summary{font:600 .85rem sans-serif;margin-top:.8rem}"
        "@media print{body{background:none;margin:0;max-width:none}section{break-before:auto}}"
    )
