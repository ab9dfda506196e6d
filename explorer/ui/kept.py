"""Answers of the engine that came as streams, kept for all who ask the same."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.ui import leaving
from explorer.ui.asking import key_of, literal, stream

MOST = 64  # answers


@st.cache_resource(show_spinner=False)
def _answers() -> OrderedDict[str, Any]:
    """By question and arguments, the oldest first."""
    return OrderedDict()


def find(question: str, asked: dict[str, Any]) -> Any:
    """What was kept of a question with these arguments, or None."""
    return _answers().get(question + key_of(asked))


def keep(question: str, asked: dict[str, Any], answer: Any) -> Any:
    """Keep an answer, give up the oldest ones, and return it."""
    kept = _answers()
    kept[question + key_of(asked)] = answer
    while len(kept) > MOST:
        kept.popitem(last=False)
    return answer


def awaited(question: str, text: str, **asked: Any) -> list[Any]:
    """Everything a stream yields but numbers, which are shares done and move a bar meanwhile.

    A person may leave it, which raises Left and so ends the part of the page that needs it.
    """
    place = st.empty()  # always, or all below would move up, and begin anew, at the next run
    if (found := find(question, asked)) is not None:
        return found
    stop = f"{question}-{blake2b(key_of(asked).encode(), digest_size=8).hexdigest()}"
    if leaving.stopped(stop, question, literal(_lowered(text)), "Go on"):
        raise leaving.Left
    with place.container(), leaving.stoppable(stop, question):
        bar = st.progress(0.0, text)
    try:
        return keep(question, asked, _read(bar, question, text, asked))
    finally:
        place.empty()


def _read(bar: DeltaGenerator, question: str, text: str, asked: dict[str, Any]) -> list[Any]:
    answers = []
    for told in stream(question, **asked):
        if isinstance(told, float):
            bar.progress(min(told, 1.0), text)
        else:
            answers.append(told)
    return answers


def _lowered(text: str) -> str:
    """What a bar says, in the middle of a sentence."""
    return text[:1].lower() + text[1:].rstrip(" …")
