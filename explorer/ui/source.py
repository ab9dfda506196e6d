"""Our own source on a page: the line that computes a formula, read from where it stands.

Files are read and never imported, so a page can show a line of the engine without loading PyTorch.
"""

import ast
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Excerpt:
    """A piece of our source: its ``path`` in the project, its first ``line``, its ``text``."""

    path: str
    line: int
    text: str


def code(what: Callable | str, find: str = "") -> None:
    """Show a function of ours, or only its statement that contains ``find``, and where it stands.

    ``what`` is the function itself or its name, such as "explorer.sampling:reverse".
    """
    found = excerpt(what, find)
    st.code(found.text, language="python", wrap_lines=True)
    st.caption(f"{found.path}, line {found.line}")


def excerpt(what: Callable | str, find: str = "") -> Excerpt:
    """What `code` shows.  Raises LookupError where there is no such function or statement."""
    name = what if isinstance(what, str) else f"{what.__module__}:{what.__qualname__}"
    return _excerpt(name, find)


@lru_cache(maxsize=256)
def _excerpt(name: str, find: str) -> Excerpt:
    module, _, qualified = name.partition(":")
    path = Path(*module.split(".")).with_suffix(".py")
    text = (ROOT / path).read_text(encoding="utf-8")
    node = ast.parse(text)
    for part in qualified.split("."):
        node = _child(node, part)
    if find:
        node = _statement(node, find, text)
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    return Excerpt(path.as_posix(), node.lineno, textwrap.dedent("\n".join(lines)))


def _child(node: ast.AST, name: str) -> ast.AST:
    kinds = (ast.FunctionDef, ast.ClassDef)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, kinds) and child.name == name:
            return child
    raise LookupError(f"there is no {name} here")


def _statement(node: ast.AST, find: str, text: str) -> ast.stmt:
    """The shortest statement below ``node`` whose source contains ``find``."""
    inside = (s for s in ast.walk(node) if isinstance(s, ast.stmt) and s is not node)
    found = [s for s in inside if find in (ast.get_source_segment(text, s) or "")]
    if not found:
        raise LookupError(f"no statement contains {find!r}")
    return min(found, key=lambda s: s.end_lineno - s.lineno)
