"""Pictures of one's own, and data sets from elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from explorer import data


def picture(content: bytes, size: int, colour: bool) -> np.ndarray:
    """One uploaded image, checked and cut to uint8 C size size.  Raises InputError."""
    return data.read_image(content, size=size, colour=colour)


def add_images(content: bytes, title: str, size: int, colour: bool) -> Iterator[Any]:
    """Pack an uploaded zip as a data set: yields (done, total) pairs, then the report."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "upload.zip")
        path.write_bytes(content)
        yield from _with_progress(
            lambda tell: data.add_folder(path, title=title, size=size, colour=colour, progress=tell)
        )


def fetch(name: str) -> Iterator[Any]:
    """Download a full data set: yields (done, total) pairs in bytes, then None."""
    return _with_progress(lambda tell: data.fetch(name, tell))


def _with_progress(job) -> Iterator[Any]:
    """Run ``job(tell)`` in a thread and yield what it tells about ten times a second."""
    from concurrent.futures import ThreadPoolExecutor, wait

    told = [(0, 0)]
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(job, lambda done, total: told.__setitem__(0, (done, total)))
        while not wait([future], timeout=0.1).done:
            yield told[0]
        yield future.result()
