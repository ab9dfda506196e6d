"""The command line as a person or a script meets it: what it prints, writes and returns."""

import io
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import checkpoints, header, runs
from explorer.cli import main
from explorer.runs import Run, Writer

ROOT = Path(__file__).parents[1]
TINY = ["--width", "4", "--latent", "2", "--batch-size", "32", "--device", "cpu"]
FULL = [path for path in ("/dev/full",) if os.path.exists(path)]  # Linux has it


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Path]:
    """A folder with the runs, locks and data sets of this file."""
    folder = tmp_path_factory.mktemp("cli")
    with pytest.MonkeyPatch.context() as patch:
        for key, value in environment(folder).items():
            patch.setenv(key, value)
        yield folder


def environment(place: Path) -> dict[str, str]:
    own = {"EXPLORER_RUNS": "runs", "EXPLORER_LOCKS": "locks", "XDG_CACHE_HOME": "cache"}
    return {key: str(place / value) for key, value in own.items()} | {"EXPLORER_DATA": ""}


@pytest.fixture(autouse=True)
def here(place, tmp_path, monkeypatch):
    """The same folders for commands that are called in this process."""
    for key, value in environment(place).items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "explorer", *map(str, words)]


def called(*words: object, code: int = 0, **options) -> subprocess.CompletedProcess:
    """Run a command in a process of its own; it must return ``code`` and show no traceback."""
    said = subprocess.run(command(*words), capture_output=True, text=True, **options)
    assert "Traceback" not in said.stderr, said.stderr
    assert said.returncode == code, said.stderr
    return said


