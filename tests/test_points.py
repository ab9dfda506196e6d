"""The plane: what may be learned, how close a small network comes, and sound films of it."""

from io import BytesIO
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from explorer import flows, points, races, schedules
from explorer.answers import Curve, Film
from explorer.errors import InputError, NonFinite

BRIEF = {"steps": 20, "batch_size": 64, "width": 8}  # enough to run through everything
GOOD = {"steps": 800, "width": 16, "learning_rate": 1e-2}


pytestmark = pytest.mark.usefixtures("one_thread")


def end(stream):
    """The last item of a stream."""
    *_, answer = stream
    return answer


def few(n: int = 200) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (n, 2)).astype(np.float32)


def picture(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


# Points and settings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (few(19), "There are 19 points"),
        (np.zeros((20_001, 2)), "There are 20,001 points"),
        (np.zeros((30, 3)), "two coordinates"),
        (np.full((30, 2), np.nan), "from -3 to 3"),
        (np.full((30, 2), 3.1), "from -3 to 3"),
    ],
)
def test_points_that_cannot_be_learned(own, sentence):
    with pytest.raises(InputError, match=sentence):
        points.cloud("drawn", own)


def test_a_fifth_of_own_points_is_held_out():
    found = points.cloud("drawn", few(100))
    assert (len(found.train), len(found.held)) == (80, 20)
    both = np.concatenate([found.train, found.held])
    assert {*map(tuple, both)} == {*map(tuple, few(100))}


def test_unknown_points():
    with pytest.raises(InputError, match="no data set"):
        points.cloud("nothing")


def test_every_setting_is_here_once_and_its_usual_value_is_allowed():
    settings = points.point_settings()
    assert len({s.name for s in settings}) == len(settings)
    values = {s.name: s.default for s in settings}
    assert points.chosen("ring", values).training.steps == points.USUAL["steps"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"steps": 20_001}, "between 1 and 20000"),
        ({"width": 129}, "between 8 and 128"),
        ({"T": 5}, "between 10 and 1000"),
        ({"nonsense": 1}, "no setting 'nonsense'"),
        ({"schedule": "flow", "target": "eps"}, "straight path"),
    ],
)
def test_settings_that_are_refused(values, sentence):
    with pytest.raises(InputError, match=sentence):
        end(points.train_points("ring", values))


def test_a_picture_becomes_points_where_it_is_dark():
    white = np.full((60, 60), 255)
    white[:30, :30] = 0  # the upper left is dark
    dark = points.picture_points(picture(white), dark=True)
    assert dark.shape == (points.TAKEN, 2)
    assert (np.abs(dark) <= 1.3).all()
    assert np.mean((dark[:, 0] < 0.03) & (dark[:, 1] > -0.03)) > 0.99
    bright = points.picture_points(picture(white), dark=False)
    assert np.mean((bright[:, 0] > -0.03) | (bright[:, 1] < 0.03)) > 0.99


def test_a_picture_without_contrast_or_none_at_all():
    with pytest.raises(InputError, match="same everywhere"):
        points.picture_points(picture(np.full((9, 9), 77)), dark=True)
    with pytest.raises(InputError, match="Choose another picture"):
        points.picture_points(b"no picture", dark=True)


# Learning -------------------------------------------------------------------------------------


def test_training_tells_where_it_is_and_is_the_same_again():
    told = list(points.train_points("moons", BRIEF))
    steps = [one["step"] for one in told]
    assert steps == sorted(steps)
    assert (told[0]["step"], told[-1]["step"], told[-1]["total"]) == (0, 20, 20)
    points._kept.clear()
    again = end(points.train_points("moons", BRIEF))
    assert np.array_equal(again["points"], told[-1]["points"])
    assert again["loss"] == told[-1]["loss"]


def test_a_learned_model_is_kept_until_others_come(monkeypatch):
    points._kept.clear()
    monkeypatch.setattr(points, "KEPT", 2)
    first = len(list(points.train_points("moons", BRIEF)))
    assert len(list(points.train_points("moons", BRIEF))) == 1 < first
    for seed in (1, 2):
        end(points.train_points("moons", {**BRIEF, "seed": seed}))
    assert len(points._kept) == 2
    assert len(list(points.train_points("moons", BRIEF))) == first


def test_other_points_are_another_model():
    drawn = end(points.train_points("drawn", BRIEF, few()))
    moved = end(points.train_points("drawn", BRIEF, few() / 2))
    assert not np.array_equal(drawn["points"], moved["points"])


