"""Values of command-line flags that no settings describe: checked, with the limit named."""

from contextlib import suppress
from pathlib import Path

from explorer.errors import InputError


def whole(flag: str, text: str, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high`` (InputError)."""
    with suppress(ValueError):
        if low <= int(text) <= high:
            return int(text)
    raise InputError(f"{flag} is {text[:40]!r}, but must be a whole number from {low} to {high}.")


def output(text: str) -> Path:
    """A path that can be written to: its folder exists (InputError)."""
    path = Path(text)
    if not path.parent.is_dir():
        raise InputError(f"The folder of {path} does not exist. Make it first.")
    return path
