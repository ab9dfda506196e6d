import json
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest
from pydantic import BaseModel

from explorer import errors
from explorer.answers import Film, Track
from explorer.engine import codec, register
from explorer.engine.wire import Connection, WireError, pack, unpack
from explorer.errors import InputError

FILM = Film((Track("x", np.arange(24, dtype=np.uint8).reshape(2, 3, 4)),), ("a", "b"), (0.0, 1.5))


@register
@dataclass(frozen=True)
class Pair:
    left: object
    right: object = None


@register
class Choice(BaseModel, frozen=True):
    width: int
    name: str = "wide"


def travelled(value):
    """The value as it arrives at the other end of a socket pair."""
    ours, theirs = map(Connection, socket.socketpair())
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(theirs.receive)
        ours.send("item", 3, value)
        message = received.result(60)
    ours.close()
    theirs.close()
    assert (message.kind, message.id) == ("item", 3)
    return message.value()


def assert_same(a, b):
    assert type(a) is type(b)
    if isinstance(a, np.ndarray | np.generic):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        assert_same(list(a.values()), list(b.values()))
    elif hasattr(a, "__dict__"):
        assert_same(vars(a), vars(b))
    else:
        assert repr(a) == repr(b)  # tells NaN, and -0.0 from 0.0


PLAIN = [None, True, False, 0, -(2**70), 1.5, 0.1, -0.0, float("nan"), float("inf"), -float("inf")]
TEXT = ["", "β = 1 \ud800 \U0001f600", b"", b"\x00\xff" * 9]
NESTED = [
    [],
    (),
    {},
    [1, (2.0, [None]), {"a": (b"x", float("nan"))}],
    {"@": "tuple", "of": [1]},
    {"@": {"@": 1}, "": ()},
    Pair(1, Pair((np.arange(3),))),
    Choice(width=8),
    FILM,
]
ARRAYS = [
    np.array(3.5),
    np.zeros((0, 28, 28), np.float32),
    np.arange(24.0).reshape(2, 3, 4)[:, ::2].T,
    np.array([np.nan, np.inf, -0.0], np.float16),
    np.array([[True], [False]]),
    np.arange(10.0)[::2],
    np.arange(10, dtype=np.uint8)[::-1],
    np.arange(5, dtype=">i4"),
    np.array([1 + 2j]),
    np.array(["T-shirt", "β"]),
    np.array([b"ab"]),
    np.random.default_rng(0).integers(0, 256, (50, 400, 400), np.uint8),
    np.float32(0.1),
    np.float64("nan"),
    np.int64(-5),
    np.bool_(True),
    np.str_("label"),
]


@pytest.mark.parametrize("value", PLAIN + TEXT + NESTED + ARRAYS, ids=lambda v: type(v).__name__)
def test_values_travel_unchanged(value):
    assert_same(travelled(value), value)


def test_several_arrays_keep_their_places_and_are_read_only_and_aligned():
    sent = [np.arange(n, dtype=np.uint8) for n in (1, 17, 3)] + [np.arange(4.0)]
    arrived = travelled(sent)
    assert_same(arrived, sent)
    assert not any(array.flags.writeable for array in arrived)
    assert all(array.flags.aligned for array in arrived)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: "a"},
        {"a": {2}},
        np.array([None]),
        np.zeros(2, "i4,f4"),
        np.ma.masked_array([1]),
        np.datetime64("2026-01-01"),
        errors.InputError,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_travel_is_refused_before_anything_is_sent(value):
    with pytest.raises(TypeError, match="cannot travel"):
        pack("item", 1, [np.zeros(3), value])


