"""Every command of the command line; flags, limits and help texts come from the settings."""

import argparse
import json
import os
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

# Passive waiting costs a lone process a third of its speed and a contended one nothing; spinning
# costs a contended one nearly everything. It must be decided before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from explorer import files, runs
from explorer.config import add_arguments
from explorer.errors import ExplorerError, InputError, ResourceError, StoreError
from explorer.recipe import TrainSettings

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; errors go to stderr as one sentence."""
    with suppress(BrokenPipeError):
        try:
            asked = _parser(arguments).parse_args(arguments)
            if asked.runs:
                os.environ["EXPLORER_RUNS"] = str(Path(asked.runs).absolute())
            return asked.command(asked) or 0
        except ExplorerError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:
            return INTERRUPTED
    sys.stderr.close()  # the reader of our output has gone; say nothing more
    return 0


# Commands ---------------------------------------------------------------------------------------


def train(asked: argparse.Namespace) -> int:
    """Create a run and train it here; the run's id is the first line printed."""
    from explorer import data
    from explorer.recipe import recipe

    made = recipe(asked.family, data.load(asked.data).name, _given(asked))
    return _work(runs.create(made.model_dump()))


def resume(asked: argparse.Namespace) -> int:
    """Start or go on with an existing run."""
    run = runs.find_path(asked.run)
    if not asked.leash and not run.has_worker():
        run.take_wishes()  # they were meant for an earlier worker
    return _work(run, leash=asked.leash)


def _work(run: runs.Run, leash: bool = False) -> int:
    from explorer import launch, processes
    from explorer.worker import work

    print(run.id, flush=True)
    with processes.Interrupts(threading.Event()) as interrupted:
        if leash:
            launch.leash(interrupted.set)
        state = work(run, interrupted, _tell)
    print(f"{state} at step {run.status.step:,}", flush=True)
    return INTERRUPTED if state == "interrupted" else 0


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
    rows = [_row(run) for run in runs.runs()]
    if asked.json:
        return _print_json(rows)
    for row in rows:
        print("{id}  {state:<12} {family:<12} {data:<20} step {step:,}".format(**row))
    if not rows:
        print(f"No runs yet in {runs.root().name}/. Start one: python -m explorer train vae")
    return None


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
    run = runs.find_path(asked.run)
    if asked.json:
        for event in run.events():
            print(json.dumps(event, ensure_ascii=False, allow_nan=False))
        return
    status = run.status
    print(f"{run.id}: {status.state} at step {status.step:,}. {status.reason}".rstrip())
    print(json.dumps(run.settings, indent=2, ensure_ascii=False))


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


def sample(asked: argparse.Namespace) -> None:
    """Draw new pictures from a checkpoint into a PNG grid, and into a .npz if asked."""
    from explorer import checkpoints, probes
    from explorer.catalog import resolve_path
    from explorer.pictures import png, sheet

    number = _whole("--n", asked.n, 1, 10_000)
    path = resolve_path(asked.checkpoint)
    drawn = probes.sample(
        checkpoints.load(path), number, _whole("--seed", asked.seed, 0, 2**32 - 1)
    )
    columns = max(1, round(len(drawn.pictures) ** 0.5))
    _write(Path(asked.out), png(sheet(drawn.pictures, columns, gap=2, ground=127)))
    if asked.npz:
        _write(Path(asked.npz), _npz(samples=drawn.pictures, seed=drawn.seed))
    print(asked.out)


def _npz(**arrays: Any) -> bytes:
    from io import BytesIO

    import numpy as np

    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def pack(asked: argparse.Namespace) -> None:
    """Write a run's best model as one small file with its training film, as in pretrained/."""
    import torch

    from explorer import checkpoints
    from explorer.catalog import resolve
    from explorer.films import run_film, shortened
    from explorer.header import read_header
    from explorer.history import history
    from explorer.recipe import Recipe

    frames = _whole("--frames", asked.frames, 0, 200)
    run = runs.find_path(asked.run)
    told = history(run)
    path = resolve(f"{run.id}@{told.best or run.latest_checkpoint().step}")
    facts = {k: read_header(path).facts[k] for k in ("step", "epoch")}
    facts |= {"title": asked.title, "measured": told.validation.newest()}
    packed = checkpoints.pack(
        checkpoints.load(path),
        Recipe.read(run.settings).checked(),
        dtype=torch.float16,
        film=shortened(run_film(told), frames) if frames else None,
        **facts,
    )
    _write(Path(asked.out), packed)
    print(f"{asked.out}: {len(packed) / 1e6:.1f} MB")


