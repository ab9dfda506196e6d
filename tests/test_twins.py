"""Each mistake does what the words beside it say, and its healthy twin does not."""

import numpy as np
import pytest
import torch

from explorer import plane_games, twin_pictures, twins
from explorer.adversarial import LOSSES
from explorer.errors import InputError
from explorer.models.gan import D, G
from explorer.twin_pictures import PictureSettings
from explorer.twins import DetachSettings

CONV = PictureSettings(rounds=4, architecture="conv")


pytestmark = pytest.mark.usefixtures("one_thread")


def end(stream):
    *_, answer = stream
    return answer


# Detach ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def detached() -> dict:
    return end(twins.detach_twins({"rounds": 40}))


def test_the_d_step_leaves_g_empty_only_where_it_is_detached(detached):
    assert detached["empty"] == (True, False)
    healthy, mistaken = (line.y[1:] for line in detached["left"])
    assert (healthy == 0).all()
    assert (mistaken > 0).all()


def test_only_the_healthy_g_gets_the_gradient_of_its_own_loss(detached):
    healthy, mistaken = (line.y[1:] for line in detached["cosine"])
    np.testing.assert_allclose(healthy, 1, atol=1e-5)
    assert (mistaken < 0.99).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_left_is_the_gradient_of_ds_loss_at_the_weights_before_its_step(loss):
    settings = DetachSettings(loss=loss, rounds=20)
    twin = twins.Watched(settings, detach=False)
    trainer = twin.trainer
    batch = trainer._batch()
    twin.model.train()
    value = twin.model.judgement(batch, batch.x, batch.y).loss
    wanted = torch.autograd.grad(value, twin.own)
    trainer.advance()
    twin.look()
    norm = torch.cat([one.flatten() for one in wanted]).norm().item()
    assert twin.left == pytest.approx([norm], rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "both"),
    [
        ("wasserstein", lambda d: 0 * d),
        ("minimax", lambda d: 0 * d),
        ("non-saturating", lambda d: 2 * torch.sigmoid(d) - 1),
        ("least-squares", lambda d: 2 * d - 1),
    ],
)
def test_both_parts_together_are_the_sum_that_the_page_tells(loss, both):
    model = plane_games.game(loss, detach=False).model
    d = torch.linspace(-4, 4, 9)
    at = d.clone().requires_grad_()
    (found,) = torch.autograd.grad(twins.felt(model)(at).sum(), at)
    torch.testing.assert_close(found, both(d), atol=1e-6, rtol=1e-5)


def test_a_healthy_point_feels_the_loss_of_g_alone():
    model = plane_games.game("hinge").model
    assert twins.felt(model) is LOSSES["hinge"].generator


def test_twins_begin_alike(detached):
    healthy, mistaken = detached["film"].tracks
    assert np.array_equal(healthy.points[0], mistaken.points[0])
    assert not np.array_equal(healthy.points[-1], mistaken.points[-1])
    assert [t.title for t in detached["film"].tracks] == list(twins.TITLES)


def test_before_the_first_round_there_is_no_gradient_to_tell_of(detached):
    assert np.isnan([line.y[0] for line in detached["left"]]).all()
    assert np.isfinite([line.y for line in detached["distance"]]).all()
    assert all(0 <= n <= 8 for n in detached["modes"])


