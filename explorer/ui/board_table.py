"""The scoreboard's rows: who stands where, how far the measuring is, and what is not comparable."""

from collections.abc import Sequence
from html import escape

import numpy as np

from explorer.answers import Score, Standing
from explorer.pictures import enlarge, sheet
from explorer.ui.theme import picture_url

STAGES = {
    "waiting": "not measured yet",
    "drawing": "drawing samples",
    "reference": "looking at real images",
    "looking": "the Inception network looks",
    "comparing": "comparing",
    "copies": "looking for copies in the training set",
    "done": "",
}
SHOWN = {  # score -> title, digits, factor
    "FID at infinity": ("FID∞", 1, 1),
    "KID": ("KID × 1000", 2, 1000),
    "precision": ("precision", 2, 1),
    "recall": ("recall", 2, 1),
    "classifier distance": ("classifier distance", 2, 1),
    "sharpness": ("sharpness", 2, 1),
    "nearer to training": ("nearer to training", 2, 1),
}
COSTS = {  # score -> how it is said
    "parameters": lambda n: f"{large(n)} parameters",
    "network evaluations": lambda n: f"{n:.3g} evaluation{'s' * (n != 1)} a sample",
    "GFLOP": lambda n: f"{large(1e9 * n)}FLOP a sample",
    "images seen": lambda n: f"saw {large(n)} images",
}
TILES = 8  # pictures in a row
SHARES = {"waiting": (0.0, 0.0), "drawing": (0.0, 0.15), "reference": (0.15, 0.15)}
SHARES |= {"looking": (0.15, 0.75), "comparing": (0.9, 0.0), "copies": (0.92, 0.06)}


def order(standings: Sequence[Standing]) -> list[int]:
    """Indices, the best FID first, then those without by their classifier distance."""
    return sorted(range(len(standings)), key=lambda i: _rank(standings[i]))


def _rank(one: Standing) -> tuple[int, float]:
    if one.fid:
        return 0, one.fid[-1][1]
    return (1, one.quick[-1][1]) if one.quick else (2, 0.0)


def share(one: Standing) -> float:
    """How much of its measuring is done, 0 to 1."""
    if one.stage == "done":
        return 1.0
    start, span = SHARES[one.stage]
    return start + span * min(1.0, one.done / max(1, one.total))


def table(standings: Sequence[Standing], walls: Sequence[np.ndarray | None]) -> str:
    """HTML: one row a competitor, in order; ``walls`` hold a few pictures of each."""
    several = len({one.protocol.ruler for one in standings if one.fid}) > 1
    finished = [one for one in standings if one.stage == "done" and one.fid]
    best = min((one.fid[-1][1] for one in finished if not _real(one)), default=None)
    lines = []
    for place, i in enumerate(order(standings), 1):
        one = standings[i]
        number = "–" if several or not (one.fid or one.quick) else str(place)
        loud = bool(one.fid) and one.stage == "done" and one.fid[-1][1] == best and not several
        lines.append(_line(one, number, walls[i], loud))
    return f'<div class="gm-board">{"".join(lines)}</div>'


def _real(one: Standing) -> bool:
    return one.key.startswith("real:")


def _line(one: Standing, number: str, wall: np.ndarray | None, loud: bool) -> str:
    picture = ""
    if wall is not None:
        strip = sheet(wall[:TILES], TILES, gap=1)
        picture = (
            f'<img src="{picture_url(enlarge(strip, 2))}" alt="samples of {escape(one.title)}">'
        )
    mark = ' data-best="true"' if loud else ""
    return (
        f'<article class="gm-entry"{mark}><b class="gm-place">{number}</b>'
        f'<div class="gm-who"><h3>{escape(one.title)}</h3><p>{escape(_ways(one))}</p>{picture}'
        f"<small>{escape(_costs(one))}</small></div>"
        f'<div class="gm-main">{_main(one)}</div><div class="gm-more">{_more(one)}</div></article>'
    )


