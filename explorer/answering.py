"""What the engine answers: every question that pages ask of a model.

Functions take and return plain values, numpy arrays and answers; what is expensive is kept.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import numpy as np
import torch

from explorer import answers, catalog, checkpoints, config, data, device, models, priors, probes
from explorer.answers import Draft, FamilyInfo
from explorer.data import Data
from explorer.engine.server import serve
from explorer.errors import InputError
from explorer.models import vae
from explorer.models.base import Model
from explorer.recipe import Parent, Recipe, TrainSettings, recipe
from explorer.training import Trainer, total_steps

MEASURED = 64  # images of a step that is timed for an estimate
PATIENCE = 1.0  # seconds that timing may take


def answer(fd: int) -> NoReturn:
    """Serve the questions below on a socket until the dashboard hangs up."""
    functions = {f.__name__: f for f in (*QUICK, *HEAVY)}
    serve(functions, fd, heavy={f.__name__ for f in HEAVY})


# Families and recipes -----------------------------------------------------------------------------


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


def draft(family: str, data_name: str, values: dict, parent: dict | None = None) -> Draft:
    """Validate a recipe and tell what it means.  Raises InputError."""
    made = recipe(family, data_name, values, Parent.read(parent) if parent else None)
    train = data.load(made.data)
    chosen = device.choose(made.training.device)
    named = made.training.precision
    model = _on_paper(made, train)
    total = total_steps(made.training, len(train))
    if made.parent:
        _fits_parent(model, total, made.parent)
    return Draft(
        made.model_dump(),
        sum(p.numel() for p in model.parameters()),
        total,
        max(1, len(train) // made.training.batch_size),
        chosen.title,
        device.default_precision(chosen.name) if named == "auto" else named,
        vae.equivalent_betas(model.config, train.spec) if hasattr(model.config, "beta") else {},
    )


def _fits_parent(model: Model, total: int, parent: Parent) -> None:
    """A fork takes over weights, so its network stays; and it has to have somewhere to go."""
    if total <= parent.step:
        raise InputError(
            f"These settings end at step {total:,}, and the checkpoint to go on from is at step "
            f"{parent.step:,} already. Ask for more epochs or steps."
        )
    found = catalog.entry(f"{parent.run}@{parent.step}").header.tensors
    if {k: v.shape for k, v in model.state_dict().items()} != {k: s for k, (_, s) in found.items()}:
        raise InputError(
            "A fork goes on with its parent's weights, so family, latent size, width and network "
            "must stay as they are. Start a new run to change them."
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
    size = min(MEASURED, made.training.batch_size, len(train))
    brief = made.training.changed(batch_size=size, epochs=10_000, steps=None)
    few = train.take(np.arange(size))
    trainer = Trainer(checkpoints.build(made, train.spec), brief, few, test)
    trainer.advance()  # the first step is slower than all others
    end, seconds = time.perf_counter() + PATIENCE, []
    while len(seconds) < 8 and (not seconds or time.perf_counter() < end):
        seconds.append(_seconds_of_a_step(trainer))
    left = told.steps - (parent["step"] if parent else 0)
    a_step = float(np.median(seconds)) * made.training.batch_size / size
    return replace(told, seconds=a_step * left)


def _seconds_of_a_step(trainer: Trainer) -> float:
    start = time.perf_counter()
    trainer.advance()
    return time.perf_counter() - start


# Looking at a checkpoint --------------------------------------------------------------------------


def reconstruct(
    checkpoint: str, data_name: str = "", indices: tuple[int, ...] = (), x: Any = None
) -> answers.Reconstruction:
    """Test images ``indices`` of a data set, or own images ``x`` uint8 N C H W, and copies."""
    model = _model(checkpoint)
    if x is not None:
        return probes.reconstruct(model, fitted(x, model))
    images = _test(data_name, model).take(np.asarray(indices))
    return probes.reconstruct(model, images.x, images.y)


def errors_of(checkpoint: str, data_name: str, n: int = 1000) -> tuple[float, float]:
    """Mean squared and absolute reconstruction error per image over the first ``n`` test images."""
    model = _model(checkpoint)
    found = probes.reconstruct(model, _test(data_name, model).x[:n])
    return float(found.squared_error.mean()), float(found.absolute_error.mean())


def sample(
    checkpoint: str, n: int, seed: int, prior: str = "normal", temperature: float = 1.0
) -> answers.Samples:
    """New pictures, from N(0, I) or from a density fitted to the latents of the training images."""
    model = _model(checkpoint)
    fitted_prior = None if prior == "normal" else _prior(catalog.entry(checkpoint).exact, prior)
    return replace(probes.sample(model, n, seed, fitted_prior, temperature), prior=prior)


def interpolate(
    checkpoint: str, data_name: str, pairs: tuple[tuple[int, int], ...], steps: int = 9
) -> answers.Interpolation:
    """Decoded straight lines between the latents of pairs of test images."""
    model = _model(checkpoint)
    x = _test(data_name, model).x
    a, b = (x[np.asarray(side)] for side in zip(*pairs, strict=True))
    return probes.interpolate(model, a, b, steps)


def latent_use(checkpoint: str, data_name: str, n: int = 2000) -> answers.LatentUse:
    """KL and spread of every latent over the first ``n`` test images."""
    model = _model(checkpoint)
    return probes.latent_use(model, _test(data_name, model).x[:n])


def _model(checkpoint: str) -> Model:
    return checkpoints.load(catalog.resolve(checkpoint))


def fit_prior(checkpoint: str, kind: str) -> Iterator[float]:
    """Fit a density to the latents of the training images: yields how much is done, 0 to 1."""
    chosen = catalog.entry(checkpoint)
    x = data.load(chosen.header.recipe["data"]).x[: priors.FITTED]
    latents = []
    for drawn in probes.aggregate_posterior(_model(checkpoint), x):
        latents.append(drawn)
        yield 0.7 * sum(map(len, latents)) / len(x)
    _keep_prior(chosen.exact, kind, priors.fit(kind, torch.cat(latents)))
    yield 1.0


_priors: OrderedDict[tuple[str, str], priors.Mixture] = OrderedDict()


def _keep_prior(exact: str, kind: str, fitted: priors.Mixture) -> None:
    _priors[exact, kind] = fitted
    while len(_priors) > 16:
        _priors.popitem(last=False)


def _prior(exact: str, kind: str) -> priors.Mixture:
    """The density fitted before, or fitted now; equal either way."""
    if (exact, kind) not in _priors:
        for _ in fit_prior(exact, kind):
            pass
    return _priors[exact, kind]


def _test(name: str, model: Model) -> Data:
    """The test images called ``name``, which must look like what the model was trained on."""
    found = data.load(name, "test")
    if found.spec.shape != model.spec.shape:
        raise InputError(
            f"{name} has images of {'x'.join(map(str, found.spec.shape))}, and this model takes "
            f"{'x'.join(map(str, model.spec.shape))}. Choose another data set or model."
        )
    return found


# Pictures of one's own ----------------------------------------------------------------------------


def picture(content: bytes, size: int, colour: bool) -> np.ndarray:
    """One uploaded image, checked and cut to uint8 C size size.  Raises InputError."""
    return data.read_image(content, size=size, colour=colour)


def fitted(x: np.ndarray, model: Model) -> np.ndarray:
    """Grey for colour and back: uint8 N C H W in the model's channels."""
    want = model.spec.shape
    if x.shape[2:] != want[1:]:
        raise InputError(f"This picture is {x.shape[-1]} pixels wide; the model takes {want[-1]}.")
    if x.shape[1] == want[0]:
        return x
    return (
        x.repeat(3, axis=1) if want[0] == 3 else x.mean(1, keepdims=True).round().astype(np.uint8)
    )


def add_images(content: bytes, title: str, size: int, colour: bool) -> Iterator[Any]:
    """Pack an uploaded zip as a data set: yields (done, total) pairs, then the report."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "upload.zip")
        path.write_bytes(content)
        yield from _with_progress(
            lambda tell: data.add_folder(path, title=title, size=size, colour=colour, progress=tell)
        )


def fetch(name: str) -> Iterator[Any]:
    """Download a full data set: yields (done, total) pairs in bytes, then None."""
    return _with_progress(lambda tell: data.fetch(name, tell))


def _with_progress(job) -> Iterator[Any]:
    """Run ``job(tell)`` in a thread and yield what it tells about ten times a second."""
    from concurrent.futures import ThreadPoolExecutor, wait

    told = [(0, 0)]
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(job, lambda done, total: told.__setitem__(0, (done, total)))
        while not wait([future], timeout=0.1).done:
            yield told[0]
        yield future.result()


QUICK = (families, devices, draft, reconstruct, sample, interpolate, picture)
HEAVY = (estimate, fit_prior, errors_of, latent_use, add_images, fetch)
