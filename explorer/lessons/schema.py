"""What a lesson file holds.  One schema for the bundled lessons and for those of a teacher."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from explorer import files
from explorer.config import Settings
from explorer.errors import ExplorerError, InputError
from explorer.lessons import doors

LARGEST = 1_000_000  # bytes of a lesson file
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,19}$")]
Value = str | int | float | bool
PICTURES = Literal[
    "none",
    "data",
    "epochs",
    "film",
    "samples",
    "copies",
    "ways",
    "noises",
    "plane",
    "forward",
    "curves",
    "simple",
    "styles",
    "real",
    "sign",
    "last-noise",
    "told",
]


class Ours(Settings):
    """Where our number is measured; the figure itself is never written down.

    ``model`` is a shipped model, ``@0`` the first of the step's; ``name`` what is measured of it.
    """

    source: Literal["model", "board", "shots", "capability", "real", "schedule", "seed"]
    model: str = ""
    name: str = ""
    data: str = ""
    ability: str = ""
    beta: float | None = None
    latent: int | None = None
    samples: int = 0
    T: int = 0


class Number(Settings):
    """A number of the course document beside ours, and why they differ."""

    what: Text
    document: float | None = None
    unit: str = ""
    data: str = ""
    ours: Ours
    why: Text
    within: Annotated[float, Field(ge=0, le=1)] = 0.15


class Predict(Settings):
    """A question to answer before one looks.  Without ``choices`` the answer is a free text."""

    question: Text
    choices: tuple[Text, ...] = ()
    right: int | None = None
    happens: Text

    @model_validator(mode="after")
    def _right_exists(self) -> Self:
        if self.right is not None and not 0 <= self.right < len(self.choices):
            raise ValueError("right must be the number of a choice, counted from 0")
        return self


class Link(Settings):
    """A page in a given state; ``mistake`` is the number of the known mistake it can switch on."""

    title: Text
    page: str
    preset: dict[str, Value] = {}
    mistake: Annotated[int, Field(ge=1, le=11)] | None = None

    @field_validator("page")
    @classmethod
    def _page_exists(cls, page: str) -> str:
        try:
            doors.door(page)
        except InputError as error:
            raise ValueError(str(error)) from None
        return page

    @model_validator(mode="after")
    def _preset_is_understood(self) -> Self:
        try:
            doors.refuse_strangers(self.page, self.preset)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self


class Picture(Settings):
    """What is drawn in the lesson itself: a ``kind``, and what that kind needs."""

    kind: PICTURES = "none"
    models: tuple[int, ...] | None = None  # of the step's; None: all
    data: str = "fashion-mnist"
    images: tuple[int, ...] = (0, 1, 2, 3, 4)
    epochs: tuple[float, ...] = (1, 10, 20, 25)
    track: str = "samples"
    term: str = "reconstruction"
    prior: str = "normal"
    seed: int = 0
    n: int = 16
    T: int = 1000


class Train(Settings):
    """What the button *Train it* trains."""

    family: str
    data: str = "fashion-mnist"
    settings: dict[str, Value] = {}


class Step(Settings):
    """One step of a lesson.  The first group of ``models`` that is here whole is used."""

    title: Text
    lines: tuple[str, ...] = ()
    predict: Predict
    look: Text
    models: tuple[tuple[str, ...], ...] = ()
    data: tuple[str, ...] = ()
    pages: tuple[Link, ...] = Field(min_length=1)
    picture: Picture = Picture()
    numbers: tuple[Number, ...] = ()
    mistakes: tuple[str, ...] = ()
    train: Train | None = None


class Lesson(Settings):
    """A lesson: its ``key`` stands in addresses, ``source`` says where it comes from."""

    key: Key
    title: Text
    introduction: Text
    cover: tuple[str, ...] = ()  # shipped models: the first with a film lends the card its picture
    source: str = ""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=40)


def read(path: Path) -> Lesson:
    """The lesson in a file.  Raises InputError that names the file, the step and the field."""
    return parsed(_json(path), path.name)


def parsed(value: Any, name: str) -> Lesson:
    """The lesson in plain values, from the file called ``name``.  Raises InputError."""
    if not isinstance(value, dict):
        raise InputError(
            f"{name} holds no lesson: it must be one JSON object with a key and steps."
        )
    try:
        return Lesson.model_validate(value)
    except ValidationError as error:
        raise InputError(" ".join(_sentence(name, one) for one in error.errors()[:3])) from None


def _json(path: Path) -> Any:
    try:
        content = files.read_bytes(path)
    except (ExplorerError, OSError):
        raise InputError(f"There is no readable lesson file {path.name}.") from None
    if len(content) > LARGEST:
        raise InputError(f"{path.name} is larger than 1 MB, so it is no lesson file.")
    try:
        return json.loads(content.decode())
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(
            f"{path.name} is no JSON: {error.msg} in {where}. Mend it there."
        ) from None
    except (ValueError, RecursionError):
        raise InputError(f"{path.name} is no JSON text in UTF-8. Save it as such.") from None


def _sentence(name: str, problem: dict[str, Any]) -> str:
    place, told = _place(problem["loc"]), problem["msg"]
    if problem["type"] == "extra_forbidden":
        told = "there is no such field; see docs/lessons.md for those that there are"
    elif problem["type"] == "missing":
        told = "this field is missing"
    elif problem["type"] == "value_error":
        told = re.sub(r"^Value error, ", "", told)
    else:
        told = f"{told[0].lower()}{told[1:]}, not {_short(problem['input'])}"
    return f"{name}, {place}: {told.rstrip('.')}."


def _place(where: tuple) -> str:
    """("steps", 2, "predict", "question") -> step 3, predict, question."""
    words, parts = list(where), []
    while words:
        word = words.pop(0)
        if word in ("steps", "pages", "numbers", "models") and words and isinstance(words[0], int):
            parts.append(f"{word[:-1]} {words.pop(0) + 1}")
        else:
            parts.append(str(word))
    return ", ".join(parts) or "the whole file"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
