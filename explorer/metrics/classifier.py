"""A small classifier of pictures, whose eyes judge what generators draw.

It tells which class a sample falls into, and its 128 features give a Fréchet distance that takes a
second where the Inception network of the FID takes a minute.  That distance has a scale of its own:
it is always called the classifier distance, never FID.
"""

import hashlib
import logging
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from explorer.data import Spec
from explorer.errors import ExplorerError, InputError, StoreError
from explorer.header import metadata, read_header
from explorer.metrics.frechet import Statistics, frechet, statistics

KIND = "classifier"  # what the header of its file says it is
WIDTHS = (32, 64, 128)  # channels of the levels; the last are the features
AT_ONCE = 250  # pictures: more would need memory and be no faster
FOLDER = Path(__file__).parents[2] / "pretrained"
SHIPPED = {
    name + part: f"classifier-{name}.safetensors"
    for name in ("fashion-mnist", "mnist")
    for part in ("", "-full")
}
REFERENCE = ("reference.mean", "reference.covariance")
UNMEASURED = "classes and the classifier distance stay unmeasured"
log = logging.getLogger("explorer")


class Network(nn.Module):
    """Two 3x3 convolutions a level, halved between them, averaged over positions, one linear layer.

    For pictures of any size from 4 pixels a side.
    """

    def __init__(self, channels: int, classes: int):
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in pairwise((channels, *WIDTHS)):
            layers += [*_block(a, b), *_block(b, b), nn.MaxPool2d(2)]
        layers[-1] = nn.AdaptiveAvgPool2d(1)
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.head = nn.Linear(WIDTHS[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """x B C H W in [0, 1] -> logits B K."""
        return self.head(self.body(x))


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained network, shared and read-only, with what real pictures look like to it.

    ``reference`` is the mean 128 and covariance 128 128 (float64) of its features of the bundled
    training images, ``accuracy`` its share of correct test images, and ``floor`` the classifier
    distance of the first 2,000 test images: no generator needs to come closer.
    """

    network: Network
    classes: tuple[str, ...]
    reference: tuple[np.ndarray, np.ndarray]
    accuracy: float
    floor: float

    def features(self, x: Tensor) -> Tensor:
        """x B C H W in [0, 1] -> B 128, in float32 whatever the precision around it."""
        x = x.to(self.network.head.weight.device, torch.float32)
        with torch.autocast(x.device.type, enabled=False):
            return torch.cat([self.network.body(_laid_out(some)) for some in x.split(AT_ONCE)])

    def logits(self, x: Tensor) -> Tensor:
        """x B C H W in [0, 1] -> B K."""
        return self.read(self.features(x))

    def read(self, features: Tensor) -> Tensor:
        """The logits B K that follow from features B 128."""
        with torch.autocast(features.device.type, enabled=False):
            return self.network.head(features)

    def distance(self, features: Tensor) -> float:
        """The classifier distance: Fréchet, between these features B 128 and the reference."""
        found = statistics(features.detach().cpu().numpy())
        return frechet(found, Statistics(*self.reference, found.n))


def _laid_out(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


# The shipped ones -----------------------------------------------------------------------------


def classifier(data_name: str) -> Classifier | None:
    """The shipped classifier of a data set; None if it has none or its file is unusable."""
    return _shipped(data_name)[0]


def problem(data_name: str) -> str:
    """Why there is no classifier of a data set, as sentences for a person; empty if there is."""
    return _shipped(data_name)[1]


def _shipped(data_name: str) -> tuple[Classifier | None, str]:
    if data_name not in SHIPPED:
        return None, f"These data have no classifier, so {UNMEASURED}. MNIST and Fashion-MNIST do."
    path = FOLDER / SHIPPED[data_name]
    return _kept(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=8)
def _kept(path: Path, _mtime: int) -> tuple[Classifier | None, str]:
    """Read once; what is wrong is logged once, and everything else goes on without it."""
    try:
        return load(path), ""
    except ExplorerError as error:
        log.warning("%s", error)
        return None, str(error)


# Files ----------------------------------------------------------------------------------------


def pack(one: Classifier, spec: Spec, **facts: Any) -> bytes:
    """A self-describing file, the large weights as float16; ``facts`` such as ``recipe`` join."""
    weights = {name: _small(value) for name, value in one.network.state_dict().items()}
    known = dict(zip(REFERENCE, map(torch.tensor, one.reference), strict=True))
    measured = {"accuracy": one.accuracy, "floor": one.floor}
    described = {"kind": KIND, "spec": spec.to_json(), "digest": _digest(weights | known)}
    return save(weights | known, metadata(described | measured | facts))


def ready(network: Network) -> Network:
    """The network itself, on the CPU for reading only, its weights those that a file can hold."""
    network = network.to("cpu", memory_format=torch.channels_last).eval().requires_grad_(False)
    network.load_state_dict({k: _small(v) for k, v in network.state_dict().items()})
    return network


def _small(value: Tensor) -> Tensor:
    value = value.detach().cpu().contiguous()
    return value.half() if value.dim() > 1 else value


def load(path: Path) -> Classifier:
    """The classifier in a file.  Raises InputError (none of ours) or StoreError (damaged)."""
    if not path.is_file():
        raise StoreError(f"{path.name} is missing, so {UNMEASURED}. Restore it from a copy.")
    facts = read_header(path, KIND).facts
    try:
        return _built(facts, load_file(path))
    except (InputError, SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError):
        damaged = f"{path.name} is damaged, so {UNMEASURED}. Restore it from a copy."
        raise StoreError(damaged) from None


def _built(facts: dict[str, Any], tensors: dict[str, Tensor]) -> Classifier:
    if facts["digest"] != _digest(tensors):
        raise ValueError
    reference = tuple(tensors.pop(name).numpy() for name in REFERENCE)
    spec = Spec.from_json(facts["spec"])
    network = Network(spec.shape[0], len(spec.classes))
    network.load_state_dict(tensors)
    measured = float(facts["accuracy"]), float(facts["floor"])
    return Classifier(ready(network), spec.classes, reference, *measured)


def _digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 (hex) of all values, so that a single flipped bit is found."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        total.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    return total.hexdigest()
