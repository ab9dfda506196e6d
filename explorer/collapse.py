"""Mode collapse: the recipe that causes it, the sign that tells of it, and what may cure it.

A generator has collapsed when it draws the same few things whatever noise it is given.  Everything
here is words and settings of the family `gan`; `explorer.clinic` carries them out on points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.errors import InputError

LOW = 2.0  # modes covered, or effective classes: as few mean collapse


@dataclass(frozen=True)
class Ingredient:
    """One part of the recipe: what it is called and what it does."""

    title: str
    why: str


@dataclass(frozen=True)
class Cure:
    """One thing that is changed in a fork: what it is called, how it works, what to expect."""

    title: str
    why: str
    expect: str


@dataclass(frozen=True)
class Ground:
    """What the clinic trains on: settings by name, of the healthy twin, the recipe and the cures.

    It trains for ``steps`` steps as a rule; a cure goes on for as many again.  ``expect`` says what
    comes of a cure where that is not as its own words have it.
    """

    healthy: dict[str, Any]
    recipe: dict[str, dict[str, Any]]
    cures: dict[str, dict[str, Any]]
    steps: int
    expect: dict[str, str]

    def sick(self, ingredients: tuple[str, ...]) -> dict[str, Any]:
        """The healthy settings with these parts of the recipe.  Raises InputError."""
        values = dict(self.healthy)
        for name in ingredients:
            values |= _of(self.recipe, name, "ingredient")
        return values

    def treated(self, ingredients: tuple[str, ...], cure: str) -> dict[str, Any]:
        """Those with one thing changed.  Raises InputError."""
        return self.sick(ingredients) | _of(self.cures, cure, "cure")


def _of(table: dict[str, dict[str, Any]], name: str, what: str) -> dict[str, Any]:
    if name not in table:
        raise InputError(f"There is no {what} {name[:40]!r}. There are: {', '.join(table)}.")
    return table[name]


def collapsed_at(steps: np.ndarray, values: np.ndarray, patience: int) -> int | None:
    """The step at which ``values`` fell to `LOW` if they have stayed there for ``patience`` steps.

    ``values`` are modes covered or effective classes at ``steps``; what was not measured is NaN.
    """
    known = np.isfinite(values)
    steps, values = np.asarray(steps)[known], np.asarray(values)[known]
    above = np.flatnonzero(values > LOW)
    first = above[-1] + 1 if len(above) else 0
    if first >= len(steps) or steps[-1] - steps[first] < patience:
        return None
    return int(steps[first])


def ended(values: Sequence[float]) -> float:
    """What ``values`` come to: the median of the last five, as a game is never quite at rest."""
    return float(np.median(values[-5:]))


INGREDIENTS = {
    "latent": Ingredient(
        "Latent of 4",
        "G draws from four numbers only. There is little in its input that could tell one thing "
        "it draws from another, so being the same everywhere is easily learned.",
    ),
    "rate": Ingredient(
        "High learning rate",
        "G's steps are so long that it rushes as a whole to wherever D is weakest just now. When "
        "D has noticed, G is gone: they chase each other from mode to mode.",
    ),
    "leak": Ingredient(
        "Leak removed",
        "A plain ReLU has slope 0 for negative values. Where many of D's units are off, its "
        "surface is flat and G is told nothing; in G itself, units that went off stay off.",
    ),
    "penalty": Ingredient(
        "No penalty on D",
        "Without R1 nothing keeps D's slopes small. It grows steep around what G drew last, and "
        "pushes all of it away in one direction.",
    ),
}
CURES = {
    "nothing": Cure(
        "No treatment",
        "The same settings go on. Without this control nobody could say that a cure worked.",
        "It stays collapsed, though the place may change.",
    ),
    "leak": Cure(
        "Leak back",
        "Units that are off pass a fifth of the slope again, so D has no flat ground any more "
        "and units that had died can learn.",
        "Little on its own: dead units learn again, and long steps throw them about.",
    ),
    "rate": Cure(
        "Learning rate down",
        "Short steps: D has time to notice what G repeats before G has run elsewhere.",
        "Modes come back one after another if G is still alive. "
        "Where all of G's units are off, nothing comes back.",
    ),
    "least-squares": Cure(
        "Loss: least squares",
        "Its gradient does not vanish where D is sure. But it asks the same as before of each "
        "sample alone: look real, not look different from the others.",
        "Little on its own: another force, the same long steps.",
    ),
    "wasserstein": Cure(
        "Loss: Wasserstein + penalty",
        "D becomes a critic whose slope is held at 1: everywhere it says which way the real data "
        "lie that G leaves out.",
        "Little on its own: it tames D's slopes, but it is G that runs.",
    ),
    "r1": Cure(
        "Penalty: R1",
        "D's slope on real data is kept small, so D cannot chase G and the game calms down around "
        "the data (Mescheder et al. 2018).",
        "Little on its own, for the same reason: it tames D, and G runs.",
    ),
    "latent": Cure(
        "Larger latent",
        "G's first layer gets more inputs; their weights begin small, so the fork begins where "
        "the collapsed one stood. There is room for variety now, but no reason for it.",
        "Little on its own: more noise goes in, and the same comes out.",
    ),
    "spread": Cure(
        "Minibatch standard deviation",
        "D sees how alike the samples of a batch are. Real ones are not, so repeating oneself is "
        "found out at once: the only cure here that speaks of variety itself.",
        "G is pushed to spread, and overshoots while its steps are so long.",
    ),
    "everything": Cure(
        "All but the latent",
        "Learning rate, leak and penalty are healthy again at once; the small latent and all "
        "weights stay those of the collapsed one.",
        "It recovers: no weight is beyond help once the game is right.",
    ),
}

_GAME = {"loss": "non-saturating", "penalty": "r1", "leak": 0.2, "minibatch_std": False}
_POINTS = {"width": 16, "d_width": 16, "batch_size": 128, "ema": 0.0, "decay": "constant"}
_POINTS |= {"beta1": 0.5, "beta2": 0.999, "d_beta1": 0.5, "d_beta2": 0.999}
_POINTS |= {"device": "cpu", "precision": "float32"}
# Fully connected, as the first GANs were: convolutions with batch normalisation hardly collapse.
_PICTURES = {"architecture": "mlp", "norm": "group", "width": 16, "d_width": 16}
_PICTURES |= {"beta1": 0.0, "beta2": 0.99, "d_beta1": 0.0, "d_beta2": 0.99}
_PICTURES |= {"batch_size": 64, "decay": "constant"}
_NETWORK = {"leak": {"leak": 0.0}, "penalty": {"penalty": "none"}}
_CURES = {
    "nothing": {},
    "leak": {"leak": 0.2},
    "least-squares": {"loss": "least-squares"},
    "wasserstein": {"loss": "wasserstein", "penalty": "gradient"},
    "r1": {"penalty": "r1"},
    "spread": {"minibatch_std": True},
    "latent": {"latent": 64},
}


def _ground(
    usual: dict[str, Any], slow: float, fast: float, latent: int, steps: int, **expect: str
) -> Ground:
    """Both players learn at the rate ``slow``; in the recipe, G at ``fast``."""
    back = {"learning_rate": slow}
    return Ground(
        healthy=_GAME | usual | back | {"d_learning_rate": slow, "latent": latent},
        recipe=_NETWORK | {"latent": {"latent": 4}, "rate": {"learning_rate": fast}},
        cures=_CURES | {"rate": back, "everything": back | {"leak": 0.2, "penalty": "r1"}},
        steps=steps,
        expect=expect,
    )


POINTS = _ground(_POINTS, slow=1e-3, fast=3e-2, latent=16, steps=1000)
PICTURES = _ground(
    _PICTURES,
    slow=5e-4,
    fast=1.5e-2,
    latent=64,
    steps=2184,
    leak="A little stirs again, one to three classes: D passes slopes on, but few reach G.",
    rate="Nothing. Long steps drove G's last layer to where tanh is flat: it is told nothing.",
    wasserstein="Now and then a few classes: a critic that is never flat pushes hardest.",
    spread="Nothing: D sees that all are alike, but what it says does not pass the flat tanh.",
    everything="Nothing, unlike on points: a dead generator stays dead however right the game "
    "becomes. Prevent collapse, or go back to a checkpoint from before it.",
)
