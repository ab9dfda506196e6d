"""A worker without torch: ``fake_worker.py FOLDER [--leash] [--hold] [--in-place] [--steps N]``.

It prints the number of each event that it was told is safe. ``--hold`` works until a stop is
wished; ``--in-place`` writes checkpoints the wrong way, to show that the kill storm finds it.
"""

import random
import sys
import threading
import time
from pathlib import Path

from explorer import launch, runs
from explorer.processes import Interrupts

SIZE = 1 << 18  # bytes of a checkpoint


def weights(step: int) -> bytes:
    return random.Random(step).randbytes(SIZE)


def save_in_place(run: runs.Run, step: int) -> None:
    """Half of the file, a moment, the other half: what a kill must never see."""
    with open(run.folder / "checkpoints" / "half", "wb") as file:
        file.write(weights(step)[: SIZE // 2])
        file.flush()
        time.sleep(0.2)
        file.write(weights(step)[SIZE // 2 :])


def one_step(writer: runs.Writer, step: int, arguments: set[str]) -> None:
    event = writer.event("progress", step=step, loss=1 / step)
    print(event["n"], flush=True)
    if step % 5:
        return
    writer.preview(f"recon-{step:07d}.png", b"picture %d" % step)
    if "--in-place" in arguments:
        save_in_place(writer.run, step)
    else:
        writer.checkpoint(step, {"model.safetensors": weights(step), "state.json": b"{}"})
        writer.prune(4)


def work(run: runs.Run, steps: int, arguments: set[str], ended: threading.Event) -> None:
    with runs.Writer(run) as writer, launch.turn(run, interrupted=ended.is_set) as mine:
        if not mine:
            writer.end("interrupted" if ended.is_set() else "stopped", "Stopped while waiting.")
            return
        latest = run.latest_checkpoint()
        first = latest.step if latest else 0
        writer.begin(first)
        for step in range(first + 1, first + steps + 1):
            one_step(writer, step, arguments)
            for wish in run.take_wishes():
                if wish["wish"] == "stop":
                    writer.end("stopped")
                    return
                writer.event("wish", **wish)
            if ended.wait(0.01 if "--hold" in arguments else 0):
                writer.end("interrupted", "The app was closed.")
                return
        writer.end("done")


def main() -> None:
    arguments = set(sys.argv[2:])
    steps = next((int(text) for text in arguments if text.isdigit()), 20)
    with Interrupts() as ended:
        if "--leash" in arguments:
            launch.leash(ended.set)
        work(
            runs.Run(Path(sys.argv[1])),
            10**9 if "--hold" in arguments else steps,
            arguments,
            ended,
        )


if __name__ == "__main__":
    main()