def printed(*words: object, encoding: str = "utf-8") -> list[str]:
    """The lines that a command prints that ends well, called in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    with redirect_stdout(out):
        assert main([str(word) for word in words]) == 0
    return out.buffer.getvalue().decode(encoding).splitlines()


@pytest.fixture
def says(capsys):
    """Call a command in this process and return what it printed."""

    def call(*words: object, code: int = 0) -> str:
        found = main([str(word) for word in words])
        said = capsys.readouterr()
        assert found == code, said.err
        assert (code in (0, 4, 130)) or len(said.err.strip().splitlines()) == 1
        return said.out + said.err

    return call


@pytest.fixture(scope="module")
def trained(place) -> tuple[Run, list[str]]:
    """A run of 40 steps on Fashion-MNIST, and the lines that training printed."""
    lines = printed("train", "autoencoder", *TINY, "--steps", 40)
    return Run(place / "runs" / lines[0]), lines


@pytest.fixture
def copied(trained, tmp_path) -> Run:
    """A copy of the run in a folder of its own, to be damaged."""
    run, _ = trained
    shutil.copytree(run.folder, tmp_path / "copies" / run.id)
    return Run(tmp_path / "copies" / run.id)


def strict(text: str):
    return json.loads(text, parse_constant=pytest.fail)


# --- training


def test_train_prints_the_id_first_and_then_progress(trained):
    run, lines = trained
    assert run.status == runs.Status("done", "", 40)
    assert lines[1].startswith("step 0 · epoch 0.00 · validation · reconstruction ")
    assert any(line.startswith("step 40 · epoch 0.13 · validation") for line in lines)
    assert lines[-1] == "done at step 40"
    assert run.settings["model"]["width"] == 4
    assert run.settings["training"]["steps"] == 40
    assert run.verify() == []


def test_a_run_is_listed_shown_and_verified(trained, says):
    run, _ = trained
    assert f"{run.id}  done         autoencoder  fashion-mnist" in called("list").stdout
    rows = strict(says("list", "--json"))
    row = next(row for row in rows if row["id"] == run.id)
    assert (row["state"], row["family"], row["step"]) == ("done", "autoencoder", 40)
    assert "done at step 40" in says("show", run.id)
    events = [strict(line) for line in says("show", run.id, "--json").splitlines()]
    assert events == run.events()
    assert [e["n"] for e in events] == list(range(len(events)))
    assert says("verify", run.id[-8:-2]) == f"{run.id}: ok\n"


def test_a_run_that_is_done_stays_done(trained, says):
    run, _ = trained
    before = run.checkpoints()
    assert says("resume", run.id).splitlines()[-1] == "done at step 40"
    assert run.checkpoints() == before
    assert run.verify() == []


def test_the_folder_of_runs_can_be_named(trained, tmp_path, monkeypatch, says):
    run, _ = trained
    assert "No runs yet in others/" in says("list", "--runs", tmp_path / "others")
    assert strict(says("list", "--json", "--runs", tmp_path / "others")) == []
    assert run.id in says("list", "--runs", run.folder.parent)
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "others"))
    assert "no run" in says("show", run.id, code=2)
    assert run.id in says("show", run.folder)  # a folder may be named as it is


def test_an_interrupted_training_is_saved_and_can_be_resumed(place, says):
    long = ["train", "vae", "--data", "ring", *TINY, "--steps", 1_000_000]
    with subprocess.Popen(
        command(*long), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        run = Run(place / "runs" / worker.stdout.readline().strip())
        while "step 50" not in worker.stdout.readline():
            assert worker.poll() is None
        worker.send_signal(signal.SIGINT)
        rest, problems = worker.communicate(timeout=60)
    assert worker.returncode == 130
    assert problems == ""
    first = run.status
    assert rest.splitlines()[-1] == f"interrupted at step {first.step:,}"
    assert first.state == "interrupted"
    assert run.checkpoints()[-1].step == first.step >= 50
    assert run.verify() == []

    def interrupt_later():
        while run.status.step <= first.step:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_later).start()
    assert "interrupted at step" in says("resume", run.id, code=130)
    assert run.status.step > first.step
    assert run.verify() == []


def test_a_reader_who_leaves_ends_the_training_cleanly(place):
    """As in ``python -m explorer train vae | head -1``."""
    long = ["train", "vae", "--data", "ring", *TINY, "--steps", 1_000_000]
    with subprocess.Popen(
        command(*long), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        run = Run(place / "runs" / worker.stdout.readline().strip())
        worker.stdout.close()
        assert worker.stderr.read() == ""
    assert worker.returncode == 130
    assert run.status.state == "interrupted"
    assert run.latest_checkpoint() is not None
    assert run.verify() == []


def test_a_loss_that_is_no_number_fails_with_advice(says, place):
    wild = ["--learning-rate", 100, "--optimizer", "sgd", "--clip", 0, "--steps", 400]
    before = {run.id for run in runs.runs()}
    said = says("train", "autoencoder", "--data", "ring", *TINY, *wild, code=1)
    assert "Training stopped before step" in said
    assert "Try a learning rate below" in said
    (run,) = [run for run in runs.runs() if run.id not in before]
    assert run.status.state == "failed"
    assert checkpoints.load(run.latest_checkpoint().path / "model.safetensors")
    for line in says("show", run.id, "--json").splitlines():
        strict(line)


# --- pictures


def test_samples_are_the_same_for_the_same_seed(trained, tmp_path, says):
    run, _ = trained
    called(
        "sample", run.id, "--n", 9, "--seed", 7, "--out", "a.png", "--npz", "a.npz", cwd=tmp_path
    )
    says("sample", f"{run.id}@40", "--n", 9, "--seed", 7, "--out", "b.png", "--npz", "b.npz")
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    assert Image.open("a.png").size == (3 * 30 - 2, 3 * 30 - 2)
    nine = np.load("a.npz")
    assert nine["samples"].shape == (9, 28, 28)
    assert nine["seed"] == 7

    says("sample", run.id, "--n", 4, "--seed", 7, "--out", "c.png", "--npz", "c.npz")
    four = np.load("c.npz")["samples"]
    assert np.abs(four.astype(int) - nine["samples"][:4]).max() <= 1  # the first k of n
    weights = run.checkpoints()[-1].path / "model.safetensors"
    says("sample", weights, "--n", 9, "--seed", 8, "--out", "d.png")
    assert Path("d.png").read_bytes() != Path("a.png").read_bytes()


def test_a_run_is_packed_with_its_best_weights_and_what_they_measured(trained, says):
    run, _ = trained
    says("pack", run.id, "--title", "Tiny", "--frames", 3, "--out", "tiny.safetensors")
    found = header.read_header(Path("tiny.safetensors"))
    assert found.title == "Tiny"
    best = [e["step"] for e in run.events() if e["event"] == "checkpoint" and e["best"]][-1]
    assert found.facts["step"] == best
    measured = {e["step"]: e["terms"] for e in run.metrics("validation")}[best]
    assert found.facts["measured"]["reconstruction"] == measured["reconstruction"]
    assert [len(track.frames) for track in header.film(Path("tiny.safetensors")).tracks] == [3, 3]
    says("sample", "./tiny.safetensors", "--n", 4, "--out", "tiny.png")
    size = Path("tiny.safetensors").stat().st_size
    says("pack", run.id, "--title", "Tiny", "--last", "--out", "bare.safetensors")
    assert Path("bare.safetensors").stat().st_size < size
    last = run.latest_checkpoint().step
    assert header.read_header(Path("bare.safetensors")).facts["step"] == last


# --- what there is


def test_families_and_their_settings_are_told(says):
    from explorer.config import describe
    from explorer.models import families

    said = says("families")
    for name, model in families().items():
        assert f"{name}: {model.title}" in said
        for one in describe(model.Config):
            assert f"--{one.name.replace('_', '-')} " in said
    assert "[]" not in said
    assert "[0..10]" in said


def test_data_sets_are_told_and_why_one_is_not_here(says):
    said = says("datasets")
    assert "fashion-mnist         10,000 + 10,000 of 1x28x28" in said
    assert "fetch cifar10" in next(line for line in said.splitlines() if line[:7] == "cifar10")


def test_help_is_printed_for_every_command(capsys):
    for words in (["--help"], ["train", "vae", "--help"], ["sample", "--help"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 0
    said = capsys.readouterr().out
    assert "--beta VALUE" in said
    assert "[0..10]" in said
    assert "--learning-rate VALUE" in said
    assert "engine" not in said.split("--beta")[0].replace("{", "")


def test_a_folder_of_pictures_becomes_a_data_set(says):
    Path("mine/a").mkdir(parents=True)
    for index in range(6):
        pixels = np.full((40, 30), 40 * index, np.uint8)
        pixels[index : index + 9] = 255
        Image.fromarray(pixels).save(f"mine/a/{index}.png")
    Path("mine/a/broken.png").write_bytes(b"\x89PNG")
    said = says("add", "mine", "--title", "Mine")
    assert "left out a/broken.png" in said
    name = said.split(": 6 of 7 images usable")[0].split()[-1]
    assert name.startswith("folder-")
    assert "Mine" in next(line for line in says("datasets").splitlines() if name in line)
    assert "done at step 2" in says("train", "vae", "--data", name, *TINY, "--steps", 2)


def test_a_run_leaves_as_one_file_and_comes_back(trained, tmp_path, says):
    run, _ = trained
    says("export", run.id, "--out", tmp_path / "run.zip")
    says("export", run.id, "--out", tmp_path / "again.zip")
    assert (tmp_path / "run.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv("EXPLORER_RUNS", "")  # or what --runs names would stay
        assert says("import", "run.zip", "--runs", tmp_path / "other").strip() == run.id
    other = says("import", "run.zip").strip()
    assert other != run.id
    assert runs.find(other).events() == run.events()
    assert "ok" in says("verify", other)
    assert says("resume", other).splitlines()[-1] == "done at step 40"


# --- diffusion


@pytest.fixture(scope="module")
def denoiser(place) -> str:
    """A tiny class-conditional diffusion with 20 noise levels."""
    words = ("--width", 8, "--T", 20, "--steps", 3, "--batch-size", 8)
    return printed("train", "diffusion", *words)[0]


@pytest.mark.parametrize("suffix", ["webp", "gif", "png"])
def test_a_film_of_the_reverse_process_is_written(denoiser, says, suffix):
    how = ("--sampler", "ddim", "--steps", 5, "--eta", 0.5, "--guidance", 2, "--label", 3)
    assert says("sample", denoiser, "--n", 4, *how, "--film", f"film.{suffix}")
    with Image.open(f"film.{suffix}") as film:
        assert film.n_frames == 6
        assert film.size == ((3 * 58 + 12) * 3, 58 * 3)


def test_samples_of_a_diffusion_follow_the_seed_and_the_class(denoiser, says):
    for name, label, seed in (("a", 3, 0), ("b", 3, 0), ("c", 4, 0), ("d", 3, 1)):
        how = ("--sampler", "heun", "--steps", 4, "--label", label, "--seed", seed)
        says("sample", denoiser, "--n", 5, *how, "--npz", f"{name}.npz")
    a, b, c, d = (np.load(f"{name}.npz")["samples"] for name in "abcd")
    assert a.shape == (5, 28, 28)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert not np.array_equal(a, d)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--steps 21", "20 noise levels"),
        ("--eta 2", "between 0 and 1"),
        ("--sampler frog", "must be one of ddim, euler, heun, dpm"),
        ("--label 10", "between 0 and 9"),
        ("--film a.mp4", "must end in .webp"),
        ("--n 65 --film a.webp", "at most 64 samples"),
    ],
)
def test_what_a_diffusion_cannot_do_is_refused(denoiser, says, words, said):
    assert said in says("sample", denoiser, "--out", "a.png", *words.split(), code=2)
    assert not Path("a.png").exists()


# --- bad input: 2


BAD = [
    ("", "required: COMMAND"),
    ("frob", "invalid choice: 'frob'"),
    ("train", "required: family"),
    ("train nope", "There is no family 'nope'"),
    ("train nope --beta 3", "There is no family 'nope'"),
    ("train vae --beta 11", "between 0 and 10"),
    ("train vae --beta nan", "between 0 and 10"),
    ("train vae --beta", "expected one argument"),
    ("train vae --latent 2.5", "whole number between 2 and 1024"),
    ("train vae --latent 99999999999999999999", "between 2 and 1024"),
    ("train vae --loss frog", "must be one of l2, l1, bce"),
    ("train vae --sampling maybe", "must be true or false"),
    ("train vae --seed -1", "between 0 and 4.29497e+09"),
    ("train vae --steps 0", "between 1 and 1e+07"),
    ("train vae --colour red", "Unrecognized arguments: --colour red"),
    ("train autoencoder --beta 3", "Unrecognized arguments: --beta 3"),
    ("train vae --data nope", "There is no data set 'nope'"),
    ("train vae --data ../mnist", "There is no data set '../mnist'"),
    ("train vae --device nope", "There is no device 'nope'"),
    ("train vae --data ring --loss bce", "points are not"),
    ("resume nope", "There is no run 'nope'"),
    ("show ../../etc/passwd", "There is no run"),
    ("verify nope", "There is no run 'nope'"),
    ("sample nope --out a.png", "There is no run 'nope'"),
    ("sample pretrained:nope --out a.png", "There is no shipped model 'nope'"),
    ("sample gone.safetensors --out a.png", "There is no checkpoint file gone.safetensors"),
    ("sample {run}@41 --out a.png", "no checkpoint of step 41"),
    ("sample {run} --n 0 --out a.png", "a whole number from 1 to 10000"),
    ("sample {run} --n 1e3 --out a.png", "--n is '1e3'"),
    ("sample {run} --seed -1 --out a.png", "--seed is '-1'"),
    ("sample {run} --out gone/a.png", "The folder of gone/a.png does not exist"),
    ("sample {run}", "Nothing would be written"),
    ("sample {run} --out a.png --eta 0.5", "--eta needs a diffusion model"),
    ("sample {run} --film a.webp", "--film needs a diffusion model"),
    ("sample {run} --out a.png --label 3", "--label needs a model that knows classes"),
    ("train gan --latent 513", "between 1 and 512"),
    ("train gan --loss relativistic", "must be one of non-saturating, minimax"),
    ("train gan --data swiss-roll --conditional true", "no labels"),
    ("train diffusion --T 5", "between 10 and 1000"),
    ("train diffusion --schedule flow --target eps", "Predict velocity"),
    ("train diffusion --schedule linear --beta-start 0.1", "exchange them"),
    ("train latent-diffusion --autoencoder nope", "There is no run 'nope'"),
    ("pack {run} --title A --frames x --out a.safetensors", "--frames is 'x'"),
    ("export {run} --out gone/a.zip", "does not exist"),
    ("import gone.zip", "There is no file gone.zip"),
    ("import pickle.pt", "not a zip"),
    ("sample pickle.pt --out a.png", "which can run code when opened, so it was not"),
    ("sample renamed.safetensors --out a.png", "which can run code when opened, so it was not"),
    ("add gone", "neither a folder nor a readable zip"),
    ("add empty", "No usable image was found"),
    ("add empty --size 30", "Choose 28, 32 or 64"),
    ("add empty --size x", "--size is 'x'"),
    ("fetch nope", "There is no data set 'nope'"),
    ("app --port 0", "a whole number from 1 to 65535"),
    ("app --port http", "--port is 'http'"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=[words for words, _ in BAD])
def test_bad_input_is_refused_with_what_is_wrong(words, said, trained, says):
    run, _ = trained
    for name in ("pickle.pt", "renamed.safetensors"):
        Path(name).write_bytes(b"\x80\x04\x95\x1a\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94")
    Path("empty").mkdir()
    before = sorted(path.name for path in run.folder.parent.iterdir())
    told = says(*words.format(run=run.id).split(), code=2)
    assert said in told
    assert "/tmp" not in told
    assert sorted(path.name for path in run.folder.parent.iterdir()) == before
    assert not Path("a.png").exists()


def test_bad_input_is_refused_by_the_process_too():
    assert "There is no run 'nope'" in called("show", "nope", code=2).stderr


# --- resources: 3


def test_a_data_set_that_is_not_here_says_how_to_get_it(says):
    said = says("train", "vae", "--data", "cifar10", code=3)
    assert "fetch cifar10" in said
    assert "fashion-mnist, which works offline" in said


@contextmanager
def limited() -> Iterator[None]:
    """Inside, no file can grow beyond 2,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_behind(trained, tmp_path, says):
    run, _ = trained
    says("export", run.id, "--out", tmp_path / "run.zip")
    place = tmp_path / "small"
    with limited():
        assert "Disk full" in says("export", run.id, "--out", tmp_path / "b.zip", code=3)
        assert "Disk full" in says("import", tmp_path / "run.zip", "--runs", place, code=3)
    assert list(place.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.zip", "small"]


def test_a_port_that_is_taken_names_its_address(says):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"runs at http://127.0.0.1:{port} already" in says("app", "--port", port, code=3)


@pytest.mark.parametrize("path", FULL)
def test_output_that_finds_no_room_is_told(path, trained):
    with open(path, "w") as full:
        said = subprocess.run(command("list"), stdout=full, stderr=subprocess.PIPE, text=True)
    assert said.returncode == 3
    assert said.stderr.splitlines() == [
        "The system refuses: No space left on device. Check where the output goes."
    ]


def test_output_that_nobody_reads_is_no_error(trained):
    with subprocess.Popen(
        command("list"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as listing:
        listing.stdout.close()
        assert listing.stderr.read() == ""
    assert listing.returncode == 0


def test_a_folder_that_is_a_file_is_told(says):
    Path("file").write_text("")
    for words in ("train vae --data ring --runs file", "import run.zip --runs file/runs"):
        Path("run.zip").write_bytes(b"PK\5\6" + b"\0" * 18)
        assert "could not be written" in says(*words.split(), code=3)


# --- a damaged store: 4


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def test_a_flipped_bit_in_a_checkpoint_is_found(copied, says):
    where = ["--runs", copied.folder.parent]
    flip(copied.checkpoints()[-1].path / "model.safetensors")
    assert "model.safetensors is damaged" in says("verify", copied.id, *where, code=4)
    assert "model.safetensors is damaged" in says(
        "sample", copied.id, "--out", "a.png", *where, code=4
    )
    assert "40" in says("list", *where)


def test_verify_reads_every_run_and_names_the_damaged(copied, says):
    where = copied.folder.parent
    shutil.copytree(copied.folder, where / "20200101-000000-aaaaaaaa")
    flip(copied.folder / "settings.json")
    said = says("verify", "--runs", where, code=4)
    assert "20200101-000000-aaaaaaaa: ok" in said
    assert f"{copied.id}: damaged" in said
    listed = strict(says("list", "--json", "--runs", where))
    assert [row["state"] for row in listed][-1] == "done"


def test_a_log_that_was_cut_is_damaged(copied, says):
    where = ["--runs", copied.folder.parent]
    log = copied.folder / "events.jsonl"
    log.write_bytes(log.read_bytes()[:20])
    for words in (["verify"], ["resume", copied.id], ["verify", copied.id]):
        says(*words, *where, code=4)
    assert "damaged" in says("list", *where)
    log.unlink()
    for words in (["show", copied.id, "--json"], ["pack", copied.id, "--title", "A", "--out", "a"]):
        says(*words, *where, code=4)


# --- odd text


def test_no_number_that_is_not_json_leaves_the_program(says):
    run = runs.create({"family": "vae", "data": "\ud800 <b> \x1b[2J"})
    with Writer(run) as writer:
        writer.begin()
        writer.event("progress", step=1, terms={"loss": float("nan"), "KL": float("inf")})
        writer.end("failed", "A reason with β.")
    run.note(label="β\n= 1")
    for line in says("show", run.id, "--json").splitlines():
        strict(line)
    rows = {row["id"]: row for row in strict(says("list", "--json"))}
    assert rows[run.id]["label"] == "β\n= 1"
    assert "\x1b" not in says("show", run.id) + says("list")
    assert "A reason with \\u03b2." in "".join(printed("show", run.id, encoding="ascii"))
