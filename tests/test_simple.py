"""Simple diffusion: what it learns by heart, that it always learns the same, and its page."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from test_pages import _navigation, button, labels, opened, players, sound, text_of, told
from torch import nn
from workspaces import workspace

from explorer import data, simple, tiny
from explorer.errors import InputError, NonFinite
from explorer.simple import STRIP, SimpleSettings, simple_diffusion

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
ROOT = Path(__file__).parent.parent
BRIEF = {"iterations": 12}


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """Two pictures of clothes."""
    x = data.load("fashion-mnist", "test").x
    return x[0], x[1]


def lesson(pair, **values):
    *_, found = simple_diffusion(*pair, values)
    return found


@pytest.fixture(scope="module")
def learned(pair):
    return lesson(pair)


def noisy(n: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, shape, dtype=np.uint8)


# What is shown --------------------------------------------------------------------------------


def test_every_iteration_is_in_the_film(learned):
    film = learned["film"]
    assert tuple(track.title for track in film.tracks) == STRIP
    assert all(track.frames.shape == (100, 28, 28) for track in film.tracks)
    assert all(track.frames.dtype == np.uint8 for track in film.tracks)
    assert len(learned["losses"]) == len(film.labels) == 100
    assert film.labels[0] == f"iteration 0 · loss {learned['losses'][0]:.2g}"
    assert film.labels[99].startswith("iteration 99 ")


def test_the_strip_is_the_formula(pair, learned):
    """x = α x_0 + σ ε in [−1, 1], by hand; noise around mid-grey, three deviations each way."""
    original, noised, noise, *_ = (track.frames for track in learned["film"].tracks)
    assert np.array_equal(original[0], pair[0][0])
    for frames in (original, noised, noise):
        assert (frames == frames[0]).all()
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    kept = torch.cumprod(1 - betas, 0)[299].item()
    eps = (noise[0] / 255 - 0.5) * 6
    x = kept**0.5 * (pair[0][0] / 127.5 - 1) + (1 - kept) ** 0.5 * eps
    seen = (noise[0] > 0) & (noise[0] < 255)
    assert np.abs(np.clip((x + 1) / 2, 0, 1) * 255 - noised[0])[seen].max() < 3
    assert noise[0].mean() == pytest.approx(127.5, abs=4 * 255 / 6 / 28)
    assert noise[0].std() == pytest.approx(255 / 6, rel=0.1)


def test_at_first_it_sees_nothing_and_at_last_everything(learned):
    original, _, noise, predicted, denoised = (t.frames.astype(int) for t in learned["film"].tracks)
    assert np.abs(predicted[0] - noise[0]).mean() > 20
    assert np.abs(denoised[0] - original[0]).mean() > 20
    assert np.abs(predicted[99] - noise[99]).mean() < 1.5
    assert np.abs(denoised[99] - original[99]).mean() < 1.5


def test_losses_come_as_they_are_made(pair):
    *items, found = simple_diffusion(*pair, {"iterations": 10})
    assert [len(losses) for losses, _ in items] == [4, 4, 2]
    assert [loss for losses, _ in items for loss in losses] == found["losses"].tolist()
    for end, (_, strip) in zip((3, 7, 9), items, strict=True):
        shown = np.stack([track.frames[end] for track in found["film"].tracks])
        assert np.array_equal(strip, shown)


def test_it_is_learned_by_heart(learned):
    scene, noise, picture, both = (trial["loss"] for trial in learned["trials"])
    assert learned["losses"][0] > 0.5
    assert scene < 1e-3
    assert noise > 100 * scene
    assert picture > 10 * scene
    assert both > 100 * scene
    assert scene <= learned["losses"][-1] * 1.5  # the same scene, after one more update


def test_trials_are_the_scenes_that_they_say(pair, learned):
    strips = [trial["strip"] for trial in learned["trials"]]
    for i, strip in enumerate(strips):
        assert strip.shape == (5, 28, 28)
        assert np.array_equal(strip[0], pair[i // 2][0])
        assert np.array_equal(strip[2], strips[i % 2][2])
    assert not np.array_equal(strips[0][2], strips[1][2])


@pytest.mark.parametrize("target", ["eps", "x0", "v", "velocity"])
def test_every_target_is_learned(pair, target):
    found = lesson(pair, target=target, iterations=60, schedule="cosine")
    assert found["losses"][-1] < found["losses"][0] / 30
    denoised = found["film"].tracks[-1].frames[-1].astype(int)
    assert np.abs(denoised - pair[0][0]).mean() < 12


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 27, 27), (3, 64, 64)])
def test_pictures_of_other_sizes_and_in_colour(shape):
    found = lesson((noisy(0, *shape), noisy(1, *shape)), **BRIEF)
    colour = (3,) if shape[0] == 3 else ()
    for track in found["film"].tracks:
        assert track.frames.shape == (12, *shape[1:], *colour)
    assert found["losses"][-1] < found["losses"][0]


# Chance ---------------------------------------------------------------------------------------


def test_the_same_seed_learns_the_same_and_no_shared_chance_is_used(pair):
    before = torch.get_rng_state()
    first = lesson(pair, seed=3, **BRIEF)
    torch.rand(5)  # whatever other threads draw
    state = torch.get_rng_state()
    again = lesson(pair, seed=3, **BRIEF)
    assert torch.equal(torch.get_rng_state(), state)
    torch.set_rng_state(before)
    assert np.array_equal(first["losses"], again["losses"])
    for a, b in zip(first["film"].tracks, again["film"].tracks, strict=True):
        assert np.array_equal(a.frames, b.frames)


def test_another_seed_has_other_noise_and_other_weights(pair):
    a, b = (lesson(pair, seed=seed, **BRIEF)["film"].tracks for seed in (0, 1))
    assert not np.array_equal(a[2].frames[0], b[2].frames[0])
    assert not np.array_equal(a[3].frames[0], b[3].frames[0])
    first, other, again = (tiny.build((1, 8, 8), seed) for seed in (0, 1, 0))
    for w, v, u in zip(*(n.parameters() for n in (first, other, again)), strict=True):
        assert torch.equal(w, u)
        assert w.dim() == 1 or not torch.equal(w, v)


# The network and its optimizer ----------------------------------------------------------------


def test_the_network_is_small_and_keeps_shapes():
    for shape in ((1, 28, 28), (3, 32, 32), (1, 7, 5)):
        network = tiny.build(shape, 0)
        assert 20_000 < sum(p.numel() for p in network.parameters()) < 50_000
        assert network(torch.zeros(2, *shape)).shape == (2, *shape)


def test_adam_is_that_of_torch():
    ours, theirs = (nn.Linear(5, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    mine, reference = tiny.Adam(ours, 0.01), torch.optim.Adam(theirs.parameters(), 0.01)
    for i in range(20):
        x = torch.randn(4, 5, generator=torch.Generator().manual_seed(i))
        for network, optimizer in ((ours, mine), (theirs, reference)):
            network(x).square().sum().backward()
            optimizer.step()
        reference.zero_grad()
        assert torch.allclose(ours.weight, theirs.weight, atol=1e-6)
        assert torch.allclose(ours.bias, theirs.bias, atol=1e-6)


def test_nothing_slow_is_loaded_for_it():
    """torch's compiler would be two seconds of waiting before the first iteration."""
    script = (
        "import sys, numpy; from explorer.simple import simple_diffusion as learn;"
        "x = numpy.zeros((1, 8, 8), numpy.uint8); [*learn(x, x, {'iterations': 10})];"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0


# What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"level": 0}, "1"),
        ({"level": 1000}, "999"),
        ({"iterations": 9}, "10"),
        ({"iterations": 501}, "500"),
        ({"learning_rate": 1.0}, "0.1"),
        ({"schedule": "quadratic"}, "cosine"),
        ({"epochs": 3}, "epochs"),
    ],
)
def test_impossible_settings_are_refused_with_the_limit(pair, values, said):
    with pytest.raises(InputError, match=said):
        next(simple_diffusion(*pair, values))


