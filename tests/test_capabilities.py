"""Where cells are kept and when they are shown, the command, and the matrix as HTML."""

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from explorer import capabilities, capability_command, catalog, shipping
from explorer.capabilities import ABILITIES, KINDS, SHIPPED, Cell
from explorer.errors import InputError
from explorer.ui import capability_matrix as matrix
from explorer.ui import capability_words as words

COPY = Cell("reconstruct", 6.5, 0.25, "encode, then decode", {"code": 32, "pixels": 784}, "QUJD")
NO = Cell("likelihood", None, None, "It says nowhere how likely a <latent> is.")
COST = {"parameters": 420_433, "evaluations": 19.0, "operations each": 117_440_000.0}
COST |= {"images seen": 640_000, "machine": "CPU, 2 threads", "command": "train"}
CELLS = {
    "reconstruct": COPY,
    "likelihood": NO,
    "represent": Cell("represent", 0.84, 0.01, "its latents", {"numbers": 32, "pixels": 0.8}),
    "sample": Cell("sample", 2.1, 0.05, "z from N(0, I)", {"floor": 0.04}),
    "cost": Cell("cost", 1.2345, None, "median", COST),
}


@pytest.fixture
def entry(tmp_path, monkeypatch) -> Iterator[catalog.Entry]:
    """A shipped model, beside which cells may be put."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    name = "vae-fashion.safetensors"
    (folder / name).write_bytes((catalog.FOLDER / name).read_bytes())
    monkeypatch.setattr(catalog, "FOLDER", folder)
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    return catalog.entry("pretrained:vae-fashion")


def ship(entry: catalog.Entry, **changes) -> None:
    table = capability_command.table([(entry, CELLS)]) | changes
    (catalog.FOLDER / SHIPPED).write_text(json.dumps(table))
    capabilities._shipped.cache_clear()


# Keeping --------------------------------------------------------------------------------------


def test_a_cell_is_the_same_after_json():
    cell = replace(COPY, value=1 / 3, error=float("nan"), facts={"a": {"b": 2 / 3}})
    told = json.loads(json.dumps(cell.to_json(), allow_nan=False))
    found = capabilities.cell(told)
    assert found == replace(cell, value=0.33333, error=None, facts={"a": {"b": 0.66667}})


@pytest.mark.parametrize(
    "value",
    [None, 3, {}, {"ability": "fly", "value": 1, "error": None, "text": ""}],
)
def test_what_is_no_cell_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        capabilities.cell(value)
    assert capabilities._read(value) is None


def test_cells_measured_here_are_kept_with_the_time(entry, monkeypatch):
    monkeypatch.setattr(capabilities.time, "time", lambda: 1000.6)
    kept = capabilities.keep(entry, COPY)
    assert kept == replace(COPY, when=1000)
    assert capabilities.kept(entry) == {"reconstruct": kept}
    assert capabilities.kept(entry, since=1000) == {"reconstruct": kept}
    assert capabilities.kept(entry, since=1001) == {}


def test_shipped_cells_belong_to_the_weights_they_were_measured_on(entry):
    assert capabilities.shipped(entry) == {}
    ship(entry)
    assert capabilities.shipped(entry) == CELLS
    data = bytearray(entry.path.read_bytes())
    data[-1] ^= 1
    entry.path.write_bytes(data)
    assert capabilities.shipped(entry) == {}


@pytest.mark.parametrize(
    "changes", [{"version": -1}, {"models": None}, {"models": [{}]}, {"models": [{"weights": 1}]}]
)
def test_a_file_of_another_kind_is_not_believed(entry, changes):
    ship(entry, **changes)
    assert capabilities.shipped(entry) == {}


def test_a_damaged_file_is_not_believed(entry):
    (catalog.FOLDER / SHIPPED).write_bytes(b"\xff{")
    capabilities._shipped.cache_clear()
    assert capabilities.shipped(entry) == {}


def test_weights_that_are_gone_are_told(entry):
    entry.path.unlink()
    shipping._digest.cache_clear()
    with pytest.raises(InputError, match="was given up just now"):
        assert entry.digest


def test_what_ships_was_measured_on_the_models_that_ship():
    for name, kind in KINDS.items():
        entry = catalog.entry(f"{catalog.SHIPPED}{kind.first}")
        assert kind.has(entry)
        cells = capabilities.shipped(entry)
        assert set(cells) == set(ABILITIES), f"measure again: {capability_command.COMMAND} ({name})"


# The command ----------------------------------------------------------------------------------


def asked(*checkpoints: str, json: bool = False) -> argparse.Namespace:
    return argparse.Namespace(checkpoints=list(checkpoints), json=json)


@pytest.fixture
def measured(entry, monkeypatch) -> list[str]:
    """Every ability is measured at once; which ones were."""
    from explorer.questions import capability

    found = []

    def measure(_, ability):
        found.append(ability)
        yield 0.5
        yield CELLS[ability]

    monkeypatch.setattr(capability, "measure", measure)
    return found


def test_the_command_tells_every_cell(measured, capsys):
    capability_command.capability_table(asked("pretrained:vae-fashion"))
    said = capsys.readouterr()
    assert "6.5 ± 0.25 squared error an image (encode, then decode)" in said.out
    assert "no: It says nowhere" in said.out
    assert "likelihood  50%" in said.err
    assert measured == list(ABILITIES)
    capability_command.capability_table(asked("pretrained:vae-fashion"))
    assert measured == list(ABILITIES)  # the second time, all of it was known


def test_its_json_is_what_is_shipped(measured, entry, capsys):
    capability_command.capability_table(asked("pretrained:vae-fashion", json=True))
    (catalog.FOLDER / SHIPPED).write_text(capsys.readouterr().out)
    capabilities._shipped.cache_clear()
    found = capabilities.shipped(entry)
    assert {a: replace(cell, when=0) for a, cell in found.items()} == CELLS


# The matrix -----------------------------------------------------------------------------------


def column(title: str = "VAE", doing: str = "", **values: float) -> matrix.Column:
    cells = {a: replace(CELLS[a], value=v) for a, v in values.items()}
    return matrix.Column(title, "<b>mine</b>", cells, doing)


def test_a_cell_shows_its_figure_error_picture_and_how():
    html = matrix.band("reconstruct", [matrix.Column("VAE", "VAE", CELLS)], ranked=False)
    for said in ("6.50", "± 0.25", "squared error", "base64,QUJD", "through 32 numbers, of 784"):
        assert said in html


def test_what_cannot_be_says_no_and_why_and_is_escaped():
    html = matrix.band("likelihood", [matrix.Column("GAN", "GAN", CELLS)], ranked=True)
    assert ">no</div>" in html
    assert "&lt;latent&gt;" in html
    assert "<latent>" not in html
    assert "<b>mine" not in matrix.head([column()])


def test_every_band_has_its_lines():
    told = {a: " ".join(matrix.lines(cell)) for a, cell in CELLS.items()}
    assert "19 × 117 M operations" in told["cost"]
    assert "420 k parameters" in told["cost"]
    assert "32 numbers" in told["represent"]
    other = replace(CELLS["sample"], facts={"from N(0, I)": 17.78})
    assert "with z from N(0, I): 17.8" in matrix.lines(other)
    facts = {"nats": 2295.6, "scale": 0.1165, "level": 31}
    likely = " ".join(matrix.lines(Cell("likelihood", 4.2, 0.1, "bound", facts)))
    for said in ("2,296 nats", "width fitted: 0.117", "noise level 31"):
        assert said in likely


def test_what_is_not_known_yet_waits():
    html = matrix.band("cost", [column(), column(doing="cost")], ranked=True)
    assert html.count("Waits for its turn") == 1
    assert html.count("Being measured") == 1


def test_the_best_and_all_that_are_not_surely_worse_are_marked():
    columns = [column(reconstruct=v) for v in (6.5, 6.0, 9.0)]  # each ± 0.25
    assert matrix.leaders("reconstruct", columns) == {0, 1}
    assert matrix.band("reconstruct", columns, ranked=True).count("data-best") == 2
    assert "data-best" not in matrix.band("reconstruct", columns, ranked=False)
    assert matrix.leaders("represent", [column(represent=0.8), column(represent=0.9)]) == {1}
    assert matrix.leaders("cost", [column(cost=3.0), column(cost=2.0)]) == {1}
    assert matrix.leaders("cost", [column(cost=3.0), column()]) == set()
    assert matrix.leaders("likelihood", [matrix.Column("", "", CELLS)] * 2) == set()


def test_what_to_compare_with_stands_in_the_title():
    columns = [column(), matrix.Column("VAE", "VAE", CELLS)]
    assert "raw pixels 80.0 %." in matrix.title("represent", columns)
    assert "Real test images: 0.04." in matrix.title("sample", columns)


def test_what_a_gan_can_do_is_told_once_it_is_known():
    gan = CELLS | {"reconstruct": replace(COPY, value=5.5, facts={"code": 64, "pixels": 784})}
    cells = {"gan": gan, "ae": CELLS, "vae": {"likelihood": replace(NO, value=4.22)}}
    text = re.sub("<[^>]*>", " ", words.of_a_gan(cells))
    assert "squared error 5.5, against 6.5 of the autoencoder at once, through 64 numbers" in text
    assert "the VAE 4.22" in text
    assert "right in 84.0 %, in raw pixels in 80.0 %" in text
    assert words.of_a_gan({"ae": CELLS}) == ""
    assert words.of_a_gan(cells | {"gan": {"reconstruct": COPY}}) == ""


def test_the_width_of_a_decoder_is_explained_with_its_figures():
    cell = replace(NO, value=4.2, facts={"scale": 0.1165, "scale of β": 0.3873})
    assert "0.117 where β stood for 0.387" in words.width_of(cell)
    assert words.width_of(None).endswith("2021).")
