"""The command line: its flags, limits and help texts come from the settings."""

import argparse
import os
import sys
from pathlib import Path

# Passive waiting costs a lone process a third of its speed and a contended one nothing; spinning
# costs a contended one nearly everything. It must be decided before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's own threads would spin all the same

from explorer import commands, zoo_command
from explorer.capability_command import capability_table
from explorer.classifier_command import classifier
from explorer.config import add_arguments
from explorer.errors import ExplorerError, InputError, ResourceError
from explorer.evaluate_command import METRICS, evaluate
from explorer.lesson_command import lessons
from explorer.recipe import TrainSettings
from explorer.sample_command import sample
from explorer.sampling import USUAL, SampleSettings


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; errors go to stderr as one sentence."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")  # not every terminal knows β
    try:
        asked = _parser(arguments).parse_args(arguments)
        if asked.runs:
            os.environ["EXPLORER_RUNS"] = str(Path(asked.runs).absolute())
        code = asked.command(asked) or 0
        print(end="", flush=True)
        return code
    except ExplorerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return commands.INTERRUPTED
    except BrokenPipeError:  # as in `list | head -1`
        commands.hush()
        return 0
    except OSError as error:
        commands.hush()  # it may be the output that is full
        print(f"The system refuses: {error.strerror}. Check {_about(error)}.", file=sys.stderr)
        return ResourceError.exit_code


def _about(error: OSError) -> str:
    return Path(str(error.filename)).name if error.filename else "where the output goes"


class _Parser(argparse.ArgumentParser):
    """Bad flags raise InputError like every other bad input."""

    def error(self, message: str) -> None:
        raise InputError(
            f"{message[0].upper()}{message[1:]}. `{self.prog} --help` tells what there is."
        )


def _parser(arguments: list[str] | None) -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m explorer", description=__doc__.partition("\n")[0])
    parser.set_defaults(runs=None)
    parsers = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    add_command = _adder(parsers)

    one = add_command("train", commands.train)
    one.add_argument("family")
    one.add_argument("--data", default="fashion-mnist", help="see `datasets` (default %(default)s)")
    _add_settings(one, arguments)
    one = add_command("resume", commands.resume)
    one.add_argument("run")
    one.add_argument("--leash", action="store_true", help=argparse.SUPPRESS)
    add_command("list", commands.list_runs).add_argument("--json", action="store_true")
    one = add_command("show", commands.show)
    one.add_argument("run")
    one.add_argument("--json", action="store_true", help="all events, one JSON object a line")
    add_command("verify", commands.verify).add_argument("run", nargs="?")
    one = add_command("sample", sample)
    one.add_argument("checkpoint", help="a .safetensors file, RUN, RUN@STEP, or pretrained:NAME")
    one.add_argument("--n", default="64", help="how many (default %(default)s)")
    one.add_argument("--seed", default="0")
    one.add_argument("--prior", default="normal", help="normal, gaussian or mixture (fitted)")
    one.add_argument("--out", metavar="GRID.PNG")
    one.add_argument("--npz", metavar="FILE.NPZ")
    one.add_argument("--film", metavar="FILM.WEBP", help="of a diffusion: .webp, .gif or .png")
    add_arguments(one.add_argument_group("diffusion models"), SampleSettings, steps=50)
    one = add_command("evaluate", evaluate)
    one.add_argument(
        "checkpoints",
        nargs="+",
        metavar="CHECKPOINT",
        help="RUN, RUN@STEP, pretrained:NAME, a .safetensors file, or real:DATA:test",
    )
    one.add_argument(
        "--metrics", default="all", help=f"{','.join(METRICS)} or all (default %(default)s)"
    )
    one.add_argument("--samples", default="2000", help="of each (default %(default)s)")
    one.add_argument(
        "--reference",
        default="train",
        help="train (the first 10,000 training images), all (of them) or test (default train)",
    )
    one.add_argument("--precision", default="auto", help="auto, bf16 or float32")
    one.add_argument("--seed", default="0")
    one.add_argument("--prior", default="normal", help="normal, gaussian or mixture (fitted)")
    one.add_argument("--json", action="store_true", help="figures and protocols as JSON")
    add_arguments(one.add_argument_group("diffusion models"), SampleSettings, **USUAL)
    one = add_command("capabilities", capability_table)
    one.add_argument("checkpoints", nargs="*", metavar="CHECKPOINT", help="default: shipped ones")
    one.add_argument("--json", action="store_true", help="what pretrained/capabilities.json holds")
    one = add_command("lessons", lessons)
    one.add_argument("--check", metavar="FILE.JSON", help="whether a file is a lesson")
    one.add_argument("--table", action="store_true", help="every line of the course, as Markdown")
    one = add_command("pack", commands.pack)
    one.add_argument("run")
    one.add_argument("--title", required=True)
    one.add_argument("--frames", default="0", help="of its training film, to travel with it")
    one.add_argument("--tiles", default="8", help="of each side of its sheets (default 8)")
    one.add_argument("--last", action="store_true", help="its last checkpoint, not its best")
    one.add_argument("--out", required=True, metavar="FILE.SAFETENSORS")
    _add_zoo(parsers)
    one = add_command("classifier", classifier)
    one.add_argument("--data", required=True, help="pictures with labels; see `datasets`")
    one.add_argument("--out", required=True, metavar="FILE.SAFETENSORS")
    one.add_argument("--epochs", default="16", help="(default %(default)s)")
    one.add_argument("--seed", default="0")
    add_command("families", commands.families)
    add_command("datasets", commands.datasets)
    one = add_command("add", commands.add)
    one.add_argument("path", help="a folder or a zip of PNG, JPEG or WebP images")
    one.add_argument("--title", default="My images")
    one.add_argument("--size", default="28", help="28, 32 or 64")
    one.add_argument("--colour", action="store_true")
    add_command("fetch", commands.fetch).add_argument("data")
    one = add_command("export", commands.export)
    one.add_argument("run")
    one.add_argument("--out", required=True, metavar="RUN.ZIP")
    add_command("import", commands.import_run).add_argument("path")
    add_command("app", commands.app).add_argument("--port", default="8501")
    add_command("engine", commands.engine, hidden=True).add_argument(
        "--fd", type=int, required=True
    )
    return parser


