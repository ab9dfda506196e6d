"""Models to safetensors and back: each file says how to build the model it holds.

Nothing is unpickled, nothing is allocated before the header has been checked, and names, shapes
and types must match the model exactly.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from explorer.answers import Film
from explorer.data import Spec
from explorer.errors import ExplorerError, StoreError
from explorer.header import FILM, Header, metadata, packed_frames, read_header
from explorer.models import family
from explorer.models.base import Model
from explorer.recipe import Recipe
from explorer.runs.checkpoints import MANIFEST, verify
from explorer.shipping import altered


def pack(
    model: Model,
    recipe: Recipe,
    *,
    dtype: torch.dtype = torch.float32,
    film: Film | None = None,
    **facts: Any,
) -> bytes:
    """A model as a self-describing safetensors file; ``facts`` join its description.

    ``dtype`` float16 halves the file: weights are stored rounded and loaded as float32.  The
    ``film`` of its training may travel in the same file.
    """
    described = {
        "recipe": recipe.model_dump(),
        "spec": model.spec.to_json(),
        "capabilities": list(model.capabilities),
        "units": model.units(),
        **facts,
    }
    weights = {
        name: stored(value.to(dtype) if value.is_floating_point() else value)
        for name, value in model.state_dict().items()
    }
    pictures = {}
    if film:
        described["film"] = {
            "tracks": [t.title for t in film.tracks],
            "shapes": [t.frames.shape for t in film.tracks],
            "labels": film.labels,
        }
        pictures = {FILM + t.title: torch.tensor(packed_frames(t.frames)) for t in film.tracks}
    return save(weights | pictures, metadata(described))


def stored(tensor: Tensor) -> Tensor:
    """What safetensors can write: on the CPU, contiguous, sharing no memory."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def build(recipe: Recipe, spec: Spec) -> Model:
    """An untrained model whose first weights depend on the recipe's seed alone."""
    # Initialisers draw from torch's global generator: fork it, seed it, and leave it as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.training.seed)
        return family(recipe.family)(recipe.config(), spec)


def load(path: Path) -> Model:
    """The model in a weight file, on the CPU and without gradients; shared, so read-only.

    Raises StoreError (damaged, or not finite) or InputError (not one of ours).
    """
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=8)
def _load(path: Path, _mtime: int) -> Model:
    header = read_header(path)
    _compare_with_manifest(path)
    model = _empty(path, header)
    found = {k: v.float() if v.is_floating_point() else v for k, v in _tensors(path).items()}
    wrong = mismatch(model.state_dict(), found)
    if wrong:
        raise StoreError(f"{path.name} does not fit its own description: {wrong}.")
    if not all(v.isfinite().all() for v in found.values() if v.is_floating_point()):
        raise StoreError(f"{path.name} holds weights that are not finite numbers.")
    model.load_state_dict(found)
    # In the layout that it was trained in: a decoder takes little more than half of the time.
    return model.to(memory_format=model.memory_format).eval().requires_grad_(False)


def _compare_with_manifest(path: Path) -> None:
    """Weights have their SHA-256 beside them: a single flipped bit is found (StoreError)."""
    if said := altered(path):
        raise StoreError(said)
    if (path.parent / MANIFEST).is_file():
        for problem in verify(path.parent, only=path.name):
            raise StoreError(f"{problem} Choose another checkpoint.")


def _empty(path: Path, header: Header) -> Model:
    try:
        return build(Recipe.read(header.recipe), Spec.from_json(header.facts["spec"]))
    except (ExplorerError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path.name} describes a model that cannot be built: {error}") from None


def _tensors(path: Path) -> dict[str, Tensor]:
    return {k: v for k, v in load_file(path).items() if not k.startswith(FILM)}


def mismatch(expected: dict[str, Tensor], found: dict[str, Tensor]) -> str:
    """The first difference in names or shapes as a phrase, or nothing."""
    if odd := sorted(expected.keys() ^ found.keys()):
        return f"{odd[0]} is {'missing' if odd[0] in expected else 'unknown'}"
    for name, tensor in expected.items():
        if tensor.shape != found[name].shape:
            return f"{name} has shape {tuple(found[name].shape)}, not {tuple(tensor.shape)}"
    return ""


def pack_state(state: dict[str, Tensor]) -> bytes:
    """A trainer's state as safetensors."""
    return save({k: stored(v) for k, v in state.items()})


def unpack_state(path: Path) -> dict[str, Tensor]:
    """The trainer's state in a file (StoreError)."""
    try:
        return load_file(path)
    except (OSError, SafetensorError):
        raise StoreError(
            f"{path.name} is missing or damaged: training cannot go on from this checkpoint. "
            "Choose another one."
        ) from None
