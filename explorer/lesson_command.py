"""The command ``lessons``: which there are, whether a file is one, and what they show."""

import argparse
from pathlib import Path

from explorer.errors import InputError
from explorer.lessons import doors, reading, schema, table
from explorer.lessons.schema import Lesson, Link, Train


def lessons(asked: argparse.Namespace) -> None:
    """List the lessons, check a lesson file, or print what every line of the course is shown by."""
    if asked.check:
        check(Path(asked.check))
    elif asked.table:
        print(table.markdown(), end="")
    else:
        _list()


def check(path: Path) -> None:
    """Read a lesson file and look at every setting in it.  Raises InputError for what is wrong."""
    lesson = schema.read(path)
    for number, step in enumerate(lesson.steps, 1):
        try:
            for link in step.pages:
                _check_link(link)
            if step.train:
                _check_training(step.train)
        except InputError as error:
            raise InputError(f"{path.name}, step {number}: {error}") from None
    print(f"{path.name} is a lesson: {lesson.title}, {len(lesson.steps)} steps.")
    for told in _missing(lesson):
        print(told)


def _check_link(link: Link) -> None:
    """Whether a page understands a preset, also the settings that the engine knows."""
    doors.refuse_strangers(link.page, link.preset, _answer)
    known = doors.settings(link.page, _answer, str(link.preset.get("family", "vae")))
    for name, value in link.preset.items():
        if name in known and "@" not in str(value):
            known[name].read(str(value).lower() if isinstance(value, bool) else str(value))


def _check_training(train: Train) -> None:
    """Whether this could be trained, but for data that are not here."""
    from explorer.models import family
    from explorer.recipe import TrainSettings

    kind = family(train.family)
    own = {k: v for k, v in train.settings.items() if k in kind.Config.model_fields}
    kind.Config.read(own)
    TrainSettings.read({k: v for k, v in train.settings.items() if k not in own})


def _answer(question: str):
    """The engine's answer, computed in this very process."""
    from explorer import answering

    known = {one.__name__: one for one in (*answering.QUICK, *answering.HEAVY)}
    return known[question]()


def _missing(lesson: Lesson) -> list[str]:
    """What a step would use and does not find: worth knowing, and no mistake of the file."""
    told = []
    for number, step in enumerate(lesson.steps, 1):
        found = [*filter(None, [reading.models(step).problem]), *reading.missing_data(step)]
        told += [f"Step {number}: {one}" for one in found]
    return told


def _list() -> None:
    known = reading.found()
    for key, lesson in known.lessons.items():
        print(f"{key:<12} {len(lesson.steps):>2} steps  {lesson.title}")
    for problem in known.problems:
        print(f"left out: {problem}")
    print(f"Lessons of your own: {reading.folder()}")
