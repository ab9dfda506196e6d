"""Arrays to pictures and back: tiles, sheets, PNG.  numpy and Pillow only."""

from io import BytesIO

import numpy as np
from PIL import Image

PIXELS = 4096 * 4096  # of a picture of ours, at most


def to_uint8(x: np.ndarray) -> np.ndarray:
    """Floats in [0, 1] N C H W -> uint8 N H W (grey) or N H W 3; values outside are clipped."""
    x = np.nan_to_num(x, nan=0.0)
    return tiles((np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8))


def tiles(x: np.ndarray) -> np.ndarray:
    """uint8 N C H W -> N H W (grey) or N H W 3, the layout in which pictures are shown."""
    return x[:, 0] if x.shape[1] == 1 else np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def sheet(pictures: np.ndarray, columns: int, gap: int = 0, ground: int = 0) -> np.ndarray:
    """N H W [3] -> one picture of rows x columns tiles; missing tiles show the ``ground``."""
    n, height, width = pictures.shape[:3]
    rows = max(1, -(-n // columns))
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, *pictures.shape[3:])
    out = np.full(size, ground, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        out[top : top + height, left : left + width] = picture
    return out


def enlarge(picture: np.ndarray, times: int) -> np.ndarray:
    """Every pixel becomes a square of ``times`` x ``times``."""
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def png(picture: np.ndarray) -> bytes:
    """uint8 H W or H W 3 -> PNG bytes, the same bytes for the same picture."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def read_png(data: bytes) -> np.ndarray:
    """PNG bytes of ours -> uint8 H W or H W 3."""
    picture = Image.open(BytesIO(data), formats=("PNG",))
    if picture.width * picture.height > PIXELS:
        raise ValueError(f"a picture of {picture.width} x {picture.height} pixels is not ours")
    return np.asarray(picture)


def points_picture(points: np.ndarray, side: int = 224, extent: float = 1.6) -> np.ndarray:
    """N 2 points -> uint8 side side: brighter where there are more, y upwards."""
    edges = np.linspace(-extent, extent, side // 2 + 1)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=(edges, edges))
    bright = np.minimum(counts[::-1] / max(1.0, len(points) / 1000), 1.0)
    return enlarge((np.sqrt(bright) * 255).astype(np.uint8), 2)
