"""The rooms of the house: a line each, and it stands in the navigation and on the start page."""

from typing import NamedTuple

import streamlit as st


class Room(NamedTuple):
    """A page: its file's name, its icon and title, and what can be seen there."""

    page: str
    icon: str
    title: str
    line: str


# Section -> file | icon | title | what can be seen there.  The first room is the one that opens.
TABLE = {
    "": """
        start | home | Start | What can be seen here.
        stage | view_week | One stage | Every family side by side on the same digits.
        lessons | school | Lessons | Guided demonstrations: predict, look, compare, hand in.
    """,
    "Train": """
        train | model_training | Train | Choose a family, data and every setting; watch it learn.
        runs | folder_open | Runs | Everything trained here: compare, fork, export.
        zoo | pets | Model zoo | Every model that came along: samples, recipe, figures.
    """,
    "Diffusion": """
        points | scatter_plot | Diffusion in 2-D | Draw a shape, train in seconds, see the field.
        forward | grain | Forward process | How a picture becomes noise, or does not.
        reverse | blur_off | Reverse process | Noise becomes a picture: race samplers, repair.
        schedules | show_chart | Schedules | Four ways to fade into noise, over each other.
        simple | draw | Simple diffusion | One picture, one noise, one hundred iterations.
        latent | route | Latent diffusion | A walk through the latent space, decoded at every step.
    """,
    "GAN": """
        game | sports_kabaddi | GAN game | Two networks against each other, move by move.
        clinic | healing | Collapse clinic | Make a generator collapse, then try the cures.
        losses | trending_down | Why the loss trains | What each loss tells the generator.
        mistakes | bug_report | Known mistakes | Three slips beside healthy twins: guess, then see.
        gan_images | grid_view | GAN on images | A game's best moment, and its latents.
        conditional | category | Conditional GAN | A class a row, a latent a column: what is style?
    """,
    "Scoreboard": """
        fid | straighten | What is FID? | Two Gaussians to drag, and what fools the number.
        compare | leaderboard | Compare | The scoreboard: FID with its error, bias and floor, live.
        memorised | content_copy | Memorised or made? | The training pictures next to each sample.
        capabilities | grid_on | Capabilities | What each family can do, every cell measured.
    """,
    "Look inside": """
        reconstruct | compare | Reconstruct and sample | What any models copy and invent.
    """,
    "Latent space": """
        latent_map | bubble_chart | Latent map | Where a model puts every picture.
        ae_vae | balance | AE against VAE | The same ways through both, and the holes between.
        interpolate | linear_scale | Interpolate | Between pictures or noises, through every family.
        traverse | tune | Traverse | Every latent as a slider; what does each one do?
        few_shots | counter_5 | Few shots | What do latents know of classes, with few labels?
    """,
}
SECTIONS = {
    section: [Room(*line.strip().split(" | ")) for line in lines.strip().splitlines()]
    for section, lines in TABLE.items()
}


def pages() -> dict[str, list]:
    """The table for ``st.navigation``."""
    return {section: [_page(room) for room in rooms] for section, rooms in SECTIONS.items()}


def _page(room: Room):
    first = room == next(iter(SECTIONS.values()))[0]
    return st.Page(path(room), title=room.title, icon=icon(room), default=first)


def path(room: Room) -> str:
    """The file of a room, from the project's root."""
    return f"pages/{room.page}.py"


def icon(room: Room) -> str:
    """Its icon as Streamlit names it."""
    return f":material/{room.icon}:"
