"""The page Capabilities, in Streamlit's own simulation: full at once, and while it measures."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import streamlit as st
from conftest import small
from live_pages import settled
from test_pages import _navigation, button, labels, opened, sound, text_of, told

from explorer import capabilities, capability_command, catalog, data
from explorer.capabilities import ABILITIES, KINDS, Cell
from explorer.checkpoints import build, pack
from explorer.errors import InputError
from explorer.recipe import recipe
from explorer.ui import jobs

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table

MADE = {
    "vae-fashion": ("vae", "fashion-mnist", {}),
    "gan-fashion": ("gan", "fashion-mnist", {"conditional": False}),
    "other": ("vae", "mnist", {}),
}
FACTS = {
    "reconstruct": {"code": 4, "pixels": 784},
    "likelihood": {"nats": 2295.0},
    "represent": {"numbers": 4, "pixels": 0.8},
    "sample": {"floor": 0.04},
    "cost": {
        "parameters": 1000,
        "evaluations": 1.0,
        "operations each": 5e6,
        "images seen": 5000,
        "machine": "CPU",
        "command": "python -m explorer train vae",
    },
}


def cells(value: float) -> dict[str, Cell]:
    return {a: Cell(a, value, 0.1, f"way {value:g}", FACTS[a], when=86400) for a in ABILITIES}


@pytest.fixture
def world(tmp_path, monkeypatch) -> Iterator[SimpleNamespace]:
    """Three tiny shipped models, the first two with cells, and an engine that tells what it may."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(catalog, "FOLDER", folder)
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    for name, (family, of, values) in MADE.items():
        made = recipe(family, of, small(family, **values))
        model = build(made, data.info(of).spec).eval()
        packed = pack(model, made, step=1, epoch=1.0, title=name)
        (folder / f"{name}.safetensors").write_bytes(packed)
    entries = {name: catalog.entry(f"{catalog.SHIPPED}{name}") for name in MADE}
    table = [(entries["vae-fashion"], cells(3.0)), (entries["gan-fashion"], cells(5.0))]
    text = capability_command.table(table)
    (folder / capabilities.SHIPPED).write_bytes(capabilities.files.json_bytes(text))
    engine = _Engine()
    monkeypatch.setattr(jobs, "stream", engine.stream)
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()
    yield SimpleNamespace(entries=entries, engine=engine)
    engine.go.set()
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()


class _Engine:
    """Answers `capability` cell by cell, each when it may ``go`` on; ``asked``: the questions."""

    def __init__(self):
        self.go = threading.Event()
        self.asked: list[dict] = []
        self.fails = False

    def stream(self, name: str, /, checkpoint: str, since: float):
        assert name == "capability"
        self.asked.append({"checkpoint": checkpoint, "since": since})
        return self._items(catalog.entry(checkpoint), since)

    def _items(self, entry, since):
        known = capabilities.kept(entry, since)
        for ability in (a for a in ABILITIES if a not in known):
            told = {"ability": ability, "known": len(known)}
            yield told | {"share": 0.5}
            self.go.wait(20)
            if self.fails:
                raise InputError("It broke. Mend it.")
            known[ability] = capabilities.keep(entry, cells(7.0)[ability])
        yield {"ability": "", "known": len(known), "share": 1.0}


def figures(text: str, value: str) -> int:
    """How many figures of the matrix say so."""
    return text.count(f'gm-can-figure">{value}<')


def test_it_opens_full_with_what_came_with_the_models(world):
    at = opened("capabilities")
    text = text_of(at)
    assert figures(text, "3.00") == 4  # all but the share, 300.0 %
    assert figures(text, "5.00") == 4
    assert "Measured 02 January 1970" in text
    assert "Can a GAN do that?" in text
    assert 'data-best="yes"' in text
    assert not world.engine.asked
    assert not told(at, "warning")


def test_only_kinds_that_are_here_have_a_column(world):
    text = text_of(opened("capabilities"))
    assert "Latent diffusion</b>" not in text
    assert "<b>VAE</b>" in text


def test_an_exchanged_model_is_measured_while_one_looks(world):
    at = opened("capabilities", can_vae="pretrained:other")
    assert world.engine.asked == [{"checkpoint": "pretrained:other", "since": 0.0}]
    assert "Waits for its turn" in text_of(at)
    assert "Stop" in labels(at)
    assert "MNIST" in told(at, "warning")
    assert 'data-best="yes"' not in text_of(at)  # figures of other data are not ranked
    world.engine.go.set()
    settled(at, lambda at: "Waits for its turn" in text_of(at) or "Being" in text_of(at))
    assert figures(text_of(at), "7.00") == 4
    assert "Stop" not in labels(at)
    assert len(world.engine.asked) == 1
    assert set(capabilities.kept(world.entries["other"])) == set(ABILITIES)


def test_one_click_measures_all_of_it_again_and_one_goes_back(world):
    world.engine.go.set()
    at = opened("capabilities")
    sound(button(at, "Measure all of it again, here and now").click().run())
    settled(at, lambda at: figures(text_of(at), "7.00") < 8)
    keys = [one["checkpoint"] for one in world.engine.asked]
    assert keys == ["pretrained:vae-fashion", "pretrained:gan-fashion"]
    assert all(one["since"] > 0 for one in world.engine.asked)
    sound(button(at, "Back to the figures that came with the models").click().run())
    assert figures(text_of(at), "3.00") == 4


def test_it_can_be_stopped_and_gone_on_with(world):
    at = opened("capabilities", can_vae="pretrained:other")
    sound(button(at, "Stop").click().run())
    assert "Go on measuring" in labels(at)
    assert "Stop" not in labels(at)
    world.engine.go.set()
    sound(button(at, "Go on measuring").click().run())
    settled(at, lambda at: figures(text_of(at), "7.00") < 4)


def test_what_goes_wrong_is_said_and_can_be_tried_again(world):
    world.engine.fails = True
    world.engine.go.set()
    at = opened("capabilities", can_vae="pretrained:other")
    settled(at, lambda at: not told(at))
    assert "It broke. Mend it." in told(at)
    assert figures(text_of(at), "5.00") == 4  # the others stay
    world.engine.fails = False
    sound(button(at, "Try again").click().run())
    settled(at, lambda at: figures(text_of(at), "7.00") < 4)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("pretrained:nothing", "There is no shipped model"),
        ("pretrained:gan-fashion", "gan-fashion is no VAE of pictures"),
    ],
)
def test_a_model_of_another_kind_in_the_address_is_not_taken(key, sentence, world):
    at = opened("capabilities", can_vae=key)
    assert sentence in told(at)
    assert figures(text_of(at), "5.00") == 4


def test_without_models_it_says_what_to_do(world, tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    at = opened("capabilities")
    assert "no model to look at yet" in told(at, "info")
    assert len(KINDS) == 6


def test_figures_that_had_to_make_room_are_told(world):
    world.engine.go.set()
    at = opened("capabilities", can_vae="pretrained:other")
    settled(at, lambda at: figures(text_of(at), "7.00") < 4)
    capabilities.files.remove(capabilities._shelf(world.entries["other"]).folder)
    assert "make room" in told(sound(at.run()), "info")