def test_hooks_leave_a_healthy_game_as_it_is():
    watched = twins.Watched(DetachSettings(rounds=20), detach=True)
    plain = plane_games.game("wasserstein", steps=20, seed=0)
    for _ in range(3):
        watched.trainer.advance()
        watched.look()
        plain.advance()
    for own, other in zip(watched.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(own, other)


# Sampling in training mode --------------------------------------------------------------------


@pytest.fixture(scope="module")
def painter():
    """A generator of pictures after a few rounds, so that its statistics are not the first ones."""
    trainer = twin_pictures.game(CONV, batch_size=16, width=4, d_width=4)
    for _ in range(4):
        trainer.advance()
    return trainer.model


def test_a_picture_depends_on_its_neighbours_only_in_training_mode(painter):
    healthy, mistaken = twin_pictures.both_ways(painter)
    z = twin_pictures.latents(0, 3)
    a, b = (twin_pictures.latents(0, 7, name) for name in "ab")
    same = [twin_pictures.among(healthy, z, others) for others in (a, b, z[:0])]
    for other in same[1:]:
        torch.testing.assert_close(same[0], other, atol=1e-5, rtol=0)
    assert (
        twin_pictures.among(mistaken, z, a) - twin_pictures.among(mistaken, z, b)
    ).abs().max() > 0.01


def test_the_same_batch_gives_the_same_pictures_even_so(painter):
    _, mistaken = twin_pictures.both_ways(painter)
    z = twin_pictures.latents(0, 4)
    assert torch.equal(twin_pictures.draw(mistaken, z), twin_pictures.draw(mistaken, z))


def test_more_neighbours_matter_less(painter):
    _, mistaken = twin_pictures.both_ways(painter)
    z = twin_pictures.latents(0, 4)
    few, many = (twin_pictures.changed(mistaken, z, n, 0) for n in (1, 63))
    assert 0 < many < few


def test_sampling_in_training_mode_changes_the_model(painter):
    healthy, mistaken = twin_pictures.both_ways(painter)
    before = {k: v.clone() for k, v in painter.state_dict().items()}
    for one in (healthy, mistaken):
        twin_pictures.draw(one, twin_pictures.latents(0, 2))
    moved = [k for k, v in mistaken.state_dict().items() if not torch.equal(v, before[k])]
    assert moved
    assert all("running" in k or "batches" in k for k in moved)
    assert all(torch.equal(v, before[k]) for k, v in healthy.state_dict().items())
    assert all(torch.equal(v, before[k]) for k, v in painter.state_dict().items())


def test_an_mlp_in_training_mode_refuses_a_batch_of_one():
    model = twin_pictures.game(PictureSettings(rounds=4), width=4, d_width=4).model
    healthy, mistaken = twin_pictures.both_ways(model)
    one = twin_pictures.latents(0, 1)
    assert twin_pictures.draw(healthy, one).shape == (1, 1, 28, 28)
    with pytest.raises(InputError, match="cannot draw one sample alone"):
        twin_pictures.draw(mistaken, one)


@pytest.mark.parametrize(("networks", "alone"), [("mlp", 0), ("conv", 1)])
def test_the_whole_answer_about_neighbours(monkeypatch, networks, alone):
    monkeypatch.setattr(twin_pictures, "CROWDS", (1, 7))
    monkeypatch.setattr(twin_pictures, "COMPANIES", (3, 1))
    items = list(twin_pictures.neighbour_twins({"rounds": 4, "architecture": networks}))
    found = items[-1]
    assert [one["step"] for one in items[:-1]] == [0, 1, 2, 3, 4]
    healthy, mistaken = found["change"]
    assert (healthy.y < 1e-4).all()
    assert (mistaken.y > 1e-3).all()
    assert found["lonely"][0] < 1e-4 < found["lonely"][1]
    assert found["drift"] > 1e-4
    film = found["company"]
    assert [t.title for t in film.tracks] == [*twins.TITLES, "Difference"]
    assert len(film.labels) == 2 * twin_pictures.DRAWS + alone
    assert np.ptp(film.tracks[0].frames.astype(int), axis=0).max() <= 1  # a rounding apart
    assert found["batches"] == 8 * (alone + 4 * twin_pictures.DRAWS)


# Data that do not match the Tanh --------------------------------------------------------------


def test_with_the_mistake_d_sees_real_pictures_in_0_to_1():
    settings, x = PictureSettings(rounds=4), torch.tensor([0.0, 0.25, 1.0]).view(3, 1, 1, 1)
    pair = [twin_pictures.game(settings, match_tanh=healthy).model for healthy in (True, False)]
    healthy, mistaken = (one.from_data(x).flatten().tolist() for one in pair)
    assert healthy == [-1, -0.5, 1]
    assert mistaken == [0, 0.25, 1]


def test_generated_pictures_lie_on_both_sides_of_0_in_both():
    model = twin_pictures.game(PictureSettings(rounds=4), match_tanh=False).model
    real = torch.rand(4, 1, 28, 28)
    shown, made = twin_pictures.seen_by_d(model, real, twin_pictures.latents(0, 8))
    assert torch.equal(shown, real)
    assert -1 <= made.min() < 0 < made.max() <= 1


def test_accuracy_counts_both_kinds():
    model = twin_pictures.game(PictureSettings(rounds=4)).model
    model.discriminator.forward = lambda x, y=None: x.mean((1, 2, 3))
    up, down = torch.ones(6, 1, 28, 28), -torch.ones(2, 1, 28, 28)
    assert twin_pictures.accuracy(model, up, down) == 1
    assert twin_pictures.accuracy(model, up, -down) == 0.75
    assert twin_pictures.accuracy(model, -up, down) == 0.25


def test_the_whole_answer_about_the_scale():
    found = end(twin_pictures.scale_twins({"rounds": 4}))
    assert [t.title for t in found["film"].tracks] == list(twin_pictures.TRACKS)
    healthy, mistaken = found["values"]
    for pair in (healthy, mistaken):
        assert [line.name for line in pair] == ["real", "generated"]
        assert sum(pair[1].y) == pytest.approx(1)
    assert mistaken[0].y[mistaken[0].x < 0].sum() == 0  # no real pixel is below 0
    assert healthy[0].y[0] > 0.7  # and most of the healthy ones are black
    assert found["impossible"][0] == 0 < found["impossible"][1]
    assert found["betrayed"] == (0, 1)
    assert all(0 <= y <= 1 for line in found["accuracy"] for y in line.y)


# Settings -------------------------------------------------------------------------------------


def test_every_mistake_has_its_settings_within_bounds():
    for found in twin_pictures.twin_settings().values():
        for one in found:
            assert one.kind in ("choice", "integer")
            if one.kind == "integer":
                assert one.low <= one.default <= one.high


@pytest.mark.parametrize(
    ("stream", "values"),
    [
        (twins.detach_twins, {"rounds": 5000}),
        (twins.detach_twins, {"loss": "none"}),
        (twin_pictures.neighbour_twins, {"data": "cifar10"}),
        (twin_pictures.scale_twins, {"rounds": 2}),
    ],
)
def test_what_is_out_of_bounds_is_refused(stream, values):
    with pytest.raises(InputError):
        next(stream(values))


def test_parts_are_called_as_the_hooks_expect():
    assert plane_games.game("hinge").optimizers.keys() == {D, G}
