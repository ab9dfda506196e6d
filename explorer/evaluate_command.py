"""The command ``evaluate``: checkpoints and real pictures measured, progress beside the figures.

The figures go to standard output, as a table or as JSON with the whole protocol of each; how far it
is goes to standard error.
"""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from explorer import files
from explorer.config import SEED_LIMIT
from explorer.errors import InputError
from explorer.flags import whole
from explorer.sampling import SampleSettings

if TYPE_CHECKING:
    from explorer.answers import Standing
    from explorer.competitors import Competitor
    from explorer.rulers import Asked

METRICS = {  # what can be asked for -> the scores it stands for
    "fid": ("FID", "FID at infinity"),
    "kid": ("KID",),
    "precision": ("precision", "recall"),
    "density": ("density", "coverage"),
    "classifier": ("classifier distance", "classifier score", "effective classes"),
    "diversity": ("pairwise distance",),
    "sharpness": ("sharpness",),
    "memorised": ("nearer to training", "copies"),
    "cost": ("parameters", "network evaluations", "GFLOP", "images seen", "swing"),
}
SLOW = {"fid", "kid", "precision", "density"}  # that need the Inception network
REFERENCES = ("train", "all", "test")
PRECISIONS = ("auto", "bf16", "float32")


def evaluate(asked: argparse.Namespace) -> None:
    """Measure checkpoints: FID, KID, precision and recall, and what they do not see."""
    from explorer import evaluation

    metrics = _metrics(asked.metrics)
    how = _how(asked, slow=bool(SLOW & metrics.keys()))
    ones = [_competitor(text, asked, how.seed) for text in asked.checkpoints]
    found: dict[int, Standing] = {}
    for i, standing in evaluation.evaluate(ones, how):
        _tell(i, len(ones), standing, found.get(i))
        found[i] = standing
    if said := {one.problem for one in found.values() if one.problem}:
        raise InputError(said.pop())
    results = [_wanted(found[i], metrics) for i in range(len(ones))]
    if asked.json:
        print(files.json_bytes({"standings": results}, indent=1).decode())
    else:
        print(_table(results))


def _metrics(text: str) -> dict[str, tuple[str, ...]]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    odd = [name for name in names if name not in METRICS and name != "all"]
    if odd or not names:
        known = ", ".join(METRICS)
        raise InputError(f"--metrics is {text[:60]!r}, but knows only: {known}, or all.")
    return METRICS if "all" in names else {name: METRICS[name] for name in names}


def _how(asked: argparse.Namespace, slow: bool) -> "Asked":
    from explorer.rulers import LEAST, Asked

    for flag, value, allowed in (
        ("--reference", asked.reference, REFERENCES),
        ("--precision", asked.precision, PRECISIONS),
    ):
        if value not in allowed:
            known = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
            raise InputError(f"{flag} is {value[:40]!r}, but must be {known}.")
    return Asked(
        samples=whole("--samples", asked.samples, LEAST, 10_000),
        inception=slow,
        reference=asked.reference,
        precision=asked.precision,
        seed=whole("--seed", asked.seed, 0, SEED_LIMIT),
    )


def _competitor(text: str, asked: argparse.Namespace, seed: int) -> "Competitor":
    """A checkpoint with the flags of sampling that it understands, or real pictures."""
    from explorer import catalog, competitors

    if text.startswith(competitors.REAL):
        return competitors.competitor(text, None, seed)
    entry = catalog.entry_at(text)
    given = {k: getattr(asked, k) for k in SampleSettings.model_fields if hasattr(asked, k)}
    if entry.header.has("Denoises"):
        how: dict[str, Any] = given
    else:
        how = {} if asked.prior == "normal" else {"prior": asked.prior}
    return competitors.competitor(text, how, seed, find=lambda _: entry)


def _tell(i: int, count: int, now: "Standing", before: "Standing | None") -> None:
    """One line of progress, written over itself on a terminal."""
    if before and (now.stage, now.done) == (before.stage, before.done):
        return
    text = f"{i + 1} of {count} · {now.title} · {now.stage} {now.done:,} of {now.total:,}"
    if sys.stderr.isatty():
        print(f"\r{text[:100]:<100}", end="\n" if now.stage == "done" else "", file=sys.stderr)
    elif before is None or now.stage != before.stage or now.done % 1000 < 40:
        print(text, file=sys.stderr, flush=True)


def _wanted(standing: "Standing", metrics: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    from explorer import standings

    names = {name for group in metrics.values() for name in group}
    value = standings.to_json(standing)
    return value | {"scores": {k: v for k, v in value["scores"].items() if k in names}}


def _table(results: list[dict[str, Any]]) -> str:
    """Every score of every competitor, and the protocol that they share or do not."""
    lines = []
    for one in results:
        lines.append(f"{one['title']} ({one['key']}) {one['sampling']}".rstrip())
        for name, score in one["scores"].items():
            spread = "" if score["error"] is None else f" ± {score['error']:.3g}"
            lines.append(f"  {name:<22}{score['value']:>10.4g}{spread}")
        how = one["protocol"]
        lines.append(
            f"  {how['samples']:,} samples of seed {how['seed']} against the {how['reference']} · "
            f"{how['network']}, {how['precision']}, resized {how['resize']}"
        )
    return "\n".join(lines)