def families(asked: argparse.Namespace) -> None:
    """Every family and every setting of it."""
    from explorer import models
    from explorer.config import describe

    for name, model in models.families().items():
        print(f"{name}: {model.title}. {model.summary} ({model.paper})")
        for s in describe(model.Config):
            limits = f"{s.low:g}..{s.high:g}" if s.low is not None else ", ".join(s.choices)
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

    size = _whole("--size", asked.size, 28, 64)
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
    files.publish_with(_output(Path(asked.out)), lambda file: archive.export(run, file))
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
    port = _whole("--port", asked.port, 1, 65535)
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


# Arguments --------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Bad flags raise InputError like every other bad input."""

    def error(self, message: str) -> None:
        raise InputError(
            f"{message[0].upper()}{message[1:]}. `{self.prog} --help` tells what there is."
        )


def _parser(arguments: list[str] | None) -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m explorer", description=__doc__.partition("\n")[0])
    parser.set_defaults(runs=None)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    add_command = _adder(commands)

    one = add_command("train", train)
    one.add_argument("family")
    one.add_argument("--data", default="fashion-mnist", help="see `datasets` (default %(default)s)")
    add_arguments(one, TrainSettings)
    _add_family_arguments(one, arguments)
    one = add_command("resume", resume)
    one.add_argument("run")
    one.add_argument("--leash", action="store_true", help=argparse.SUPPRESS)
    add_command("list", list_runs).add_argument("--json", action="store_true")
    one = add_command("show", show)
    one.add_argument("run")
    one.add_argument("--json", action="store_true", help="all events, one JSON object a line")
    add_command("verify", verify).add_argument("run", nargs="?")
    one = add_command("sample", sample)
    one.add_argument("checkpoint", help="a .safetensors file, RUN, RUN@STEP, or pretrained:NAME")
    one.add_argument("--n", default="64")
    one.add_argument("--seed", default="0")
    one.add_argument("--out", required=True, metavar="GRID.PNG")
    one.add_argument("--npz", metavar="FILE.NPZ")
    one = add_command("pack", pack)
    one.add_argument("run")
    one.add_argument("--title", required=True)
    one.add_argument("--frames", default="0", help="of its training film, to travel with it")
    one.add_argument("--out", required=True, metavar="FILE.SAFETENSORS")
    add_command("families", families)
    add_command("datasets", datasets)
    one = add_command("add", add)
    one.add_argument("path", help="a folder or a zip of PNG, JPEG or WebP images")
    one.add_argument("--title", default="My images")
    one.add_argument("--size", default="28", help="28, 32 or 64")
    one.add_argument("--colour", action="store_true")
    add_command("fetch", fetch).add_argument("data")
    one = add_command("export", export)
    one.add_argument("run")
    one.add_argument("--out", required=True, metavar="RUN.ZIP")
    add_command("import", import_run).add_argument("path")
    add_command("app", app).add_argument("--port", default="8501")
    add_command("engine", engine, hidden=True).add_argument("--fd", type=int, required=True)
    return parser


def _adder(commands):
    def add_command(name: str, function, hidden: bool = False) -> argparse.ArgumentParser:
        text = function.__doc__.partition("\n")[0]
        more = {} if hidden else {"help": text}
        one = commands.add_parser(name, description=text, **more)
        one.add_argument("--runs", metavar="DIR", help="the folder of runs (EXPLORER_RUNS)")
        one.set_defaults(command=function)
        return one

    return add_command


def _add_family_arguments(parser: argparse.ArgumentParser, arguments: list[str] | None) -> None:
    """The flags of the family that is asked for; importing families costs seconds, so only then."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] != ["train"]:
        return
    from explorer import models

    asked = [models.families()[w] for w in words[1:] if w in models.families()]
    for model in asked[:1]:
        add_arguments(parser, model.Config)


def _given(asked: argparse.Namespace) -> dict[str, Any]:
    """Only the settings that were given."""
    ours = {"family", "data", "runs", "command"}
    return {k: v for k, v in vars(asked).items() if k not in ours}


def _whole(flag: str, text: str, low: int, high: int) -> int:
    with suppress(ValueError):
        if low <= int(text) <= high:
            return int(text)
    raise InputError(f"{flag} is {text[:40]!r}, but must be a whole number from {low} to {high}.")


def _output(path: Path) -> Path:
    if not path.parent.is_dir():
        raise InputError(f"The folder of {path} does not exist. Make it first.")
    return path


def _write(path: Path, content: bytes) -> None:
    files.publish(_output(path), content)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))
