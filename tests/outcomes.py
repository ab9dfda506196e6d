"""What a training run came to, as plain values that two runs can be compared by."""

from typing import Any

from safetensors.numpy import load_file

from explorer.runs import Checkpoint, Run


def outcome(run: Run) -> dict[str, Any]:
    """Everything that must not depend on how often a run was cut: reports, pictures, weights."""
    best = [e["step"] for e in run.events() if e["event"] == "checkpoint" and e["best"]]
    return {
        "reports": {e["step"]: _told(e) for e in run.metrics("progress")},
        "looks": {e["step"]: _told(e) for e in run.metrics("validation")},
        "pictures": {one.name: one.path.read_bytes() for one in run.previews()},
        "best": best[-1:],
        **weights(run.checkpoints()[-1]),
    }


def weights(one: Checkpoint) -> dict[str, Any]:
    """Every tensor of a checkpoint: the averaged weights, and all that the trainer remembers."""
    names = ("model.safetensors", "trainer.safetensors")
    return {
        f"{name} · {key}": (value.dtype.str, value.shape, value.tobytes())
        for name in names
        for key, value in load_file(one.path / name).items()
    }


def differences(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """The names of what is not equal, short enough to be read in a failing test."""
    return sorted(key for key in a.keys() | b.keys() if a.get(key) != b.get(key))


def _told(event: dict[str, Any]) -> dict[str, Any]:
    """A report without what depends on the clock and on how often it was repeated."""
    return {k: v for k, v in event.items() if k not in ("n", "time", "images_per_second")}