@pytest.mark.parametrize(
    "x",
    [
        noisy(0, 28, 28),
        noisy(0, 2, 28, 28),
        noisy(0, 1, 28, 200),
        noisy(0, 1, 28, 28) / 255,
    ],
    ids=["flat", "two channels", "large", "float"],
)
def test_what_is_no_picture_is_refused(x):
    with pytest.raises(InputError, match="grey or in colour"):
        next(simple_diffusion(x, x, {}))


def test_two_pictures_of_different_sizes_are_refused(pair):
    with pytest.raises(InputError, match="not of one size"):
        next(simple_diffusion(pair[0], noisy(0, 1, 32, 32), {}))


def test_a_loss_that_is_not_a_number_is_told_with_its_iteration(pair, monkeypatch):
    step = tiny.Adam.step

    def breaking(adam):
        step(adam)
        if adam.t == 5:
            adam.weights[0].data.fill_(float("nan"))

    monkeypatch.setattr(tiny.Adam, "step", breaking)
    with pytest.raises(NonFinite, match="iteration 5 is not a number"):
        list(simple_diffusion(*pair, {}))


def test_leaving_stops_the_work(pair, monkeypatch):
    steps = []
    step = tiny.Adam.step
    monkeypatch.setattr(tiny.Adam, "step", lambda adam: steps.append(1) or step(adam))
    work = simple_diffusion(*pair, {"iterations": 500})
    next(work)
    work.close()
    assert len(steps) == simple.CHUNK


