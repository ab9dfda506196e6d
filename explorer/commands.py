"""What each command of the command line does; the first line of each docstring is its help."""

import argparse
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer import files, runs
from explorer.errors import InputError, ResourceError, StoreError
from explorer.flags import output, whole

INTERRUPTED = 130


def train(asked: argparse.Namespace) -> int:
    """Create a run and train it here; the run's id is the first line printed."""
    from explorer.questions.recipes import draft

    return _code(work_on(runs.create(draft(asked.family, asked.data, _given(asked)).recipe)))


def resume(asked: argparse.Namespace) -> int:
    """Start or go on with an existing run."""
    return _code(work_on(runs.find_path(asked.run), leash=asked.leash))


def work_on(run: runs.Run, leash: bool = False) -> str:
    """Train a run here until it is done or interrupted, and return which; tells how it goes."""
    from explorer import launch, processes
    from explorer.worker import work

    if not leash and not run.has_worker():
        run.take_wishes()  # they were meant for an earlier worker
    print(run.id, flush=True)
    with processes.Interrupts(threading.Event()) as interrupted:
        if leash:
            launch.leash(interrupted.set)
        # Under a dashboard one core is left to it: two threads on two busy cores wait for each
        # other, and a step took five times as long as with one (measured).
        threads = max(1, (os.cpu_count() or 1) - 1) if leash else 0
        state = work(run, interrupted, _teller(interrupted), threads)
    print(f"{state} at step {run.status.step:,}", flush=True)
    return state


def _code(state: str) -> int:
    return INTERRUPTED if state == "interrupted" else 0


def _teller(interrupted: threading.Event) -> Callable[[Any], None]:
    """Tell on the terminal; a reader who leaves ends the run as Ctrl-C does, a full disk does not:
    the log of a worker often lies on the disk whose room its run is waiting for.
    """

    def tell(event: Any) -> None:
        try:
            _tell(event)
        except BrokenPipeError:
            hush()
            interrupted.set()
        except OSError:
            return

    return tell


def hush() -> None:
    """Send what is still printed nowhere: nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _tell(event: Any) -> None:
    """One line on the terminal for every report worth reading."""
    terms = getattr(event, "terms", None)
    if not terms or (event.split == "train" and event.step % 50):
        return
    told = [f"{k} {v:,.4g}" for k, v in terms.items() if not isinstance(v, list)]
    speed = f" · {event.images_per_second:,.0f} images/s" if event.images_per_second else ""
    head = f"step {event.step:,} · epoch {event.epoch:.2f} · {event.split}"
    print(f"{head} · {' · '.join(told)}{speed}", flush=True)


def list_runs(asked: argparse.Namespace) -> None:
    """Every run and what it is doing."""
    from explorer.data.base import printable

    rows = [_row(run) for run in runs.runs()]
    if asked.json:
        print(json.dumps(rows, allow_nan=False))
        return
    for row in rows:
        told = {k: printable(v) for k, v in row.items() if isinstance(v, str)}
        head = "{id}  {state:<12} {family:<12} {data:<20}".format(**told)
        print(f"{head} step {row['step']:,}  {told['label']}".rstrip())
    if not rows:
        print(f"No runs yet in {runs.root().name}/. Start one: python -m explorer train vae")


def _row(run: runs.Run) -> dict[str, Any]:
    status = run.status
    try:
        settings = run.settings
    except StoreError:
        settings = {}
    known = {k: str(settings.get(k, "?")) for k in ("family", "data")}
    return {"id": run.id, "state": status.state, **known, "step": status.step, **run.notes}


def show(asked: argparse.Namespace) -> None:
    """One run: its status and settings, or all its events as JSON lines."""
    from explorer.data.base import printable

    run = runs.find_path(asked.run)
    if asked.json:
        for event in run.events():
            print(json.dumps(event, allow_nan=False))
        return
    status = run.status
    reason = printable(status.reason, 1000)
    print(f"{run.id}: {status.state} at step {status.step:,}. {reason}".rstrip())
    print(json.dumps(run.settings, indent=2))


def verify(asked: argparse.Namespace) -> int:
    """Read every byte of one run or of all and tell what is wrong."""
    chosen = [runs.find_path(asked.run)] if asked.run else runs.runs()
    damaged = 0
    for run in chosen:
        problems = run.verify()
        damaged += bool(problems)
        print(f"{run.id}: {'damaged' if problems else 'ok'}")
        for problem in problems:
            print(f"  {problem}")
    return StoreError.exit_code if damaged else 0


def pack(asked: argparse.Namespace) -> None:
    """Write a run's best (or last) model as one small file with its film, as in pretrained/."""
    from explorer.zoo.packing import pack_run
    from explorer.zoo.recipes import Packing

    frames = whole("--frames", asked.frames, 0, 200)
    tiles = whole("--tiles", asked.tiles, 1, 8)
    how = Packing(frames=frames, tiles=tiles, keep="last" if asked.last else "best")
    out = output(asked.out)
    data = pack_run(runs.find_path(asked.run), asked.title, how)
    files.publish(out, data)
    print(f"{asked.out}: {len(data) / 1e6:.1f} MB")


