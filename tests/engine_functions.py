"""An engine of small functions for tests/test_engine.py; knows no torch.

Run with ``--fd N``; ``--broken`` fails before it is ready.
"""

import os
import sys
import threading
import time

import numpy as np

from explorer.answers import Samples
from explorer.engine import register
from explorer.engine.server import serve
from explorer.errors import InputError, StoreError

FD = int(sys.argv[sys.argv.index("--fd") + 1])
started, released, closed = threading.Event(), threading.Event(), threading.Event()
made, kept = [0], []


def echo(value=None, **more):
    return more or value


def samples(n):
    return Samples(np.full((n, 4, 4), 9, np.uint8), "normal", n)


def fail(kind):
    raise {"input": InputError, "store": StoreError, "key": KeyError, "memory": MemoryError}[kind](
        "The number is 3; the limit is 2."
    )


def leave():
    sys.exit(5)


def unsendable():
    return object()


def too_large():
    return np.broadcast_to(np.uint8(0), 10**9)


def hold():
    """Work until `release` is called."""
    started.set()
    return released.wait(60)


def work_started():
    return started.wait(60)


def release():
    released.set()


def count(n):
    yield from range(n)


def endless():
    """A stream that only an explicit close ends, as someone else holds it too."""
    kept.append(numbers())
    return kept[-1]


def numbers():
    """Numbers that tell when they are closed and how far they came."""
    started.set()
    try:
        while True:
            made[0] += 1
            yield made[0]
    finally:
        closed.set()


def items_made():
    return made[0]


def closed_seen():
    return closed.wait(60)


def break_off():
    yield 1
    raise StoreError("Step 2 of 9 is damaged. Choose another checkpoint.")


def pid():
    return os.getpid()


def spin():
    """Compute without an end, as pure Python that never lets go by itself."""
    started.set()
    while True:
        sum(range(1000))


def garbage():
    os.write(FD, b"\x30" + b"\0" * 7 + b"\x20" + b"\0" * 7 + b"{" * 48)
    time.sleep(60)


@register
class Unknown:
    """Registered here and not in the web process."""

    model_fields = ()


def unknown():
    return Unknown()


if __name__ == "__main__":
    if "--broken" in sys.argv:
        sys.exit(3)
    functions = {f.__name__: f for f in vars().copy().values() if callable(f)}
    serve(functions, FD, heavy={"hold", "endless", "spin"})
