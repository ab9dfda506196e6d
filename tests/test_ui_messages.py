"""What Python tells the browser and believes of what it hears: pure functions, no server."""

import base64
import json
import zlib

import numpy as np
import pytest
from component_films import film, ring_film

from explorer.answers import Film, Plane, Track
from explorer.ui.drag import Slider, read
from explorer.ui.draw import decode
from explorer.ui.pack import pack, shape_of
from explorer.ui.player import BLOCK, GRAIN, _frame, encode


def unpack(message: bytes) -> tuple[dict, bytes]:
    length = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def unpacked_film(message: bytes) -> list[dict[str, np.ndarray]]:
    """An independent reader: inflate, join the bytes, then undo the differences in time."""
    header, body = unpack(message)
    tracks = []
    for track in header["tracks"]:
        reels = {}
        for name, reel in track["reels"].items():
            blocks = []
            for number, block in enumerate(reel["blocks"]):
                piece, body = body[: block["size"]], body[block["size"] :]
                raw = zlib.decompress(piece) if block["packed"] else piece
                frames = min(BLOCK, reel["frames"] - number * BLOCK)
                blocks.append(unpacked_block(raw, (frames, *reel["shape"]), reel["wide"]))
            reels[name] = np.concatenate(blocks)
            assert reels[name].shape == (reel["frames"], *reel["shape"])
        tracks.append(reels)
    assert not body
    return tracks


def unpacked_block(raw: bytes, shape: tuple[int, ...], wide: bool) -> np.ndarray:
    changes = np.frombuffer(raw, np.uint8)
    if wide:
        low, high = np.split(changes, 2)
        changes = (low + 256 * high.astype(np.uint16)).view(np.int16)
    return np.cumsum(changes.reshape(shape), 0, changes.dtype)


@pytest.mark.parametrize("frames", [1, BLOCK, BLOCK + 1, 40])
def test_a_film_is_sent_without_loss(frames):
    made = film(frames)
    for track, sent in zip(made.tracks, unpacked_film(encode(made)), strict=True):
        np.testing.assert_array_equal(sent["picture"], track.frames)


@pytest.mark.parametrize("frames", [1, BLOCK, BLOCK + 1, 40])
def test_a_plane_is_sent_to_a_fraction_of_a_pixel(frames):
    made = ring_film(frames, 100)
    for track, sent in zip(made.tracks, unpacked_film(encode(made)), strict=True):
        seen = sent["points"] * (track.extent / GRAIN)
        wanted = np.clip(track.points, -4 * track.extent, 4 * track.extent)
        np.testing.assert_allclose(seen, wanted, atol=track.extent / GRAIN)
        assert set(sent) == {"points"} | {
            name for name in ("arrows", "ground", "groups") if getattr(track, name) is not None
        }
        if "arrows" in sent:
            atol = 0.51 * track.extent / GRAIN
            np.testing.assert_allclose(sent["arrows"] * atol / 0.51, track.arrows, atol=atol)
            np.testing.assert_array_equal(sent["ground"], track.ground)
        if "groups" in sent:
            np.testing.assert_array_equal(sent["groups"], [track.groups])


def test_points_beyond_sight_stay_beyond_sight_and_groups_wrap_around():
    far = np.array([[[1e9, -1e9]], [[0, 0]]], np.float32)
    groups = np.array([12])
    message = encode(Film((Plane("x", far, groups, extent=2.0),), ("a", "b")))
    [sent] = unpacked_film(message)
    np.testing.assert_array_equal(sent["points"], [[[32767, -32767]], [[0, 0]]])
    assert sent["groups"].tolist() == [[2]]
    [track] = unpack(message)[0]["tracks"]
    assert (track["grain"], track["trails"]) == (GRAIN, 0)
    assert track["colours"][2] == "#E0398F"


def test_a_still_ground_is_sent_once():
    ground = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    plane = Plane("x", np.zeros((40, 5, 2), np.float32), ground=ground)
    [sent] = unpacked_film(encode(Film((plane,), tuple(map(str, range(40))))))
    np.testing.assert_array_equal(sent["ground"], ground)


POINTS = np.zeros((2, 3, 2), np.float32)


