"""The engine: one process that holds torch and answers the torch-free web process.

>>> from explorer.engine import engine
>>> samples = engine().call("sample", run=run, seed=7)
>>> for film in engine().stream("denoise", run=run, seed=7): ...
"""

import threading

from explorer import answers, config
from explorer.data.folders import Report
from explorer.engine.client import Engine
from explorer.engine.codec import register, register_all

__all__ = ["Engine", "engine", "register", "register_all"]

register_all(answers)  # here, because both processes import this package
register_all(config)
register(Report)

_lock = threading.Lock()
_engine: Engine | None = None


def engine() -> Engine:
    """The one engine of this process; its child starts with the first question or ``start()``."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = Engine()
        return _engine
