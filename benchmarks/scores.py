"""Measure the shipped models for the page Compare, which opens on what this writes.

``python -m benchmarks.scores`` writes pretrained/scores.json; what was measured before stands on a
shelf in the folder of runs, so it may be broken off and started again.
"""

import sys
from dataclasses import replace

from explorer import checkpoints, files, standings
from explorer.answers import Standing
from explorer.competitors import Competitor, competitor
from explorer.evaluation import drawn, evaluate
from explorer.expenses import COUNTED, few
from explorer.metrics.cost import timed
from explorer.rulers import Asked
from explorer.shelf import Shelf
from explorer.ui.board_entries import FIRST, choices


def main() -> None:
    """Measure the data sets named on the command line, or all, and write what is known of all."""
    kept = {_name(one): one for one in standings.all_shipped()}
    for name in sys.argv[1:] or FIRST:
        ones = _entered(name)
        for _, told in evaluate(ones, Asked()):
            print(f"{told.title} {told.sampling}: {told.stage} {told.done:,}", flush=True)
            if told.stage == "done":
                kept[_name(told)] = told
        print(f"{name}: {len(ones)} competitors")
    every = [one for name in FIRST for one in _entered(name)]
    value = {
        "standings": [standings.to_json(_timed(told, every)) for told in kept.values()],
        "walls": [_wall(one) for one in every],
    }
    files.publish(standings.SHIPPED, files.json_bytes(value, indent=1))


def _entered(name: str) -> list[Competitor]:
    """Those that stand on the page's board at first."""
    there = choices(name)
    return [competitor(**there[key].entered) for key in FIRST[name]]


def _timed(told: Standing, every: list[Competitor]) -> Standing:
    """With the time that a sample takes now: pictures from the shelf were drawn at other times."""
    one = next(one for one in every if _name(one) == _name(told))
    if one.real:
        return told
    model = checkpoints.load(one.entry.path)
    return replace(told, seconds=timed(lambda: few(model, one.how)).seconds / COUNTED)


def _wall(one: Competitor) -> dict:
    for kept in drawn(one, Shelf(one.shelf), 0):
        if not isinstance(kept, int):
            pictures = kept["pictures"]
    return standings.wall_json(one.digest, one.sampling, one.seed, pictures)


def _name(one) -> tuple[str, str]:
    return one.key, one.sampling


if __name__ == "__main__":
    main()
