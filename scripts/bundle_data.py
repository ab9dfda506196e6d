"""Make the bundled data: the first 10,000 training and all 10,000 test images of two IDX sets.

    python scripts/bundle_data.py TORCHVISION_ROOT

The root holds MNIST/raw and FashionMNIST/raw. The files are written to explorer/data/bundled as
IDX again, gzipped without a time stamp, so that the same input gives the same bytes; their SHA-256
sums are printed in the form of the table in explorer/data/bundled/README.md.
"""

import gzip
import hashlib
import struct
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from explorer import files
from explorer.data import idx

COUNT = 10_000


def encode(array: np.ndarray) -> bytes:
    """A uint8 array as an IDX file."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def bundle(root: Path) -> None:
    """Write the eight files and print a line of the table for each."""
    for name in ("MNIST", "FashionMNIST"):
        folder = files.make_folder(idx.BUNDLED / name / "raw")
        for stem in (stem for pair in idx.STEMS.values() for stem in pair):
            array = idx.read(root / name / "raw", stem)[:COUNT]
            data = gzip.compress(encode(array), 9, mtime=0)
            files.publish(folder / f"{stem}.gz", data)
            print(f"| {name}/raw/{stem}.gz | {len(data):,} | {hashlib.sha256(data).hexdigest()} |")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    bundle(Path(sys.argv[1]))
