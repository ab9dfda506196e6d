"""The recipes of the shipped models: settings files, read without torch."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from explorer import files
from explorer.config import Settings, setting
from explorer.errors import InputError

FOLDER = Path(__file__).parent / "recipes"


class Packing(Settings):
    """How much of a run travels with its weights."""

    frames: int = setting(0, "Frames", "Of the film of its training.", ge=0, le=200)
    tiles: int = setting(8, "Tiles", "Of each side of the film's sheets.", ge=1, le=8)
    keep: Literal["best", "last"] = setting("best", "Checkpoint", "The best one or the last one.")


class ZooRecipe(Settings):
    """One shipped model: what is trained, with settings by their flat names, and what for."""

    title: str
    family: str
    data: str
    settings: dict[str, Any] = {}
    pack: Packing = Packing()
    note: str = ""

    @property
    def foundation(self) -> str:
        """Key of the model whose weights it takes over, or nothing."""
        return str(self.settings.get("autoencoder", ""))


def recipes() -> dict[str, ZooRecipe]:
    """Name -> recipe, in an order in which they can be trained: foundations come first."""
    found = {path.stem: _read(path) for path in sorted(FOLDER.glob("*.json"))}
    return dict(sorted(found.items(), key=lambda item: bool(item[1].foundation)))


def recipe_of(name: str) -> ZooRecipe:
    """The recipe called ``name``.  Raises InputError."""
    there = recipes()
    if name not in there:
        raise InputError(
            f"There is no recipe {name[:60]!r} in the zoo. There are: {', '.join(sorted(there))}."
        )
    return there[name]


@lru_cache(maxsize=256)
def _read(path: Path) -> ZooRecipe:
    return ZooRecipe.read(files.read_json(path))
