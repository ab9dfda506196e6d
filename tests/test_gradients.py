"""Games in the plane: what a loss tells each point, and the film and the numbers of it."""

import numpy as np
import pytest
import torch

from explorer import gradients, plane_games, saturation
from explorer.adversarial import LOSSES
from explorer.answers import Plane
from explorer.errors import InputError

BRIEF = {"rounds": 20}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def items() -> list:
    return list(gradients.loss_game(BRIEF))


@pytest.fixture(scope="module")
def watched(items) -> dict:
    return items[-1]


@pytest.fixture(scope="module")
def sure() -> dict:
    *_, answer = saturation.sure_critic({"updates": 60})
    return answer


# Curves ---------------------------------------------------------------------------------------


def test_curves_are_there_for_every_loss_and_told_from_its_own_code():
    found = gradients.loss_curves()
    assert list(found) == list(LOSSES)
    d = found["minimax"]["d"]
    np.testing.assert_allclose(found["minimax"]["gradient"], -1 / (1 + np.exp(-d)), atol=1e-14)
    np.testing.assert_allclose(found["least-squares"]["gradient"], d - 1, atol=1e-12)
    np.testing.assert_allclose(found["hinge"]["real"], np.maximum(0, 1 - d), atol=1e-12)


def test_the_slope_of_a_term_by_differences():
    d = torch.linspace(-3, 3, 7, dtype=torch.float64)
    term, step = LOSSES["non-saturating"].generator, 1e-6
    wanted = (term(d + step) - term(d - step)) / (2 * step)
    torch.testing.assert_close(gradients.slope(term, d), wanted, rtol=1e-8, atol=1e-9)


# A moment -------------------------------------------------------------------------------------


def test_all_games_begin_with_the_same_networks():
    first = plane_games.game("minimax", seed=3).model.state_dict()
    for name in LOSSES:
        other = plane_games.game(name, seed=3).model.state_dict()
        assert all(torch.equal(first[key], other[key]) for key in first)


def test_a_push_is_the_chain_rule():
    model = plane_games.game("least-squares").model
    x = torch.tensor(plane_games.real_points()[:16])
    d, moves = plane_games.push(model, x, LOSSES["least-squares"].generator)
    _, down = plane_games.push(model, x, lambda d: d)
    torch.testing.assert_close(moves, (d - 1)[:, None] * down)


def test_looking_leaves_no_gradient_behind():
    trainer = plane_games.game("minimax")
    plane_games.look(trainer.model, "minimax", plane_games.latents(0))
    saturation.generator_norm(trainer.model, "minimax", plane_games.latents(0))
    assert all(p.grad is None for p in trainer.model.parameters())


def test_arrows_are_to_scale_until_they_are_cut():
    x = torch.zeros(3, 2)
    moves = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, -100.0]])
    found = plane_games.arrows(x, moves)[:, 2:]
    wanted = [[0, 0], [plane_games.ARROW, 0], [0, -plane_games.LONGEST]]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("loss", "dark", "light"),
    [("minimax", 20.0, -20.0), ("least-squares", 3.0, -1.0), ("hinge", 2.0, -5.0)],
)
def test_the_ground_is_dark_where_d_is_sure_of_real(loss, dark, light):
    shades = plane_games.shade(loss, torch.tensor([dark, light]))
    assert shades.tolist() == pytest.approx([1, 0], abs=1e-6)


def test_the_surface_has_its_top_row_first():
    model = plane_games.game("wasserstein").model
    model.judge = lambda x: x[:, 1]  # the higher, the more real
    ground = plane_games.surface(model, "wasserstein")
    assert (ground[0] == 255).all()
    assert (ground[-1] == 0).all()


def test_looks_come_often_at_first_and_at_both_ends():
    looks = sorted(plane_games.moments(600))
    assert (looks[0], looks[-1]) == (0, 600)
    gaps = np.diff(looks)
    assert gaps[0] < gaps[-1]


# Whole games ----------------------------------------------------------------------------------


def test_games_tell_how_far_they_are(items):
    *told, _ = items
    assert [one["step"] for one in told] == sorted(plane_games.moments(20))
    assert {one["total"] for one in told} == {20}
    assert all(len(one["film"].labels) == 1 for one in told)


