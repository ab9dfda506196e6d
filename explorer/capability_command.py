"""The command ``capabilities``: the matrix of what models can do, measured here.

What was measured before on the same weights is taken from the shelf beside the runs.
"""

import argparse
import sys
from typing import Any

from explorer import capabilities, catalog, files
from explorer.capabilities import KINDS, VERSION, Cell
from explorer.catalog import Entry

COMMAND = "python -m explorer capabilities --json"
UNITS = {
    "cost": "ms an image",
    "reconstruct": "squared error an image",
    "represent": "share right",
    "likelihood": "bits per dimension",
    "sample": "classifier distance",
}


def capability_table(asked: argparse.Namespace) -> None:
    """Measure what models can do: copy, tell classes, say how probable, invent, and the cost."""
    keys = asked.checkpoints or [f"{catalog.SHIPPED}{kind.first}" for kind in KINDS.values()]
    entries = [catalog.entry(key) for key in keys]
    for entry in entries:
        _measure(entry)
    told = [(entry, capabilities.kept(entry)) for entry in entries]
    if asked.json:
        text = files.json_bytes(table(told), indent=1).decode()
        print(text)
        return
    for entry, cells in told:
        print(entry.title)
        for ability in UNITS:
            print(f"  {ability:<12} {_said(cells[ability])}")


def _measure(entry: Entry) -> None:
    """What is missing of one checkpoint; how it goes is told on stderr."""
    from explorer.questions.capability import capability

    for told in capability(entry.key):
        if told["ability"]:
            line = f"\r{entry.title}: {told['ability']} {told['share']:4.0%}   "
            print(line, end="", file=sys.stderr, flush=True)
    print(f"\r{entry.title}: done{' ' * 20}", file=sys.stderr, flush=True)


def table(told: list[tuple[Entry, dict[str, Cell]]]) -> dict[str, Any]:
    """What `capabilities.shipped` reads."""
    models = [
        {
            "title": entry.title,
            "weights": entry.digest,
            "cells": [cell.to_json() for cell in cells.values()],
        }
        for entry, cells in told
    ]
    return {"version": VERSION, "command": COMMAND, "models": models}


def _said(cell: Cell) -> str:
    """One line of a cell."""
    if cell.value is None:
        return f"no: {cell.text}"
    error = "" if cell.error is None else f" ± {cell.error:.2g}"
    return f"{cell.value:.4g}{error} {UNITS[cell.ability]} ({cell.text})"
