"""Which lessons there are: the bundled ones and a teacher's own, and which models a step uses."""

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from explorer import catalog, data, runs
from explorer.catalog import Entry
from explorer.errors import ExplorerError, InputError
from explorer.lessons.schema import Lesson, Link, Ours, Step, read

BUNDLED = Path(__file__).parent
REAL = ("data", "copies", "ways", "noises")  # pictures that need images of the models' own data
MOST = 100  # files of a teacher that are read


@dataclass(frozen=True)
class Lessons:
    """The lessons by their key, and in sentences what is wrong with files that hold none."""

    lessons: dict[str, Lesson] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """A step of a lesson, by its number from 1."""

    lesson: Lesson
    number: int

    @property
    def step(self) -> Step:
        """What is shown there."""
        return self.lesson.steps[self.number - 1]

    @property
    def name(self) -> str:
        """As it stands in an address: B.3."""
        return f"{self.lesson.key}.{self.number}"


def folder() -> Path:
    """A teacher's own lessons: EXPLORER_LESSONS, or ``lessons`` beside the folder of runs."""
    given = os.environ.get("EXPLORER_LESSONS")
    return Path(given).absolute() if given else runs.root().parent / "lessons"


def found() -> Lessons:
    """All lessons, the bundled ones first; a file that holds none costs no other."""
    result = Lessons()
    for path in (*sorted(BUNDLED.glob("[A-Z].json")), *_own()):
        try:
            lesson = _read(path, path.stat().st_mtime_ns)
            if lesson.key in result.lessons:
                raise InputError(
                    f"{path.name}: there is a lesson {lesson.key} already. Give it another key."
                )
            result.lessons[lesson.key] = lesson
        except ExplorerError as error:
            result.problems.append(str(error))
        except OSError:
            result.problems.append(f"{path.name} cannot be read. Check its permissions.")
    return result


def place(name: str) -> Place:
    """The step called ``name``, such as B.3.  Raises InputError."""
    key, _, number = name.partition(".")
    lessons = found().lessons
    if key not in lessons:
        raise InputError(f"There is no lesson {key[:40]!r}. There are: {', '.join(lessons)}.")
    steps = len(lessons[key].steps)
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= steps):
        raise InputError(f"Lesson {key} has no step {number[:40]!r}. It has 1 to {steps}.")
    return Place(lessons[key], int(number))


def places() -> list[Place]:
    """Every step of every lesson."""
    return [Place(one, i + 1) for one in found().lessons.values() for i in range(len(one.steps))]


def _own() -> list[Path]:
    own = folder()
    return sorted(own.glob("*.json"))[:MOST] if own.is_dir() else []


@lru_cache(maxsize=256)
def _read(path: Path, _mtime: int) -> Lesson:
    return read(path)


# What a step needs --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Models:
    """The models that a step uses, and what is missing of those it would rather use or needs."""

    entries: tuple[Entry, ...] = ()
    missing: tuple[str, ...] = ()  # keys, of the first group; empty if that is here
    problem: str = ""  # why none of its groups can be used


def models(step: Step, images: bool = True) -> Models:
    """The first group of a step's models that is here whole, with the ``images`` that it needs.

    Or without asking for these: then it is the same on every machine.
    """
    real = images and step.picture.kind in REAL
    first: tuple[str, ...] = ()
    for group in step.models:
        there, problems = _group(group, real)
        if not problems:
            return Models(there, first)
        first = first or tuple(problems)
    if not step.models:
        return Models()
    said = next(iter(_group(step.models[-1], real)[1].values()))
    return Models((), first, said)


def _group(keys: tuple[str, ...], real: bool) -> tuple[tuple[Entry, ...], dict[str, str]]:
    """The models of a group, and what is wrong with those that cannot be used, by their key."""
    there, problems = [], {}
    for key in keys:
        try:
            there.append(shipped(key))
            if real and (said := _missing(there[-1])):
                problems[key] = said
        except ExplorerError as error:
            problems[key] = str(error)
    return tuple(there), problems


def _missing(entry: Entry) -> str:
    """Why the images that it learned from are not here; empty if they are."""
    return data.info(data.at_hand(entry.header.recipe["data"])).problem


def shipped(name: str) -> Entry:
    """The shipped model called ``name``.  Raises InputError, or StoreError if it is damaged."""
    if not (catalog.FOLDER / f"{name}.safetensors").is_file():
        raise InputError(f"The shipped model {name} is not here. Restore its file from a copy.")
    return catalog.entry(catalog.SHIPPED + name)


def missing_data(step: Step) -> list[str]:
    """What is missing of the data that a step needs, in a sentence each."""
    there = {one.name: one for one in data.datasets()}
    told = []
    for name in step.data:
        one = there.get(name)
        if one is None:
            told.append(f"The data set {name} is not here. Add it on the page Train.")
        elif not one.available:
            told.append(one.problem)
    return told


def preset(link: Link, entries: tuple[Entry, ...]) -> dict[str, str] | None:
    """The address that a link opens, with ``@0`` replaced; None if it names a model not here."""
    address = {name: _text(value) for name, value in link.preset.items()}
    for i, entry in reversed(list(enumerate(entries))):
        address = {name: text.replace(f"@{i}", entry.key) for name, text in address.items()}
    return None if any("@" in text for text in address.values()) else address


def model_of(ours: Ours, entries: tuple[Entry, ...]) -> str:
    """The key of the model a number is measured on; empty if that is not here."""
    name = ours.model
    if not name.startswith("@"):
        return name
    number = int(name[1:]) if name[1:].isdigit() else len(entries)
    return entries[number].key if number < len(entries) else ""


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
