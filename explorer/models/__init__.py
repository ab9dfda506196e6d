"""The families: every module of this package that defines a `Model` is one, found by listing it."""

import inspect
import re
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from explorer.errors import InputError
from explorer.models.base import Model


@lru_cache(maxsize=1)
def families() -> dict[str, type[Model]]:
    """Family name (the module's) -> model class, in the order of their history."""
    modules = {m.name: import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)}
    found = {name: _model(module) for name, module in modules.items()}
    named = {name.replace("_", "-"): model for name, model in found.items() if model}
    return dict(sorted(named.items(), key=lambda item: re.search(r"\d{4}", item[1].paper)[0]))


def family(name: str) -> type[Model]:
    """The family called ``name``.  Raises InputError."""
    if name not in families():
        raise InputError(f"There is no family {name!r}. Choose one of: {', '.join(families())}.")
    return families()[name]


def _model(module) -> type[Model] | None:
    own = [
        m
        for _, m in inspect.getmembers(module, inspect.isclass)
        if issubclass(m, Model) and m.__module__ == module.__name__ and "title" in vars(m)
    ]
    return own[0] if own else None
