"""One foreign picture -> uint8 ``C S S``: all checks before and all conversions after decoding.

The type is told by content, never by name. The picture is turned as its EXIF data say, laid on
white where transparent, brought to 8 bits, cropped to the central square and resized (Lanczos).
"""

import warnings
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

from explorer.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")  # an allow-list: no TIFF, EPS, SVG, FITS ...
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 25_000_000
SIZES = (28, 32, 64)
GAP = 3  # huge pictures are first shrunk by whole factors, to no less than this times the size

# Between Pillow's two limits (89 and 179 million pixels) it only warns; to us that is an error too.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class Unusable(ValueError):
    """Why a file is no usable image, as the end of a sentence that begins with its name."""


def read_image(data: bytes, *, size: int, colour: bool) -> np.ndarray:
    """One uploaded picture as uint8 ``C size size``, C = 3 or 1 (InputError)."""
    try:
        return decode(data, size, colour)
    except Unusable as reason:
        raise InputError(f"This file {reason}. Choose another picture.") from None


def decode(data: bytes, size: int, colour: bool) -> np.ndarray:
    """Like ``read_image``, but raises ``Unusable``."""
    if len(data) > MAX_BYTES:
        raise too_large(len(data))
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_pixels(image)
            pixels = _pixels(image, size, colour)
    except Unusable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable(f"has more than {MAX_PIXELS / 1e6:.0f} million pixels, the limit") from None
    except Image.UnidentifiedImageError:
        raise Unusable("is not a PNG, JPEG, WebP, BMP or GIF image") from None
    except Exception:  # a hostile file can make a decoder raise anything
        raise Unusable("is a damaged or cut-off image") from None
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if colour else pixels[None])


def too_large(size: int) -> Unusable:
    """The refusal of a file of ``size`` bytes."""
    return Unusable(f"is {size / 2**20:.1f} MB large; the limit is {MAX_BYTES / 2**20:.0f} MB")


def _check_pixels(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Unusable(
            f"is {width:,} × {height:,} pixels; the limit is {MAX_PIXELS / 1e6:.0f} million pixels"
        )


def _pixels(image: Image.Image, size: int, colour: bool) -> np.ndarray:
    """Decode to uint8 ``S S`` or ``S S 3``."""
    image.draft(None, (GAP * size, GAP * size))  # a large JPEG is decoded at 1/2, 1/4 or 1/8
    image.load()  # the first frame of an animation; a cut-off file raises here
    ImageOps.exif_transpose(image, in_place=True)
    small = _square(_eight_bit(image, colour), size)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
    return np.asarray(_in_mode(small, "RGB" if colour else "L"))


def _eight_bit(image: Image.Image, colour: bool) -> Image.Image:
    if image.has_transparency_data:
        return _in_mode(image, "RGBA")
    if image.mode.startswith("I"):  # 16-bit grey: keep the high byte, where Pillow might clip
        wide = np.asarray(image).clip(0, 65535).astype(np.uint16)
        return Image.fromarray((wide >> 8).astype(np.uint8))
    return _in_mode(image, "RGB" if colour else "L")


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)  # which would copy 100 MB


def _square(image: Image.Image, size: int) -> Image.Image:
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    central = image.crop((left, top, left + side, top + side))
    return central.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=GAP)
