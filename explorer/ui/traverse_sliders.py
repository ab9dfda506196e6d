"""Every latent as a slider, and one latent a row."""

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import LatentAxes
from explorer.catalog import Entry
from explorer.pictures import sheet
from explorer.ui import theme, url
from explorer.ui.asking import ask
from explorer.ui.drag import Slider, drag_picture
from explorer.ui.rows import Row, rows
from explorer.ui.traverse_subject import Start, figure_of, groups, share_of, what_orders

REACH = 3.0  # standard deviations to either side
AT_ONCE = 16  # sliders
ROWS, STEPS = 10, 11  # of traversals, and pictures in each
USED = 0.1  # nats from which on a latent counts as used
GUESSES = {"few": "Less than a third", "half": "About half", "all": "More than two thirds"}


def sliders(entry: Entry, axes: LatentAxes, start: Start) -> None:
    """The pictures of all that the walk began with, and a slider for each of some latents."""
    which = groups(axes, AT_ONCE, "latents_from")
    _panel(entry, axes, start, which)
    st.caption(
        f"{what_orders(axes)} Each slider moves its latent by up to {REACH:g} standard deviations "
        "of the aggregate posterior, from where each picture has it; a double click brings it back."
    )


def _panel(entry: Entry, axes: LatentAxes, start: Start, which: list[int]) -> None:
    def draw(values: dict[str, float]) -> np.ndarray:
        by = tuple(round(values[f"z{i}"], 3) * float(axes.std[i]) for i in which)
        asked = {"z": start.z, "y": start.y, "which": tuple(which), "by": by}
        pictures = ask("latent_moved", checkpoint=entry.exact, **asked)
        return sheet(pictures, max(1, round(len(pictures) ** 0.5)))

    there = [
        Slider(
            f"z{i}",
            f"z{i + 1}",
            -REACH,
            REACH,
            0.05,
            0.0,
            "",
            figure_of(axes, i),
            share_of(axes, i),
        )
        for i in which
    ]
    title = "Pictures of these latents"
    drag_picture(draw, key=f"latents-{start.kind}-{which[0]}", sliders=there, title=title)


# One latent a row ---------------------------------------------------------------------------------


def traversals(entry: Entry, axes: LatentAxes, start: Start) -> None:
    """One latent a row, from −3 to 3 standard deviations, the most used first."""
    guess(axes)
    which = groups(axes, ROWS, "rows_from")
    by = np.linspace(-REACH, REACH, STEPS) * axes.std[which, None]
    asked = {"z": start.z[:1], "y": None if start.y is None else start.y[:1]}
    found = ask("latent_rows", checkpoint=entry.exact, which=tuple(which), by=by, **asked)
    lines = [
        Row(pictures, f"z{i + 1} · {figure_of(axes, i)}", f"{100 * step * (STEPS - 1):.0f} %")
        for i, pictures, step in zip(which, found.pictures, found.step, strict=True)
    ]
    theme.show(rows(lines))
    st.caption(
        f"Each row moves one latent from −{REACH:g} to {REACH:g} standard deviations of the "
        "aggregate posterior around the first of the latents that the walk began with (the middle "
        "column); all others stand still. Behind a row: all its steps together, root mean square a "
        f"pixel. {what_orders(axes)}"
    )
    values, unit = (axes.kl, "nats") if axes.kl is not None else (100 * axes.change, "per cent")
    bars = figures.latent_bars(values, title=f"All latents · {unit}", unit=unit)
    st.plotly_chart(bars, key="traverse-bars", config=figures.CONFIG)


def guess(axes: LatentAxes) -> None:
    """A question before the figures: how many latents does it use?"""
    if axes.kl is None:
        return
    count, used = len(axes.kl), int((axes.kl > USED).sum())
    question = f"Guess first: how many of its {count} latents does this VAE use at all?"
    said = url.maybe(st.segmented_control, question, GUESSES, "traverse_guess")
    if said:
        right = "few" if 3 * used < count else "all" if 3 * used > 2 * count else "half"
        verdict = "Yes" if said == right else "No"
        st.markdown(
            f"**{verdict}: {used} of {count}** say more than {USED:g} nats about a picture, on "
            "average. The KL term charges for every nat, so a VAE keeps only the latents that pay "
            "for themselves; the others are noise, and the decoder has learned to ignore them."
        )
