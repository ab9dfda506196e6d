"""The model zoo: recipes, the index of hashes, building, packing, checking."""

import json
from pathlib import Path

import numpy as np
import pytest

from explorer import catalog, checkpoints, commands, films, header, runs, shipping
from explorer.answers import Film, Track
from explorer.cli import main
from explorer.errors import InputError, StoreError
from explorer.models import family
from explorer.recipe import recipe
from explorer.zoo import building, packing, tables
from explorer.zoo import recipes as book
from explorer.zoo.cards import cards
from explorer.zoo.checking import Again, problems
from explorer.zoo.matching import differences
from explorer.zoo.recipes import ZooRecipe, recipe_of, recipes

SHIPPED = catalog.FOLDER
WEIGHTS = sorted(path for path in SHIPPED.glob("*.safetensors"))
TINY = {"steps": 12, "batch_size": 500, "width": 4, "latent": 2, "device": "cpu"}
ASKED = {"title": "A tiny VAE", "family": "vae", "data": "mnist", "settings": TINY}
ASKED |= {"pack": {"frames": 4, "tiles": 2, "keep": "last"}, "note": "For tests."}


# What is shipped ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_can_be_trained(name):
    one = recipes()[name]
    made = recipe(one.family, one.data, one.settings)
    assert family(made.family).Config.read(made.model)
    assert one.title
    assert one.note.endswith(".")
    assert one.pack.tiles % 2 == 0  # originals stand above their reconstructions


def test_every_shipped_model_was_trained_by_its_recipe_and_is_whole():
    found = {card.name: card for card in cards()}
    assert {entry.path.stem for entry in catalog.shipped()} <= found.keys()
    assert [problem for card in found.values() for problem in problems(card)] == []
    assert all(card.state in ("ok", "new") for card in found.values())


def test_what_is_shipped_stays_small():
    sizes = [path.stat().st_size for path in SHIPPED.iterdir()]
    assert max(sizes) < 50 * 2**20
    assert sum(sizes) < 120 * 2**20


def test_the_tables_of_the_readme_are_current():
    text = (SHIPPED / "README.md").read_text("utf-8")
    assert text == tables.in_readme(text, tables.markdown(cards())), (
        "python -m explorer zoo list --readme writes them again"
    )


def test_foundations_are_trained_first():
    names = list(recipes())
    assert names.index("vae-fashion") < names.index("latent-diffusion-fashion")


def test_an_unknown_recipe_is_refused():
    with pytest.raises(InputError, match=r"no recipe 'nope'.*vae-fashion"):
        recipe_of("nope")


# Films ----------------------------------------------------------------------------------------


def test_a_short_film_keeps_the_whole_epochs():
    steps = [0, 1, 2, 4, 8, *range(10, 260, 10)]
    assert films.telling(steps, 10, 99) == steps
    assert films.telling(steps, 10, 28) == [0, 1, 8, *range(10, 260, 10)]
    assert films.telling(steps, 10, 26) == [0, *range(10, 260, 10)]


def test_a_shorter_one_keeps_the_epochs_that_the_course_looks_at():
    steps = [0, 1, 2, 4, 8, *range(10, 410, 10)]
    wanted = {0, 10, 90, 100, 200, 250, 400}
    found = films.telling(steps, 10, 10)
    assert len(found) == 10
    assert wanted < set(found)
    assert set(films.telling(steps, 10, 7)) == wanted
    assert films.telling(steps, 10, 3) == [0, 180, 400]


def test_sheets_are_cropped_by_tiles_and_a_way_keeps_its_columns():
    sheets = np.arange(2 * 8 * 16, dtype=np.uint8).reshape(2, 8, 16)
    film = Film((Track("samples", sheets), Track("reverse", sheets)), ("a", "b"))
    few, way = (track.frames for track in films.cropped(film, (1, 1, 2), 4).tracks)
    assert np.array_equal(few, sheets[:, :4, :8])
    assert np.array_equal(way, sheets[:, :4])
    assert films.cropped(film, (2,), 4) is film


def test_frames_are_packed_without_loss_and_damage_is_told():
    frames = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3), np.uint8)
    stored = header.packed_frames(frames)
    assert np.array_equal(header._unpacked("x", stored, frames.shape), frames)
    still = header.packed_frames(np.repeat(frames[:1], 50, axis=0))
    assert len(still) < 2 * len(frames[0].tobytes())
    for bad, shape in (
        (stored[:-9], (5, 6, 7, 3)),
        (stored, (4, 6, 7, 3)),
        (stored, (10**9, 9, 9)),
    ):
        with pytest.raises(StoreError, match="film in x is damaged"):
            header._unpacked("x", bad, shape)


# The index ------------------------------------------------------------------------------------


def test_seconds_of_training_leave_out_the_queue_and_the_breaks():
    facts = {"device": "CPU, 2 cores", "threads": 1, "torch": "2.0"}
    events = [
        {"event": "created", "time": 0.0},
        {"event": "start", "time": 100.0, **facts},
        {"event": "progress", "time": 130.0},
        {"event": "end", "time": 131.0},
        {"event": "resume", "time": 999.0, **facts},
        {"event": "end", "time": 1009.0},
    ]
    told = packing.training(events)
    assert told["seconds"] == 41.0
    assert told["date"] == "1970-01-01"
    assert told["machine"].title == "CPU, 2 cores"


