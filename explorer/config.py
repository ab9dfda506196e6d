"""Settings that describe themselves: one schema for the form, the command line, the URL and JSON.

A setting is a pydantic field with a title, a description and bounds; a `Hint` adds what only a
form needs (unit, group, logarithmic slider).  Everything else here is derived from that.
"""

import argparse
import math
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from explorer.errors import InputError

SEED_LIMIT = 2**32 - 1  # browsers lose digits above 2**53; this keeps far away from it


@dataclass(frozen=True)
class Hint:
    """What a form shows beside a setting.

    ``live`` may be changed while a run trains; ``advanced`` is folded away at first; ``when``
    names another setting and the values of it for which this one has a meaning.
    """

    group: str = ""
    unit: str = ""
    log: bool = False
    live: bool = False
    advanced: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    when: tuple[str, tuple] | None = None


@dataclass(frozen=True)
class Setting:
    """One setting as plain data: what a slider, a flag or a table row needs to know."""

    name: str
    title: str
    description: str
    kind: str  # "integer" | "number" | "switch" | "choice" | "text"
    default: Any
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    hint: Hint

    def label(self, value: Any) -> str:
        """What a person reads for ``value``."""
        return self.hint.labels.get(str(value), str(value))

    def read(self, text: str) -> Any:
        """The value that ``text`` from a URL means.  Raises InputError with the limit."""
        try:
            value = {"integer": int, "number": float, "switch": _switch}.get(self.kind, str)(text)
        except (KeyError, ValueError):
            value = None
        if value is None or not self._allows(value):
            raise InputError(f"{_named(self)} is {_short(text)}, but {_limit(self)}.")
        return value

    def _allows(self, value: Any) -> bool:
        if self.kind == "choice":
            return value in self.choices
        if self.kind in ("integer", "number"):
            low = -math.inf if self.low is None else self.low
            high = math.inf if self.high is None else self.high
            return low <= value <= high and math.isfinite(value)
        return True


class Settings(BaseModel):
    """Base of every group of settings: immutable, no unknown names, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Validate ``values``.  Raises InputError that names setting, value and limit."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(explain(cls, error)) from None

    def changed(self, **values: Any) -> Self:
        """A copy with some values replaced and everything validated again."""
        return type(self).read(self.model_dump() | values)

    @classmethod
    def live(cls) -> set[str]:
        """Names of the settings that may be changed while a run trains."""
        return {s.name for s in describe(cls) if s.hint.live}


def setting(
    default: Any,
    title: str,
    description: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    lt: float | None = None,
    **hint: Any,
) -> Any:
    """A pydantic field with a title, a tooltip, bounds and the `Hint` for forms."""
    extra = {"hint": Hint(**hint)}
    bounds = {"ge": ge, "le": le, "gt": gt, "lt": lt}
    return Field(default, title=title, description=description, json_schema_extra=extra, **bounds)


def describe(settings: type[Settings], **defaults: Any) -> tuple[Setting, ...]:
    """Every setting of a group, in the order of its declaration; ``defaults`` replace its own."""
    own = (_describe(name, info) for name, info in settings.model_fields.items())
    return tuple(replace(s, default=defaults.get(s.name, s.default)) for s in own)


def _describe(name: str, info: FieldInfo) -> Setting:
    kind, choices = _kind(info.annotation)
    low, high = _bounds(info)
    hint = (info.json_schema_extra or {}).get("hint", Hint())
    text = info.description or ""
    return Setting(name, info.title or name, text, kind, info.default, low, high, choices, hint)


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return "choice", tuple(get_args(annotation))
    return {bool: "switch", int: "integer", float: "number"}.get(annotation, "text"), ()


def _bounds(info: FieldInfo) -> tuple[float | None, float | None]:
    low = high = None
    for rule in info.metadata:
        low = getattr(rule, "ge", getattr(rule, "gt", low))
        high = getattr(rule, "le", getattr(rule, "lt", high))
    return low, high


# Errors -------------------------------------------------------------------------------------


def explain(settings: type[Settings], error: ValidationError) -> str:
    """All of pydantic's complaints as sentences for a person."""
    known = {s.name: s for s in describe(settings)}
    return " ".join(_sentence(known, problem) for problem in error.errors())


def _sentence(known: dict[str, Setting], problem: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in problem["loc"]) or "settings"
    if problem["type"] == "extra_forbidden":
        return f"There is no setting {name!r}. Known settings: {', '.join(known)}."
    found = known.get(name)
    title = _named(found) if found else name
    if problem["type"] == "missing":
        return f"{title} is missing."
    limit = _limit(found) if found else problem["msg"]
    return f"{title} is {_short(problem['input'])}, but {limit}."


def _named(one: Setting) -> str:
    return one.title if one.title == one.name else f"{one.title} ({one.name})"


def _limit(one: Setting) -> str:
    if one.kind == "choice":
        return f"must be one of {', '.join(map(str, one.choices))}"
    if one.kind == "switch":
        return "must be true or false"
    kind = {"integer": "a whole number", "number": "a number"}.get(one.kind, "a text")
    bounded = one.low is not None and one.high is not None
    return f"must be {kind}" + (f" between {one.low:g} and {one.high:g}" if bounded else "")


def _switch(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# Command line ---------------------------------------------------------------------------------


def add_arguments(
    parser: argparse.ArgumentParser, settings: type[Settings], **defaults: Any
) -> None:
    """One ``--flag`` a setting; values stay text, since `Settings.read` validates them."""
    for one in describe(settings, **defaults):
        limits = (
            f" [{one.low:g}..{one.high:g}]" if one.low is not None and one.high is not None else ""
        )
        options = f" {{{', '.join(map(str, one.choices))}}}" if one.choices else ""
        text = f"{one.title}: {one.description}{limits}{options} (default {one.default})"
        parser.add_argument(
            "--" + one.name.replace("_", "-"),
            dest=one.name,
            default=argparse.SUPPRESS,
            metavar="VALUE",
            help=text.replace("%", "%%"),
        )