def test_the_film_has_a_plane_for_every_loss(watched):
    film = watched["film"]
    assert [t.title for t in film.tracks] == [one.title for one in LOSSES.values()]
    assert all(isinstance(t, Plane) for t in film.tracks)
    assert len(film.labels) == len(watched["steps"]) == len(film.tracks[0].points)
    assert film.labels[-1] == "round 20"


def test_at_first_all_games_show_the_same_points(watched):
    first, *others = (track.points[0] for track in watched["film"].tracks)
    assert all(np.array_equal(first, one) for one in others)


def test_logits_and_norms_are_told_for_every_loss(watched):
    frames = len(watched["steps"])
    for kind in ("fake", "real"):
        assert {k: v.shape for k, v in watched[kind].items()} == dict.fromkeys(
            LOSSES, (frames, 128)
        )
    for part in ("generator", "discriminator"):
        lines = watched["norms"][part]
        assert [line.name for line in lines] == [one.title for one in LOSSES.values()]
        assert all((line.y > 0).all() and len(line.x) == frames - 1 for line in lines)


def test_the_same_seed_gives_the_same_games(watched):
    *_, again = gradients.loss_game(BRIEF)
    for name in LOSSES:
        assert np.array_equal(again["fake"][name], watched["fake"][name])


def test_r1_is_taken_by_the_others_if_asked_for():
    assert gradients.penalty("minimax") == "none"
    assert gradients.penalty("minimax", r1=True) == "r1"
    assert (
        gradients.penalty("wasserstein") == gradients.penalty("wasserstein", r1=True) == "gradient"
    )
    *_, with_r1 = gradients.loss_game(BRIEF | {"penalty": "r1"})
    *_, without = gradients.loss_game(BRIEF)
    assert np.array_equal(with_r1["fake"]["wasserstein"], without["fake"]["wasserstein"])
    assert not np.array_equal(with_r1["fake"]["minimax"], without["fake"]["minimax"])


@pytest.mark.parametrize(
    ("stream", "values"),
    [
        (gradients.loss_game, {"rounds": 10}),
        (gradients.loss_game, {"rounds": 4000}),
        (gradients.loss_game, {"penalty": "all"}),
        (saturation.sure_critic, {"updates": 3}),
    ],
)
def test_settings_have_bounds(stream, values):
    with pytest.raises(InputError):
        next(stream(values))


# A D that is sure -----------------------------------------------------------------------------


def test_g_stands_still_far_off(sure):
    for track in sure["film"].tracks:
        generated = track.points[:, plane_games.SHOWN :]
        assert (generated == generated[0]).all()
        assert np.linalg.norm(generated[0] - plane_games.FAR, axis=1).max() < 0.8


def test_minimax_fades_and_the_others_do_not(sure):
    norms = {line.name: line.y for line in sure["norms"]}
    minimax, other = (norms[LOSSES[name].title] for name in ("minimax", "non-saturating"))
    assert minimax[-1] < 0.2 * minimax.max()
    assert other[-1] > 0.5 * other.max()
    assert minimax[-1] < 0.01 * other[-1]


def test_both_cross_entropies_have_the_same_d(sure):
    assert np.array_equal(sure["line"]["minimax"], sure["line"]["non-saturating"])


def test_the_norm_of_gs_gradient_is_that_of_its_own_loss(sure):
    trainer = saturation.lonely("hinge", saturation.SureSettings())
    z = plane_games.latents(0, saturation.MEASURED)
    found = saturation.generator_norm(trainer.model, "hinge", z)
    value = -trainer.model.judge(trainer.model.generator(z)).mean()
    value.backward(inputs=list(trainer.model.generator.parameters()))
    parts = [p.grad.norm() for p in trainer.model.generator.parameters()]
    assert found == pytest.approx(torch.stack(parts).norm().item(), rel=1e-5)


def test_what_the_loss_and_what_d_contribute(sure):
    assert sure["factors"]["wasserstein"][0] == 1
    given, slope = sure["factors"]["minimax"]
    assert 0 < given < 0.1
    assert slope > 0.5


def test_along_the_diagonal_both_kinds_of_points_are_met(sure):
    assert sure["generated"].mean() < -1.5
    inside = np.abs(np.abs(sure["real"]) - 1) < 0.3  # two modes of the ring lie on it
    assert inside.all()
    assert len(sure["real"]) > 10
