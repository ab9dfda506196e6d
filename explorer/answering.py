"""The engine's table of questions: every one that pages may ask, and how heavy it is.

Functions take and return plain values, numpy arrays and answers; what is expensive is kept.
"""

from typing import NoReturn

from explorer import flows, points, races, simple
from explorer.engine.server import serve
from explorer.questions import looking, recipes, reversing, sets

QUICK = (
    *(recipes.families, recipes.devices, recipes.draft),
    *(looking.reconstruct, looking.sample, looking.interpolate),
    reversing.between,
    *(simple.simple_settings, points.point_settings, points.picture_points),
    sets.picture,
)
HEAVY = (
    recipes.estimate,
    *(looking.fit_prior, looking.errors_of, looking.latent_use),
    *(reversing.walk, reversing.repair, reversing.fill, reversing.race, reversing.by_epoch),
    *(reversing.latent_walk, reversing.cost),
    simple.simple_diffusion,
    *(points.train_points, points.training_film, flows.points_film, races.points_race),
    *(sets.add_images, sets.fetch),
)


def answer(fd: int) -> NoReturn:
    """Serve the questions above on a socket until the dashboard hangs up."""
    functions = {f.__name__: f for f in (*QUICK, *HEAVY)}
    serve(functions, fd, heavy={f.__name__ for f in HEAVY})
