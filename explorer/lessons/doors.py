"""What the address of each page understands, said in one place: a preset is checked against it.

Most names are those of a page's own choices.  Some pages build their forms from the engine's
settings; a door then names the engine's question that lists them, and what stands before each name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from explorer.config import Setting
from explorer.errors import InputError

Ask = Callable[[str], Any]  # a question of the engine's that needs no arguments
CARRIED = ("lesson", "lock", "hide")  # that every page understands
SAMPLER = "sampler sampling_steps spacing eta guidance label noise_seed"
PLANE = "p_shape p_ink"


@dataclass(frozen=True)
class Door:
    """A page: its title, the names it understands (``on_*``: any ending) and further ``asked``."""

    title: str
    names: frozenset[str] = frozenset()
    asked: tuple[tuple[str, str], ...] = ()  # (the engine's question, what its names begin with)


def _door(title: str, names: str = "", **asked: str) -> Door:
    return Door(title, frozenset(names.split()), tuple(asked.items()))


DOORS = {
    "start": _door("Start"),
    "train": _door("Train", "run fork family data", families=""),
    "runs": _door("Runs", "runs"),
    "zoo": _door("Model zoo", "zoo_family zoo_data model"),
    "stage": _door("One stage", "stage_data columns epoch"),
    "reconstruct": _door("Reconstruct and sample", "a b c third images first prior sample_seed"),
    "forward": _door(
        "Forward process",
        "source images shown first size colour noise mistake t noising levels beta_first beta_last",
    ),
    "reverse": _door(
        "Reverse process",
        f"model view n noise_seed_2 repair missing source images {SAMPLER}",
    ),
    "schedules": _door("Schedules", "compare levels beta_first beta_last images before after"),
    "simple": _door(
        "Simple diffusion", "simple_source simple_image images", simple_settings="simple_"
    ),
    "latent": _door("Latent diffusion", f"latent_model pixels {SAMPLER}"),
    "points": _door(
        "Diffusion in 2-D",
        f"{PLANE} p_views p_arrows p_walk p_race p_race_steps p_wrong p_solver",
        point_settings="p_",
    ),
    "game": _door("GAN game", f"{PLANE} g_view", game_settings="g_"),
    "clinic": _door(
        "Collapse clinic", "c_ground c_data c_steps c_seed c_run_seed c_tried p_clinic_parts"
    ),
    "losses": _door("Why the loss trains", "l_losses", loss_settings="l_", sure_settings="l_"),
    "mistakes": _door("Known mistakes", "m_which m_*_guess", twin_settings="m_"),
    "gan_images": _door(
        "GAN on images",
        "gan gan_view noise_seed noise_seed_2 gan_class beside directions reach latent_i latent_j",
    ),
    "conditional": _door("Conditional GAN", "conditional noise_seed from_class to_class gan_class"),
    "compare": _door("Compare", "data on_* sight", board_settings=""),
    "fid": _door("What is FID?", "corruption strength samples pictures"),
    "memorised": _door(
        "Memorised or made?",
        "memory_guess memory_way memory_size memory_model memory_space memory_samples noise_seed "
        "memory_images memory_steps memory_far",
    ),
    "capabilities": _door("Capabilities", "can_*"),
    "latent_map": _door(
        "Latent map",
        "map_guess map_model map_data map_split map_method map_images map_dimensions map_colour "
        "map_place map_class map_drop map_other n_neighbors min_dist perplexity metric map_seed "
        "plane_kind plane_A plane_B plane_seed plane_class",
    ),
    "ae_vae": _door(
        "AE against VAE",
        "scope_guess scope scope_data scope_each scope_way noise_seed "
        "scope_a1 scope_b1 scope_a2 scope_b2 scope_a3 scope_b3",
    ),
    "interpolate": _door(
        "Interpolate",
        "wander wander_data wander_between wander_count wander_way wander_view "
        "wander_seed* wander_c* wander_i*",
    ),
    "traverse": _door(
        "Traverse",
        "coder walk begin image latent_seed places right up terms term_* picture_* "
        "latents_from rows_from attribute_from attribute_to draw_seed mass traverse_guess",
    ),
    "few_shots": _door("Few shots", "shots_data more shots_add judge labels shots_guess"),
}


def door(page: str) -> Door:
    """What is known of a page.  Raises InputError for a page that there is not."""
    if page not in DOORS:
        raise InputError(f"There is no page {page[:60]!r}. There are: {', '.join(DOORS)}.")
    return DOORS[page]


def strangers(page: str, names: Iterable[str], ask: Ask | None = None) -> list[str]:
    """Those of ``names`` that a page does not understand; without ``ask`` only the sure ones."""
    one = door(page)
    known = set().union(*(_names(ask(q), start) for q, start in one.asked)) if ask else set()
    return [
        name
        for name in names
        if name not in known
        and not any(_matches(name, own) for own in (*one.names, *CARRIED))
        and (ask or not any(name.startswith(start) for _, start in one.asked))
    ]


def refuse_strangers(page: str, names: Iterable[str], ask: Ask | None = None) -> None:
    """Raise InputError that names a setting the page does not understand, and those it does."""
    if odd := strangers(page, names, ask):
        one = DOORS[page]
        more = ", and the settings of its form" if one.asked else ""
        known = ", ".join(sorted(one.names)) or "none"
        raise InputError(
            f"The page {one.title} has no setting {odd[0][:60]!r}. It understands: {known}{more}."
        )


def settings(page: str, ask: Ask, family: str = "") -> dict[str, Setting]:
    """The settings of the forms that a page builds from the engine's, by their name there.

    Families may use one name for different things: with ``family`` only its own are meant.
    """
    found = {}
    for question, start in DOORS[page].asked:
        answer = ask(question)
        if family and question == "families":
            answer = [one for one in answer if one.name == family] or answer
        found |= _settings(answer, start)
    return found


def _names(answer: Any, start: str) -> set[str]:
    return set(_settings(answer, start))


def _settings(answer: Any, start: str) -> dict[str, Setting]:
    """Settings as the engine lists them: plainly, by group, or by family."""
    if isinstance(answer, dict):
        each = [_settings(some, f"{start}{group}_") for group, some in answer.items()]
        return {name: one for some in each for name, one in some.items()}
    found = {}
    for one in answer:
        own = [one] if isinstance(one, Setting) else [*one.settings, *one.training]
        found |= {start + each.name: each for each in own}
    return found


def _matches(name: str, known: str) -> bool:
    """Whether ``name`` is ``known``, in which a star stands for anything."""
    start, star, end = known.partition("*")
    if not star:
        return name == known
    return name.startswith(start) and name.endswith(end) and len(name) > len(known) - 1
