"""Nagle's algorithm is off for the server's port, and for no other."""

import os
import socket

from explorer.ui.sockets import send_at_once


def nodelay(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def listening() -> socket.socket:
    """A listener made as Streamlit makes it: with protocol number 0."""
    listener = socket.socket(family=socket.AF_INET)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def test_listener_and_connections_at_the_port_send_at_once():
    with (
        listening() as ours,
        listening() as other,
        socket.create_connection(ours.getsockname()) as client,
        ours.accept()[0] as accepted,
    ):
        assert not nodelay(accepted)
        before = len(os.listdir("/dev/fd"))
        assert send_at_once(ours.getsockname()[1]) == 2
        assert len(os.listdir("/dev/fd")) == before
        assert [nodelay(one) for one in (ours, accepted, client, other)] == [1, 1, 0, 0]
        client.sendall(b"still open")
        assert accepted.recv(10) == b"still open"
