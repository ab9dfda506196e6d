"""One foreign picture: every conversion is right, and every bad file is refused with its reason."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explorer.data import read_image
from explorer.errors import InputError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes) -> bytes:
    """A PNG by hand, for what Pillow does not write; ``rows`` are unfiltered."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def reason(data: bytes, size: int = 32) -> str:
    with pytest.raises(InputError) as problem:
        read_image(data, size=size, colour=True)
    text = str(problem.value)
    assert text.startswith("This file ")
    assert text.endswith(". Choose another picture.")
    return text


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP"])
def test_an_image_of_the_right_size_is_kept_exactly(kind):
    grey = noise(32, 32)
    data = encoded(Image.fromarray(grey), kind, **({"lossless": True} if kind == "WEBP" else {}))
    found = read_image(data, size=32, colour=False)
    assert (found.shape, found.dtype, found.flags.c_contiguous) == ((1, 32, 32), "u1", True)
    assert np.array_equal(found[0], grey)
    assert np.array_equal(read_image(data, size=32, colour=True), np.stack([grey] * 3))


def test_colours_are_channels_first_and_grey_is_luma():
    picture = noise(28, 28, 3)
    data = encoded(Image.fromarray(picture))
    found = read_image(data, size=28, colour=True)
    assert np.array_equal(found, picture.transpose(2, 0, 1))
    luma = picture @ [0.299, 0.587, 0.114]
    assert np.abs(read_image(data, size=28, colour=False)[0] - luma).max() <= 1


