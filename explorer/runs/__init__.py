"""A run is a folder that anyone can follow: settings, an append-only log, previews, checkpoints.

::

    runs/20261120-142233-k3f9x2ab/
        settings.json       written before the start, never changed
        events.jsonl        one sealed line per event, one writer: the worker
        previews/           pictures on the way, each named with its own checksum
        checkpoints/        step-0000120/ of safetensors, JSON and a manifest
        notes.json          label and text, changeable at any time
        wishes/             stop, set, checkpoint: what pages ask of the worker
        alive               the worker's process; touched every two seconds
        log.txt             what the worker printed

Readers need no lock and never change anything; the status is derived from the folder.
"""

from explorer.runs.checkpoints import Checkpoint, Start
from explorer.runs.events import seal, unseal
from explorer.runs.patience import patiently
from explorer.runs.run import Preview, Run
from explorer.runs.status import ENDS, LIVE, Status
from explorer.runs.store import create, empty_trash, find, find_path, root, runs, trashed
from explorer.runs.writer import Writer

__all__ = [
    "ENDS",
    "LIVE",
    "Checkpoint",
    "Preview",
    "Run",
    "Start",
    "Status",
    "Writer",
    "create",
    "empty_trash",
    "find",
    "find_path",
    "patiently",
    "root",
    "runs",
    "seal",
    "trashed",
    "unseal",
]