def test_leaving_early_keeps_nothing():
    points._kept.clear()
    assert len(list(islice(points.train_points("ring", BRIEF), 3))) == 3
    assert not points._kept


def test_a_loss_that_is_no_number_is_told(monkeypatch):
    def broken(*args):
        model = build(*args)
        torch.nn.init.constant_(model.net.leave[1].bias, float("inf"))
        return model

    build = points.build
    monkeypatch.setattr(points, "build", broken)
    monkeypatch.setattr(points, "LOOKS", 1)
    with pytest.raises(NonFinite):
        end(points.train_points("moons", {**BRIEF, "seed": 5}))


def test_the_film_of_the_training_has_a_loss_for_every_frame_but_the_first():
    film, loss = end(points.training_film("moons", BRIEF))
    assert len(film.labels) == len(film.tracks[0].points) == len(loss.y) + 1
    assert film.labels[0] == "step 0"
    assert np.isfinite(loss.y).all()


def test_the_learned_field_comes_close_to_the_exact_one_and_samples_to_the_modes():
    _, before = end(flows.points_film("ring", {**GOOD, "steps": 1}))
    film, after = end(flows.points_film("ring", GOOD))
    assert after.y.mean() < before.y.mean() / 30
    modes = points.data.mixture("ring")
    assert races.near_a_mode(film.tracks[0].points[-1], modes.means, modes.std) > 0.8


# The field ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ring", "moons"])
def test_the_density_is_the_exact_one_on_a_grid(name):
    exact = points.cloud(name).exact
    found = flows.density(exact, 0.8, 0.6, blur=0.0)
    ticks = flows.EXTENT * (2 * (np.arange(flows.PIXELS) + 0.5) / flows.PIXELS - 1)
    at = torch.tensor([(ticks[40], ticks[20]), (ticks[3], ticks[50])], dtype=torch.float32)
    expected = exact.log_density(at, 0.8, 0.6).exp()
    rows = [flows.PIXELS - 1 - 20, flows.PIXELS - 1 - 50]  # the top row comes first
    assert found[rows, [40, 3]] == pytest.approx(expected.numpy(), rel=1e-4)
    cell = (2 * flows.EXTENT / flows.PIXELS) ** 2
    assert found.sum() * cell == pytest.approx(1, abs=0.02)


def test_the_score_is_the_gradient_of_the_density():
    exact = points.cloud("ring").exact
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (gradient,) = torch.autograd.grad(exact.log_density(x, 0.7, 0.5).sum(), x)
    found = flows.score(x, exact.clean(x, 0.7, 0.5), 0.7, 0.5)
    assert torch.allclose(found, gradient, atol=1e-4)


def test_the_velocity_leads_to_where_the_next_step_goes():
    straight = schedules.schedule("flow", 100)
    x0, eps = torch.tensor([[1.0, -0.5]]), torch.tensor([[0.3, 2.0]])
    alpha, sigma = straight.at(60)
    found = flows.velocity(alpha * x0 + sigma * eps, x0, straight, 60)
    assert torch.allclose(found, x0 - eps, atol=1e-4)


def test_arrows_of_one_moment_share_their_scale_and_none_leaves_its_cell():
    weak, strong = np.tile([[0.0, 0, 1, 0]], (10, 1)), np.tile([[0.0, 0, 4, 0]], (10, 1))
    strong[0, 2] = 1000
    a, b = flows._scaled([weak, strong])
    cell = 2 * flows.EXTENT / flows.GRID
    assert b[1, 2] / a[1, 2] == pytest.approx(4)
    assert b[0, 2] == pytest.approx(1.15 * cell)


# Films ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("arrows", ["score", "velocity"])
@pytest.mark.parametrize("walk", ["ode", "ddpm"])
def test_films_of_the_plane_are_sound(learned, arrows, walk):
    options = {"learned": learned, "arrows": arrows, "walk": walk}
    film, error = end(flows.points_film("drawn", {**BRIEF, "T": 12}, few(), **options))
    titles = [track.title.split()[0] for track in film.tracks]
    assert titles == ["x:", "x₀:", *(["Learned"] if learned else []), "Exact"]
    assert film.labels[0] == "t = 1.00"
    assert film.labels[-1] == "t = 0.00"
    for track in film.tracks:
        assert len(track.points) == len(film.labels) == 13
        assert np.isfinite(track.points).all()
        assert track.arrows is None or np.isfinite(track.arrows).all()
        assert track.ground is None or track.ground.shape == (13, flows.PIXELS, flows.PIXELS)
    assert isinstance(error, Curve) == learned