def test_a_damaged_index_is_told(tmp_path):
    assert shipping.index(tmp_path) == {}
    for text in ("{", "[]", '{"version": 9, "models": {}}', '{"version": 1, "models": {"a": 1}}'):
        (tmp_path / shipping.INDEX).write_text(text)
        shipping._index.cache_clear()
        with pytest.raises(StoreError, match=r"zoo\.json"):
            shipping.index(tmp_path)


def test_figures_agree_within_the_tolerance_of_their_term():
    assert Again("KL", 100.0, 100.9).close
    assert not Again("KL", 100.0, 101.1).close
    assert Again("classifier distance", 1.0, 1.04).close


# From a recipe to a file ----------------------------------------------------------------------


@pytest.fixture
def zoo(tmp_path, monkeypatch) -> Path:
    """A zoo of one tiny recipe, with folders of its own."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("EXPLORER_LOCKS", str(tmp_path / "locks"))
    for module, folder in ((book, "recipes"), (catalog, "pretrained")):
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(module, "FOLDER", tmp_path / folder)
    (tmp_path / "recipes/tiny.json").write_text(json.dumps(ASKED))
    return tmp_path


def test_a_recipe_is_built_packed_and_checked_once(zoo, monkeypatch, capsys):
    assert main(["zoo", "build", "--missing"]) == 0
    path = zoo / "pretrained/tiny.safetensors"
    (run,) = runs.runs(building.root())
    assert runs.runs() == []
    found = header.read_header(path)
    assert (found.title, found.facts["step"]) == ("A tiny VAE", 12)
    assert header.film(path).tracks[0].frames.shape == (4, 56, 56)
    one = shipping.index(path.parent)["tiny"]
    assert (one.size, one.step, one.machine.threads) == (path.stat().st_size, 12, 1)
    assert one.seconds > 0

    before = path.read_bytes()
    monkeypatch.setattr(commands, "work_on", lambda *_: pytest.fail("trained again"))
    assert main(["zoo", "build", "tiny"]) == 0
    assert path.read_bytes() == before
    assert runs.runs(building.root()) == [run]
    capsys.readouterr()
    assert main(["zoo", "check", "--measure"]) == 0
    said = capsys.readouterr().out
    assert "tiny: as shipped" in said
    assert said.count("agrees within") == 4
    assert "DIFFERS" not in said


def test_an_unfinished_run_goes_on(zoo, monkeypatch):
    asked = recipe_of("tiny")
    left = building.build("tiny", asked, lambda run: "interrupted")
    assert left == "interrupted"
    assert not list((zoo / "pretrained").iterdir())
    (run,) = runs.runs(building.root())
    assert building.run_of(asked) == run
    assert building.run_of(asked.changed(settings=TINY | {"seed": 1})) != run


def test_altered_missing_and_damaged_files_are_told(zoo, capsys):
    assert main(["zoo", "build"]) == 0
    path = zoo / "pretrained/tiny.safetensors"
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[-100] ^= 1
    for content, word in ((bytes(flipped), "have changed"), (whole[:-1], "damaged")):
        path.write_bytes(content)
        capsys.readouterr()
        assert main(["zoo", "check"]) == StoreError.exit_code
        said = capsys.readouterr().out
        assert word in said
        assert "zoo build tiny" in said
        with pytest.raises(StoreError, match=word):
            checkpoints.load(path)
        assert catalog.shipped() == []
    path.unlink()
    assert main(["zoo", "check", "tiny"]) == StoreError.exit_code
    assert "missing" in capsys.readouterr().out
    assert main(["zoo", "build", "--missing"]) == 0
    assert path.read_bytes() == whole


def test_only_a_finished_run_of_the_recipe_can_be_packed(zoo, capsys):
    main(["train", "vae", "--data", "mnist", "--steps", "3", "--width", "4", "--latent", "2"])
    (run,) = runs.runs()
    assert main(["zoo", "pack", "tiny", "--run", run.id]) == InputError.exit_code
    said = capsys.readouterr().err
    assert "steps is 3, not 12" in said
    assert "batch_size is 128, not 500" in said
    assert "beta" not in said
    asked = ZooRecipe.read(ASKED | {"settings": TINY})
    unfinished = building.run_of(asked)
    with pytest.raises(InputError, match="not finished"):
        packing.ship("tiny", asked, unfinished)


def test_the_list_tells_everything_as_json(zoo, capsys):
    assert main(["zoo", "list", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["name"], one["state"], one["settings"]) == ("tiny", "new", TINY)


def test_differences_are_named():
    asked = ZooRecipe.read(ASKED)
    other = recipe("vae", "fashion-mnist", TINY | {"beta": 2.0}).model_dump()
    assert differences(asked, other) == {"data": ("mnist", "fashion-mnist"), "beta": (0.3, 2.0)}
    young = recipe("vae", "mnist", TINY).model_dump()
    del young["training"]["images"]  # as in files that are older than this setting
    assert differences(asked, young) == {}