def _ways(one: Standing) -> str:
    """How it was sampled, and what a sample costs."""
    parts = [one.sampling] if one.sampling else []
    if one.seconds is not None:
        parts.append(f"{duration(one.seconds)} a sample")
    return " · ".join(parts) or ("the floor: what as many real pictures get" if _real(one) else "")


def _costs(one: Standing) -> str:
    """What it took to train, and what a sample takes, as far as that was counted."""
    parts = [said(one.scores[name].value) for name, said in COSTS.items() if name in one.scores]
    return " · ".join(parts)


def large(number: float) -> str:
    """1,300,000 -> 1.3 M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


def duration(seconds: float) -> str:
    """Seconds a sample, as a person says them."""
    thousandths = 1000 * seconds
    if thousandths >= 100:
        return f"{thousandths:.0f} ms" if seconds < 1 else f"{seconds:.2g} s"
    return f"{thousandths:.2g} ms"


def _main(one: Standing) -> str:
    """The FID with its error, or how far it is."""
    if one.fid:
        n, value = one.fid[-1]
        error = one.scores.get("FID", Score(value)).error
        spread = f" ± {error:.1f}" if error else ""
        figure = f"<dd>{value:.1f}<small>{spread}</small></dd><dt>FID of {n:,} samples</dt>"
    elif one.quick:
        n, value = one.quick[-1]
        figure = f"<dd>{value:.2f}</dd><dt>classifier distance of {n:,} samples</dt>"
    else:
        figure = "<dd>–</dd><dt>no figure yet</dt>"
    if one.stage == "done":
        return f"<dl>{figure}</dl>"
    text = STAGES[one.stage]
    told = f"{text}: {one.done:,} of {one.total:,}" if one.done else text
    bar = f'<div class="gm-bar"><i style="width:{100 * share(one):.1f}%"></i></div>'
    return f"<dl>{figure}</dl>{bar}<p>{escape(told)}</p>"


def _more(one: Standing) -> str:
    if one.problem:
        return f"<p>{escape(one.problem)}</p>"
    cells = (
        _cell(title, one.scores[name], digits, factor)
        for name, (title, digits, factor) in SHOWN.items()
        if name in one.scores
    )
    return "".join(cells)


def _cell(title: str, score: Score, digits: int, factor: float) -> str:
    spread = "" if score.error is None else f"<small> ± {factor * score.error:.{digits}f}</small>"
    value = f"{factor * score.value:.{digits}f}"
    return f"<dl><dt>{escape(title)}</dt><dd>{value}{spread}</dd></dl>"


# As a table of numbers ----------------------------------------------------------------------------


def records(standings: Sequence[Standing]) -> list[dict[str, object]]:
    """All figures and protocols, a row a competitor, for a table or a CSV file."""
    return [_record(standings[i]) for i in order(standings)]


def _record(one: Standing) -> dict[str, object]:
    row: dict[str, object] = {"competitor": one.title, "key": one.key, "sampling": one.sampling}
    for name, score in one.scores.items():
        row[name] = score.value
        if score.error is not None:
            row[f"{name} ±"] = score.error
    row["seconds a sample"] = one.seconds
    how = one.protocol
    return row | {
        "samples": how.samples,
        "reference": how.reference,
        "reference sha256": how.reference_sha256[:16],
        "network": how.network,
        "network sha256": how.network_sha256[:16],
        "resize": how.resize,
        "network precision": how.precision,
        "seed": how.seed,
        "weights sha256": how.checkpoint_sha256[:16],
    }


def csv(standings: Sequence[Standing]) -> str:
    """The records as comma-separated values, with every column that any row has."""
    import csv as writer
    from io import StringIO

    rows = records(standings)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = StringIO()
    made = writer.DictWriter(text, columns, lineterminator="\n")
    made.writeheader()
    made.writerows(rows)
    return text.getvalue()
