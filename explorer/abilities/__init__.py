"""Measure what one model can do, ability by ability: the cells of the page Capabilities."""

from collections.abc import Callable

from explorer.abilities.classes import represent
from explorer.abilities.copies import reconstruct
from explorer.abilities.expense import cost
from explorer.abilities.probable import likelihood
from explorer.abilities.samples import sample
from explorer.abilities.subject import Measure, Subject
from explorer.capabilities import Cell
from explorer.catalog import Entry
from explorer.errors import InputError, NonFinite

MEASURES: dict[str, Callable[[Subject], Measure]] = {
    "cost": cost,
    "reconstruct": reconstruct,
    "represent": represent,
    "likelihood": likelihood,
    "sample": sample,
}


def measure(entry: Entry, ability: str) -> Measure:
    """One ability of a checkpoint: how much is done (0 to 1), then the cell.

    What cannot be measured is a cell that says why.
    """
    try:
        yield from MEASURES[ability](Subject(entry))
    except (InputError, NonFinite) as error:
        yield Cell(ability, None, None, str(error))
