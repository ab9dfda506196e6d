"""Answers to a drag without a rerun of the page: an address for each panel.

For every rerun Streamlit's browser side goes through all that is on the page, several times: on the
page Traverse that takes four times as long as decoding 64 pictures and painting them. A panel that
nothing else on the page follows therefore asks an address of its own, whose name only its visit
knows, and the page hears the values once the sliders rest. Where the address does not answer, the
panel asks by a rerun, which can also say in words what is wrong.
"""

import json
import logging
import secrets
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from explorer.engine import engine
from explorer.errors import ExplorerError

LONGEST = 64 * 1024  # bytes of a question
log = logging.getLogger("explorer")

Answer = Callable[[dict[str, Any]], bytes]


class Line:
    """What one panel answers with; it lives as long as the state of its visit."""

    answer: Answer

    def __init__(self) -> None:
        self.name = secrets.token_urlsafe(16)


_lines: WeakValueDictionary[str, Line] = WeakValueDictionary()


def line(key: str, answer: Answer) -> str:
    """The name of the panel ``key``'s address, where ``answer`` is asked from now on.

    It is called in a thread of its own, outside of the page: it must not show anything.
    """
    found = st.session_state.setdefault(f"line-{key}", Line())
    found.answer = answer
    _lines[found.name] = found
    return found.name


async def _reply(request: Request) -> Response:
    """A question (JSON) -> what its line answers; no content if the page has to be asked."""
    found = _lines.get(request.path_params["line"])
    if found is None:
        return Response(status_code=404)
    question = bytearray()
    async for part in request.stream():
        question += part
        if len(question) > LONGEST:
            return Response(status_code=413)
    body = await run_in_threadpool(_answered, found, bytes(question))
    if body is None:
        return Response(status_code=204)
    return Response(body, media_type="application/octet-stream")


def _answered(found: Line, question: bytes) -> bytes | None:
    """None where a page is needed: it can wait for the engine, and say what is wrong."""
    if engine().state != "ready":
        return None
    try:
        return found.answer(json.loads(question))
    except (ExplorerError, ValueError):
        return None
    except Exception:
        log.exception("a direct answer failed")
        return None


ROUTES = [Route("/drag/{line}", _reply, methods=["POST"])]
