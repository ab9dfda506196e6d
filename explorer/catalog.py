"""Every checkpoint that can be looked at, shipped or trained here, found by reading headers.

A checkpoint's key goes into URLs: ``pretrained:NAME``, ``RUN`` (its newest) or ``RUN@STEP``.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer import data, files, runs, shipping
from explorer.errors import ExplorerError, InputError, StoreError
from explorer.header import MODEL, Header, read_header
from explorer.history import History, history, unpacked

SHIPPED = "pretrained:"
EXACT = "exact:"  # no file: a perfect denoiser of a set's training images, see `explorer.oracle`
FOLDER = Path(__file__).parents[1] / "pretrained"


@dataclass(frozen=True)
class Entry:
    """A checkpoint that can be chosen: its key, a name for people, its file and its header."""

    key: str
    title: str
    path: Path
    header: Header

    @property
    def exact(self) -> str:
        """A key that means these very weights for ever, whatever the run does next."""
        return exact(**self.parent) if self.can_be_forked else self.key

    @property
    def can_be_forked(self) -> bool:
        """Whether training can go on from it: the perfect denoisers were never trained."""
        return not self.key.startswith(EXACT)

    @property
    def parent(self) -> dict[str, Any]:
        """How the recipe of a fork names it (`explorer.recipe.Parent`)."""
        return {"run": self.key.partition("@")[0], "step": self.header.facts["step"]}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of its file.  Raises InputError if that is gone."""
        try:
            return shipping.digest(self.path)
        except FileNotFoundError:
            raise InputError(
                f"A checkpoint of {self.title} was given up just now, since its run keeps only "
                "some. Choose a newer one."
            ) from None


def shipped() -> list[Entry]:
    """The models that come with the program, by name; damaged and altered ones are left out."""
    keys = [SHIPPED + path.stem for path in sorted(FOLDER.glob("*.safetensors"))]
    found = filter(None, map(_entry, keys))
    return [one for one in found if not shipping.altered(one.path)]


def trained(limit: int = 200) -> list[Entry]:
    """The newest checkpoint of each run that has one, the newest run first."""
    found = (_entry(run.id) for run in runs.runs()[:limit])
    return [entry for entry in found if entry]


def entry(key: str) -> Entry:
    """The checkpoint called ``key``.  Raises InputError or StoreError."""
    if key.startswith(EXACT):
        return _oracle(key)
    path = resolve(key)
    header = read_header(path)
    return Entry(key, _title(key, header), path, header)


def exact(run: str, step: int) -> str:
    """The key of a run's checkpoint, or of the one checkpoint of a shipped model."""
    return run if run.startswith(SHIPPED) else f"{run}@{step}"


def start(entry: Entry) -> runs.Start:
    """What a fork begins with: of a shipped model its weights alone, of a run all it remembers.

    Raises StoreError if the files are damaged.
    """
    if not entry.key.startswith(SHIPPED):
        return runs.Start.of(runs.find(entry.parent["run"]).checkpoint(entry.parent["step"]))
    if said := shipping.altered(entry.path):
        raise StoreError(said)
    return runs.Start(entry.parent["step"], {MODEL: files.read_bytes(entry.path)})


def past(entry: Entry) -> History | None:
    """What the run of a model told, or what its file tells of it; None if neither does."""
    events = entry.header.facts.get("events")
    if isinstance(events, list):
        return unpacked(events)
    if entry.key.startswith((SHIPPED, EXACT)) or entry.path == Path(entry.key):
        return None
    return history(runs.find(entry.key.partition("@")[0]))


def oracles() -> list[Entry]:
    """The perfect denoisers of the bundled pictures."""
    return [_oracle(EXACT + name) for name in ("fashion-mnist", "mnist")]


def exact_settings() -> dict[str, Any]:
    """The process that a perfect denoiser reverses."""
    return {"schedule": "flow", "T": 1000, "target": "x0", "conditional": True}


def _oracle(key: str) -> Entry:
    """An entry whose header is made up, since there is no file."""
    known = data.info(key.removeprefix(EXACT))
    title = f"Exact denoiser of {known.title}'s {known.train:,} training images"
    facts = {
        "recipe": {"family": "exact", "data": known.name, "model": exact_settings()},
        "spec": known.spec.to_json(),
        "capabilities": ["Denoises"],
        "title": title,
    }
    return Entry(key, title, FOLDER, Header(facts, {}))


def resolve(key: str) -> Path:
    """The file of a checkpoint called ``key``; what a person typed never becomes a path.

    Raises InputError for an unknown key, StoreError for a run without a readable checkpoint.
    """
    if key.startswith(SHIPPED):
        names = {path.stem: path for path in FOLDER.glob("*.safetensors")}
        if (name := key.removeprefix(SHIPPED)) not in names:
            known = ", ".join(one.path.stem for one in shipped())
            raise InputError(f"There is no shipped model {name[:80]!r}. There are: {known}.")
        return names[name]
    name, _, step = key.partition("@")
    return weights(runs.find(name), _step(step) if step else None)


def weights(run: runs.Run, step: int | None = None) -> Path:
    """The weight file of a run's checkpoint, its newest unless a ``step`` is named (InputError)."""
    found = run.checkpoint(step) if step is not None else run.latest_checkpoint(verify=False)
    if found is None:
        raise InputError(f"The run {run.id} has no checkpoint yet. Wait for its first epoch.")
    return found.path / MODEL


def entry_at(text: str) -> Entry:
    """Like `entry`, and an existing file may be named too: for the command line only."""
    path = resolve_path(text)
    header = read_header(path)
    return Entry(text, header.title, path, header) if path == Path(text) else entry(text)


def resolve_path(text: str) -> Path:
    """Like `resolve`, and an existing file may be named too: for the command line only."""
    path = Path(text)
    return path if os.sep in text or path.suffix else resolve(text)


def _step(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 13):
        raise InputError(f"{text[:40]!r} is not a step. Use a number, as in RUN@780.")
    return int(text)


def _entry(key: str) -> Entry | None:
    try:
        return entry(key)
    except ExplorerError:
        return None


def _title(key: str, header: Header) -> str:
    """A label a person gave, or what it is, on what; the run's own last letters, and the step."""
    if key.startswith(SHIPPED):
        return header.title
    name, _, step = key.partition("@")
    run = runs.find(name)
    at = f" · step {int(step):,}" if step else ""
    return f"{run.notes['label'] or header.title} · {run.id[-4:]}{at}"