def families(asked: argparse.Namespace) -> None:
    """Every family and every setting of it."""
    from explorer import models
    from explorer.config import describe

    for name, model in models.families().items():
        print(f"{name}: {model.title}. {model.summary} ({model.paper})")
        for s in describe(model.Config):
            choices = ("true", "false") if s.kind == "switch" else s.choices
            limits = ", ".join(choices) or (f"{s.low:g}..{s.high:g}" if s.high else s.kind)
            print(f"  --{s.name.replace('_', '-'):<16} {s.title} [{limits}] default {s.default}")


def datasets(asked: argparse.Namespace) -> None:
    """Every data set that can be asked for, and whether it is here."""
    from explorer import data

    for one in data.datasets():
        shape = "x".join(map(str, one.shape))
        here = "" if one.available else f"  ({one.problem})"
        print(f"{one.name:<20} {one.train:>7,} + {one.test:,} of {shape:<8} {one.title}{here}")


def add(asked: argparse.Namespace) -> None:
    """Pack a folder or zip of images as a data set."""
    from explorer import data

    size = whole("--size", asked.size, 28, 64)
    report = data.add_folder(Path(asked.path), title=asked.title, size=size, colour=asked.colour)
    for name, reason in report.rejected:
        print(f"left out {name}: {reason}", file=sys.stderr)
    print(f"{report.name}: {report.usable:,} of {report.total:,} images usable")


def fetch(asked: argparse.Namespace) -> None:
    """Download a full data set through torchvision."""
    from explorer import data

    def tell(done: int, total: int) -> None:
        print(f"\r{done:,} of {total:,}", end="", file=sys.stderr, flush=True)

    data.fetch(asked.data, tell)
    print(f"\n{asked.data} is ready")


def export(asked: argparse.Namespace) -> None:
    """Write one run as a zip file."""
    from explorer import archive

    run = runs.find_path(asked.run)
    files.publish_with(output(asked.out), lambda file: archive.export(run, file))
    print(asked.out)


def import_run(asked: argparse.Namespace) -> None:
    """Take in a run that was exported as a zip file."""
    from explorer import archive

    path = Path(asked.path)
    if not path.is_file():
        raise InputError(f"There is no file {asked.path}.")
    with path.open("rb") as file:
        print(archive.import_zip(file).id)


def app(asked: argparse.Namespace) -> None:
    """Serve the dashboard on a fixed port of this machine."""
    port = whole("--port", asked.port, 1, 65535)
    address = f"http://127.0.0.1:{port}"
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise ResourceError(
                f"Port {port} is taken: the dashboard, or another program, runs at {address} "
                "already. Open that address, or choose a port: python -m explorer app --port N"
            )
    script = Path(__file__).parents[1] / "app.py"
    os.chdir(script.parent)  # Streamlit reads .streamlit/config.toml from here
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    os.execv(sys.executable, command)


def engine(asked: argparse.Namespace) -> None:
    """The process that answers the dashboard's questions; started by it."""
    from explorer.answering import answer

    answer(asked.fd)


def _given(asked: argparse.Namespace) -> dict[str, Any]:
    """Only the settings that were given."""
    ours = {"family", "data", "runs", "command"}
    return {k: v for k, v in vars(asked).items() if k not in ours}
