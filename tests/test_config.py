"""One schema for every door."""

import argparse
import json
from typing import Literal

import pytest

from explorer.config import Settings, add_arguments, describe, setting
from explorer.errors import InputError
from explorer.models import families
from explorer.recipe import Recipe, TrainSettings, recipe


class Example(Settings):
    beta: float = setting(1.0, "β", "Weight.", ge=0, le=10, live=True)
    loss: Literal["l2", "l1"] = setting("l2", "Loss", "Which.", labels={"l2": "squared"})
    steps: int | None = setting(None, "Steps", "How many.", ge=1, le=100)
    noisy: bool = setting(True, "Noise", "Whether.")


def test_a_setting_says_itself_once():
    beta, loss, steps, noisy = describe(Example)
    assert (beta.title, beta.kind, beta.low, beta.high, beta.default) == ("β", "number", 0, 10, 1.0)
    assert loss.choices == ("l2", "l1")
    assert loss.label("l2") == "squared"
    assert (steps.kind, steps.default, steps.high) == ("integer", None, 100)
    assert noisy.kind == "switch"
    assert Example.live() == {"beta"}


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"beta": 12}, ["β", "12", "between 0 and 10"]),
        ({"beta": float("nan")}, ["β", "nan", "between 0 and 10"]),
        ({"beta": "inf"}, ["β", "between 0 and 10"]),
        ({"beta": [1]}, ["β", "between 0 and 10"]),
        ({"steps": "3.4"}, ["Steps", "whole number between 1 and 100"]),
        ({"steps": 10**30}, ["Steps", "between 1 and 100"]),
        ({"loss": "huber"}, ["Loss", "one of l2, l1"]),
        ({"colour": 3}, ["no setting 'colour'", "beta, loss, steps, noisy"]),
        ({"beta": "x" * 5000}, ["β", "..."]),
    ],
)
def test_bad_values_are_refused_with_the_limit(values, parts):
    with pytest.raises(InputError) as error:
        Example.read(values)
    assert all(part in str(error.value) for part in parts)
    assert len(str(error.value)) < 300


def test_text_from_a_command_line_or_url_is_read_as_its_type():
    assert Example.read({"beta": "2.5", "steps": "7", "noisy": "false"}) == Example(
        beta=2.5, steps=7, noisy=False
    )


def test_text_from_a_url_is_held_to_the_same_limits():
    beta, loss, steps, noisy = describe(Example)
    assert (beta.read("2.5"), loss.read("l1"), steps.read("7"), noisy.read("False")) == (
        2.5,
        "l1",
        7,
        False,
    )
    for one, text in [(beta, "12"), (beta, "nan"), (loss, "x"), (steps, "2.5"), (noisy, "maybe")]:
        with pytest.raises(InputError) as from_url:
            one.read(text)
        with pytest.raises(InputError) as from_json:
            Example.read({one.name: text})
        assert str(from_url.value) == str(from_json.value)


def test_a_changed_copy_is_validated():
    assert Example().changed(beta=3).beta == 3
    with pytest.raises(InputError):
        Example().changed(beta=30)


def test_every_setting_becomes_a_flag():
    parser = argparse.ArgumentParser()
    add_arguments(parser, TrainSettings)
    assert vars(parser.parse_args(["--batch-size", "64"])) == {"batch_size": "64"}


@pytest.mark.parametrize("name", families())
def test_every_family_describes_all_its_settings(name):
    for one in describe(families()[name].Config):
        assert one.title
        assert one.description.endswith(".")
        assert one.hint.group
        if one.kind in ("integer", "number"):
            assert one.low is not None
            assert one.high is not None


@pytest.mark.parametrize("name", families())
def test_flat_names_are_unambiguous(name):
    assert not families()[name].Config.model_fields.keys() & TrainSettings.model_fields.keys()


def test_a_recipe_survives_json():
    made = recipe("vae", "mnist", {"beta": "2", "epochs": 3, "latent": 8})
    assert made.model["beta"] == 2.0
    assert made.training.epochs == 3.0
    assert Recipe.read(json.loads(made.model_dump_json())) == made
    assert made.flat()["latent"] == 8


def test_a_recipe_refuses_unknown_families_and_settings():
    with pytest.raises(InputError, match="no family 'vea'"):
        recipe("vea", "mnist", {})
    with pytest.raises(InputError, match="no setting 'betta'"):
        recipe("vae", "mnist", {"betta": 1})
    with pytest.raises(InputError, match="beta"):
        recipe("vae", "mnist", {"beta": 11})
