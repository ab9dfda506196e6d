"""The command ``sample``: pictures, arrays and films from any checkpoint."""

import argparse
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer import files
from explorer.config import SEED_LIMIT
from explorer.errors import InputError
from explorer.flags import output, whole
from explorer.sampling import SampleSettings

if TYPE_CHECKING:
    import numpy as np

    from explorer.models.base import Model
    from explorer.priors import Mixture

FILMED = 64  # samples that a film can show
FORMATS = {".webp": "WEBP", ".gif": "GIF", ".png": "PNG"}
MILLISECONDS = 80  # a frame
TIMES = 3  # a film's pixels become so many a side


def sample(asked: argparse.Namespace) -> None:
    """Draw new pictures from a checkpoint: a PNG grid, a .npz, or the film of a diffusion."""
    from explorer import checkpoints
    from explorer.catalog import resolve_path

    number = whole("--n", asked.n, 1, 10_000)
    seed = whole("--seed", asked.seed, 0, SEED_LIMIT)
    if not (asked.out or asked.npz or asked.film):
        raise InputError("Nothing would be written. Name --out GRID.PNG, --npz or --film.")
    for path in filter(None, (asked.out, asked.npz, asked.film)):
        output(path)
    path = resolve_path(asked.checkpoint)
    model = checkpoints.load(path)
    how = _how(model, asked)
    if asked.film:
        _write_film(Path(asked.film), model, number, seed, how)
    if asked.out or asked.npz:
        draw = partial(_diffused, how=how) if how else partial(_decoded, path=path, asked=asked)
        _write(asked, draw(model, number, seed), seed)


def _how(model: "Model", asked: argparse.Namespace) -> SampleSettings | None:
    """The flags of sampling, which only a diffusion model has."""
    from explorer.models.diffusing import Diffusing

    given = {k: getattr(asked, k) for k in SampleSettings.model_fields if hasattr(asked, k)}
    if isinstance(model, Diffusing):
        how = SampleSettings.read({"steps": min(50, model.schedule.T)} | given)
        model.levels(how)
        return how
    if asked.film or given.keys() - {"label"}:
        flag = "film" if asked.film else next(iter(given.keys() - {"label"}))
        raise InputError(f"--{flag} needs a diffusion model, and this is none. Leave it out.")
    return None


def _diffused(model: "Model", number: int, seed: int, how: SampleSettings) -> "np.ndarray":
    """uint8 n H W [3]."""
    import numpy as np

    from explorer import denoising

    return np.concatenate(list(denoising.sample(model, number, seed, how)))


def _decoded(
    model: "Model", number: int, seed: int, path: Path, asked: argparse.Namespace
) -> "np.ndarray":
    """uint8 n H W [3], from latents and, if it knows any, classes."""
    from explorer import probes

    label = _label(model, asked)
    fitted = None if asked.prior == "normal" else _fitted(model, path, asked.prior)
    return probes.sample(model, number, seed, fitted, label=label).pictures


def _label(model: "Model", asked: argparse.Namespace) -> int | None:
    """The class that was asked for.  Raises InputError if the model does not know it."""
    if not hasattr(asked, "label"):
        return None
    known = len(getattr(model, "classes", ()))
    if not known:
        raise InputError("--label needs a model that knows classes. Leave it out.")
    return whole("--label", asked.label, 0, known - 1)


def _fitted(model: "Model", path: Path, kind: str) -> "Mixture":
    """A density fitted to the latents of the images that the model was trained on."""
    import torch

    from explorer import data, priors, probes
    from explorer.header import read_header

    if "Encodes" not in model.capabilities:
        raise InputError(f"--prior {kind} needs a model that encodes pictures. Leave it out.")
    x = data.load(data.at_hand(read_header(path).recipe["data"])).x[: priors.FITTED]
    latents = probes.aggregate_posterior(model, x)
    return priors.fit(kind, torch.cat(list(latents)))


def _write(asked: argparse.Namespace, pictures: "np.ndarray", seed: int) -> None:
    from explorer.pictures import png, sheet

    if asked.out:
        columns = max(1, round(len(pictures) ** 0.5))
        files.publish(Path(asked.out), png(sheet(pictures, columns, gap=2, ground=127)))
        print(asked.out)
    if asked.npz:
        files.publish(Path(asked.npz), _npz(samples=pictures, seed=seed))
        print(asked.npz)


def _npz(**arrays: Any) -> bytes:
    import numpy as np

    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _write_film(path: Path, model: "Model", number: int, seed: int, how: SampleSettings) -> None:
    """State, guess and noise side by side as an animated WebP, GIF or PNG."""
    from PIL import Image

    if path.suffix.lower() not in FORMATS:
        raise InputError(f"--film is {path.name!r}, but must end in {', '.join(FORMATS)}.")
    if number > FILMED:
        raise InputError(f"A film shows at most {FILMED} samples, not {number}. Set --n lower.")
    first, *others = map(Image.fromarray, _frames(model, number, seed, how))
    buffer = BytesIO()
    options = {"save_all": True, "append_images": others, "duration": MILLISECONDS, "loop": 0}
    first.save(buffer, FORMATS[path.suffix.lower()], lossless=True, **options)
    files.publish(path, buffer.getvalue())
    print(path)


def _frames(model: "Model", number: int, seed: int, how: SampleSettings) -> Iterator["np.ndarray"]:
    import numpy as np

    from explorer import denoising
    from explorer.pictures import enlarge, sheet

    columns = max(1, round(number**0.5))
    for moment in denoising.film(model, number, seed, how, columns=columns):
        sides = np.stack([moment.x, moment.x0, moment.eps])
        yield enlarge(sheet(sides, 3, gap=6, ground=127), TIMES)
