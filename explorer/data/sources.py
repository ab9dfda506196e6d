"""Foreign folders and zip archives as a stream of (name, bytes); nothing is extracted by name.

What may not be read (a link out of the folder, ``..`` in a name, a bomb ...) comes with the reason
instead of bytes. A source can be iterated again: once for its key, once to decode.
"""

import hashlib
import os
import re
import stat
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from explorer.data.images import MAX_BYTES, Unusable, too_large
from explorer.errors import InputError

MAX_ENTRIES = 200_000
MAX_TOTAL = 2 * 2**30  # bytes, counted as they are read
MAX_RATIO = 200
SMALL = 64 * 1024  # a flat drawing compresses beyond the ratio; below this size it is no bomb
SIGNATURE = b"PK\x01\x02"  # begins each entry of a zip's table of contents

File = tuple[str, bytes | Unusable]


class Source(ABC):
    """A bounded collection of files, sorted by name so that equal content has one order.

    Iterating yields (name with ``/``, bytes or why not).
    """

    def __init__(self, entries: Iterable[tuple[str, Any]]):
        kept = []
        for name, item in entries:
            if not _is_hidden(name):
                kept.append((name, item))
            if len(kept) > MAX_ENTRIES:
                raise _too_many()
        self.entries = sorted(kept, key=lambda entry: entry[0])

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[File]:
        total = 0
        for name, item in self.entries:
            try:
                data = self._read(name, item)
            except Unusable as reason:
                yield name, reason
                continue
            total += len(data)
            if total > MAX_TOTAL:
                raise InputError(
                    f"The files hold more than {MAX_TOTAL / 2**30:.0f} GB, the limit. "
                    "Add fewer images."
                )
            yield name, data

    def key(self) -> str:
        """SHA-256 (hex) of all names and contents: the same for a folder and a zip of it."""
        key = hashlib.sha256()
        for name, data in self:
            content = data if isinstance(data, bytes) else str(data).encode()
            key.update(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest())
            key.update(hashlib.sha256(content).digest())
        return key.hexdigest()

    @abstractmethod
    def _read(self, name: str, item: Any) -> bytes: ...


@contextmanager
def open_source(path: Path, within: str = "") -> Iterator[Source]:
    """The files of a folder or a zip archive (InputError when ``path`` is neither).

    Of an archive, only those whose names begin with ``within``.
    """
    with ExitStack() as stack:
        yield Folder(path) if os.path.isdir(path) else Zip(_archive(path, stack), within)


def _archive(path: Path, stack: ExitStack) -> zipfile.ZipFile:
    try:
        if not os.path.isfile(path):  # opening a pipe would wait for ever
            raise FileNotFoundError
        file = stack.enter_context(path.open("rb"))
        _check_count(file)
        return stack.enter_context(zipfile.ZipFile(file))
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        raise InputError(
            "This is neither a folder nor a readable zip archive. Choose a folder or zip of images."
        ) from None


class Folder(Source):
    """The files below a folder on this machine."""

    def __init__(self, root: Path):
        self.root = Path(os.path.realpath(root))
        super().__init__(self._walk())

    def _walk(self) -> Iterator[tuple[str, Path]]:
        for where, folders, names in os.walk(self.root):  # does not follow links
            links = [name for name in folders if os.path.islink(os.path.join(where, name))]
            for name in names + links:
                path = Path(where, name)
                yield path.relative_to(self.root).as_posix(), path

    def _read(self, name: str, item: Path) -> bytes:
        try:
            if item.is_symlink():
                item = Path(os.path.realpath(item, strict=True))
                if not item.is_relative_to(self.root):
                    raise Unusable("is a link that leaves the folder")
            status = item.stat()
            if not stat.S_ISREG(status.st_mode):
                raise Unusable("is not a regular file")
            with item.open("rb") as file:
                return _limited(file, status.st_size)
        except OSError as problem:
            raise Unusable(f"cannot be read: {problem.strerror}") from None


class Zip(Source):
    """The entries of a zip archive."""

    def __init__(self, archive: zipfile.ZipFile, within: str = ""):
        self.archive = archive
        infos = [info for info in archive.infolist() if not info.is_dir()]
        named = ((_plain(info.filename), info) for info in infos)
        super().__init__((name, info) for name, info in named if name.startswith(within))

    def _read(self, name: str, item: zipfile.ZipInfo) -> bytes:
        _check_entry(name, item)
        try:
            with self.archive.open(item) as file:
                return _limited(file, item.file_size)
        except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError, zlib.error):
            raise Unusable("is damaged inside the archive") from None


def _plain(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


def _check_entry(name: str, info: zipfile.ZipInfo) -> None:
    if name.startswith("/") or ".." in name.split("/") or re.match("[A-Za-z]:", name):
        raise Unusable("has a name that leaves the archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Unusable("is a link")
    if info.flag_bits & 1:
        raise Unusable("is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unusable("is compressed in an unusual way")
    if info.file_size > max(SMALL, MAX_RATIO * info.compress_size):
        raise Unusable(f"unpacks to more than {MAX_RATIO} times its size")


def _limited(file: BinaryIO, size: int) -> bytes:
    """At most MAX_BYTES of ``file``; the announced ``size`` is believed only if it is too large."""
    data = b"" if size > MAX_BYTES else file.read(MAX_BYTES + 1)
    if max(size, len(data)) > MAX_BYTES:
        raise too_large(max(size, len(data)))
    return data


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or any(p.startswith(".") and p != ".." for p in parts)


def _check_count(file: BinaryIO) -> None:
    """Refuse a zip of too many entries before zipfile reads its whole table of contents.

    The number that an archive announces may be a lie, so the entries' signatures are counted.
    """
    count, tail = 0, b""
    while chunk := file.read(2**20):
        count += (tail + chunk).count(SIGNATURE)
        tail = chunk[1 - len(SIGNATURE) :]
    if count > MAX_ENTRIES:
        raise _too_many()
    file.seek(0)


def _too_many() -> InputError:
    return InputError(f"There are more than {MAX_ENTRIES:,} files, the limit. Add fewer images.")
