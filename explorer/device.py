"""Which device and which precision: decided here and nowhere else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import torch

from explorer.errors import InputError


@dataclass(frozen=True)
class Device:
    """A device by its torch name, with a sentence that a person understands."""

    name: str
    title: str

    @property
    def torch(self) -> torch.device:
        return torch.device(self.name)


@lru_cache(maxsize=1)
def devices() -> tuple[Device, ...]:
    """Every usable device, the best first."""
    found = []
    if torch.cuda.is_available():
        found += [
            Device(f"cuda:{i}" if i else "cuda", torch.cuda.get_device_name(i))
            for i in range(torch.cuda.device_count())
        ]
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    return (*found, Device("cpu", f"CPU, {os.cpu_count()} cores"))


def choose(name: str = "auto") -> Device:
    """The device called ``name``; ``auto`` is the best one here.  Raises InputError."""
    if name == "auto":
        return devices()[0]
    for device in devices():
        if device.name == name:
            return device
    here = ", ".join(device.name for device in devices())
    raise InputError(f"There is no device {name!r} on this machine. Choose auto or one of: {here}.")


@lru_cache(maxsize=8)
def default_precision(device: str) -> str:
    """bfloat16 where the hardware multiplies it natively (measured: 3.5 times faster)."""
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device == "cpu":
        tells = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # not in every torch
        return "bf16" if any(getattr(torch.cpu, t, bool)() for t in tells) else "float32"
    return "float32"


@contextmanager
def precision(device: str, name: str) -> Iterator[None]:
    """Inside, networks compute in ``bf16`` by autocast (weights stay float32) or ``float32``."""
    if name == "auto":
        name = default_precision(device)
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=name == "bf16"):
        yield


@contextmanager
def one_core() -> Iterator[None]:
    """Inside, this thread computes alone.

    A network of a few thousand weights loses more by waiting for a second core than that gives
    (measured: 2 to 4 times, on a machine that does something else as well).
    """
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def own_randomness(seed: int, *purpose: int | str, device: str = "cpu") -> torch.Generator:
    """A generator that depends on nothing but ``seed`` and ``purpose``.

    Noise is a function of (seed, step, purpose), so a resumed run needs no saved random state.
    """
    from hashlib import blake2b

    key = blake2b(repr((seed, *purpose)).encode(), digest_size=7).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(key, "big"))
