"""Lessons below the page: what a file may hold, what a number is beside another, the hand-in."""

import json
import re
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from explorer import catalog, cli, runs
from explorer.answers import Curve, Film, Track
from explorer.config import describe
from explorer.errors import ExplorerError, InputError
from explorer.lessons import doors, handin, numbers, reading, schema, slips, table
from explorer.lessons.handin import Figure, Line, Part
from explorer.lessons.numbers import Found
from explorer.lessons.schema import Link, Number, Ours, Picture, Step
from explorer.pictures import sheet
from explorer.ui import lesson_losses

ROOT = Path(__file__).parents[1]
TRAINING = cli.TrainSettings
STEP = {
    "title": "One",
    "predict": {"question": "Which?", "choices": ["a", "b"], "right": 1, "happens": "b."},
    "look": "At b.",
    "pages": [{"title": "the page", "page": "forward", "preset": {"levels": 100, "mistake": True}}],
}
LESSON = {"key": "Z", "title": "Mine", "introduction": "A try.", "steps": [STEP]}


def lesson(**step) -> dict:
    """A lesson of one step, with some of its fields replaced."""
    return LESSON | {"steps": [STEP | step]}


# The schema ---------------------------------------------------------------------------------------


def test_a_lesson_is_read():
    found = schema.parsed(LESSON, "z.json")
    assert (found.key, found.steps[0].predict.right) == ("Z", 1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "z.json holds no lesson"),
        ({**LESSON, "key": "a b"}, "z.json, key:"),
        ({**LESSON, "steps": []}, "z.json, steps:"),
        ({k: v for k, v in LESSON.items() if k != "title"}, "title: this field is missing"),
        (lesson(colour="red"), "step 1, colour: there is no such field; see docs/lessons.md"),
        (lesson(picture={"kind": "dance"}), "step 1, picture, kind:"),
        (
            lesson(predict=STEP["predict"] | {"right": 2}),
            "step 1, predict: right must be the number of a choice",
        ),
        (
            lesson(pages=[{"title": "x", "page": "cellar"}]),
            "step 1, page 1, page: There is no page 'cellar'",
        ),
        (
            lesson(pages=[{"title": "x", "page": "forward", "preset": {"betta": 1}}]),
            "step 1, page 1: The page Forward process has no setting 'betta'. It understands: ",
        ),
        (
            lesson(pages=[{"title": "x", "page": "forward", "mistake": 12}]),
            "step 1, page 1, mistake:",
        ),
    ],
)
def test_what_is_no_lesson_is_told_with_its_place(value, said):
    with pytest.raises(InputError) as error:
        schema.parsed(value, "z.json")
    assert said in str(error.value)


def test_a_file_that_is_no_json_is_told_with_its_line(tmp_path):
    path = tmp_path / "z.json"
    path.write_text('{"key": "Z",\n "title": }')
    with pytest.raises(InputError, match=r"z\.json is no JSON: .* line 2, column 11"):
        schema.read(path)
    with pytest.raises(InputError, match="no readable lesson file"):
        schema.read(tmp_path / "other.json")


def test_the_bundled_lessons_are_sound_and_show_every_line():
    known = reading.found()
    assert not known.problems
    assert list(known.lessons)[:5] == list("ABCDE")
    shown = {line for place in reading.places() for line in place.step.lines}
    assert shown == set(table.lines())
    mistakes = {link.mistake for place in reading.places() for link in place.step.pages}
    told = " ".join(text for place in reading.places() for text in place.step.mistakes)
    assert {2, 3, 4, 5, 6, 7, 8, 9, 11} <= mistakes
    assert "mistake 1" in told
    assert "Mistake 10" in told


def test_a_teachers_lessons_join_the_bundled_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_LESSONS", str(tmp_path))
    (tmp_path / "mine.json").write_text(json.dumps(LESSON))
    (tmp_path / "twice.json").write_text(json.dumps(LESSON | {"key": "A"}))
    (tmp_path / "wrong.json").write_text("{")
    known = reading.found()
    assert list(known.lessons) == [*"ABCDE", "Z"]
    assert "there is a lesson A already" in known.problems[0]
    assert known.problems[1].startswith("wrong.json is no JSON")
    assert reading.place("Z.1").step.title == "One"


