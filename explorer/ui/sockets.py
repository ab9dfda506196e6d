"""Small answers leave at once.

Streamlit binds its port with ``socket.socket(family)``, whose protocol number is 0, and asyncio
turns Nagle's algorithm off only where that number is TCP's. So the second message of an answer
waits for the browser's delayed acknowledgement: 40 ms of silence in every step of a drag
(RFC 896, RFC 1122).
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

import streamlit as st

DESCRIPTORS = Path("/dev/fd")


@st.cache_resource(show_spinner=False)
def send_at_once(port: int) -> int:
    """Set TCP_NODELAY on this process's sockets at ``port``; how many there were.

    Connections accepted later inherit it from the listening socket (Linux), so once a process is
    enough. Where descriptors cannot be listed (Windows) nothing is changed.
    """
    changed = 0
    for name in os.listdir(DESCRIPTORS) if DESCRIPTORS.is_dir() else ():
        with suppress(OSError):  # not a socket, or closed meanwhile
            changed += _without_delay(os.dup(int(name)), port)
    return changed


def _without_delay(descriptor: int, port: int) -> bool:
    """Treat one descriptor (owned and closed here); was it a TCP socket at ``port``?"""
    try:
        copy = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise
    with copy:
        tcp = copy.family in (socket.AF_INET, socket.AF_INET6) and copy.type == socket.SOCK_STREAM
        ours = tcp and copy.getsockname()[1] == port
        if ours:
            copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return ours
