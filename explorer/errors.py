"""Errors that reach a person: one sentence with the fact and the limit, one on what to do.

Every door (browser, command line, engine) shows ``str(error)`` as it stands and never a traceback.
The exit code is what the command line returns.
"""


class ExplorerError(Exception):
    """Base of everything this product says to a person when something is wrong."""

    exit_code = 1


class InputError(ExplorerError):
    """What was asked for is not possible: a value out of range, an unreadable file."""

    exit_code = 2


class ResourceError(ExplorerError):
    """The machine cannot: memory, disk space, network, a port that is taken."""

    exit_code = 3


class StoreError(ExplorerError):
    """What is on disk is damaged: a truncated checkpoint, a broken run folder."""

    exit_code = 4


class NonFinite(ExplorerError):
    """A loss, a gradient or a sample is not a number any more."""
