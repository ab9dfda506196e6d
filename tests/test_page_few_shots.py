"""The page Few shots, in Streamlit's own simulation, and the figures that it keeps."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from conftest import blobs, small
from live_pages import settled
from test_pages import _navigation, button, labels, opened, sound, text_of, told
from test_questions import travelled

from explorer import catalog, data, few_shots, files
from explorer.abilities import shots
from explorer.answers import FewShots
from explorer.checkpoints import build, pack
from explorer.errors import InputError
from explorer.metrics import cost
from explorer.questions.shots import few_shots as question
from explorer.recipe import recipe
from explorer.ui import jobs, shots_plots

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table

MADE = {"ae": ("autoencoder", {}), "vae": ("vae", {"beta": 0.0}), "other": ("vae", {"beta": 2.0})}
CURVE = ((0.31, 0.02), (0.62, 0.01))


def figures(**values) -> FewShots:
    usual = {
        "key": "",
        "title": "Trained for this",
        "family": "vae",
        "data": "fashion-mnist",
        "weights": "ff",
        "way": "means of q(z | x)",
        "numbers": 4,
        "labels": (1, 10),
        "vote": CURVE,
        "probe": ((0.4, 0.02), (0.7, 0.01)),
        "latent": 16,
        "beta": 10.0,
        "samples": 3.0,
        "fitted": 2.0,
        "reconstruction": 40.0,
        "kl": 1.5,
    }
    return FewShots(**usual | values)


@pytest.fixture
def world(tmp_path, monkeypatch) -> Iterator[SimpleNamespace]:
    """Three tiny shipped models, figures of two and of pixels, and an engine that may be held."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(catalog, "FOLDER", folder)
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    for name, (family, values) in MADE.items():
        made = recipe(family, "fashion-mnist", small(family, **values))
        model = build(made, data.info("fashion-mnist").spec).eval()
        packed = pack(model, made, step=1, epoch=1.0, title=name)
        (folder / f"{name}.safetensors").write_bytes(packed)
    entries = {name: catalog.entry(f"{catalog.SHIPPED}{name}") for name in MADE}
    own = [{"key": e.key, "weights": e.digest, "title": n} for n, e in entries.items()]
    there = [
        figures(**own[0], family="autoencoder", beta=None, kl=None, samples=9.0),
        figures(**own[1], beta=0.0, kl=300.0, reconstruction=7.0, samples=5.0),
        figures(title="Raw pixels", family="pixels", samples=None, kl=None, beta=None),
        figures(),
    ]
    write(folder, there)
    engine = _Engine()
    monkeypatch.setattr(jobs, "stream", engine.stream)
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()
    yield SimpleNamespace(entries=entries, engine=engine, there=there, folder=folder)
    engine.go.set()
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()


def write(folder, there: list[FewShots], version: int = few_shots.VERSION) -> None:
    value = {"version": version, "models": [few_shots.to_json(one) for one in there]}
    (folder / few_shots.SHIPPED).write_bytes(files.json_bytes(value))


class _Engine:
    """Answers `few_shots` when it may ``go`` on; ``fails`` if told so."""

    def __init__(self):
        self.go, self.fails = threading.Event(), False

    def stream(self, name: str, /, checkpoint: str):
        assert name == "few_shots"
        return self._items(catalog.entry(checkpoint))

    def _items(self, entry):
        yield 0.5
        self.go.wait(20)
        if self.fails:
            raise InputError("It broke. Mend it.")
        yield few_shots.keep(entry, figures(key=entry.key, weights=entry.digest, title="other"))


# The page -------------------------------------------------------------------------------------


def test_it_opens_full_with_what_came_with_the_models(world):
    at = opened("few_shots")
    text = text_of(at)
    assert not told(at)
    assert "Representation against generation" in text
    assert "18 / 600" in text
    assert "7.0 / 300" in text  # number beside number
    assert "knows the classes best" in text
    assert len(at.get("plotly_chart")) == 3
    assert len(at.dataframe[0].value) == 4


def test_the_guess_is_answered_by_the_figures(world):
    at = opened("few_shots")
    assert "The best of each kind" not in text_of(at)  # no figures with 5 labels are known
    five = [replace(one, labels=(1, 5)) for one in world.there]
    write(world.folder, [*five[:2], replace(five[2], probe=((0.4, 0.0), (0.9, 0.0))), five[3]])
    at = opened("few_shots")
    sound(at.button_group(key="shots_guess").set_value("pixels").run())
    assert "Yes. The best of each kind: Raw pixels 90.0 %" in text_of(at).replace("**", "")


def test_another_checkpoint_is_measured_while_one_looks(world):
    at = opened("few_shots", more="true", shots_add="pretrained:other")
    assert "Measure it" in labels(at)
    sound(button(at, "Measure it").click().run())
    assert "Cancel" in labels(at)
    world.engine.go.set()
    settled(at, lambda at: "Cancel" in labels(at))
    assert len(at.dataframe[0].value) == 5
    assert "Measure it" not in labels(
        opened("few_shots", more="true", shots_add="pretrained:other")
    )