@pytest.mark.parametrize("size", [(300, 100), (100, 300)])
def test_the_central_square_is_kept(size):
    image = Image.new("RGB", size, RED)
    image.paste(GREEN, (size[0] // 2 - 50, size[1] // 2 - 50, size[0] // 2 + 50, size[1] // 2 + 50))
    found = read_image(encoded(image), size=64, colour=True)
    assert np.array_equal(found, np.full((64, 64, 3), GREEN, np.uint8).transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_shrinking_keeps_the_mean_and_the_places(kind):
    picture = np.zeros((960, 960), np.uint8)
    picture[:480, :480] = 200
    found = read_image(encoded(Image.fromarray(picture), kind), size=32, colour=False)[0]
    assert found[:14, :14].min() >= 195
    assert found[18:].max() <= 5
    assert found.mean() == pytest.approx(50, abs=1.5)


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1))])
def test_exif_orientation_is_honoured(orientation, corner):
    image = Image.new("RGB", (64, 64), BLUE)
    image.paste(RED, (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read_image(encoded(image, exif=exif), size=64, colour=True)
    red = [c for c in ((0, 0), (0, -1), (-1, 0), (-1, -1)) if tuple(found[:, *c]) == RED]
    assert red == [corner]


def test_16_bits_keep_the_high_byte():
    grey = b"".join(b"\0" + struct.pack(">4H", 0x0000, 0x40FF, 0x8012, 0xFFFF) for _ in range(4))
    found = read_image(png(4, 4, 16, 0, grey), size=4, colour=False)
    assert found[0, 0].tolist() == [0x00, 0x40, 0x80, 0xFF]
    rgb = b"".join(b"\0" + struct.pack(">3H", 0x8012, 0x40FF, 0x00FF) * 4 for _ in range(4))
    assert read_image(png(4, 4, 16, 2, rgb), size=4, colour=True)[:, 0, 0].tolist() == [128, 64, 0]


def test_cmyk_and_palette_become_colours():
    cmyk = Image.new("CMYK", (64, 64), (0, 255, 255, 0))
    red = read_image(encoded(cmyk, "JPEG"), size=32, colour=True)
    assert np.abs(red[:, 16, 16].astype(int) - RED).max() <= 3
    palette = Image.new("P", (32, 32), 1)
    palette.putpalette([*RED, *BLUE])
    assert tuple(read_image(encoded(palette), size=32, colour=True)[:, 5, 5]) == BLUE
    bits = Image.new("1", (32, 32), 1)
    assert read_image(encoded(bits), size=32, colour=False).min() == 255


def test_transparent_parts_are_white_whatever_colour_hides_there():
    clear = Image.new("RGBA", (32, 32), (*RED, 0))
    half = Image.new("LA", (32, 32), (0, 128))
    palette = Image.new("P", (32, 32), 0)
    palette.putpalette([*RED, *BLUE])
    assert tuple(read_image(encoded(clear), size=32, colour=True)[:, 3, 3]) == WHITE
    assert tuple(read_image(encoded(half), size=32, colour=True)[:, 3, 3]) == (127, 127, 127)
    data = encoded(palette, transparency=0)
    assert tuple(read_image(data, size=32, colour=True)[:, 3, 3]) == WHITE
    assert read_image(encoded(clear), size=32, colour=False).min() == 255


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame(kind):
    frames = [Image.new("RGB", (32, 32), colour) for colour in (GREEN, RED)]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)
    assert tuple(read_image(data, size=32, colour=True)[:, 9, 9]) == GREEN


@pytest.mark.parametrize(("shape", "size"), [((1, 1), 64), ((5000, 1), 28), ((1, 5000), 32)])
def test_extreme_shapes_work(shape, size):
    found = read_image(encoded(Image.new("L", shape, 77)), size=size, colour=False)
    assert np.array_equal(found, np.full((1, size, size), 77))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"SIMPLE  =                    T" + b" " * 2850,
        b"P6 1 1 255 abc",
        b"\x80\x04K\x01.",
        b"PK\x03\x04" + bytes(40),
        encoded(Image.new("RGB", (9, 9)), "TIFF"),
        encoded(Image.new("RGB", (9, 9)), "ICO"),
        encoded(Image.new("RGB", (9, 9)), "PDF"),
    ],
)
def test_what_is_not_of_an_allowed_type_is_refused_by_content(data):
    assert "is not a PNG, JPEG, WebP, BMP or GIF image" in reason(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_a_cut_off_image_is_refused(kind):
    whole = encoded(Image.fromarray(noise(90, 90, 3)), kind)
    for share in (0.1, 0.5, 0.9):
        assert reason(whole[: int(len(whole) * share)])


def test_damage_inside_an_image_is_refused():
    whole = bytearray(encoded(Image.fromarray(noise(90, 90, 3))))
    whole[whole.index(b"IDAT") + 40 :][:20] = bytes(20)
    whole[-200:-150] = bytes(50)
    assert "damaged or cut-off" in reason(bytes(whole))


def test_mutated_images_give_a_picture_or_a_sentence_and_nothing_else():
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF"):
        whole = np.frombuffer(encoded(Image.fromarray(noise(20, 20, 3)), kind), np.uint8)
        for _ in range(60):
            mutant = whole.copy()
            mutant[rng.integers(0, min(len(mutant), 120), 3)] = rng.integers(0, 256, 3)
            with suppress(InputError):
                assert read_image(mutant.tobytes(), size=28, colour=True).shape == (3, 28, 28)


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")  # as outside pytest
@pytest.mark.parametrize(
    ("width", "height", "said"),
    [
        (5001, 5000, "is 5,001 × 5,000 pixels; the limit is 25 million pixels"),
        (10_000, 10_000, "25 million pixels"),
        (30_000, 30_000, "25 million pixels"),
        (2**31 - 1, 2**31 - 1, "25 million pixels"),
    ],
)
def test_too_many_pixels_are_refused_before_decoding(width, height, said):
    assert said in reason(png(width, height, 8, 0, b"\0"))  # one row: decoding would fail otherwise


def test_a_picture_of_25_million_pixels_is_still_taken():
    data = encoded(Image.new("L", (5000, 5000), 3))
    assert read_image(data, size=28, colour=False).max() == 3


def test_a_file_over_20_mb_is_refused_before_it_is_opened():
    data = encoded(Image.new("L", (9, 9))) + bytes(20 * 2**20)
    assert "is 20.0 MB large; the limit is 20 MB" in reason(data)
