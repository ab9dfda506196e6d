"""Measures of what a model can do: against known answers, and once for every family."""

import base64
import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from conftest import small

from explorer import capabilities, catalog, checkpoints, data, expenses
from explorer.abilities import MEASURES, classes, copies, measure, probable, samples
from explorer.capabilities import ABILITIES, KINDS, Cell
from explorer.checkpoints import build, pack
from explorer.errors import NonFinite
from explorer.exact import Exact
from explorer.pictures import read_png
from explorer.questions.capability import capability
from explorer.recipe import recipe
from explorer.schedules import schedule

FAMILIES = {
    "ae": ("autoencoder", {}),
    "vae": ("vae", {}),
    "gan": ("gan", {"conditional": False}),
    "cgan": ("gan", {"conditional": True}),
    "diffusion": ("diffusion", {"T": 20, "patch": "4"}),
    "latent": ("latent-diffusion", {"T": 20}),
}


@pytest.fixture
def models(tmp_path, monkeypatch) -> Iterator[None]:
    """One untrained model of each kind as if it were shipped, and little to measure it on."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(catalog, "FOLDER", folder)
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    few = {
        copies: {"COPIED": 4, "TRIED": 20, "STEPS": 3},
        classes: {"LABELLED": 60, "ASKED": 30},
        samples: {"SAMPLES": 250},
        probable: {"LIKELY": 16, "WEIGHTS": 2},
        expenses: {"COUNTED": 2},
    }
    for module, values in few.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    classes._lines.cache_clear()
    yield
    classes._lines.cache_clear()


def ship(kind: str) -> catalog.Entry:
    """An untrained model of a kind, in the folder of shipped ones."""
    family, values = FAMILIES[kind]
    made = recipe(family, "fashion-mnist", small(family, **values))
    model = build(made, data.info("fashion-mnist").spec).eval()
    facts = {"step": 7, "epoch": 1.0, "title": kind}
    (catalog.FOLDER / f"{kind}.safetensors").write_bytes(pack(model, made, **facts))
    return catalog.entry(f"{catalog.SHIPPED}{kind}")


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_ability_of_every_kind_has_a_cell(kind, models):
    entry = ship(kind)
    assert KINDS[kind].has(entry)
    assert not any(other.has(entry) for name, other in KINDS.items() if name != kind)
    told = list(capability(entry.key))
    assert told[-1] == {"ability": "", "known": len(ABILITIES), "share": 1.0}
    assert all(0 <= one["share"] <= 1 for one in told)
    cells = capabilities.kept(entry)
    assert set(cells) == set(ABILITIES) == set(MEASURES)
    without = {a for a, cell in cells.items() if cell.value is None}
    assert without == ({"likelihood"} if kind in ("ae", "gan", "cgan") else set())
    assert all(math.isfinite(cells[a].value) for a in set(ABILITIES) - without)
    assert cells["represent"].facts.keys() >= {"pixels", "classifier"}
    assert read_png(base64.b64decode(cells["reconstruct"].picture)).shape[0] == 57
    assert cells["cost"].facts["images seen"] == 7 * entry.header.recipe["training"]["batch_size"]
    assert list(capability(entry.key)) == [told[-1]]  # nothing is measured twice


def test_what_cannot_be_measured_says_why(models):
    made = recipe("diffusion", "moons", small("diffusion"))
    model = build(made, data.info("moons").spec).eval()
    (catalog.FOLDER / "points.safetensors").write_bytes(pack(model, made, step=1, epoch=1.0))
    entry = catalog.entry(f"{catalog.SHIPPED}points")
    assert not any(kind.has(entry) for kind in KINDS.values())
    (cell,) = measure(entry, "cost")
    assert cell == Cell("cost", None, None, cell.text)
    assert "for pictures. Choose another" in cell.text


def test_samples_that_are_no_numbers_are_told(models, monkeypatch):
    def broken(_):
        yield 0.5
        raise NonFinite("Its answer is not a number. Choose another checkpoint.")

    monkeypatch.setitem(MEASURES, "sample", broken)
    share, cell = measure(ship("vae"), "sample")
    assert (share, cell.value) == (0.5, None)
    assert "not a number" in cell.text


# Copying --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["flow", "cosine", "linear"])
def test_the_way_to_noise_and_back_ends_where_it_began(name):
    random = torch.Generator().manual_seed(0)
    known = Exact(0.5 * torch.randn(4, 6, generator=random), torch.full((4,), 0.25), 0.3)
    x = known.means[:3] + 0.3 * torch.randn(3, 6, generator=random)
    s = schedule(name, 1000)
    gaps = [
        float((copies.up_and_down(known.denoiser(s), s, x, n) - x).abs().max()) for n in (10, 80)
    ]
    assert gaps[1] < min(0.02, gaps[0])


def test_a_search_finds_what_the_generator_drew(models, monkeypatch):
    entry = ship("cgan")
    model = checkpoints.load(entry.path)
    for weight in model.generator.parameters():
        weight.mul_(4)  # untrained, it would draw hardly anything but grey
    z = torch.randn(3, model.latent, generator=torch.Generator().manual_seed(3))
    y = np.array([4, 4, 7])
    with torch.no_grad():
        drawn = model.decode(z, torch.tensor(y))
    x = (drawn * 255).round().to(torch.uint8).numpy()
    monkeypatch.setattr(copies, "STEPS", 60)
    *shares, found = copies.copies(model, x, y)
    assert len(shares) == 60
    nearest = copies._nearest(model, torch.tensor(x).float() / 255, torch.tensor(y), 0)
    start = model.decode(nearest, torch.tensor(y)).numpy()
    before, after = (((c - x / 255.0) ** 2).sum() for c in (start, found))
    assert after < before / 10


# Representing ---------------------------------------------------------------------------------


def test_noise_in_a_representation_is_twenty_decibel_down(models):
    model = checkpoints.load(ship("diffusion").path)
    level = classes.quiet_level(model)
    loud = 10 * np.log10(model.schedule.snr[1:-1])
    assert abs(loud[level - 1] - 20) == np.abs(loud - 20).min()


def test_a_representation_does_not_depend_on_how_many_are_asked_for(models):
    model = checkpoints.load(ship("diffusion").path)
    x = data.load("fashion-mnist", "test").x
    (few,) = classes.features(model, x[:5])
    first, _ = classes.features(model, x[:130])
    np.testing.assert_allclose(first[:5], few, atol=1e-5)
    assert not model.net.middle._forward_hooks
