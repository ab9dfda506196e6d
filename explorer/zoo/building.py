"""From a recipe to a shipped model: an unfinished run goes on, a finished one is only packed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer import files, runs
from explorer.errors import StoreError
from explorer.questions.recipes import draft
from explorer.runs import Run
from explorer.zoo.packing import ship
from explorer.zoo.recipes import ZooRecipe

PLACE = ".zoo"  # beside the other runs, whose lists do not show it


def root() -> Path:
    """The folder of the zoo's runs."""
    return runs.root() / PLACE


def build(name: str, asked: ZooRecipe, train: Callable[[Run], str]) -> str:
    """Train what a recipe asks for and pack it; "done", or how ``train`` left the run.

    Raises InputError, ResourceError (its data are not here) or what training raises.
    """
    run = run_of(asked)
    state = run.status.state
    if state != "done":
        state = train(run)
    if state == "done":
        ship(name, asked, run)
    return state


def run_of(asked: ZooRecipe) -> Run:
    """The zoo's newest run of a recipe, or a new one.  Raises InputError or ResourceError."""
    made = draft(asked.family, asked.data, asked.settings).recipe
    plain = files.parse_json(files.json_bytes(made), "the recipe")
    found = [run for run in runs.runs(root()) if _settings(run) == plain]
    return found[0] if found else runs.create(made, root())


def _settings(run: Run) -> dict[str, Any] | None:
    """What a run was asked to do; None if it cannot be read any more."""
    try:
        return None if run.status.damaged else run.settings
    except StoreError:
        return None
