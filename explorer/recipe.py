"""What a run is asked to do: a family with its settings, a data set, and how to train.

One flat set of names serves the form, the command line and the URL; one nested dictionary is what
`settings.json` and every checkpoint carry.
"""

from typing import Any, Literal

from explorer import data
from explorer.config import SEED_LIMIT, Settings, describe, setting
from explorer.data import Data
from explorer.errors import InputError

VERSION = 1


class TrainSettings(Settings):
    """How any family is trained."""

    epochs: float = setting(
        10.0,
        "Epochs",
        "How often every training image is seen.",
        ge=0.01,
        le=10_000,
        group="Training",
        log=True,
    )
    steps: int | None = setting(
        None,
        "Steps",
        "Number of updates; if given, it replaces the epochs.",
        ge=1,
        le=10_000_000,
        group="Training",
        advanced=True,
    )
    batch_size: int = setting(
        128,
        "Batch size",
        "Images per update. Small batches: many noisy steps; large ones: few smooth steps.",
        ge=1,
        le=4096,
        group="Training",
        log=True,
    )
    images: int = setting(
        0,
        "Training images",
        "0: all there are. Otherwise so many, picked by the seed alone; fewer are part of more. "
        "A network that sees very few for long enough learns them by heart.",
        ge=0,
        le=10_000_000,
        group="Training",
    )
    seed: int = setting(
        0,
        "Seed",
        "Where all chance comes from: the same seed gives the same run.",
        ge=0,
        le=SEED_LIMIT,
        group="Training",
    )
    optimizer: Literal["adam", "adamw", "sgd"] = setting(
        "adam",
        "Optimizer",
        "Adam adapts the step of every weight; AdamW also shrinks weights evenly; "
        "SGD with momentum 0.9 takes plain steps.",
        group="Optimizer",
        labels={"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"},
    )
    learning_rate: float = setting(
        1.5e-3,
        "Learning rate",
        "Length of a step. Too small: slow. Too large: the loss jumps or becomes infinite.",
        ge=1e-7,
        le=100,
        group="Optimizer",
        log=True,
        live=True,
    )
    beta1: float = setting(
        0.9,
        "β₁ of Adam",
        "Memory of past gradients: 0 has none. In a game between two networks, 0.5 or 0 is usual.",
        ge=0,
        lt=1,
        group="Optimizer",
        advanced=True,
        when=("optimizer", ("adam", "adamw")),
    )
    beta2: float = setting(
        0.999,
        "β₂ of Adam",
        "Memory of the size of past gradients.",
        ge=0,
        lt=1,
        group="Optimizer",
        advanced=True,
        when=("optimizer", ("adam", "adamw")),
    )
    decay: Literal["constant", "cosine", "late"] = setting(
        "cosine",
        "Learning rate over time",
        "Constant; falling along half a cosine to nothing at the end; or constant for 60 % of the "
        "way and then falling to a twentieth.",
        group="Optimizer",
        labels={"constant": "Constant", "cosine": "Cosine decay", "late": "Late decay"},
    )
    warmup: int = setting(
        0,
        "Warm-up",
        "Updates over which the learning rate grows from 0.",
        ge=0,
        le=100_000,
        unit="steps",
        group="Optimizer",
        advanced=True,
    )
    weight_decay: float = setting(
        0.0,
        "Weight decay",
        "How strongly weights are pulled to zero.",
        ge=0,
        le=1,
        group="Optimizer",
        log=True,
        advanced=True,
    )
    clip: float = setting(
        1000.0,
        "Gradient clipping",
        "Largest length of a gradient (0 = never shortened). "
        "Losses here are sums over pixels, so lengths of hundreds are normal.",
        ge=0,
        le=1e6,
        group="Optimizer",
        advanced=True,
    )
    ema: float = setting(
        0.995,
        "Averaged weights (EMA)",
        "What is shown and saved is a running average of the weights with this decay a step; "
        "0 shows the latest weights.",
        ge=0,
        le=0.99999,
        group="Optimizer",
        advanced=True,
    )
    checkpoints: int = setting(
        10,
        "Checkpoints kept",
        "The first, the last, the best, and others spread evenly between them.",
        ge=2,
        le=1000,
        group="Machine",
        advanced=True,
    )
    device: str = setting(
        "auto", "Device", "auto, cpu, cuda, cuda:1 or mps.", group="Machine", advanced=True
    )
    precision: Literal["auto", "bf16", "float32"] = setting(
        "auto",
        "Precision",
        "bfloat16 is faster where the hardware has it; auto knows.",
        group="Machine",
        labels={"auto": "Automatic", "bf16": "bfloat16", "float32": "float32"},
        advanced=True,
    )
    compile: bool = setting(
        False,
        "torch.compile",
        "Compile the network first: half a minute of waiting, then faster steps on a GPU.",
        group="Machine",
        advanced=True,
    )


class Parent(Settings):
    """The checkpoint a run was forked from; ``run`` may be a shipped model, ``pretrained:NAME``."""

    run: str
    step: int


class Recipe(Settings):
    """Everything that determines a run, validated; ``model`` holds the family's own settings."""

    version: Literal[1] = VERSION
    family: str
    data: str
    model: dict[str, Any] = {}
    training: TrainSettings = TrainSettings()
    parent: Parent | None = None

    def config(self) -> Settings:
        """The family's settings.  Raises InputError."""
        from explorer.models import family

        return family(self.family).Config.read(self.model)

    def checked(self) -> "Recipe":
        """The same with the family's settings validated and complete.  Raises InputError."""
        return self.model_copy(update={"model": self.config().model_dump()})

    def flat(self) -> dict[str, Any]:
        """Model and training settings under their flat names."""
        return self.model | self.training.model_dump()


def recipe(family: str, data: str, values: dict[str, Any], parent: Parent | None = None) -> Recipe:
    """A checked recipe from flat ``values``: each goes where its name is known.

    Raises InputError for unknown names and for values out of range.
    """
    from explorer.models import family as family_of

    model = family_of(family)
    config = model.Config
    own = {k: v for k, v in values.items() if k in config.model_fields}
    training = {k: v for k, v in values.items() if k in TrainSettings.model_fields}
    if unknown := sorted(values.keys() - own.keys() - training.keys()):
        known = [s.name for s in (*describe(config), *describe(TrainSettings))]
        raise InputError(f"There is no setting {unknown[0]!r}. Known settings: {', '.join(known)}.")
    return Recipe(
        family=family,
        data=data,
        model=config.read(own).model_dump(),
        training=TrainSettings.read(model.training_defaults | training),
        parent=parent,
    )


def learned(settings: dict[str, Any]) -> Data:
    """The training examples that a run with these settings, a recipe as JSON, ever sees.

    Where only the bundled part of a full set is here, that part.  Raises InputError if a pick from
    the full one cannot be made again.
    """
    name, training = settings["data"], settings.get("training", {})
    here = data.at_hand(name)
    wanted = training.get("images", 0)
    if wanted and here != name:
        raise InputError(
            f"This model learned from {wanted:,} of {data.title(name)}, which are not here. "
            "Fetch them on the page Train."
        )
    return data.first_of(data.load(here), wanted, training.get("seed", 0))
