"""Measure the shipped models for the page Compare and the zoo's cards, which show what this writes.

``python -m benchmarks.scores`` measures every model of pictures by 2,000 samples, or as many as
there are test images, those that stand on the board at first before the others, and writes
pretrained/scores.json after each part: about 100,000 pictures, an hour on two cores.  What was
looked at stands on a shelf in the folder of runs, so it may be broken off and started again.
"""

import sys
from dataclasses import replace

from explorer import catalog, checkpoints, data, files, standings
from explorer.answers import Standing
from explorer.catalog import Entry
from explorer.competitors import Competitor, competitor
from explorer.evaluation import drawn, evaluate
from explorer.expenses import COUNTED, few
from explorer.metrics.cost import timed
from explorer.rulers import Asked
from explorer.shelf import Shelf
from explorer.ui.board_entries import FIRST, choices

FITTED = ("pretrained:vae-fashion", "pretrained:vae-adversarial-fashion", "pretrained:mnist-vae")
Name = tuple[str, str]  # of a competitor and of its standing: key and way of sampling


def main() -> None:
    """Measure the data sets named on the command line, or all of them."""
    sets = sorted({_data(one) for one in _pictures()}, key=lambda name: (name not in FIRST, name))
    parts = {name: (_first(name), _others(name)) for name in sets}
    every = {_name(one): one for name in sets for part in parts[name] for one in part}
    kept = {_name(told): told for told in standings.all_shipped() if _name(told) in every}
    named = sys.argv[1:] or sets
    for name, part in [(name, parts[name][i]) for i in (0, 1) for name in named]:
        samples = min(Asked().samples, len(data.load(name, "test")))
        for told in _measured(part, samples):
            kept[_name(told)] = _timed(told, every[_name(told)])
        _write(kept, every)


def _measured(ones: list[Competitor], samples: int) -> list[Standing]:
    """Where each of some competitors stands in the end."""
    found = {}
    for i, told in evaluate(ones, Asked(samples=samples)) if ones else ():
        if found.get(i) is None or found[i].stage != told.stage:
            print(f"{told.title} {told.sampling}: {told.stage}", flush=True)
        found[i] = told
    return [told for told in found.values() if told.stage == "done"]


def _write(kept: dict[Name, Standing], every: dict[Name, Competitor]) -> None:
    value = {
        "standings": [standings.to_json(told) for told in kept.values()],
        "walls": [_wall(every[name]) for name in kept],
    }
    files.publish(standings.SHIPPED, files.json_bytes(value, indent=1))


# Who is measured ----------------------------------------------------------------------------------


def _pictures() -> list[Entry]:
    """The shipped models that draw pictures."""
    return [one for one in catalog.shipped() if len(one.header.facts["spec"]["shape"]) == 3]


def _data(entry: Entry) -> str:
    return entry.header.recipe["data"].removesuffix("-full")


def _first(name: str) -> list[Competitor]:
    """Those that stand on the board of a data set at first, real pictures among them."""
    there = choices(name)
    return [competitor(**there[key].entered) for key in FIRST.get(name, (f"real:{name}:test",))]


def _others(name: str) -> list[Competitor]:
    """The other models of a data set, and VAEs with a prior that is fitted to their latents."""
    there, known = choices(name), FIRST.get(name, ())
    models = [entry.key for entry in _pictures() if _data(entry) == name]
    fitted = [f"{key}~mixture" for key in models if key in FITTED]
    keys = [key for key in (*models, *fitted) if key not in known]
    return [competitor(**there[key].entered) for key in keys]


def _name(one: Competitor | Standing) -> Name:
    return one.key, one.sampling


# What is told of them -----------------------------------------------------------------------------


def _timed(told: Standing, one: Competitor) -> Standing:
    """With the time that a sample takes now: pictures from the shelf were drawn at other times."""
    if one.real:
        return told
    model = checkpoints.load(one.entry.path)
    return replace(told, seconds=timed(lambda: few(model, one.how)).seconds / COUNTED)


def _wall(one: Competitor) -> dict:
    for kept in drawn(one, Shelf(one.shelf), 0):
        if not isinstance(kept, int):
            pictures = kept["pictures"]
    return standings.wall_json(one.digest, one.sampling, one.seed, pictures)


if __name__ == "__main__":
    main()
