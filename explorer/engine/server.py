"""The engine's side: answer questions until the web process hangs up, then leave at once.

Every request ends with one frame: ``answer``, ``end`` (of a stream) or ``error``. A function that
returns an iterator is streamed, an ``item`` frame each; the viewer acknowledges what it has taken,
and the engine is never more than CREDITS items ahead of it.
"""

import gc
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn

from explorer.engine.codec import WireError
from explorer.engine.wire import Connection, Message
from explorer.errors import ExplorerError, InputError, ResourceError

CREDITS = 8  # items of a stream on their way to a viewer
STREAMS = 16  # heavy requests and streams in work; more wait in a queue
PATIENCE = 300.0  # seconds a stream waits for a viewer that takes nothing
_END = object()


def serve(
    functions: Mapping[str, Callable],
    fd: int,
    *,
    heavy: Collection[str] = (),
    threads: int = 4,
    prepare: Callable[[], None] | None = None,
) -> NoReturn:
    """Answer requests on a socket's descriptor; never returns: the process ends with the socket.

    ``threads`` quick functions run at the same time. Those named in ``heavy`` compute one at a
    time, a stream giving up its turn between items, and quick ones never wait for them.
    ``prepare`` is the first thing that each thread does.
    """
    os.set_inheritable(fd, False)
    connection = Connection(socket.socket(fileno=fd))
    server = _Server(functions, connection, heavy, threads, prepare)
    gc.collect()
    gc.freeze()  # the imports' hundreds of thousands of objects need no looking through again
    status = 1
    try:
        connection.send("ready", 0)
        while message := connection.receive():
            server.handle(message)
        status = 0
    except WireError as error:
        print(f"engine: {error}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
    finally:
        # Not sys.exit, and no flush: either could wait for a computation or a full pipe, and an
        # engine without its web process would stay behind.
        os._exit(status)


class _Cancelled(Exception):
    """The one who asked has left."""


class _Request:
    """One question in work, with what its viewer has said about it since."""

    def __init__(self, id: int, function: Callable, args: dict, turn: threading.Semaphore):
        self.id, self.function, self.args, self._turn = id, function, args, turn
        self._credits = threading.Semaphore(CREDITS)
        self._cancelled = False

    def compute(self, step: Callable, /, *args: Any, **kwargs: Any) -> Any:
        """Do one step of the work when it is this request's turn."""
        with self._turn:
            if self._cancelled:
                raise _Cancelled
            return step(*args, **kwargs)

    def items(self, iterator: Iterator) -> Iterator:
        """Yield a stream's items, each computed in a turn of its own once the viewer has room."""
        while self._viewer_has_room():
            item = self.compute(next, iterator, _END)
            if item is _END:
                return
            yield item

    def cancel(self) -> None:
        self._cancelled = True
        self.taken()  # wakes a stream that waits for its viewer

    def taken(self) -> None:
        self._credits.release()

    def _viewer_has_room(self) -> bool:
        if self._credits.acquire(timeout=PATIENCE):
            return True
        raise ResourceError(
            f"Nothing was taken from a live view for {PATIENCE:.0f} seconds, so it was ended. "
            "Start it again."
        )


class _Server:
    """Requests in work, two pools of threads, and the turn that heavy ones take."""

    def __init__(
        self,
        functions: Mapping[str, Callable],
        connection: Connection,
        heavy: Collection[str],
        threads: int,
        prepare: Callable[[], None] | None,
    ):
        self._functions, self._connection, self._heavy = functions, connection, frozenset(heavy)
        self._requests: dict[int, _Request] = {}
        self._quick = ThreadPoolExecutor(threads, "quick", prepare)
        self._slow = ThreadPoolExecutor(STREAMS, "slow", prepare)
        self._heavy_turn = threading.Semaphore(1)
        self._quick_turn = threading.Semaphore(threads)

    def handle(self, message: Message) -> None:
        """Take one message from the web process; never waits for a computation."""
        if message.kind == "call":
            with self._errors_told(message.id):
                self._accept(message)
        elif request := self._requests.get(message.id):
            request.cancel() if message.kind == "cancel" else request.taken()

    def _accept(self, message: Message) -> None:
        name, args = message.value()
        if name not in self._functions:
            raise InputError(f"The engine has no function {name!r:.60}. Restart the app.")
        heavy = name in self._heavy
        turn = self._heavy_turn if heavy else self._quick_turn
        request = _Request(message.id, self._functions[name], args, turn)
        self._requests[message.id] = request
        (self._slow if heavy else self._quick).submit(self._answer, request)

    def _answer(self, request: _Request) -> None:
        with self._errors_told(request.id):
            answer = request.compute(request.function, **request.args)
            if isinstance(answer, Iterator):  # a quick thread must not wait for a viewer
                self._slow.submit(self._stream, request, answer)
            else:
                self._finish(request.id, "answer", answer)

    def _stream(self, request: _Request, iterator: Iterator) -> None:
        with self._errors_told(request.id):
            try:
                for item in request.items(iterator):
                    self._connection.send("item", request.id, item)
            finally:
                getattr(iterator, "close", lambda: None)()
            self._finish(request.id, "end")

    @contextmanager
    def _errors_told(self, id: int) -> Iterator[None]:
        try:
            yield
        except _Cancelled:
            self._finish(id, "end")
        except BaseException as error:  # also SystemExit: someone is waiting for an answer
            self._finish(id, "error", _told(error))

    def _finish(self, id: int, kind: str, value: Any = None) -> None:
        self._connection.send(kind, id, value)
        self._requests.pop(id, None)


def _told(error: BaseException) -> tuple[str, str]:
    """What a person reads about an error: its class and text; the traceback goes to the log."""
    if isinstance(error, ExplorerError):
        return type(error).__name__, str(error)
    traceback.print_exception(error)
    name = type(error).__name__
    if name in ("MemoryError", "OutOfMemoryError"):  # Python's and torch's
        return "ResourceError", (
            "The engine has not enough memory for this. Your runs are not affected. "
            "Ask for fewer images or a smaller model."
        )
    return "ExplorerError", (
        f"Something went wrong inside the engine ({name}). Your runs are not affected. "
        "Try again with other settings; the server's log has the details."
    )