def test_without_fresh_noise_the_same_start_ends_the_same_and_with_it_elsewhere():
    values = {**BRIEF, "T": 30}
    ends = {
        walk: end(flows.points_film("ring", values, learned=False, walk=walk))[0].tracks[0].points
        for walk in flows.WALKS
    }
    assert np.array_equal(ends["ode"][0], ends["ddpm"][0])
    assert not np.allclose(ends["ode"][-1], ends["ddpm"][-1], atol=0.1)


def test_the_exact_walk_over_few_points_ends_on_them():
    own = few(25)
    film, _ = end(flows.points_film("drawn", {}, own, learned=False))
    train = points.cloud("drawn", own).train
    off = np.linalg.norm(film.tracks[0].points[-1][:, None] - train[None], axis=2).min(1)
    assert np.quantile(off, 0.95) < 0.02


@pytest.mark.parametrize("wrong", [{"arrows": "curl"}, {"walk": "run"}])
def test_other_arrows_and_walks_are_refused(wrong):
    with pytest.raises(InputError, match="Choose one"):
        end(flows.points_film("ring", BRIEF, **wrong))


# Races ----------------------------------------------------------------------------------------


def runner(sampler: str, steps: int, **more) -> dict:
    return {"title": f"{sampler} {steps}", "sampler": sampler, "steps": steps, **more}


def test_all_runners_begin_with_the_same_noise_and_count_their_calls():
    runners = (runner("ddim", 5, eta=1.0), runner("ddim", 5), runner("heun", 5), runner("dpm", 5))
    film, outcomes = end(races.points_race("ring", BRIEF, runners))
    assert isinstance(film, Film)
    for track in film.tracks[1:]:
        assert np.array_equal(track.points[0], film.tracks[0].points[0])
    assert [o["calls"] for o in outcomes] == [5, 5, 9, 5, 0]
    assert outcomes[-1]["distance"] < min(o["distance"] for o in outcomes[:-1])
    assert outcomes[-1]["near"] == pytest.approx(0.989, abs=0.01)  # 1 − exp(−9/2)


def test_one_step_ends_at_the_mean_and_holds_still_until_then():
    film, _ = end(races.points_race("ring", GOOD, (runner("ddim", 1),)))
    x = film.tracks[0].points
    assert np.array_equal(x[0], x[-2])
    assert np.median(np.abs(x[-1])) < 0.15 < 0.6 < np.median(np.abs(x[0]))


def test_the_data_as_they_are_noised():
    linear = {"schedule": "linear", "T": 100, "target": "eps"}
    forward = runner("forward", 1, values=linear)
    film, (outcome, _) = end(races.points_race("ring", BRIEF, (forward,)))
    x = film.tracks[0].points
    assert np.array_equal(x[-1], points.cloud("ring").train[: flows.POINTS])
    alpha, sigma = schedules.schedule("linear", 100).at(100)
    expected = alpha * x[-1] + sigma * flows.noise(flows.POINTS, 0).numpy()
    assert np.allclose(x[0], expected, atol=1e-5)
    assert alpha == pytest.approx(0.60, abs=0.01)
    assert outcome["calls"] == 0


@pytest.mark.parametrize(
    ("runners", "sentence"),
    [
        ((), "between 1 and 6"),
        ((runner("ddim", 5),) * 7, "between 1 and 6"),
        ((runner("ddim", 11, values={"T": 10}),), "between 1 and 10"),
        ((runner("ddim", 5, eta=1.5),), "between 0 and 1"),
        ((runner("walk", 5),), "must be one of"),
    ],
)
def test_races_that_cannot_be_run(runners, sentence):
    with pytest.raises(InputError, match=sentence):
        end(races.points_race("ring", BRIEF, runners))


def test_the_distance_of_a_moved_cloud_is_known():
    a = np.random.default_rng(1).standard_normal((3000, 2))
    assert races.sliced_wasserstein(a, a) == 0
    moved = races.sliced_wasserstein(a, a + np.array([0.6, 0.8]))
    assert moved == pytest.approx(np.sqrt(0.5), rel=1e-3)  # the mean of cos² is 1/2
    assert races.sliced_wasserstein(a, a[:1500]) < 0.1


def test_shares_near_a_mode():
    x = np.array([[0.0, 0.0], [0.29, 0.0], [0.31, 0.0], [5.0, 5.0]])
    assert races.near_a_mode(x, np.zeros((1, 2)), 0.1) == 0.5
