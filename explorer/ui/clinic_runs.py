"""The runs of the collapse clinic: two on pictures, and forks of the one that collapsed.

They are found by what they were trained with, so a reload, a rename or another tab loses none.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from explorer import catalog, runs
from explorer.collapse import CURES, INGREDIENTS, PICTURES
from explorer.errors import ExplorerError
from explorer.runs import Run
from explorer.ui import experiments
from explorer.ui.live import is_live

DATA = "mnist"
RECIPE = tuple(INGREDIENTS)
NEWEST = 200  # runs that are looked through
TWINS = {"sick": ("Collapse recipe", 7), "healthy": ("Healthy", 0)}  # titles and colours


class Case(NamedTuple):
    """The clinic's runs of a seed by what they are: healthy, sick, or the name of a cure."""

    seed: int
    runs: dict[str, Run]

    @property
    def live(self) -> bool:
        """Whether any of them trains or waits for its turn."""
        return any(map(is_live, self.runs.values()))


def case_of(seed: int) -> Case:
    """The newest twins with the clinic's settings and ``seed``, and the forks of the sick one."""
    there = _readable(runs.runs()[:NEWEST])
    found: dict[str, Run] = {}
    for name in TWINS:
        wanted = asked(name, seed)
        for run, told in there:
            if not told["parent"] and _has(told, wanted):
                found.setdefault(name, run)
    if "sick" in found:
        found |= _forks(found["sick"], there, seed)
    return Case(seed, found)


def _forks(sick: Run, there: list[tuple[Run, dict[str, Any]]], seed: int) -> dict[str, Run]:
    found: dict[str, Run] = {}
    for name in CURES:
        wanted = asked(name, seed)
        for run, told in there:
            if told["parent"] and told["parent"]["run"] == sick.id and _has(told, wanted):
                found.setdefault(name, run)
    return found


def _readable(found: Iterable[Run]) -> list[tuple[Run, dict[str, Any]]]:
    """GANs of our data with their settings; a damaged run is passed over."""
    there = []
    for run in found:
        try:
            told = {"parent": None, **run.settings}
        except ExplorerError:
            continue
        if (told.get("family"), told.get("data")) == ("gan", DATA):
            there.append((run, told))
    return there


def _has(told: dict[str, Any], values: dict[str, Any]) -> bool:
    return values.items() <= (told["model"] | told["training"]).items()


def asked(name: str, seed: int) -> dict[str, Any]:
    """The settings of one of the twins, or of a cure."""
    values = {"healthy": PICTURES.healthy, "sick": PICTURES.sick(RECIPE)}.get(name)
    if values is not None:
        return values | {"seed": seed, "steps": PICTURES.steps}
    return PICTURES.treated(RECIPE, name) | {"seed": seed, "steps": 2 * PICTURES.steps}


def title(name: str) -> str:
    """What a run of the clinic is called."""
    return TWINS[name][0] if name in TWINS else CURES[name].title


def colour(name: str) -> int:
    """The number of its colour."""
    return TWINS[name][1] if name in TWINS else 1 + list(CURES).index(name) % 6


# Starting -------------------------------------------------------------------------------------


def admit(case: Case) -> None:
    """Start those of the twins that there are not yet, the sick one first."""
    for name in TWINS:
        if name not in case.runs:
            _begin(name, case.seed)


def fork(case: Case, name: str) -> None:
    """Start a cure from the last checkpoint of the collapsed run."""
    sick = case.runs["sick"]
    _begin(name, case.seed, catalog.entry(catalog.exact(sick.id, sick.latest_checkpoint().step)))


def _begin(name: str, seed: int, parent: catalog.Entry | None = None) -> None:
    """One click makes one run."""
    purpose = f"clinic-{name}-{parent.key if parent else seed}"
    token = experiments.token(purpose)
    run = experiments.start("gan", DATA, asked(name, seed), token, parent)
    run.note(label=f"Collapse clinic: {title(name)}")
    experiments.used(purpose)
