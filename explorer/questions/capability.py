"""What a model can do, measured ability by ability, the quick ones first; each is kept at once."""

from collections.abc import Iterator
from typing import Any

from explorer import capabilities, catalog, expenses
from explorer.abilities import measure
from explorer.capabilities import Cell
from explorer.questions.subjects import model_of


def capability(checkpoint: str, since: float = 0.0) -> Iterator[dict[str, Any]]:
    """Measure what is not known yet of a checkpoint, or only from before ``since`` (Unix time).

    Yields the ``ability`` in work, the ``share`` of it that is done (0 to 1), and how many cells
    are ``known``, which anyone finds by `capabilities.kept`.  Raises InputError, StoreError.
    """
    entry = catalog.entry(checkpoint)
    known = capabilities.kept(entry, since)
    for ability in capabilities.ABILITIES:
        if ability in known:
            continue
        told = {"ability": ability, "known": len(known)}
        yield told | {"share": 0.0}
        for found in measure(entry, ability):
            if isinstance(found, Cell):
                known[ability] = capabilities.keep(entry, found)
            else:
                yield told | {"share": float(found)}
    yield {"ability": "", "known": len(known), "share": 1.0}


def sample_cost(checkpoint: str) -> dict[str, float]:
    """How many evaluations and operations a sample takes, counted as it is drawn; no seconds."""
    found = expenses.operations(model_of(checkpoint), {})
    return {"evaluations": found.evaluations, "operations": found.total}
