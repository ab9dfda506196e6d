"""What can be trained here, and what a recipe would mean."""

import math
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch

from explorer import catalog, checkpoints, config, data, device, models
from explorer.answers import Draft, FamilyInfo
from explorer.data import Data
from explorer.errors import InputError
from explorer.grafting import shapes, ungraftable
from explorer.header import FILM
from explorer.metrics.cost import command
from explorer.models import vae
from explorer.models.base import Model
from explorer.models.latent_diffusion import CODERS
from explorer.recipe import Parent, Recipe, TrainSettings, recipe
from explorer.training import Trainer, steps_per_epoch, total_steps

MEASURED = 64  # images of a step that is timed for an estimate
PATIENCE = 1.0  # seconds that timing may take


def families() -> tuple[FamilyInfo, ...]:
    """Every family with its settings, for forms."""
    return tuple(
        FamilyInfo(
            name,
            m.title,
            m.summary,
            m.paper,
            config.describe(m.Config),
            config.describe(TrainSettings, **m.training_defaults),
        )
        for name, m in models.families().items()
    )


def devices() -> tuple[tuple[str, str], ...]:
    """Name and title of every device here, the best first."""
    return tuple((d.name, d.title) for d in device.devices())


def trained_by(checkpoint: str) -> str:
    """The command that trains a model like this one."""
    return command(catalog.entry(checkpoint).header.recipe)


def draft(family: str, data_name: str, values: dict, parent: dict | None = None) -> Draft:
    """Validate a recipe and tell what it means.  Raises InputError."""
    train = data.load(data_name)
    if values.get("autoencoder"):
        values = values | _founded(values["autoencoder"], train)
    made = recipe(family, data_name, values, Parent.read(parent) if parent else None)
    chosen = device.choose(made.training.device)
    named = made.training.precision
    model = _on_paper(made, train)
    total = total_steps(made.training, len(train), model.batches)
    if made.parent:
        _fits_parent(model, total, made.parent)
    return Draft(
        made.model_dump(),
        sum(p.numel() for p in model.parameters()),
        total,
        steps_per_epoch(made.training, len(train), model.batches),
        chosen.title,
        device.default_precision(chosen.name) if named == "auto" else named,
        vae.equivalent_betas(model.config, train.spec)
        if hasattr(model.config, "beta_unit")
        else {},
    )


def _founded(key: str, train: Data) -> dict:
    """The settings that a model takes over with the weights of the autoencoder called ``key``."""
    found = catalog.entry(key)
    if found.header.family not in CODERS:
        raise InputError(f"{key} is no autoencoder. Choose an autoencoder or a VAE.")
    if tuple(found.header.facts["spec"]["shape"]) != train.spec.shape:
        raise InputError(
            f"{key} was trained on pictures of another shape than those of {train.name}. "
            "Choose another autoencoder or data set."
        )
    theirs = {k: found.header.recipe["model"][k] for k in ("latent", "architecture", "width")}
    return theirs | {"autoencoder": found.exact, "coder": found.header.family}


def _fits_parent(model: Model, total: int, parent: Parent) -> None:
    """A fork takes over weights, so its outputs stay; and it has to have somewhere to go."""
    if total <= parent.step:
        raise InputError(
            f"These settings end at step {total:,}, and the checkpoint to go on from is at step "
            f"{parent.step:,} already. Ask for more epochs or steps."
        )
    found = catalog.entry(catalog.exact(parent.run, parent.step)).header.tensors
    old = {name: shape for name, (_, shape) in found.items() if FILM not in name}
    if ungraftable(old, shapes(model.state_dict())):
        raise InputError(
            "A fork goes on with its parent's weights, so family, width and network must stay as "
            "they are, and so must the latent size, which only a GAN may make larger. "
            "Start a new run to change them."
        )


def _on_paper(made: Recipe, train: Data) -> Model:
    """The model without memory for its weights: a huge one is counted for free."""
    with torch.device("meta"):
        return models.family(made.family)(made.config(), train.spec)


def estimate(family: str, data_name: str, values: dict, parent: dict | None = None) -> Draft:
    """A draft with the seconds it will take, measured on a few real steps here and now."""
    told = draft(family, data_name, values, parent)
    made = Recipe.read(told.recipe)
    train, test = data.load(made.data), data.load(made.data, "test")
    train = data.first_of(train, made.training.images, made.training.seed)
    size = min(MEASURED, made.training.batch_size, len(train))
    brief = made.training.changed(batch_size=size, epochs=10_000, steps=None, images=0)
    model = checkpoints.build(made, train.spec)
    few = train.take(np.arange(min(size * model.batches, len(train))))
    trainer = Trainer(model, brief, few, test)
    first = parent["step"] if parent else 0
    begins = [round(epoch * told.steps_per_epoch) for epoch in model.phases]
    edges = np.clip([*begins, told.steps], first, told.steps).tolist()
    phases = zip(model.phases, pairwise(edges), strict=True)
    seconds = sum((b - a) * _seconds_of_a_step(trainer, epoch) for epoch, (a, b) in phases if b > a)
    return replace(told, seconds=seconds * made.training.batch_size / size)


def _seconds_of_a_step(trainer: Trainer, epoch: float) -> float:
    """The median of a few steps as they are at ``epoch``; ``trainer`` has one step an epoch."""
    trainer.step = math.ceil(epoch)
    trainer.advance()  # the first step is slower than all others
    end, seconds = time.perf_counter() + PATIENCE, []
    while len(seconds) < 8 and (not seconds or time.perf_counter() < end):
        start = time.perf_counter()
        trainer.advance()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))
