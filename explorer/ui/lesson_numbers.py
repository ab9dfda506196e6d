"""Our numbers beside those of the course documents, as a table with a judgement each."""

from html import escape

from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.lessons import numbers
from explorer.lessons.numbers import Found, Verdict, digits, given
from explorer.lessons.schema import Number, Step
from explorer.runs import Run
from explorer.ui import theme

HEAD = ("What", "Course document", "Here", "", "Why")
LOOK = {  # of a verdict: a run's state whose colour says the same
    "near": "done",
    "differs": "waiting",
    "not comparable": "stopped",
    "not measured": "stopped",
    "ours alone": "stopped",
}


def table(step: Step, entries: tuple[Entry, ...], run: Run | None = None) -> str:
    """HTML of a step's numbers; with a student's own ``run``, its numbers too."""
    return theme.table(HEAD, [_row(one, entries, run) for one in step.numbers])


def looked_up(number: Number, entries: tuple[Entry, ...]) -> tuple[Found | None, Verdict]:
    """Our number and the judgement; where there is none, the judgement says why."""
    try:
        ours = numbers.found(number.ours, entries)
    except ExplorerError as error:
        return None, Verdict("not measured", str(error))
    return ours, numbers.judge(number, ours)


def _row(number: Number, entries: tuple[Entry, ...], run: Run | None) -> tuple[str, ...]:
    ours, verdict = looked_up(number, entries)
    theirs = (
        _value(given(number.document), number.unit, numbers.title(number.data))
        if number.document is not None
        else ""
    )
    here = _value(digits(ours.value), ours.unit, ours.data, ours.error) if ours else "–"
    if run and (own := numbers.of_run(number.ours, run)):
        here += f"<small>your run</small>{_value(digits(own.value), own.unit, own.data)}"
    source = f"<small>{escape(ours.where)}</small>" if ours else ""
    why = f"{escape(number.why)}<small>{escape(verdict.reason)}</small>"
    chip = theme.chip(LOOK[verdict.state], verdict.state)
    return f"{escape(number.what)}{source}", theirs, here, chip, why


def _value(value: str, unit: str, name: str = "", error: float | None = None) -> str:
    around = f" ± {error:.2g}" if error else ""
    more = ", ".join(filter(None, (unit, name)))
    return f"<b>{value}</b>{around}<small>{escape(more)}</small>"
