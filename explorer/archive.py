"""One run as one zip: out, always with the same bytes; and in, trusting nothing.

Only names that we would write ourselves are taken, only as many bytes as announced, nothing that
has to be unpickled; and the run appears by one rename after every checksum was right.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from explorer import files, locks
from explorer.errors import InputError, StoreError
from explorer.runs import Run, events, store
from explorer.runs.checkpoints import FILE, FOLDER, PREVIEW
from explorer.runs.status import EVENTS, SETTINGS

BYTES, ENTRIES, RATIO = 2 << 30, 5000, 100
DIRECTORY = ENTRIES * 256  # bytes of the zip's own table, which is read before its entries
TEXT = 64 << 20  # bytes of one JSON file or log
NAME = re.compile(
    rf"settings\.json|events\.jsonl|notes\.json|previews/{PREVIEW}|checkpoints/{FOLDER}/{FILE}"
)
PACKED = (".json", ".jsonl")  # pictures and weights do not get smaller
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ArithmeticError, LookupError)
BROKEN += (NotImplementedError, RuntimeError, ValueError)  # all that zipfile raises for bad bytes
EPOCH = (1980, 1, 1, 0, 0, 0)


def export(run: Run, file: BinaryIO) -> None:
    """Write the run into ``file`` as a zip; the same run gives the same bytes (StoreError)."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_entry(EVENTS), _whole_lines(run))
        for path in _paths(run):
            name = path.relative_to(run.folder).as_posix()
            with files.open_file(path) as source, archive.open(_entry(name), "w") as target:
                while chunk := source.read(files.CHUNK):
                    target.write(chunk)


def export_bytes(run: Run) -> bytes:
    """The zip of a run, in memory."""
    file = BytesIO()
    export(run, file)
    return file.getvalue()


def import_zip(file: BinaryIO, root: Path | None = None) -> Run:
    """The run in a seekable zip, under its own id or a new one when that is taken (InputError)."""
    size = _check_directory(file)
    root = files.make_folder(root or store.root())
    staging = files.temporary_beside(root / "any")
    try:
        with zipfile.ZipFile(file) as archive:
            entries = _checked(archive.infolist(), size)
            _extract(archive, entries, files.make_folder(staging))
        return _accept(staging, root)
    except BROKEN as problem:
        raise InputError(
            f"The zip is damaged: {str(problem)[:90]}. Export the run again."
        ) from None
    finally:
        files.remove(staging)


def _paths(run: Run) -> Iterator[Path]:
    """The files of an export beside the log: what is complete and recorded."""
    yield run.folder / SETTINGS
    if (run.folder / "notes.json").exists():
        yield run.folder / "notes.json"
    for folder in [run.folder / "previews", *(one.path for one in run.checkpoints())]:
        for path in files.entries(folder):
            if NAME.fullmatch(path.relative_to(run.folder).as_posix()):
                yield path


def _whole_lines(run: Run) -> bytes:
    lines, _ = events.whole_lines(run.folder / EVENTS)
    return b"".join(lines)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(PACKED) else zipfile.ZIP_STORED
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    entry.create_system = 3  # Unix, wherever this runs
    return entry


def _check_directory(file: BinaryIO) -> int:
    """Refuse a file that is no plain zip or has a huge table, before any of it is parsed."""
    size = file.seek(0, 2)
    file.seek(max(size - 42, 0))
    end = file.read()
    file.seek(0)
    if size < 22 or end[-22:-18] != b"PK\x05\x06" or end[-42:-38] == b"PK\x06\x07":
        raise InputError("This is not a zip that Export has written. Export the run again.")
    if size > BYTES or int.from_bytes(end[-10:-6], "little") > DIRECTORY:
        raise InputError(f"The zip is too large: the limit is {BYTES:,} bytes, {ENTRIES} files.")
    return size


def _checked(entries: list[zipfile.ZipInfo], size: int) -> list[zipfile.ZipInfo]:
    """The entries, all of whose names and announced sizes are allowed (InputError)."""
    if len(entries) > ENTRIES:
        raise InputError(f"The zip has {len(entries):,} entries; the limit is {ENTRIES:,}.")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry)
        if entry.filename in seen:
            raise InputError(f"The zip holds {entry.filename} twice. Export the run again.")
        seen.add(entry.filename)
    total = sum(entry.file_size for entry in entries)
    if total > min(BYTES, RATIO * size):
        raise InputError(
            f"The zip would grow from {size:,} to {total:,} bytes; the limits are {RATIO} times "
            f"and {BYTES:,} bytes. Export the run again."
        )
    return entries


def _check_entry(entry: zipfile.ZipInfo) -> None:
    shown = repr(entry.orig_filename[:80])
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not NAME.fullmatch(entry.filename) or entry.orig_filename != entry.filename:
        raise InputError(f"The zip holds {shown}, which is no part of a run. Export the run again.")
    if kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
        raise InputError(f"The zip holds {shown} as a link or encrypted. Export the run again.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"The zip packs {shown} in an unknown way. Export the run again.")
    if entry.filename.endswith(PACKED) and entry.file_size > TEXT:
        raise InputError(f"{shown} has {entry.file_size:,} bytes; the limit is {TEXT:,}.")


def _extract(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], staging: Path) -> None:
    for name in ("previews", "checkpoints", "wishes"):
        files.make_folder(staging / name)
    for entry in entries:
        path = staging / entry.filename
        files.make_folder(path.parent)
        with archive.open(entry) as source:
            files.publish_with(path, lambda target, source=source: _copy(source, target))
        _check_content(path, entry.filename)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    """zipfile stops at the announced size and checks the CRC there."""
    while chunk := source.read(files.CHUNK):
        target.write(chunk)


def _check_content(path: Path, name: str) -> None:
    """Refuse what is not what its name says, such as a pickle called model.safetensors."""
    try:
        if name.endswith(".json"):
            files.read_json(path)
        elif name.endswith(".safetensors"):
            _check_safetensors(path)
    except StoreError as problem:
        raise InputError(f"{name} is refused: {problem}") from None


def _check_safetensors(path: Path) -> None:
    with files.open_file(path) as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(TEXT, path.stat().st_size - 8):
            raise StoreError("it is not a safetensors file.")
        header = files.parse_json(file.read(length), "its header")
    if not isinstance(header, dict):
        raise StoreError("its header is no table.")
    spans = sorted(_span(tensor) for name, tensor in header.items() if name != "__metadata__")
    ends = [0, *(end for _, end in spans)]
    if [start for start, _ in spans] != ends[:-1] or ends[-1] != path.stat().st_size - 8 - length:
        raise StoreError("its tensors do not fill the file.")


def _span(tensor: object) -> tuple[int, int]:
    offsets = tensor.get("data_offsets") if isinstance(tensor, dict) else None
    good = isinstance(offsets, list) and len(offsets) == 2
    if (
        not good
        or any(type(one) is not int for one in offsets)
        or not 0 <= offsets[0] <= offsets[1]
    ):
        raise StoreError("a tensor has no place in it.")
    return offsets[0], offsets[1]


def _accept(staging: Path, root: Path) -> Run:
    """Let a clean run appear under its own id, or a new one."""
    problems = Run(staging).verify()
    if problems:
        raise InputError(f"The run in the zip is damaged: {problems[0]} Export the run again.")
    wanted = str(Run(staging).events()[0].get("run", ""))
    with locks.locked(root):
        final = root / store.free_id(root, wanted)
        files.publish_folder(staging, final)
    return Run(final)
