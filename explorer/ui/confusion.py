"""What was asked for against what was seen: a table of shares, and the clearest mistakes."""

from collections.abc import Sequence
from html import escape

import numpy as np


def table(names: Sequence[str], counts: np.ndarray) -> str:
    """HTML: a row a class asked for, a column a class seen, per cent of each row."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    look = _UPRIGHT if any(len(name) > 3 for name in names) else _PLAIN
    head = "".join(f'<th scope="col" style="{look}">{escape(name)}</th>' for name in names)
    body = "".join(_row(i, names, row) for i, row in enumerate(shares))
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;font-size:0.82rem">'
        f'<thead><tr><th style="{_PLAIN}">asked ↓ &nbsp; seen →</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(asked: int, names: Sequence[str], shares: np.ndarray) -> str:
    cells = "".join(
        f'<td title="{escape(f"asked {names[asked]}, seen as {names[seen]}: {share:.1%}")}" '
        f'style="{_CELL};background:{_ground(share)}">{_said(share)}</td>'
        for seen, share in enumerate(shares)
    )
    name = f'<th scope="row" style="{_PLAIN};text-align:right">{escape(names[asked])}</th>'
    return f"<tr>{name}{cells}</tr>"


_PLAIN = "font-weight:400;color:var(--gm-muted);padding:0.1rem 0.6rem;white-space:nowrap;border:0"
_UPRIGHT = f"{_PLAIN};writing-mode:vertical-rl;transform:rotate(180deg);padding:0.4rem 0.1rem"
_CELL = (
    "width:2.9rem;min-width:2.2rem;height:2rem;text-align:center;border:1px solid var(--gm-line)"
)


def _ground(share: float) -> str:
    """The accent colour, so faint that words stay readable on it."""
    return f"color-mix(in srgb, var(--gm-accent) {45 * share:.0f}%, transparent)"


def _said(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.005 else ""


def mistakes(counts: np.ndarray, most: int) -> list[tuple[int, int]]:
    """(asked, seen) of the most frequent mistakes, the most frequent first."""
    wrong = counts * (1 - np.eye(len(counts), dtype=counts.dtype))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(i), len(counts)) for i in order]
    return [pair for pair in pairs if wrong[pair]]