def test_too_large_is_refused_with_the_limit_and_before_it_is_copied(monkeypatch):
    huge = np.broadcast_to(np.uint8(0), codec.LIMIT + 1)
    monkeypatch.setattr(codec, "_raw", lambda array: pytest.fail("copied"))
    with pytest.raises(InputError, match=r"512\.0 MB; the limit is 512 MB\. Ask for fewer"):
        pack("item", 1, huge)
    monkeypatch.setattr(codec, "_raw", lambda array: b"")
    for value in ([huge[: codec.LIMIT // 2]] * 3, huge[: codec.LIMIT]):
        with pytest.raises(InputError, match="limit is 512 MB"):
            pack("item", 1, value)


def test_a_class_name_belongs_to_one_module():
    for name in ("Film", "array"):
        with pytest.raises(ValueError, match="taken"):
            register(dataclass(type(name, (), {"__module__": "elsewhere"})))


def frame(header, data=b"", length=None, header_length=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(header) + len(data) if length is None else length
    sizes = struct.pack("<QQ", length, len(header) if header_length is None else header_length)
    return sizes + header + data


def received(raw):
    """What a receiver makes of these bytes followed by the end of the connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(raw)
        ours.shutdown(socket.SHUT_WR)
        return Connection(theirs).receive()


GOOD = {"kind": "item", "id": 1, "value": None}


def test_the_end_of_a_connection_is_no_message():
    assert received(b"") is None
    assert received(frame(GOOD)).value() is None


def test_a_side_that_dies_with_messages_unread_has_ended_like_any_other():
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(b"a question")
        ours.close()
        assert Connection(theirs).receive() is None


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP",
        b"GET / HTTP/1.1\r\n\r\n",
        frame(GOOD)[:-1],
        frame(GOOD, length=10**6),
        frame(GOOD, length=2**64 - 1),
        frame(GOOD, length=codec.LIMIT + 1),
        frame(GOOD, length=3),
        frame(GOOD, header_length=10**6),
        frame(GOOD, header_length=0),
        frame(b"{"),
        frame(b""),
        frame(b"\xff\xfe{}"),
        frame(b"[" * 100_000),
        frame(b'{"kind": "item", "id": 1, "value": NaN}'),
        frame(b'{"kind": "item", "id": 1, "value": ' + b"9" * 5000 + b"}"),
        frame([1]),
        frame({"kind": "item", "id": "1", "value": None}),
        frame({"kind": "item", "id": 1}),
    ],
    ids=lambda raw: repr(raw[:40])[2:],
)
def test_hostile_frames_raise_one_clear_error(raw):
    with pytest.raises(WireError, match="message"):
        received(raw)


def array(**changes):
    return {"@": "array", "dtype": "<f4", "shape": [2, 2], "span": [0, 16]} | changes


@pytest.mark.parametrize(
    "tree",
    [
        {"@": "Engine", "of": {}},
        {"@": "os.system", "of": {"command": "true"}},
        {"@": 5},
        {"@": ["tuple"]},
        {"@": None},
        {"@": "tuple"},
        {"@": "float", "of": "many"},
        {"@": "Pair", "of": {"left": 1, "middle": 2}},
        {"@": "Pair", "of": {}},
        {"@": "Choice", "of": {"width": "wide"}},
        {"@": "bytes", "span": [0, 17]},
        array(dtype="O"),
        array(dtype="|V4"),
        array(dtype="<M8[s]"),
        array(dtype="i4,O"),
        array(dtype=["<f4"]),
        array(dtype="nonsense"),
        array(shape=[2, 3]),
        array(shape=[2, 1]),
        array(shape=[-2, -2]),
        array(shape=[2**62, 2**62]),
        array(shape=[2.0, 2]),
        array(shape=[1] * 100, span=[0, 4]),
        array(shape="22"),
        array(span=[-4, 16]),
        array(span=[4, 16]),
        array(span=[0, -1]),
        array(span=[0]),
        array(span=None),
        {"@": "array"},
        {"@": "scalar", "dtype": "O", "shape": [], "span": [0, 8]},
    ],
    ids=str,
)
def test_hostile_values_raise_one_clear_error(tree):
    message = received(frame(GOOD | {"value": [tree]}, bytes(16)))
    with pytest.raises(WireError, match=r"message|bytes|Bytes"):
        message.value()


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bits_give_a_message_or_a_clear_error(seed):
    rng = np.random.default_rng(seed)
    good = b"".join(map(bytes, pack("item", 1, {"film": FILM, "x": (1.5, np.arange(9.0))})))
    for _ in range(50):
        raw = bytearray(good[16:])
        for at in rng.integers(0, len(raw), rng.integers(1, 4)):
            raw[at] ^= 1 << rng.integers(8)
        with suppress(WireError):
            unpack(memoryview(bytes(raw)), struct.unpack("<QQ", good[:16])[1]).value()
