"""What each column of the stage is worth and what it costs, aligned with the film above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from explorer.answers import Standing
from explorer.worth import Figures, short

LINES = ("Quality", "Diversity", "Copies", "Stability", "Training", "A sample")
BEST = {  # by line: the figure that is compared, and whether the lower one is better
    "Quality": ("classifier distance", True),
    "Diversity": ("effective classes", False),
    "Copies": ("reconstruction", True),
    "Stability": ("swing", True),
    "A sample": ("operations", True),
}


@dataclass(frozen=True)
class Told:
    """A column: its title, figures, FID if that is known, and what follows from its figures."""

    title: str
    figures: Figures
    fid: Standing | None
    encodes: bool
    strength: str
    drawback: str


def table(columns: Sequence[Told], real: Figures) -> str:
    """HTML: a line a question, a column a model; what the figures are of ``real`` pictures."""
    best = {line: _best([one.figures for one in columns], *of) for line, of in BEST.items()}
    names = "".join(
        f"<div><b>{line}</b><p>{escape(_about(line, real))}</p></div>" for line in LINES
    )
    names = f'<section class="gm-stage-names"><h4></h4>{names}<div><b>In words</b></div></section>'
    told = "".join(_column(one, best) for one in columns)
    return (
        f'{_style()}<div class="gm-stage" style="--columns:{len(columns) + 1}">{names}{told}</div>'
    )


@cache
def _style() -> str:
    return f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def _about(line: str, real: Figures) -> str:
    distance, apart = real.get("classifier distance"), real.get("pairwise distance")
    return {
        "Quality": "classifier distance, lower is better"
        + (f"; real ones {distance:.2f}" if distance is not None else ""),
        "Diversity": "effective classes of 10; below, how far two samples are apart"
        + (f": real ones {apart:.1f}" if apart is not None else ""),
        "Copies": "squared error an image",
        "Stability": "swing: worst relapse, 1 is none",
        "Training": "images seen",
        "A sample": "operations; network evaluations",
    }[line]


def _best(known: Sequence[Figures], name: str, lower: bool) -> float | None:
    values = [one[name] for one in known if name in one]
    if len(set(values)) < 2:
        return None
    return min(values) if lower else max(values)


def _column(one: Told, best: dict[str, float | None]) -> str:
    cells = "".join(_cell(line, one, best.get(line)) for line in LINES)
    words = "".join(
        f'<p><span class="gm-stage-{kind}">{sign}</span> {escape(text)}</p>'
        for kind, sign, text in (("plus", "+", one.strength), ("minus", "−", one.drawback))
        if text
    )
    words = f'<div class="gm-stage-words">{words}</div>'
    return f"<section><h4>{escape(one.title)}</h4>{cells}{words}</section>"


def _cell(line: str, one: Told, best: float | None) -> str:
    main, more = _FIGURES[line](one)
    name = BEST.get(line, ("", True))[0]
    mark = " data-best" if best is not None and one.figures.get(name) == best else ""
    notes = "".join(f"<p>{escape(text)}</p>" for text in more)
    label = f'<span class="gm-stage-label">{line}</span>'
    return f'<div{mark}>{label}<span class="gm-stage-figure">{escape(main)}</span>{notes}</div>'


# One line each ------------------------------------------------------------------------------------

NOTHING = "–"


def _quality(one: Told) -> tuple[str, list[str]]:
    found = one.figures.get("classifier distance")
    more = []
    if one.fid:
        score, protocol = one.fid.scores["FID"], one.fid.protocol
        more = [f"FID {score.value:.1f} at the end, {short(protocol.samples)} samples"]
    return NOTHING if found is None else f"{found:.3g}", more


def _diversity(one: Told) -> tuple[str, list[str]]:
    found, apart = one.figures.get("effective classes"), one.figures.get("pairwise distance")
    more = [] if apart is None else [f"{apart:.1f} apart"]
    return NOTHING if found is None else f"{found:.1f}", more


def _copies(one: Told) -> tuple[str, list[str]]:
    found = one.figures.get("reconstruction")
    nothing = NOTHING if one.encodes else "no encoder"
    return nothing if found is None else f"{found:.1f}", []


def _stability(one: Told) -> tuple[str, list[str]]:
    found = one.figures.get("swing")
    return NOTHING if found is None else f"{found:.2f}", []


def _training(one: Told) -> tuple[str, list[str]]:
    seconds, before = one.figures.get("seconds"), one.figures.get("images seen before")
    more = [time_taken(seconds)] if seconds else []
    if before:
        more.append(f"{short(before)} of them its autoencoder, before")
    return short(one.figures["images seen"]), more


def _sample(one: Told) -> tuple[str, list[str]]:
    found = one.figures
    if "operations" not in found:
        return NOTHING, ["being counted"]
    count = found["evaluations"]
    more = [f"{count:g} {'evaluation' if count == 1 else 'evaluations'}"]
    if "ms" in found:
        more.append(f"{found['ms']:.3g} ms")
    return short(found["operations"]), more


_FIGURES = dict(
    zip(LINES, (_quality, _diversity, _copies, _stability, _training, _sample), strict=True)
)


def time_taken(seconds: float) -> str:
    """8 -> 8 s, 600 -> 10 min."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