def test_settings_describe_themselves():
    told_of = {one.name: one for one in simple.simple_settings()}
    assert told_of.keys() == SimpleSettings.model_fields.keys()
    assert all(one.title and one.description for one in told_of.values())


# The page -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[None]:
    """An empty workspace and an engine of its own."""
    with workspace(tmp_path_factory.mktemp("simple")):
        yield


def settled(at):
    """The page once the training on it is over."""
    for _ in range(600):
        if "simple-job" not in at.session_state:
            return at
        time.sleep(0.02)
        sound(at.run())
    raise AssertionError("the training never ended")


def page(**address: str):
    return settled(opened("simple", **{"simple_iterations": "10"} | address))


def test_the_page_trains_at_once_and_shows_it(place):
    at = page()
    assert players(at) == ["explorer.player"]
    for words in ("Iteration 0", "Iteration 9", "The same picture, another noise", "loss"):
        assert words in text_of(at)
    assert "Train" in labels(at)
    assert len(at.get("plotly_chart")) == 1
    assert len(at.latex) == 2
    assert not told(at)


def test_the_page_says_what_was_learned_by_heart(place):
    at = page(simple_iterations="100")
    assert "It knows the noise by heart" in text_of(at)
    at = page(simple_iterations="100", simple_target="x0")
    assert "It knows the picture by heart" in text_of(at)
    at = page(simple_iterations="10", simple_learning_rate="0.0001")
    assert "has not even learned its own scene" in text_of(at)


def test_a_changed_setting_waits_for_the_button(place):
    at = page()
    at.slider(key="simple_level").set_value(600).run()
    assert "from before your changes" in text_of(at)
    before = text_of(at)
    settled(button(at, "Train").click().run())
    assert "from before your changes" not in text_of(at)
    assert text_of(at) != before
    assert at.query_params["simple_level"] == "600"


def test_the_address_chooses_the_picture_and_the_settings(place):
    at = page(images="mnist", simple_image="3", simple_target="v", simple_schedule="cosine")
    assert at.number_input(key="simple_image").value == 3
    assert at.selectbox(key="images").value == "mnist"
    assert at.selectbox(key="simple_target").value == "v"
    assert at.query_params["simple_image"] == "3"
    assert r"\alpha\,\varepsilon - \sigma\,x_0" in at.latex[1].value


@pytest.mark.parametrize(
    ("key", "value"),
    [("simple_level", "0"), ("simple_image", "-1"), ("simple_target", "z"), ("images", "none")],
)
def test_impossible_addresses_are_told_and_dropped(place, key, value):
    at = page(**{key: value})
    assert "The address asked for it" in told(at)
    assert players(at) == ["explorer.player"]
    assert key not in at.query_params


def test_own_pictures_have_a_pad_and_a_stand_in(place):
    at = page(simple_source="own")
    assert players(at) == ["explorer.draw", "explorer.player"]
    assert "a test image stands in for it" in text_of(at)


def test_stopping_leaves_the_page_whole(place):
    at = opened("simple", simple_iterations="500", simple_seed="77")
    if "Stop" in labels(at):  # unless it was done already
        button(at, "Stop").click().run()
        assert "Nothing runs any more" in told(sound(at), "info")
        settled(button(at, "Train").click().run())
    assert players(settled(at)) == ["explorer.player"]
