"""The engine's table of questions: every one that pages may ask, and how heavy it is.

Functions take and return plain values, numpy arrays and answers; what is expensive is kept.
"""

from functools import partial
from typing import NoReturn

import torch

from explorer import (
    clinic,
    flows,
    game,
    game_table,
    gradients,
    points,
    races,
    saturation,
    simple,
    twin_pictures,
    twins,
)
from explorer.engine.server import serve
from explorer.questions import (
    attributing,
    board,
    capability,
    fid,
    inventing,
    looking,
    mapping,
    memory,
    recipes,
    reversing,
    sets,
    shots,
    traversing,
    wandering,
)

QUICK = (
    *(recipes.families, recipes.devices, recipes.draft, recipes.trained_by),
    *(looking.reconstruct, looking.sample, looking.interpolate),
    reversing.between,
    *(inventing.truncated, inventing.latent_plane, inventing.styles, inventing.class_paths),
    *(inventing.real_distance, inventing.judged),
    *(simple.simple_settings, points.point_settings, points.picture_points),
    *(game.game_settings, game_table.game_begin, game_table.game_play),
    *(game_table.game_slow, game_table.game_film),
    *(gradients.loss_settings, gradients.loss_curves, saturation.sure_settings),
    twin_pictures.twin_settings,
    *(fid.fid_quick, fid.fid_wall),
    *(board.board_settings, board.board_known),
    *(traversing.latent_moved, traversing.latent_rows, traversing.latent_grid),
    *(traversing.latent_quantiles, traversing.latent_draws),
    *(wandering.latent_ways, wandering.faded_ways, wandering.faded_way, wandering.wander_now),
    sets.picture,
    *(mapping.map_layout, mapping.map_known, mapping.map_sight),
)
HEAVY = (
    recipes.estimate,
    *(clinic.collapse, clinic.treat, clinic.examine),
    *(looking.fit_prior, looking.errors_of, looking.latent_use),
    *(reversing.walk, reversing.repair, reversing.fill, reversing.race, reversing.by_epoch),
    *(reversing.latent_walk, reversing.cost),
    *(inventing.paths_by_epoch, inventing.condition),
    *(memory.copies, memory.copy_rates, memory.copy_shifts),
    simple.simple_diffusion,
    *(points.train_points, points.training_film, flows.points_film, races.points_race),
    *(gradients.loss_game, saturation.sure_critic, twins.detach_twins),
    *(twin_pictures.neighbour_twins, twin_pictures.scale_twins),
    fid.fid_trial,
    *(board.board, board.board_wall),
    *(capability.capability, capability.sample_cost, shots.few_shots),
    *(traversing.latent_axes, traversing.latent_start, traversing.latent_cloud),
    *(attributing.latent_attribute, attributing.latent_arithmetic),
    *(mapping.map_points, mapping.map_samples, mapping.map_own, mapping.map_copies),
    *(mapping.map_alignment, mapping.map_film, mapping.map_plane),
    *(wandering.way_scores, wandering.aggregates, wandering.cures),
    *(wandering.wander, wandering.wander_scores),
    *(sets.add_images, sets.fetch),
)


def answer(fd: int) -> NoReturn:
    """Serve the questions above on a socket until the dashboard hangs up."""
    functions = {f.__name__: f for f in (*QUICK, *HEAVY)}
    # A thread would begin with the number of cores that another one happens to ask for just then.
    prepare = partial(torch.set_num_threads, torch.get_num_threads())
    serve(functions, fd, heavy={f.__name__ for f in HEAVY}, prepare=prepare)
