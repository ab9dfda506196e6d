"""What a sample costs here and now, and what the training has cost."""

from explorer import expenses
from explorer.abilities.samples import usual
from explorer.abilities.subject import Measure, Subject
from explorer.capabilities import Cell
from explorer.header import images_seen
from explorer.metrics import cost as costs
from explorer.worth import foundation


def cost(of: Subject) -> Measure:
    """Milliseconds a sample here and now, and what else it takes."""
    how = usual(of).how
    yield 0.1
    counted = expenses.operations(of.model, how)
    yield 0.4
    found = costs.timed(lambda: expenses.few(of.model, how))
    took, error = (1000 * value / expenses.COUNTED for value in (found.seconds, found.error))
    header = of.entry.header
    facts = {
        "parameters": header.parameters,
        "evaluations": counted.evaluations,
        "operations": counted.total,
        "operations each": counted.each,
        "machine": costs.machine(),
        "images seen": images_seen(header.facts),
        "training set": header.recipe["data"],
        "command": costs.command(header.recipe),
    }
    if before := foundation(of.entry):
        facts["images seen before"] = images_seen(before.header.facts)
    yield Cell("cost", took, error, f"median of {found.draws} draws of {expenses.COUNTED}", facts)
