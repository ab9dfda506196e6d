"""The commands ``zoo list | build | pack | check``: the shipped models, from recipe to file."""

import argparse
import json
import sys

from explorer import catalog, runs
from explorer.data.base import printable
from explorer.errors import ExplorerError, InputError, StoreError
from explorer.zoo import tables
from explorer.zoo.cards import STATES, Card, cards
from explorer.zoo.recipes import recipe_of, recipes


def list_zoo(asked: argparse.Namespace) -> None:
    """Every shipped model, and whether its file is what was shipped."""
    found = cards()
    if asked.readme:
        tables.write_readme()
    elif asked.markdown:
        print(tables.markdown(found))
    elif asked.json:
        print(json.dumps([tables.as_json(card) for card in found], allow_nan=False))
    else:
        for card in found:
            print(tables.line(card))


def build(asked: argparse.Namespace) -> int:
    """Train shipped models from their recipes and pack them; a second call goes on."""
    from explorer.commands import INTERRUPTED, work_on
    from explorer.zoo.building import build as build_one

    code = 0
    for name in _wanted(asked):
        print(f"{name}:", flush=True)
        try:
            state = build_one(name, recipe_of(name), work_on)
        except ExplorerError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            code = code or error.exit_code
            continue
        if state != "done":
            return INTERRUPTED
        tables.write_readme()
        print(f"{name}: packed", flush=True)
    return code


def _wanted(asked: argparse.Namespace) -> list[str]:
    """The recipes to build, foundations first.  Raises InputError for a name without one."""
    for name in asked.names:
        recipe_of(name)
    names = [name for name in recipes() if not asked.names or name in asked.names]
    if not asked.missing:
        return names
    good = {card.name for card in cards() if card.state == "ok"}
    return [name for name in names if name not in good]


def pack(asked: argparse.Namespace) -> None:
    """Pack a finished run of a recipe as the shipped model of that name."""
    from explorer.zoo.building import root
    from explorer.zoo.packing import ship

    recipe = recipe_of(asked.name)
    try:
        run = runs.find_path(asked.run)
    except InputError:
        run = runs.find(asked.run, root())
    path = ship(asked.name, recipe, run)
    tables.write_readme()
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


def adopt(asked: argparse.Namespace) -> None:
    """Write weight files into the index as they are, without what only their run could tell."""
    from explorer.zoo import packing

    for name in asked.names:
        recipe_of(name)
        packing.adopt(catalog.resolve(catalog.SHIPPED + name))
        print(f"{name}: written into the index")
    tables.write_readme()


def check(asked: argparse.Namespace) -> int:
    """Compare every file with its hash and its recipe, and with --measure also its figures."""
    for name in asked.names:
        recipe_of(name)
    chosen = [card for card in cards() if not asked.names or card.name in asked.names]
    wrong = [card.name for card in chosen if not _sound(card, asked.measure)]
    there = [card for card in chosen if card.state != "new"]
    unborn = f", {len(chosen) - len(there)} are not trained yet" if there != chosen else ""
    print(f"{len(there) - len(wrong)} of {len(there)} are right{unborn}")
    return StoreError.exit_code if wrong else 0


def _sound(card: Card, measure: bool) -> bool:
    """Tell what is wrong with one model; whether nothing is."""
    from explorer.zoo.checking import problems

    found = problems(card)
    print(f"{card.name}: {STATES[card.state] if not found else 'wrong'}", flush=True)
    for problem in found:
        print(f"  {printable(problem, 400)}")
    usable = card.entry is not None and not found
    return _measured(card) if measure and usable else not found


def _measured(card: Card) -> bool:
    """Measure a model's figures again; whether all agree."""
    from explorer.zoo.checking import TOLERANCES, measured

    try:
        found = measured(card.entry)
    except ExplorerError as error:
        print(f"  not measured: {error}")
        return True
    for one in found:
        verdict = "agrees" if one.close else "DIFFERS"
        limit = f"within {TOLERANCES[one.term]:.0%}"
        print(f"  {one.term}: {one.told:.5g} told, {one.now:.5g} now, {verdict} {limit}")
    return all(one.close for one in found)
