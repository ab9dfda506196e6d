"""Operations against closed forms, seconds by a clock of our own, commands that train again."""

import itertools

import numpy as np
import pytest
import torch
from conftest import small
from torch import nn

from explorer import cli, commands
from explorer.metrics import cost
from explorer.questions.recipes import draft
from explorer.recipe import recipe
from explorer.unet import Attention


def test_a_multiplication_and_its_addition_are_two():
    linear = nn.Linear(7, 5)
    assert cost.counted(lambda: linear(torch.ones(3, 7))) == 2 * 3 * 7 * 5
    convolution = nn.Conv2d(2, 6, 3, padding=1)
    assert cost.counted(lambda: convolution(torch.ones(4, 2, 8, 8))) == 2 * 4 * 64 * 6 * 2 * 9


def test_attention_counts():
    batch, channels, places = 2, 32, 16
    with torch.no_grad():
        found = cost.counted(lambda: Attention(channels)(torch.ones(batch, channels, 4, 4)))
    projections = 2 * batch * places * channels * (3 * channels + channels)
    looks = 2 * (2 * batch * places * places * channels)
    assert found == projections + looks


def test_evaluations_and_what_each_takes():
    network, decoder = nn.Linear(4, 4), nn.Linear(4, 9)

    def draw():
        z = torch.ones(6, 4)
        for _ in range(5):
            z = network(z)
        return decoder(z)

    found = cost.operations(draw, 6, network)
    assert found == cost.Operations(5.0, 2 * 4 * 4, 5 * 2 * 4 * 4 + 2 * 4 * 9)
    assert not network._forward_hooks


@pytest.mark.parametrize(
    ("took", "patience"), [([3.0, 1.0, 50.0, 2.0, 1.5], 1.0), ([0.25] * 8, 2.0)]
)
def test_seconds_are_the_median_after_a_first_one(took, patience, monkeypatch):
    ticks = itertools.chain.from_iterable((0.0, one) for one in took)
    monkeypatch.setattr(cost.time, "perf_counter", lambda: next(ticks))
    calls = []
    found = cost.timed(lambda: calls.append(1), patience)
    assert (found.seconds, found.draws) == (np.median(took), len(took))
    assert found.error == pytest.approx(1.2533 * np.std(took, ddof=1) / len(took) ** 0.5)
    assert len(calls) == len(took) + 1


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("vae", {"epochs": 2.5, "beta": 0.02, "sampling": False}),
        ("gan", {"steps": 10, "conditional": True, "learning_rate": 1e-4}),
        ("diffusion", {"patch": "4", "T": 50}),
    ],
)
def test_the_command_trains_the_same_again(family, values):
    made = recipe(family, "fashion-mnist", small(family) | values).model_dump()
    text = cost.command(made)
    head, *words = text.split(" train ")[1].split()
    assert text.startswith(f"python -m explorer train {family} --data fashion-mnist ")
    assert head == family
    asked = cli._parser(["train", family, *words]).parse_args(["train", family, *words])
    assert draft(asked.family, asked.data, commands._given(asked)).recipe == made


def test_what_is_usual_is_left_out():
    made = recipe("vae", "mnist", {}).model_dump()
    assert cost.command(made) == "python -m explorer train vae --data mnist"