@pytest.mark.parametrize("name", ["Q.1", "A.0", "A.99", "A.x", "A", "A.-1"])
def test_a_step_that_there_is_not_is_told(name):
    with pytest.raises(InputError, match=r"There is no lesson|has no step"):
        reading.place(name)


# Doors --------------------------------------------------------------------------------------------


def test_every_page_has_a_door_and_every_door_a_page():
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"lessons"}
    assert pages <= set(doors.DOORS)
    assert set(doors.DOORS) - pages <= {"stage"}


def test_names_of_a_page_are_known_with_their_stars_and_its_questions():
    known = ["on_mnist", "sight", "lesson", "lock", "hide"]
    assert doors.strangers("compare", known, lambda question: []) == []
    assert doors.strangers("compare", ["onmnist", "on_"], lambda question: []) == ["onmnist", "on_"]
    told = doors.strangers("simple", ["simple_epochs", "simple_x"], lambda q: describe(TRAINING))
    assert told == ["simple_x"]
    assert doors.strangers("simple", ["simple_x"]) == []  # only the engine knows


# Models that a step uses --------------------------------------------------------------------------


def test_the_first_group_of_models_that_is_here_is_used():
    step = Step.read(STEP | {"models": [["no-such-model", "vae-l1"], ["vae-l1", "vae-fashion"]]})
    found = reading.models(step)
    assert [one.key for one in found.entries] == ["pretrained:vae-l1", "pretrained:vae-fashion"]
    assert found.missing == ("no-such-model",)
    link = Link.read({"title": "x", "page": "reconstruct", "preset": {"a": "@1", "third": True}})
    asked = reading.preset(link, found.entries)
    assert asked == {"a": "pretrained:vae-fashion", "third": "true"}
    assert reading.preset(link, ()) is None


@pytest.mark.parametrize(("kind", "used"), [("copies", "vae-l1"), ("samples", "birds-vae")])
def test_a_group_whose_images_are_not_here_is_not_used_where_they_are_shown(
    kind, used, tmp_path, monkeypatch
):
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))
    step = Step.read(STEP | {"models": [["birds-vae"], ["vae-l1"]], "picture": {"kind": kind}})
    assert [one.key for one in reading.models(step).entries] == [f"pretrained:{used}"]
    assert [one.key for one in reading.models(step, images=False).entries] == [
        "pretrained:birds-vae"
    ]


def test_a_missing_and_an_altered_weight_file_are_told(tmp_path, monkeypatch):
    damaged = bytearray((catalog.FOLDER / "vae-l1.safetensors").read_bytes())[:5000]
    (tmp_path / "vae-l1.safetensors").write_bytes(damaged)
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    step = Step.read(STEP | {"models": [["vae-l1"]]})
    assert "vae-l1.safetensors" in reading.models(step).problem
    step = Step.read(STEP | {"models": [["vae-fashion"]], "data": ["cifar10", "nothing"]})
    assert "vae-fashion is not here" in reading.models(step).problem
    assert "The data set nothing is not here" in " ".join(reading.missing_data(step))


# Numbers ------------------------------------------------------------------------------------------


def number(document, unit="FID", name="", within=0.15) -> Number:
    ours = Ours(source="board")
    return Number(
        what="x", document=document, unit=unit, data=name, ours=ours, why="so", within=within
    )


@pytest.mark.parametrize(
    ("asked", "ours", "state"),
    [
        (number(100.0), Found(114.0, "FID"), "near"),
        (number(100.0), Found(116.0, "FID"), "differs"),
        (number(100.0), Found(116.0, "FID", error=9.0), "near"),
        (number(0.0), Found(0.1, "FID"), "differs"),
        (number(100.0), Found(100.0, "nats"), "not comparable"),
        (number(100.0, name="mnist"), Found(100.0, "FID", data="Fashion-MNIST"), "differs"),
        (number(100.0, name="mnist-full"), Found(100.0, "FID", data="MNIST"), "near"),
        (number(None), Found(1.0), "ours alone"),
        (number(100.0), None, "not measured"),
    ],
)
def test_numbers_are_judged(asked, ours, state):
    assert numbers.judge(asked, ours).state == state


