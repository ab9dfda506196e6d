"""The Inception network of the standard FID: shipped, quick on a CPU, and the same numbers.

It is the TensorFlow network of 2015-12-05 that Heusel et al. 2017 measured with, in the layout of
torch-fidelity, whose blocks it is built from.  What changes no number is done once: batch
normalisation is folded into the convolutions, and grey pictures are enlarged as one channel.
Pictures are enlarged as TensorFlow 1 did; other ways give other numbers.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explorer import device as devices
from explorer.errors import StoreError
from explorer.files import read_bytes

FILE = Path(__file__).parents[2] / "pretrained" / "inception_2015_12_05.safetensors"
SHA256 = "9c24f83ae0e62aaf9e759fbd4d2c056b6cb1dcea25b05f72aba2fd2fecc4dd77"
NAME = "Inception-v3 (TensorFlow, 2015-12-05), pool3"
RESIZE = "bilinear as in TensorFlow 1"
SIDE = 299  # pixels
FEATURES = 2048
AT_ONCE = {"cpu": 8}  # pictures; on a CPU more would leave its caches
MANY = 256  # on anything else


class Inception(nn.Module):
    """uint8 pictures B H W (grey) or B H W 3 -> features B 2048, float32."""

    def __init__(self, weights: dict[str, Tensor]):
        super().__init__()
        self.body = nn.Sequential(_layers())
        self.body.load_state_dict({name: value.float() for name, value in weights.items()})
        self.body.eval().requires_grad_(False)
        for block in self.body.modules():
            if hasattr(block, "bn"):
                block.conv, block.bn = fuse_conv_bn_eval(block.conv, block.bn), nn.Identity()

    def forward(self, pictures: Tensor) -> Tensor:
        weight = self.body[0].conv.weight
        x = _channels_first(pictures.to(weight.device, torch.float32))
        x = ((enlarged(x) - 128) / 128).expand(-1, 3, -1, -1).to(weight.dtype)
        x = self.body(x.contiguous(memory_format=torch.channels_last))
        return x.float().mean((2, 3))


def _layers() -> OrderedDict[str, nn.Module]:
    """The network up to its last block, named as in the file."""
    # Here, since only who measures needs all that it loads.
    from torch_fidelity import feature_extractor_inceptionv3 as its

    return OrderedDict(
        Conv2d_1a_3x3=its.BasicConv2d(3, 32, kernel_size=3, stride=2),
        Conv2d_2a_3x3=its.BasicConv2d(32, 32, kernel_size=3),
        Conv2d_2b_3x3=its.BasicConv2d(32, 64, kernel_size=3, padding=1),
        MaxPool_1=nn.MaxPool2d(3, 2),
        Conv2d_3b_1x1=its.BasicConv2d(64, 80, kernel_size=1),
        Conv2d_4a_3x3=its.BasicConv2d(80, 192, kernel_size=3),
        MaxPool_2=nn.MaxPool2d(3, 2),
        Mixed_5b=its.InceptionA(192, pool_features=32),
        Mixed_5c=its.InceptionA(256, pool_features=64),
        Mixed_5d=its.InceptionA(288, pool_features=64),
        Mixed_6a=its.InceptionB(288),
        Mixed_6b=its.InceptionC(768, channels_7x7=128),
        Mixed_6c=its.InceptionC(768, channels_7x7=160),
        Mixed_6d=its.InceptionC(768, channels_7x7=160),
        Mixed_6e=its.InceptionC(768, channels_7x7=192),
        Mixed_7a=its.InceptionD(768),
        Mixed_7b=its.InceptionE_1(1280),
        Mixed_7c=its.InceptionE_2(2048),
    )


def _channels_first(x: Tensor) -> Tensor:
    return x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2)


def enlarged(x: Tensor) -> Tensor:
    """B C H W -> B C 299 299, as TensorFlow 1 did: pixel i of the result is at i · H / 299.

    Neither half-pixel centres nor antialiasing; torch-fidelity's
    ``interpolate_bilinear_2d_like_tensorflow1x``, as two products of matrices.
    """
    rows, columns = (_between(side, str(x.device)) for side in x.shape[2:])
    return rows @ x @ columns.T


@lru_cache(maxsize=16)
def _between(side: int, device: str) -> Tensor:
    """299 side: which two neighbours each row of the result mixes, and how much of each."""
    place = torch.arange(SIDE) * torch.tensor(side / SIDE)
    low = place.long()
    share = (place - low)[:, None]
    one = torch.eye(side)
    return ((1 - share) * one[low] + share * one[(low + 1).clamp(max=side - 1)]).to(device)


@lru_cache(maxsize=2)
def inception(precision: str = "auto", device: str = "auto") -> Inception:
    """The shipped network in ``bf16``, ``float32`` or what suits the device; for reading only.

    Raises StoreError if its file is missing or altered.
    """
    where = devices.choose(device).name
    name = devices.default_precision(where) if precision == "auto" else precision
    dtype = torch.bfloat16 if name == "bf16" else torch.float32
    return Inception(_weights()).to(where, dtype, memory_format=torch.channels_last)


def problem() -> str:
    """Why the network cannot be used, as sentences for a person; empty if it can."""
    if FILE.is_file():
        return ""
    return (
        f"{FILE.name} is missing from pretrained/, so FID, KID, precision and recall stay "
        "unmeasured. Restore it from a copy; the classifier distance works without it."
    )


def _weights() -> dict[str, Tensor]:
    if said := problem():
        raise StoreError(said)
    data = read_bytes(FILE)
    try:
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise ValueError
        return load(data)
    except (SafetensorError, ValueError):
        raise StoreError(
            f"{FILE.name} is damaged or another network, whose FID could be compared with no one "
            "else's. Restore it from a copy."
        ) from None


def features(
    pictures: np.ndarray, precision: str = "auto", device: str = "auto"
) -> Iterator[np.ndarray]:
    """uint8 N H W or N H W 3 -> float32 parts of N 2048, as they are computed."""
    network = inception(precision, device)
    size = AT_ONCE.get(devices.choose(device).name, MANY)
    for start in range(0, len(pictures), size):
        with torch.inference_mode():
            yield network(torch.tensor(pictures[start : start + size])).cpu().numpy()
