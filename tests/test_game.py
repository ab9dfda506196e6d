"""The game in the plane: who moves whom, what is seen, what is remembered, and who is forgotten."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explorer import game_table
from explorer.answers import Board
from explorer.errors import InputError, NonFinite
from explorer.game import PLAYERS, RULES, Game, chosen, game_settings
from explorer.game_pictures import EXTENT, LONGEST, PHASES, arrows, film, ground, slow_film
from explorer.game_sight import PIXELS, PUSHED, SHOWN, lattice
from explorer.models.gan import D, G
from explorer.plane_games import push
from explorer.points import cloud

BRIEF = {"width": 4, "d_width": 4, "batch_size": 32}
LOSSES = ("non-saturating", "minimax", "least-squares", "wasserstein", "hinge")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def _no_games():
    game_table._games.clear()


def new(name: str = "ring", **values) -> Game:
    return Game(cloud(name), BRIEF | values)


def weights(game: Game, part: str) -> torch.Tensor:
    net = game.trainer.model.parts()[part]
    return torch.cat([t.detach().flatten().float().clone() for t in net.state_dict().values()])


def same(a: Board, b: Board) -> bool:
    return all(
        np.array_equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True)
    )


# Who moves ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "other"), [(D, G), (G, D)])
@pytest.mark.parametrize("loss", ["non-saturating", "wasserstein"])
def test_a_player_who_moves_alone_leaves_the_other_exactly_as_it_was(part, other, loss):
    game = new(loss=loss, d_norm="spectral", d_steps=2, g_steps=2)
    game.play()
    own, others = weights(game, part), weights(game, other)
    params = [p.detach().clone() for p in game.trainer.model.parts()[other].parameters()]
    game.play(part)
    assert not torch.equal(weights(game, part), own)
    after = list(game.trainer.model.parts()[other].parameters())
    assert all(torch.equal(a, b) for a, b in zip(params, after, strict=True))
    if other == G:
        assert torch.equal(weights(game, other), others)
    assert game.round == 2


def test_d_and_then_g_alone_is_not_a_round_but_moves_both():
    game = new()
    before = [weights(game, part) for part in (D, G)]
    game.play(D)
    game.play(G)
    assert all(
        not torch.equal(a, weights(game, part)) for a, part in zip(before, (D, G), strict=True)
    )


def test_the_same_seed_is_the_same_game_and_another_is_another():
    def played(seed: int) -> Board:
        game = new(seed=seed)
        for part in ((), (D,), (), (G,), ()):
            game.play(*part)
        return game.story()[-1]

    assert same(played(3), played(3))
    assert not np.array_equal(played(3).fake, played(4).fake)


def test_looking_changes_nothing_not_even_under_spectral_normalisation():
    watched, left_alone = new(d_norm="spectral"), new(d_norm="spectral")
    for _ in range(3):
        watched.play()
        watched.latest = watched._look()
        left_alone.play()
    assert all(torch.equal(weights(watched, p), weights(left_alone, p)) for p in (D, G))


def test_a_slow_round_is_a_round_like_any_other():
    slow, quick = new(d_steps=2), new(d_steps=2)
    seen = slow.slow()
    quick.play()
    assert all(torch.equal(weights(slow, part), weights(quick, part)) for part in (D, G))
    assert slow.round == seen.after.round == 1
    assert seen.steps == (2, 1)
    assert np.array_equal(seen.before.fake, seen.judged.fake)  # only D moved
    assert not np.array_equal(seen.before.surface, seen.judged.surface)
    assert np.array_equal(seen.judged.surface, seen.after.surface)  # only G moved
    assert not np.array_equal(seen.judged.fake, seen.after.fake)
    assert same(seen.after, quick.story()[-1])


# Rules ----------------------------------------------------------------------------------------


def test_rules_act_from_the_next_round_on():
    """A game that changes to hinge loss equals, from there, one step of hinge loss by hand."""
    game, twin = new(penalty="none"), new(penalty="none")
    for one in (game, twin):
        one.play()
    game.follow({"loss": "hinge", "d_learning_rate": 0.01})
    assert game.story()[-1].middle == 0.0
    model, optimizer = twin.trainer.model.train(), twin.trainer.optimizers[D]
    batch = twin.trainer._batch()
    fake = model.generator(batch.noise("D 0", (32, 2))).detach()
    loss = F.relu(1 - model.discriminator(batch.x)).mean()
    loss = loss + F.relu(1 + model.discriminator(fake)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.param_groups[0]["lr"] = 0.01
    optimizer.step()
    game.play(D)
    assert torch.allclose(weights(game, D), weights(twin, D), atol=1e-6)


def test_more_steps_of_d_take_effect_and_never_run_out_of_points():
    game = new(batch_size=1024)
    seen = []
    original = game.trainer.updates

    def counted(*parts):
        for part in original(*parts):
            seen.append(part)
            yield part

    game.trainer.updates = counted
    for steps in (10, 1, 3):
        game.follow({"d_steps": steps, "g_steps": 2})
        for _ in range(12):
            game.play()
            assert len(game.trainer._batch().x) >= 1024 * min(steps, 8)
    assert seen == 12 * ([D] * 10 + [G] * 2) + 12 * [D, G, G] + 12 * ([D] * 3 + [G] * 2)


def test_a_change_of_players_is_no_rule():
    game = new()
    game.follow({"width": 8, "latent": 5, "seed": 9, "learning_rate": 0.01})
    assert (game.values["width"], "latent" in game.values) == (4, False)
    assert game.trainer.settings.learning_rate == 0.01


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"latent": 65}, "between 1 and 64"),
        ({"d_steps": 11}, "between 1 and 10"),
        ({"learning_rate": 1.0}, "0.1"),
        ({"d_norm": "batch"}, "none, spectral"),
        ({"loss": "mse"}, "must be one of"),
        ({"colour": 1}, "no setting 'colour'"),
    ],
)
def test_impossible_rules_are_refused(values, sentence):
    with pytest.raises(InputError, match=sentence):
        new(**values)


def test_every_setting_is_here_once_and_its_usual_value_is_allowed():
    settings = game_settings()
    assert [s.name for s in settings] == [*RULES, *PLAYERS]
    assert {s.name for s in settings if s.hint.live} == {*RULES}
    assert chosen("ring", {s.name: s.default for s in settings}).model["latent"] == 2


def test_a_ruinous_move_is_refused_and_the_game_goes_on_by_better_rules():
    game = new(penalty="none", loss="wasserstein")
    with torch.no_grad():
        head = game.trainer.model.discriminator.head
        kept = head.weight.clone()
        head.weight.fill_(float("inf"))
    with pytest.raises(NonFinite, match="learning rate"):
        game.play()
    with torch.no_grad():
        head.weight.copy_(kept)
    game.play()
    assert np.isfinite(game.story()[-1].fake).all()


# What is seen ---------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_arrows_are_the_gradient_of_gs_loss(loss):
    """−L′(d) ∂d/∂x: the first factor derived by hand, the second by autograd point by point."""
    game = new(loss=loss)
    for _ in range(5):
        game.play()
    board = game.story()[-1]
    model = game.trainer.model
    slope = {
        "non-saturating": lambda d: -torch.sigmoid(-d),
        "minimax": lambda d: -torch.sigmoid(d),
        "least-squares": lambda d: d - 1,
        "wasserstein": lambda d: -1.0,
        "hinge": lambda d: -1.0,
    }[loss]
    wanted = []
    for place in torch.tensor(board.fake[:PUSHED]):
        x = place.clone().requires_grad_()
        d = model.discriminator(x[None])[0]
        d.backward()
        wanted.append((-slope(d.detach()) * x.grad).numpy())
    np.testing.assert_allclose(board.pushes, wanted, atol=1e-6)
    assert np.abs(wanted).max() > 1e-3
    mean = np.linalg.norm(wanted, axis=1).mean()
    assert board.terms["push"] == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_surface_is_what_d_says_there(loss):
    game = new(loss=loss)
    game.play()
    board = game.story()[-1]
    row, column = 5, 40
    place = [2 * (column + 0.5) / PIXELS - 1, 1 - 2 * (row + 0.5) / PIXELS]
    with torch.no_grad():
        d = game.trainer.model.judge(torch.tensor([place]) * EXTENT)
    reads = torch.sigmoid if loss in ("non-saturating", "minimax") else lambda d: d
    assert board.surface[row, column] == pytest.approx(float(reads(d)), abs=1e-5)
    assert board.surface.shape == (PIXELS, PIXELS)


def test_losses_and_opinions_are_those_of_the_points_that_are_shown():
    board = new(label_smoothing=0.1).story()[-1]
    assert board.fake.shape == board.real.shape == (SHOWN, 2)
    game = new(label_smoothing=0.1)
    with torch.no_grad():
        real, fake = (game.trainer.model.judge(torch.tensor(x)) for x in (board.real, board.fake))
    bce = F.binary_cross_entropy_with_logits
    wanted = bce(real, torch.full_like(real, 0.9)) + bce(fake, torch.zeros_like(fake))
    assert board.terms["D loss"] == pytest.approx(float(wanted), rel=1e-5)
    assert board.terms["G loss"] == pytest.approx(float(bce(fake, torch.ones_like(fake))), rel=1e-5)
    assert board.terms["D(real)"] == pytest.approx(float(real.sigmoid().mean()), rel=1e-5)


def test_the_middle_of_a_critic_lies_between_its_means():
    board = new(loss="wasserstein").story()[-1]
    assert board.middle == pytest.approx(
        (board.terms["D(real)"] + board.terms["D(generated)"]) / 2, abs=1e-6
    )
    assert board.reach > 0


def test_modes_are_counted_where_they_are_known():
    board = new("ring").story()[-1]
    assert board.modes[1] == 8
    assert 0 <= board.near <= 1
    assert new("moons").story()[-1].modes is None


@pytest.mark.parametrize(("latent", "lines"), [(1, 1), (2, 26), (8, 26)])
def test_the_grid_of_noise_cuts_it_into_equal_shares(latent, lines):
    grid = lattice(latent)
    assert grid.shape == (lines, 33, latent)
    assert new(latent=latent).story()[-1].lines.shape == (lines, 33, 2)
    if latent > 1:
        levels = torch.distributions.Normal(0, 1).cdf(grid[:13, 0, 0])
        assert torch.allclose(levels.diff(), torch.full((12,), 1 / 13), atol=1e-4)
        assert not grid[..., 2:].any()


def test_pushes_leave_no_gradient_behind():
    game = new()
    push(game.trainer.model, torch.zeros(3, 2), lambda d: d)
    assert all(p.grad is None for p in game.trainer.model.parameters())


# Pictures -------------------------------------------------------------------------------------


def test_arrows_begin_at_their_points_and_none_is_too_long():
    board = new().story()[-1]
    drawn = arrows(board)
    assert np.array_equal(drawn[:, :2], board.fake[:PUSHED])
    length, push = np.linalg.norm(drawn[:, 2:], axis=1), np.linalg.norm(board.pushes, axis=1)
    assert (length < LONGEST).all()
    assert (np.diff(length[np.argsort(push)]) >= -1e-7).all()  # a stronger push, a longer arrow
    cross = drawn[:, 2] * board.pushes[:, 1] - drawn[:, 3] * board.pushes[:, 0]
    assert np.abs(cross).max() < 1e-6


def test_the_ground_is_clear_where_d_cannot_tell():
    board = new().story()[-1]
    flat = np.array([[0.0, 0.5, 1.0, 0.75]])
    assert ground(Board(**vars(board) | {"surface": flat})).tolist() == [[1, 128, 255, 192]]


def test_a_film_has_a_frame_a_board_and_a_slow_round_one_a_phase():
    game = new()
    slow = game.slow()
    told = slow_film(slow)
    (track,) = told.tracks
    assert told.labels == PHASES
    assert track.points.shape == (7, 2 * SHOWN, 2)
    assert np.allclose(track.points[0, SHOWN:], 0.6 * slow.z)
    assert np.array_equal(track.points[6, SHOWN:], slow.after.fake)
    assert (track.ground[:2] == 128).all()
    assert not np.array_equal(track.ground[2], track.ground[3])
    assert not track.arrows[:5, :, 2:].any()
    assert np.array_equal(track.arrows[5], track.arrows[6])
    whole = film(game.story())
    assert whole.labels == ("round 0", "round 1")
    assert whole.tracks[0].signed
    assert set(whole.tracks[0].groups[[0, -1]]) == {0, 1}


def test_one_number_of_noise_lies_along_the_middle():
    slow = new(latent=1).slow()
    assert slow.z.shape == (SHOWN, 2)
    assert not slow.z[:, 1].any()
    assert slow.grid.shape == (1, 33, 2)


# What is remembered ---------------------------------------------------------------------------


def test_the_history_is_bounded_and_evenly_spread(monkeypatch):
    monkeypatch.setattr("explorer.game.REMEMBERED", 10)
    monkeypatch.setattr(Game, "_look", lambda self: Board(self.round, *[None] * 10))
    game = new()
    for _ in range(203):
        game.play()
    rounds = [board.round for board in game.story()]
    assert len(rounds) <= 11
    assert rounds[0] == 0
    assert rounds[-1] == 203
    assert set(np.diff(rounds[:-1])) == {32}


def test_a_trainers_own_notes_do_not_grow():
    game = new()
    for _ in range(3):
        game.play()
    assert not game.trainer.window.values


# The table ------------------------------------------------------------------------------------


def test_a_game_is_begun_played_and_told():
    board, course = game_table.game_begin("a", "ring", BRIEF)
    assert board.round == 0
    board, course = game_table.game_play("a", BRIEF, rounds=3)
    assert board.round == course.rounds[-1] == 3
    assert course.rounds.tolist() == [0, 3]
    assert set(course.terms) == {"D loss", "G loss", "D(real)", "D(generated)", "modes"}
    assert game_table.game_slow("a", BRIEF).after.round == 4
    told, _ = game_table.game_film("a")
    assert told.labels == ("round 0", "round 4")


def test_a_loss_is_read_anew_when_it_changes_between_two_rounds():
    game_table.game_begin("a", "ring", BRIEF)
    board, _ = game_table.game_play("a", BRIEF | {"loss": "least-squares"}, rounds=0)
    assert (board.round, board.middle) == (0, 0.5)
    board, _ = game_table.game_play("a", BRIEF | {"loss": "hinge"}, rounds=0)
    assert (board.round, board.middle) == (0, 0.0)


def test_only_some_games_are_kept_those_that_are_played(monkeypatch):
    monkeypatch.setattr(game_table, "KEPT", 2)
    for name in "ab":
        game_table.game_begin(name, "ring", BRIEF)
    game_table.game_play("a", BRIEF)
    game_table.game_begin("c", "ring", BRIEF)
    assert set(game_table._games) == {"a", "c"}
    assert game_table.game_play("b", BRIEF) is None
    assert game_table.game_slow("b", BRIEF) is None
    assert game_table.game_film("b") is None


def test_rounds_that_take_long_end_early(monkeypatch):
    monkeypatch.setattr(game_table, "PATIENCE", 0.0)
    game_table.game_begin("a", "ring", BRIEF)
    board, _ = game_table.game_play("a", BRIEF, rounds=50)
    assert board.round == 1


@pytest.mark.parametrize(("rounds", "parts"), [(101, ()), (-1, ()), (1, ("referee",))])
def test_nonsense_is_refused(rounds, parts):
    game_table.game_begin("a", "ring", BRIEF)
    with pytest.raises(InputError, match="0 to 100 rounds"):
        game_table.game_play("a", BRIEF, rounds, parts)


def test_own_points_are_learned_as_they_are():
    points = np.random.default_rng(0).uniform(-1, 1, (25, 2)).astype(np.float32)
    board, _ = game_table.game_begin("a", "drawn", BRIEF, points)
    assert {*map(tuple, board.real)} <= {*map(tuple, points)}
    board, _ = game_table.game_play("a", BRIEF, 2)
    assert board.round == 2