def test_other_pictures_and_units_are_the_reason():
    other = numbers.judge(number(1.0, name="mnist"), Found(1.0, "FID", data="Fashion-MNIST"))
    assert other.reason == "other pictures: MNIST there, Fashion-MNIST here"
    unit = numbers.judge(number(1.0), Found(1.0, "nats"))
    assert unit.reason == "theirs: FID; ours: nats"


def test_our_numbers_are_those_that_were_measured():
    entry = catalog.entry("pretrained:vae-beta-0")
    ours = Ours(source="model", model="@0", name="KL")
    found = numbers.found(ours, (entry,))
    assert found.value == pytest.approx(entry.header.facts["measured"]["KL"])
    assert (found.unit, found.data) == ("nats per image", "Fashion-MNIST")
    with pytest.raises(InputError, match="does not say its age"):
        numbers.found(Ours(source="model", model="@0", name="age"), (entry,))


def test_a_students_run_has_its_number_beside_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    run = runs.create({"family": "vae", "data": "mnist"})
    ours = Ours(source="model", name="KL")
    assert numbers.of_run(ours, run) is None
    with runs.Writer(run) as writer:
        writer.begin(units={"KL": "nats per image"})
        for step, value in ((10, 5.0), (20, 4.0)):
            told = {"step": step, "epoch": step / 10, "terms": {"KL": value}, "learning_rate": 0.1}
            writer.event("validation", **told)
    found = numbers.of_run(ours, run)
    assert (found.value, found.unit, found.data) == (4.0, "nats per image", "MNIST")
    assert numbers.of_run(Ours(source="board", name="KL"), run) is None


def test_what_is_left_of_a_picture_is_computed():
    for T, left in ((100, 0.603), (500, 0.0797), (1000, 0.00635)):
        found = numbers.found(Ours(source="schedule", T=T), ())
        assert found.value == pytest.approx(left, rel=1e-2)


def test_every_number_of_the_bundled_lessons_is_finite_or_says_why_not():
    for place in reading.places():
        entries = reading.models(place.step).entries
        for one in place.step.numbers:
            with suppress(ExplorerError):
                assert np.isfinite(numbers.found(one.ours, entries).value), place.name


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (0.0, "0"), (1.2345, "1.23"), (float("nan"), "–")]
)
def test_digits(value, text):
    assert numbers.digits(value) == text


# Slips --------------------------------------------------------------------------------------------


def test_the_kl_falls_with_its_minus_and_runs_away_without():
    right, wrong = slips.descended(200), slips.descended(200, -1.0)
    assert right[0] == wrong[0] == pytest.approx(0.5 * (1 + 0.25 - 1 - np.log(0.25)))
    assert right[-1] < 1e-3
    assert (np.diff(right) < 0).all()
    assert (np.diff(wrong) > 0).all()


def test_the_last_jump_of_a_sampler_spans_what_the_schedule_says():
    assert slips.last_noise(1000, 1000) == pytest.approx(np.sqrt(1e-4), rel=1e-3)
    assert slips.last_noise(1000, 1) == pytest.approx(1.0, abs=1e-3)
    grey = np.full((1, 64, 64), 128, np.uint8)
    noisy = slips.spoiled(grey, 0.1).astype(float)
    assert noisy.std() == pytest.approx(12.75, rel=0.05)


# The hand-in --------------------------------------------------------------------------------------


def part(**more) -> Part:
    told = {
        "name": "Lesson Z, step 1",
        "title": "Of <b> and &",
        "question": "Which?",
        "answer": "<script>alert(1)</script>",
        "right": True,
        "happens": "b.",
    }
    return Part(**told | more)


def test_a_hand_in_is_whole_and_harmless():
    picture = np.zeros((4, 4, 3), np.uint8)
    curve = Curve("a <curve>", np.arange(3), np.array([1.0, np.nan, 2.0]))
    made = handin.page(
        "Lesson Z",
        [
            part(
                figures=(Figure("A picture", "of 4 pixels", picture), Figure("C", curves=(curve,))),
                lines=(Line("FID", "91.5", "90.9", "near", "so"),),
                settings={"the page": "/forward?levels=100", "Seed": "0"},
                commands=("python -m explorer train vae",),
                weights=(("VAE", "ab" * 32),),
                note="seen & noted",
            ),
            part(answer="", right=None),
        ],
        "A <i>student</i>",
        {"Streamlit": "1.60"},
    )
    assert "<script>" not in made
    assert "A &lt;i&gt;student&lt;/i&gt;" in made
    for said in (
        "1 of 1 predictions right",
        "python -m explorer train vae",
        "ab" * 32,
        "seen &amp;",
    ):
        assert said in made
    assert made.count("data:image/png;base64,") == 1
    assert "<svg" in made
    assert not re.search(r"(src|href)=[\"']?https?:", made)
    assert "NaN" not in made


