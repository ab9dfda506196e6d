"""Every data set that can be asked for by name, and the one function that loads them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock

from explorer import files
from explorer.data import celeba, cifar, download, home, idx, packs, toys
from explorer.data.base import SPLITS, Data, DatasetInfo, Progress, printable
from explorer.errors import InputError, ResourceError, StoreError

FOLDER_NAME = re.compile(r"folder-[0-9a-f]{12}")
CIFAR = {info.name for info in cifar.INFOS}
FIXED = {info.name: info for info in (*idx.INFOS, *cifar.INFOS, celeba.INFO, *toys.INFOS)}
_loading, _fetching = Lock(), Lock()


def datasets() -> list[DatasetInfo]:
    """Every data set there is: bundled, downloadable, toys, and folders added on this machine."""
    return [_checked(info) for info in FIXED.values()] + [packs.info(path) for path in _packs()]


def info(name: str) -> DatasetInfo:
    """What is known of a set without reading its pictures.  Raises InputError."""
    if name in FIXED:
        return _checked(FIXED[name])
    if not _known(name):
        raise _no_such(name)
    return next(packs.info(path) for path in _packs() if path.stem == name)


def title(name: str) -> str:
    """What a person calls the set ``name``; the name itself where it is not known here."""
    return info(name).title if _known(name) else name


def at_hand(name: str) -> str:
    """``name``, or the bundled part of a full set that is not on this machine."""
    bundled = name.removesuffix("-full")
    here = name not in FIXED or _checked(FIXED[name]).available
    return name if here or bundled not in FIXED else bundled


def whole(name: str) -> str:
    """The full set of which ``name`` is the bundled part; ``name`` itself if there is none."""
    full = f"{name.removesuffix('-full')}-full"
    return full if full in FIXED else name


def load(name: str, split: str = "train") -> Data:
    """One split, read-only; up to six are kept (InputError, ResourceError, StoreError)."""
    if split not in SPLITS:
        raise InputError(f"There is no split {printable(str(split), 40)!r}. Choose train or test.")
    with _loading:  # so that two threads never read the same set at once
        return _load(name, split, home.roots())


def fetch(name: str, progress: Progress | None = None) -> None:
    """Download a full set through torchvision unless it is here already (ResourceError offline).

    Imports torch: call it in a process of its own. ``progress`` is called with (done, total).
    """
    if name not in download.NEEDED and not _known(name):
        raise _no_such(name)
    with _fetching:  # one at a time: the second asker of a set finds it here
        if name in download.NEEDED and not _checked(FIXED[name]).available:
            download.fetch(name, FIXED[name].title, progress)


@lru_cache(maxsize=6)
def _load(name: str, split: str, roots: tuple[Path, ...]) -> Data:
    info = FIXED.get(name)
    if info is None:
        if not _known(name):
            raise _no_such(name)
        return packs.read(home.packs() / f"{name}{packs.SUFFIX}", split)
    if info.kind == "points":
        return toys.load(name, split)
    place = _place(name, roots)
    if place is None:
        raise _absent(info)
    if name == "celeba":
        return packs.read(place, split)
    return (cifar if name in CIFAR else idx).load(info, split, place)


def _place(name: str, roots: tuple[Path, ...]) -> Path | None:
    """Where the files of an image set lie, or None."""
    if name == "celeba":
        return celeba.path() if celeba.path().is_file() else None
    return cifar.place(roots) if name in CIFAR else idx.folder(name, roots)


def _checked(info: DatasetInfo) -> DatasetInfo:
    place = _place(info.name, home.roots()) if info.kind == "image" else None
    if info.kind == "image" and place is None:
        return replace(info, problem=str(_absent(info)))
    if info.name in CIFAR:
        return cifar.described(info, place)
    if info.name == "celeba":
        return replace(info, problem=packs.info(celeba.path()).problem)
    return info


def _absent(info: DatasetInfo) -> ResourceError | StoreError:
    if info.name in download.NEEDED:
        return ResourceError(download.missing(info.name, info.title))
    return StoreError(f"The bundled files of {info.title} are missing. Install the explorer again.")


def _packs() -> Iterator[Path]:
    paths = files.entries(home.packs())
    return (p for p in paths if p.suffix == packs.SUFFIX and FOLDER_NAME.fullmatch(p.stem))


def _known(name: str) -> bool:
    return name in FIXED or any(path.stem == name for path in _packs())


def _no_such(name: str) -> InputError:
    names = ", ".join([*FIXED, *(path.stem for path in _packs())])
    return InputError(f"There is no data set {printable(str(name), 40)!r}. Choose one of {names}.")
