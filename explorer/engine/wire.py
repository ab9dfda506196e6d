"""Framed messages over a socket pair.

A frame is the body's and the header's length (two little-endian uint64), then the body: the
header (JSON, padded with spaces) and the buffers its arrays lie in.
"""

import json
import socket
import struct
import threading
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from explorer.engine.codec import ALIGN, LIMIT, Buffers, WireError, check_size, decode, encode

PREFIX = struct.Struct("<QQ")


class Message(NamedTuple):
    """One received frame; its value stays encoded until someone wants it."""

    kind: str
    id: int
    tree: Any
    data: memoryview

    def value(self) -> Any:
        """Decode the value; a damaged one raises WireError and concerns this message only."""
        return decode(self.tree, self.data)


class Connection:
    """One end of a socket pair: any thread may send, one thread receives."""

    def __init__(self, end: socket.socket):
        end.setblocking(True)  # whatever default timeout a library may have set
        self._socket = end
        self._outbox: deque[list[Any]] = deque()
        self._sending = threading.Lock()

    def send(self, kind: str, id: int, value: Any = None) -> None:
        """Send one message, or hang up if that fails; InputError if it is too large."""
        self._outbox.append(pack(kind, id, value))
        # Whoever holds the lock also sends what others leave here, so nobody waits for it: a
        # stream that is garbage-collected in the middle of a send can still say "cancel".
        while self._outbox and self._sending.acquire(blocking=False):
            try:
                self._empty_outbox()
            except OSError:  # a frame may be half sent: nothing after it could be understood
                self.hang_up()
            finally:
                self._sending.release()

    def receive(self) -> Message | None:
        """Wait for a message; None when the other side hung up, WireError if it is unreadable."""
        prefix = self._read(PREFIX.size)
        if not prefix:
            return None
        length, header = PREFIX.unpack(_whole(prefix, PREFIX.size))
        if length > LIMIT:
            raise WireError(f"A message claims {length} bytes; the limit is {LIMIT}.")
        return unpack(_whole(self._read(length), length), header)

    def hang_up(self) -> None:
        """End the conversation: both sides receive nothing more."""
        with suppress(OSError):  # already ended from the other side
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up and give the descriptor back."""
        self.hang_up()
        with self._sending:
            self._socket.close()

    def _empty_outbox(self) -> None:
        while self._outbox:
            for part in self._outbox.popleft():
                self._socket.sendall(part)

    def _read(self, size: int) -> memoryview:
        """Read size bytes, fewer only if the other side hung up."""
        view = memoryview(np.empty(size, np.uint8))  # not zeroed first, as a bytearray would be
        done = 0
        with suppress(ConnectionResetError):  # killed with messages unread: an end like any other
            while done < size and (count := self._socket.recv_into(view[done:])):
                done += count
        return view[:done].toreadonly()


def pack(kind: str, id: int, value: Any) -> list[Any]:
    """Build the parts of a frame in sending order; errors as in encode, InputError if too large."""
    buffers = Buffers()
    tree = {"kind": kind, "id": id, "value": encode(value, buffers)}
    header = json.dumps(tree, allow_nan=False, separators=(",", ":")).encode("ascii")
    header += b" " * (-len(header) % ALIGN)
    length = len(header) + buffers.size
    check_size(length)
    return [PREFIX.pack(length, len(header)) + header, *buffers.parts]


def unpack(body: memoryview, header: int) -> Message:
    """Read a frame's body, whose first bytes are the header; WireError unless it is a message."""
    if header > len(body):
        raise WireError(f"A message of {len(body)} bytes claims a header of {header}.")
    try:
        tree = json.loads(str(body[:header], "ascii"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WireError(f"A message has no readable header ({error}).") from error
    match tree:
        case {"kind": str(kind), "id": int(id), "value": value}:
            return Message(kind, id, value, body[header:])
    raise WireError("A message has a header without kind, id and value.")


def _whole(view: memoryview, size: int) -> memoryview:
    if len(view) < size:
        raise WireError(f"A message was cut off after {len(view)} of {size} bytes.")
    return view


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
