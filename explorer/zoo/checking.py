"""Whether the shipped models are what they are said to be: bytes, recipes, and figures again."""

from dataclasses import dataclass

import torch

from explorer import checkpoints, data
from explorer.catalog import Entry
from explorer.device import precision
from explorer.errors import InputError
from explorer.models.base import Batch, Model
from explorer.probes import as_input
from explorer.recipe import Recipe
from explorer.scores import score
from explorer.training import HELD_OUT
from explorer.zoo.cards import BAD, Card
from explorer.zoo.matching import differences, told

# Relative. Weights are rounded to float16, and another machine adds up in another order; samples of
# a GAN go through all of that, and their distance is a difference of nearly equal numbers.
TOLERANCES = {
    "reconstruction": 0.01,
    "KL": 0.01,
    "loss": 0.02,
    "x₀ error": 0.02,
    "classifier distance": 0.05,
}


@dataclass(frozen=True)
class Again:
    """A figure that the file tells, and the same one measured ``now``."""

    term: str
    told: float
    now: float

    @property
    def close(self) -> bool:
        """Whether both agree within the tolerance of the term."""
        return abs(self.now - self.told) <= TOLERANCES[self.term] * abs(self.told)


def problems(card: Card) -> list[str]:
    """What is wrong with a model's file, in sentences; nothing for one that is not trained yet."""
    if card.state in BAD:
        return [card.problem]
    if card.entry is None:
        return []
    try:
        different = differences(card.recipe, card.entry.header.recipe)
    except InputError as error:
        return [f"Its recipe cannot be read: {error}"]
    return [f"It was not trained by this recipe: {told(different)}."] if different else []


def measured(entry: Entry) -> list[Again]:
    """The figures in a weight file, measured again.  Raises ResourceError without its data."""
    known = entry.header.facts.get("measured", {})
    terms = [term for term in TOLERANCES if term in known]
    if not terms:
        return []
    now = _now(entry, "classifier distance" in terms)
    return [Again(term, known[term], now[term]) for term in terms]


@torch.no_grad()
def _now(entry: Entry, samples: bool) -> dict[str, float]:
    """What a validation during training would tell of these weights."""
    made = Recipe.read(entry.header.recipe)
    model, name = checkpoints.load(entry.path), data.at_hand(made.data)
    with precision("cpu", made.training.precision):
        terms = _validated(model, made, name, entry.header.facts.get("epoch", 0.0))
        if samples:
            terms |= score(model, name, made.training.seed, model.scored)
    return terms


def _validated(model: Model, made: Recipe, name: str, epoch: float) -> dict[str, float]:
    test = data.load(name, "test")
    y = None if test.y is None else torch.tensor(test.y[:HELD_OUT])
    batch = Batch(as_input(model, test.x[:HELD_OUT]), y, made.training.seed, -1, epoch)
    return {name: v.item() for name, v in model.validate(batch).items() if v.numel() == 1}
