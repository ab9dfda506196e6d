"""Addresses that answer a drag without a rerun: who is answered, and who is sent to the page."""

import asyncio
import gc
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.applications import Starlette

from explorer.errors import InputError
from explorer.ui import direct, drag


@pytest.fixture
def state(monkeypatch) -> dict:
    """The state of one visit, with an engine that is ready."""
    visit = {}
    monkeypatch.setattr(direct.st, "session_state", visit)
    monkeypatch.setattr(direct, "engine", lambda: SimpleNamespace(state="ready"))
    return visit


def post(path: str, body: bytes, method: str = "POST") -> tuple[int, bytes]:
    """Status and body of what a server with these routes answers."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    served = Starlette(routes=direct.ROUTES)(scope, receive, send)
    with ThreadPoolExecutor(1) as threads:  # in this one a browser's loop may run
        threads.submit(asyncio.run, served).result()
    return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:])


def test_a_line_answers_what_its_panel_would_now(state):
    name = direct.line("a", lambda question: b"old" + question["text"].encode())
    assert direct.line("a", lambda question: b"new" + question["text"].encode()) == name
    assert direct.line("b", bytes) != name
    assert post(f"/drag/{name}", b'{"text": "!"}') == (200, b"new!")


def test_a_line_is_gone_with_its_visit(state):
    name = direct.line("a", lambda question: b"here")
    assert post(f"/drag/{name}", b"{}")[0] == 200
    state.clear()
    gc.collect()
    assert post(f"/drag/{name}", b"{}")[0] == 404


def refuse(question):
    raise InputError("no")


def fail(question):
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize("answer", [refuse, fail])
def test_what_a_page_has_to_say_is_left_to_the_page(state, answer):
    assert post(f"/drag/{direct.line('a', answer)}", b"{}") == (204, b"")


def test_questions_that_are_none_are_left_to_the_page_too(state):
    name = direct.line("a", lambda question: b"never")
    assert post(f"/drag/{name}", b"no JSON") == (204, b"")
    assert post(f"/drag/{name}", b" " * (direct.LONGEST + 1))[0] == 413
    assert post("/drag/elsewhere", b"{}")[0] == 404
    assert post(f"/drag/{name}", b"", "GET")[0] == 405


def test_while_the_engine_starts_the_page_waits_for_it(state, monkeypatch):
    monkeypatch.setattr(direct, "engine", lambda: SimpleNamespace(state="starting"))
    assert post(f"/drag/{direct.line('a', lambda question: b'never')}", b"{}") == (204, b"")


def test_a_panel_alone_is_answered_as_the_page_would(state, monkeypatch):
    told = {}
    monkeypatch.setattr(drag, "_component", lambda key, data, **_: told.update({key: data}))
    monkeypatch.setattr(drag.st, "session_state", state)
    sliders = [drag.Slider("grey", "Grey", 0, 200, 1, 7)]

    def draw(values):
        return np.full((2, 3), round(values["grey"]), np.uint8)

    drag.drag_panel(draw, key="a", sliders=sliders, alone=True)
    header, body = unpacked(told["a"])
    assert (header["turn"], body) == (0, bytes([7] * 6))
    question = json.dumps({"turn": 4, "values": {"grey": 999}}).encode()
    status, answer = post(f"/drag/{header['line']}", question)
    header, body = unpacked(answer)
    assert (status, header["turn"], header["values"]) == (200, 4, {"grey": 200.0})
    assert body == bytes([200] * 6)

    drag.drag_panel(draw, key="b", sliders=sliders)
    assert unpacked(told["b"])[0]["line"] == ""


def unpacked(message: bytes) -> tuple[dict, bytes]:
    end = 4 + int.from_bytes(message[:4], "little")
    return json.loads(message[4:end]), message[end:]
