"""Whether a run or a weight file is what a recipe asks for, setting by setting."""

from typing import Any

from explorer.recipe import Recipe, recipe
from explorer.zoo.recipes import ZooRecipe


def differences(asked: ZooRecipe, settings: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Name -> (what the recipe asks for, what ``settings`` say) wherever they differ.

    ``settings`` are a run's, or the recipe in a header; what is younger than they are has its
    usual value.  Raises InputError if they cannot be read.
    """
    wanted = _flat(recipe(asked.family, asked.data, asked.settings))
    if settings.get("family") != asked.family:
        return {"family": (asked.family, settings.get("family"))}
    found = _flat(Recipe.read(settings).checked())
    return {
        name: (wanted.get(name), found.get(name))
        for name in wanted
        if wanted.get(name) != found.get(name)
    }


def told(different: dict[str, tuple[Any, Any]]) -> str:
    """Differences as a phrase."""
    return ", ".join(f"{name} is {b}, not {a}" for name, (a, b) in different.items())


def _flat(made: Recipe) -> dict[str, Any]:
    return {"data": made.data, "parent": made.parent, **made.flat()}