def test_measuring_can_be_cancelled_and_what_goes_wrong_is_said(world):
    at = opened("few_shots", more="true", shots_add="pretrained:other")
    sound(button(at, "Measure it").click().run())
    sound(button(at, "Cancel").click().run())
    assert "Measure it" in labels(at)
    world.engine.fails = True
    world.engine.go.set()
    sound(button(at, "Measure it").click().run())
    settled(at, lambda at: not told(at))
    assert "It broke. Mend it." in told(at)
    assert len(at.dataframe[0].value) == 4  # the others stay


def test_without_figures_it_says_what_to_do(world):
    (world.folder / few_shots.SHIPPED).unlink()
    assert "Measure a checkpoint" in told(opened("few_shots"), "info")


# What is kept ---------------------------------------------------------------------------------


def test_figures_survive_being_written_and_are_those_of_the_very_weights(world):
    assert few_shots.shipped("fashion-mnist") == world.there
    assert few_shots.shipped("mnist") == []
    assert few_shots.of(world.entries["vae"]) == world.there[1]
    assert few_shots.of(world.entries["other"]) is None
    write(world.folder, [replace(world.there[0], weights="0"), *world.there[1:]])
    assert few_shots.shipped("fashion-mnist") == world.there[1:]
    write(world.folder, world.there, few_shots.VERSION + 1)
    assert few_shots.shipped("fashion-mnist") == []
    (world.folder / few_shots.SHIPPED).write_text('{"version": 1, "models": [{"vote": 3}]}')
    assert few_shots.data_names() == []


def test_figures_that_are_not_finite_become_nothing_and_lengths_must_fit():
    one = figures(samples=float("nan"))
    assert few_shots.read(few_shots.to_json(one)).samples is None
    with pytest.raises(ValueError, match="no figures"):
        few_shots.read(few_shots.to_json(one) | {"labels": [1]})


# Plots ----------------------------------------------------------------------------------------


def test_the_plots_have_a_point_a_model_and_the_sweeps_their_order(world):
    many = [
        *(figures(title=f"b{b}", beta=b) for b in (10.0, 0.0, 1.0)),
        *(figures(family="autoencoder", beta=None, latent=n) for n in (128, 16)),
        figures(family="pixels", samples=None),
    ]
    chart = shots_plots.against(many, "vote", 10)
    names = [one.text[0] for one in chart.data if one.text]
    assert names == ["VAE 16, β 10", "VAE 16, β 0", "VAE 16, β 1", "AE 128", "AE 16"]
    assert len(chart.layout.shapes) == 1  # pixels are a line
    assert chart.data[1].y == (62.0,)
    sweeps = shots_plots.sweeps(many, "vote", 10)
    assert [one.x for one in sweeps.data[::3]] == [("0", "1", "10"), ("16", "128")]
    assert len(shots_plots.over_labels(many, "probe").data) == 6
    assert shots_plots.at(many[0], "vote", 50) is None


# Measuring ------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["vae", "gan"])
def test_a_model_is_measured_once_and_kept(family, tmp_path, monkeypatch, one_thread):
    sides = {s: blobs(60, (1, 28, 28), i, s) for i, s in enumerate(("train", "test"))}
    monkeypatch.setattr(data, "load", lambda name, split="train": sides[split])
    monkeypatch.setattr(data, "at_hand", lambda name: name)
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    made = recipe(family, "blobs", small(family))
    packed = pack(build(made, sides["test"].spec).eval(), made, step=1, epoch=1.0)
    (tmp_path / "one.safetensors").write_bytes(packed)
    *shares, found = question("pretrained:one")
    assert shares == sorted(shares)
    found = travelled(found)
    assert found.labels == (1, 2, 5, 10)  # no class has fifty
    assert found.vote[-1][0] > 0.5  # squares are easily told apart
    assert (found.kl is not None) == (family == "vae")
    assert found.samples is None  # without a classifier
    assert found.command == cost.command(made.model_dump())
    monkeypatch.setattr(shots, "few_shots", None)
    assert list(question("pretrained:one")) == [found]


def test_what_it_is_compared_with_and_what_has_no_labels(monkeypatch):
    train, test = (blobs(60, (1, 28, 28), i, "x") for i in range(2))
    (pixels,) = shots.lines(train, test)
    assert (pixels.family, pixels.numbers) == ("pixels", 784)
    assert pixels.probe[-1][0] > 0.8
    bare = SimpleNamespace(train=data.Data("x", "train", train.x, None), test=test, model=None)
    with pytest.raises(InputError, match="no labels"):
        next(shots.shots(bare))
    assert np.isfinite(pixels.vote).all()
