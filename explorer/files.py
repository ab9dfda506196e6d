"""How bytes reach the disk: whole or not at all.

Every file is written under a temporary name in its own folder, flushed, fsynced and renamed, and
the folder is fsynced too, so a crash at any moment leaves the old file or the new one and never
half of one (Pillai et al., OSDI 2014). A log is append-only: one line is one ``write`` and a sync.
"""

import errno
import json
import math
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any, BinaryIO

from explorer.errors import InputError, ResourceError, StoreError

TEMPORARY = ".tmp-"  # followed by the writer's pid: a stray one of a dead process can be told
CHUNK = 1 << 20

# The one seam: whatever changes the disk passes here, so that tests can make the k-th call fail.
_open, _write, _sync, _sync_data = os.open, os.write, os.fsync, getattr(os, "fdatasync", os.fsync)
_rename, _mkdir, _truncate = os.replace, os.mkdir, os.ftruncate

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DiskFull(ResourceError):
    """No room for a write; it is worth trying again once there is space."""


def publish(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all (DiskFull, ResourceError)."""
    publish_with(path, lambda file: file.write(data))


def publish_with(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Like ``publish``, for content that ``write(file)`` streams into a seekable binary file."""
    path = Path(path)
    temporary = temporary_beside(path)
    with _told(path):
        try:
            with _new_file(temporary) as file:
                write(file)
                file.flush()
                _sync(file.fileno())
            _rename(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_path(path.parent)


def publish_folder(staging: Path, final: Path) -> None:
    """Make the folder ``staging`` appear as ``final`` in one step; both lie in the same folder."""
    with _told(final):
        for folder, _, names in os.walk(staging):
            for name in names:
                _sync_path(Path(folder, name))
            _sync_path(Path(folder))
        _rename(staging, final)
        _sync_path(Path(final).parent)


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it becomes ``final`` at the end, or vanishes on an error."""
    staging = temporary_beside(final)
    try:
        with _told(final):
            _mkdir(staging)
        yield staging
        publish_folder(staging, final)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def make_folder(path: Path) -> Path:
    """Create ``path`` and its parents where they are missing; returns it."""
    path = Path(path)
    if not path.is_dir():
        make_folder(path.parent)
        with _told(path), suppress(FileExistsError):
            _mkdir(path)
            _sync_path(path.parent)
    return path


def append(path: Path, line: bytes, size: int) -> int:
    """Append one line behind the first ``size`` bytes, which are known good; the new size in bytes.

    What an earlier failed append may have left behind them is cut off first, and a failure now
    cuts off its own part, so the caller may simply try again.
    """
    with _told(path):
        file = _open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        try:
            _append(file, line, size)
        finally:
            os.close(file)
    return size + len(line)


def _append(file: int, line: bytes, size: int) -> None:
    found = os.fstat(file).st_size
    if found < size:
        raise StoreError(f"A log of {size} bytes was cut to {found} while in use. Resume the run.")
    if found > size:
        _truncate(file, size)
    try:
        if _write(file, line) < len(line):
            raise OSError(errno.ENOSPC, "short write")
        _sync_data(file)
    except BaseException:
        with suppress(OSError):
            _truncate(file, size)
        raise


def sweep(folder: Path, everything: bool = False) -> int:
    """Remove what dead writes left in ``folder`` and return how many; a live process's stay.

    ``everything`` also removes those of live processes: for a folder's only writer, as it starts.
    """
    stray = [path for path in entries(folder) if path.name.startswith(TEMPORARY)]
    dead = [path for path in stray if everything or not _writer_lives(path.name)]
    for path in dead:
        remove(path)
    return len(dead)


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder (in one step); what is not there is no error."""
    with _told(path), suppress(FileNotFoundError):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
            return
        doomed = path if path.name.startswith(TEMPORARY) else temporary_beside(path)
        if doomed != path:
            _rename(path, doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def move(source: Path, target: Path) -> None:
    """Rename within one disk and make it last."""
    with _told(target):
        _rename(source, target)
        _sync_path(Path(target).parent)
        _sync_path(Path(source).parent)


def entries(folder: Path) -> list[Path]:
    """What lies in ``folder``, by name; nothing when it is missing, unreadable or a link."""
    try:
        return [] if Path(folder).is_symlink() else sorted(Path(folder).iterdir())
    except OSError:
        return []


def temporary_beside(path: Path) -> Path:
    """A fresh temporary name in the folder of ``path``."""
    return Path(path).parent / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"


def json_bytes(value: Any, indent: int | None = None) -> bytes:
    """Strict JSON in ASCII, one line unless ``indent`` (InputError: NaN, infinity, odd types)."""
    separators = None if indent else (",", ":")
    try:
        return json.dumps(value, allow_nan=False, indent=indent, separators=separators).encode()
    except (TypeError, ValueError, RecursionError) as problem:
        raise InputError(
            f"This cannot be kept as JSON: {problem}. Use finite numbers, text, lists and objects."
        ) from None


def parse_json(data: bytes, name: str) -> Any:
    """The value in ``data``; ``name`` is what the StoreError calls it. NaN, Infinity: refused."""
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as problem:
        raise StoreError(f"{name} is damaged: {_short(problem)}. Restore it from a copy.") from None


def read_json(path: Path) -> Any:
    """The value in a JSON file (StoreError when missing, damaged or not strict JSON)."""
    return parse_json(read_bytes(path), Path(path).name)


def read_bytes(path: Path, offset: int = 0) -> bytes:
    """The bytes of a regular file from ``offset``; links and pipes are refused (StoreError)."""
    with open_file(path) as file:
        file.seek(offset)
        return file.read()


def open_file(path: Path) -> FileIO:
    """Open a regular file for reading without following a link (StoreError)."""
    name = Path(path).name
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise StoreError(f"{name} is missing. Restore it from a copy.") from None
    except OSError as problem:
        raise StoreError(
            f"{name} cannot be read: {problem.strerror}. Check its permissions."
        ) from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise StoreError(f"{name} is not a regular file. Remove it.")
    return FileIO(file, "rb")


def free_space(path: Path) -> tuple[int, int]:
    """Free and total bytes of the disk that holds ``path`` or its nearest existing parent."""
    path = Path(path).absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    usage = shutil.disk_usage(path)
    return usage.free, usage.total


class _Sink(FileIO):
    """A file whose writes pass the seam."""

    def write(self, data: Any) -> int:
        return _write(self.fileno(), data)


def _new_file(path: Path) -> BufferedWriter:
    file = _open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    return BufferedWriter(_Sink(file, "r+b"), CHUNK)


def _sync_path(path: Path) -> None:
    file = _open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        _sync(file)
    finally:
        os.close(file)


def _writer_lives(name: str) -> bool:
    pid = name.removeprefix(TEMPORARY).split("-")[0]
    if not (pid.isascii() and pid.isdigit() and 0 < int(pid) < 2**31):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say an OSError of the disk as a sentence for a person."""
    try:
        yield
    except OSError as problem:
        raise _said(Path(path), problem) from problem


def _said(path: Path, problem: OSError) -> ResourceError:
    if problem.errno not in _FULL:
        reason = os.strerror(problem.errno) if problem.errno else "unknown error"
        return ResourceError(
            f"{path.name} could not be written: {reason}. "
            "What was there before is unchanged; check the disk and its permissions."
        )
    free, total = free_space(path.parent)
    return DiskFull(
        f"Disk full: {free / 1e6:,.0f} MB free of {total / 1e6:,.0f} MB, "
        f"too little for {path.name}. "
        "What was there before is unchanged; make room and it can go on."
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _short(problem: Exception) -> str:
    return str(problem).split("\n")[0][:100]
