"""Answers of the engine that came as streams, kept for all who ask the same."""

from collections import OrderedDict
from typing import Any

import streamlit as st

from explorer.ui.asking import key_of, stream

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
    """Everything a stream yields but numbers, which are shares done and move a bar meanwhile."""
    found = find(question, asked)
    if found is not None:
        return found
    bar, answers = st.progress(0.0, text), []
    for told in stream(question, **asked):
        if isinstance(told, float):
            bar.progress(min(told, 1.0), text)
        else:
            answers.append(told)
    bar.empty()
    return keep(question, asked, answers)