@pytest.mark.parametrize(
    ("plane", "message"),
    [
        (Plane("x", POINTS[:1]), "1 frames but 2 labels"),
        (Plane("x", POINTS[..., :1]), "finite numbers F N 2"),
        (Plane("x", POINTS * np.nan), "finite numbers F N 2"),
        (Plane("x", POINTS, arrows=POINTS), "finite numbers F N 4"),
        (Plane("x", POINTS, ground=np.zeros((2, 4, 4))), "a picture is uint8"),
        (Plane("x", POINTS, ground=np.zeros((3, 4, 4), np.uint8)), "3 frames but 2 labels"),
        (Plane("x", POINTS, groups=np.zeros(2, int)), "2 groups but 3 points"),
    ],
)
def test_a_plane_that_does_not_fit_is_refused(plane, message):
    with pytest.raises(ValueError, match=message):
        encode(Film((plane,), ("a", "b")))


def test_the_same_bytes_as_other_numbers_are_another_block():
    zeros = np.zeros((1, 1, 2), np.float32)  # as int16 the bytes of a ground of 2 x 2
    plane = Plane("x", zeros, ground=np.zeros((1, 2, 2), np.uint8))
    header, _ = unpack(encode(Film((plane,), ("a",))))
    reels = header["tracks"][0]["reels"]
    assert reels["points"]["blocks"][0]["id"] != reels["ground"]["blocks"][0]["id"]


def test_noise_travels_raw_and_stillness_costs_next_to_nothing():
    noise = np.random.default_rng(0).integers(0, 256, (BLOCK, 64, 64), dtype=np.uint8)
    still = np.repeat(noise[:1], BLOCK, axis=0)
    labels = tuple(map(str, range(BLOCK)))
    header, body = unpack(encode(Film((Track("noise", noise),), labels)))
    assert not header["tracks"][0]["reels"]["picture"]["blocks"][0]["packed"]
    assert len(body) == noise.nbytes
    _, body = unpack(encode(Film((Track("still", still),), labels)))
    assert len(body) < 0.1 * still.nbytes


def test_a_film_that_grows_keeps_the_names_of_its_full_blocks():
    def names(frames: int) -> list[str]:
        header, _ = unpack(encode(film(frames)))
        return [block["id"] for block in header["tracks"][0]["reels"]["picture"]["blocks"]]

    assert names(BLOCK + 3)[0] == names(BLOCK + 2)[0]
    assert names(BLOCK + 3)[1] != names(BLOCK + 2)[1]


def test_an_empty_film_has_no_tracks_and_an_uneven_one_is_refused():
    empty = Film((Track("none", np.zeros((0, 4, 4), np.uint8)),), ())
    assert unpack(encode(empty))[0]["tracks"] == []
    with pytest.raises(ValueError, match="3 frames but 2 labels"):
        encode(Film((Track("x", np.zeros((3, 4, 4), np.uint8)),), ("a", "b")))


@pytest.mark.parametrize("frame", [None, -1, 24, "3", 3.5, True, [3]])
def test_a_frame_that_is_none_of_the_film_is_not_believed(frame):
    assert _frame(frame, 24, 7) == 7
    assert _frame(3, 24, 7) == 3


@pytest.mark.parametrize("picture", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8)])
def test_only_uint8_grey_or_colour_is_a_picture(picture):
    with pytest.raises(ValueError, match="a picture is uint8"):
        shape_of(picture)


def test_the_header_is_strict_json():
    with pytest.raises(ValueError, match="JSON compliant"):
        pack({"value": float("nan")})


def test_a_drawing_is_channels_first():
    pixels = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    text = base64.b64encode(pixels).decode()
    np.testing.assert_array_equal(decode(text, 4, True), pixels.transpose(2, 0, 1))
    assert decode(base64.b64encode(pixels[..., 0].tobytes()).decode(), 4, False).shape == (1, 4, 4)


@pytest.mark.parametrize("text", [None, "", "AAAA", "not base64!", 7, ["AAAA"], "é"])
def test_anything_else_is_no_drawing(text):
    assert decode(text, 4, False) is None


SLIDERS = (Slider("a", "A", -1, 1, 0.1, 0.5), Slider("b", "B", 0, 10, 1, 3))


def asked(**values):
    return {"question": {"turn": 4, "values": values}}


@pytest.mark.parametrize(
    ("state", "turn", "values"),
    [
        (None, 0, {"a": 0.5, "b": 3}),
        (asked(a=-0.25, b=7), 4, {"a": -0.25, "b": 7}),
        (asked(a=9, b=-1), 4, {"a": 1, "b": 0}),
        (asked(a=float("nan"), b="7"), 4, {"a": 0.5, "b": 3}),
        (asked(a=True, c=1), 4, {"a": 0.5, "b": 3}),
        ({"question": {"turn": "x", "values": [1]}}, 0, {"a": 0.5, "b": 3}),
    ],
)
def test_slider_values_are_read_inside_their_range(state, turn, values):
    assert read(state, SLIDERS) == (turn, values)
