"""Where data sets lie on this machine.

``EXPLORER_DATA`` names a torchvision root that is read and never written (a teacher's shared disk
may be read-only); downloads and packs go to the user's cache folder.
"""

import os
import sys
from pathlib import Path

APP = "generative-model-explorer"


def home() -> Path:
    """The folder that downloads and packs are written to: a cache folder of this user."""
    return _cache() / APP


def roots() -> tuple[Path, ...]:
    """The torchvision roots to look into, first ``EXPLORER_DATA``, then ``home()``."""
    named = os.environ.get("EXPLORER_DATA")
    return (Path(named).expanduser().absolute(), home()) if named else (home(),)


def packs() -> Path:
    """The folder of packed data sets."""
    return home() / "packs"


def _cache() -> Path:
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path.home() / ".cache"