# The command line ---------------------------------------------------------------------------------


def test_the_command_lists_checks_and_prints(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("EXPLORER_LESSONS", str(tmp_path))
    assert cli.main(["lessons"]) == 0
    assert "Autoencoder against VAE" in capsys.readouterr().out
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(LESSON))
    assert cli.main(["lessons", "--check", str(path)]) == 0
    assert "mine.json is a lesson" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"page": "train", "preset": {"family": "gan", "loss": "l2"}}, "must be one of"),
        ({"page": "train", "preset": {"betta": 1}}, "no setting 'betta'"),
        ({"page": "simple", "preset": {"simple_betta": 1}}, "no setting 'simple_betta'"),
        ({"page": "simple", "preset": {"simple_iterations": -1}}, "must be"),
    ],
)
def test_a_wrong_setting_in_a_file_ends_with_2(tmp_path, capsys, link, said):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(lesson(pages=[{"title": "x"} | link])))
    assert cli.main(["lessons", "--check", str(path)]) == 2
    told = capsys.readouterr().err
    assert "mine.json, step 1: " in told
    assert said in told


def test_the_table_in_the_docs_is_the_one_that_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))  # sets are called by how they lie there
    kept = (ROOT / "docs" / "demonstrations.md").read_text(encoding="utf-8")
    assert kept.partition("\n| ")[2] == table.markdown().partition("| ")[2], (
        "run `python -m explorer lessons --table` and put it into docs/demonstrations.md"
    )


def test_every_step_has_one_small_picture_in_the_table():
    told = re.findall(r"!\[(.*?)\]\((.*?)\)", table.markdown())
    assert sorted(name for name, _ in told) == sorted(one.name for one in reading.places())
    for name, path in told:
        picture = ROOT / "docs" / path
        assert picture.is_file(), f"run `python scripts/pictures.py {name}`"
        assert picture.stat().st_size <= 35_000


def test_what_a_loss_leaves_is_its_slope_at_the_logits_of_each_epoch(monkeypatch):
    tiles = np.arange(3 * 4, dtype=np.uint8).repeat(4).reshape(3, 4, 2, 2)  # F N H W
    film = Film(
        (Track("samples", np.stack([sheet(some, 2) for some in tiles])),),
        tuple(f"step {i} · epoch {i}" for i in range(3)),
    )
    d = np.linspace(-20, 20, 4001)
    curves = {
        "non-saturating": {"title": "N", "d": d, "gradient": 1 / (1 + np.exp(-d)) - 1},
        "minimax": {"title": "M", "d": d, "gradient": -1 / (1 + np.exp(-d))},
        "hinge": {"title": "H", "d": d, "gradient": d * 0 - 1},
    }

    def ask(name, **asked):
        return curves if name == "loss_curves" else asked["x"][:, 0, 0, 0] - 6.0

    header = SimpleNamespace(
        film=lambda path: film,
        facts={"spec": {"shape": [1, 2, 2]}},
        recipe={"model": {"loss": "non-saturating"}},
    )
    monkeypatch.setattr(lesson_losses, "ask", ask)
    monkeypatch.setattr(lesson_losses, "header", header)
    entry = SimpleNamespace(path="", title="G", exact="g", header=header)
    early, told = lesson_losses.told(Picture(kind="told", epochs=(0, 2)), (entry,))
    kept = {one.name: one.y for one in told.curves}
    sure = 1 / (1 + np.exp(6.0 - np.arange(12).reshape(3, 4)))
    assert kept["M"] == pytest.approx(sure.mean(1), abs=1e-4)
    assert kept["N"] == pytest.approx(1 - sure.mean(1), abs=1e-4)
    assert set(kept) == {"M", "N"}
    assert [early.picture[0, 0], early.picture[0, -1]] == [0, 8]
