"""What there is to say of every shipped model, read without torch: the list and its cards."""

from dataclasses import dataclass

from explorer import catalog, shipping
from explorer.answers import Standing
from explorer.catalog import SHIPPED, Entry
from explorer.errors import ExplorerError
from explorer.header import read_header
from explorer.shipping import Shipped
from explorer.standings import all_shipped
from explorer.zoo.recipes import ZooRecipe, recipes

STATES = {
    "ok": "as shipped",
    "unlisted": "not in the index",
    "altered": "altered",
    "damaged": "damaged",
    "missing": "missing",
    "new": "not trained yet",
}
GOOD = ("ok", "unlisted")  # can be used
BAD = ("altered", "damaged", "missing")


@dataclass(frozen=True)
class Card:
    """A shipped model: its recipe, its file if that can be read, and what the index says of it.

    ``state`` is one of `STATES`; ``problem`` says in a sentence what is wrong and what to do.
    """

    name: str
    recipe: ZooRecipe
    entry: Entry | None
    shipped: Shipped | None
    state: str
    problem: str = ""

    @property
    def title(self) -> str:
        return self.recipe.title

    @property
    def standings(self) -> list[Standing]:
        """What the scoreboard measured on exactly these weights, each with its protocol."""
        if self.shipped is None:
            return []
        digest = self.shipped.sha256
        return [s for s in all_shipped() if s.protocol.checkpoint_sha256 == digest]

    @property
    def command(self) -> str:
        """What trains it again."""
        return f"python -m explorer zoo build {self.name}"


def cards() -> list[Card]:
    """A card for every recipe, by name.  Raises StoreError if the index is damaged."""
    known = shipping.index(catalog.FOLDER)
    return [card(name, one, known.get(name)) for name, one in sorted(recipes().items())]


def card(name: str, recipe: ZooRecipe, shipped: Shipped | None) -> Card:
    """The card of one model, which looks at every byte of its file once."""
    path = catalog.FOLDER / f"{name}.safetensors"
    again = f"Restore it from a copy, or train it again: python -m explorer zoo build {name}"
    if not path.is_file():
        if shipped is None:
            return Card(name, recipe, None, None, "new", "It has a recipe, but no weights yet.")
        said = f"Its file {path.name} is missing. {again}"
        return Card(name, recipe, None, shipped, "missing", said)
    try:
        read_header(path)
        entry = catalog.entry(SHIPPED + name)
    except ExplorerError:
        said = f"Its file {path.name} is damaged and cannot be read. {again}"
        return Card(name, recipe, None, shipped, "damaged", said)
    if said := shipping.altered(path):
        return Card(name, recipe, entry, shipped, "altered", said)
    return Card(name, recipe, entry, shipped, "ok" if shipped else "unlisted")