def _add_zoo(parsers) -> None:
    """The commands of the model zoo, a level below."""
    text = "The shipped models: list, build, pack and check them."
    zoo = parsers.add_parser("zoo", help=text, description=text, allow_abbrev=False)
    add_command = _adder(zoo.add_subparsers(required=True, metavar="ACTION", parser_class=_Parser))
    one = add_command("list", zoo_command.list_zoo)
    one.add_argument("--json", action="store_true")
    one.add_argument("--markdown", action="store_true", help="as tables")
    one.add_argument("--readme", action="store_true", help="write them into pretrained/README.md")
    one = add_command("build", zoo_command.build)
    one.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    one.add_argument("--missing", action="store_true", help="only those without a sound file")
    one = add_command("pack", zoo_command.pack)
    one.add_argument("name")
    one.add_argument("--run", required=True, help="a finished run of its recipe")
    add_command("adopt", zoo_command.adopt).add_argument("names", nargs="+", metavar="NAME")
    one = add_command("check", zoo_command.check)
    one.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    one.add_argument("--measure", action="store_true", help="measure their figures again")


def _adder(parsers):
    def add_command(name: str, function, hidden: bool = False) -> argparse.ArgumentParser:
        text = function.__doc__.partition("\n")[0]
        more = {} if hidden else {"help": text}
        one = parsers.add_parser(name, description=text, allow_abbrev=False, **more)
        one.add_argument("--runs", metavar="DIR", help="the folder of runs (EXPLORER_RUNS)")
        one.set_defaults(command=function)
        return one

    return add_command


def _add_settings(parser: argparse.ArgumentParser, arguments: list[str] | None) -> None:
    """The flags of ``train`` and of the family asked for; importing families costs seconds."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] != ["train"]:
        return
    from explorer.models import families, family

    known = [word for word in words[1:] if word in families()]
    first = [word for word in words[1:2] if not word.startswith("-")]
    defaults = {}
    for name in (known or first)[:1]:
        add_arguments(parser, family(name).Config)
        defaults = family(name).training_defaults
    add_arguments(parser, TrainSettings, **defaults)
