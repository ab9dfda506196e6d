"""The collapse clinic on points: the sick one beside its healthy twin, then cures, in seconds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from explorer import data, figures
from explorer.answers import Checkup, Curve, Film, Plane
from explorer.collapse import CURES, INGREDIENTS, POINTS, collapsed_at, ended
from explorer.config import SEED_LIMIT, Settings, describe, setting
from explorer.errors import InputError
from explorer.ui import clinic_words as words
from explorer.ui import forms, jobs, theme, url
from explorer.ui.asking import guarded
from explorer.ui.plane_choices import several
from explorer.ui.player import player
from explorer.ui.source import code

EXTENT = 1.8  # half the side of what is shown
REAL = 400  # points
LEAST = 0.12  # radius of a circle that can still be seen
GREY = 9  # of the palette: real points, and what was before a cure
TWINS = {"Healthy": 0, "Collapse recipe": 7}  # and their colours
SHAPES = {"ring": "Ring of 8 Gaussians", "grid": "Grid of 25 Gaussians"}
TRIED = "c_tried"
FIRST = ("nothing", "everything")  # what is treated before anybody asks


class View(Settings):
    """How long and from which seed."""

    c_steps: int = setting(
        POINTS.steps, "Steps", "Rounds of the game; a cure gets as many.", ge=20, le=5000, log=True
    )
    c_seed: int = setting(
        0, "Seed", "Where all chance comes from, for both twins.", ge=0, le=SEED_LIMIT
    )


def show() -> None:
    """The whole clinic on points."""
    asked = choices()
    with guarded():
        twins = jobs.awaited("c_twins", live, "collapse", **asked)
        if twins is None:
            return
        healthy, sick = twins
        diagnosis(asked, healthy, sick)
        st.header("The recipe")
        words.recipe(POINTS, asked["ingredients"])
        st.header("The cures")
        cures(asked, healthy, sick)


# Choices --------------------------------------------------------------------------------------


def choices() -> dict[str, Any]:
    """What the engine is asked for: the points, the parts of the recipe, the seed, the steps."""
    left, right = st.container(key="wrap-clinic").columns([3, 2], gap="large")
    with left:
        name = url.segmented("Data", SHAPES, "ring", "c_data")
        titles = {name: one.title for name, one in INGREDIENTS.items()}
        parts = several("The recipe for collapse", titles, list(titles), "clinic_parts")
    with right:
        steps, seed = (forms.control(one, one.default) for one in describe(View))
    return {"name": name, "ingredients": tuple(parts), "seed": int(seed), "steps": int(steps)}


# The twins ------------------------------------------------------------------------------------


def live(items: list[Any]) -> None:
    """Both twins while they learn."""
    told = [one for one in items if isinstance(one, dict)]
    if not told:
        st.progress(0.0, "Waiting for its turn …")
        return
    now = told[-1]
    st.progress(now["step"] / now["total"], f"step {now['step']:,} of {now['total']:,}")
    seen = [one["checkups"] for one in told if len(one["checkups"]) == len(TWINS)]
    if seen:
        both = dict(zip(TWINS, zip(*seen, strict=True), strict=True))
        warn(both["Collapse recipe"], now["total"])
        player(film(both, TWINS), key="c_live", height=360, value=len(seen) - 1, report=False)


def diagnosis(asked: dict[str, Any], healthy: Sequence[Checkup], sick: Sequence[Checkup]) -> None:
    """The film of both, the alarm, and the numbers that tell a collapse."""
    both = dict(zip(TWINS, (healthy, sick), strict=True))
    warn(sick, asked["steps"])
    player(film(both, TWINS), key="c_twins_film", height=400, autoplay=True, report=False)
    st.caption(
        "Grey: real points. In colour: what G draws, always from the same noise; the circle is "
        "around their middle and as wide as they are spread. The ground is tinted where D says "
        "real. Both began with the same seed."
    )
    left, right = st.container(key="wrap-diagnosis").columns(2, gap="large")
    with left:
        curves({name: (seen, TWINS[name]) for name, seen in both.items()}, "c_covered")
    with right:
        theme.show(*(stats(name, seen[-1]) for name, seen in both.items()))
        st.caption(
            "A mode counts as covered when at least a tenth of its fair share of all points lies "
            "within three standard deviations of its middle."
        )
        code("explorer.metrics.modes:mode_shares", "near =")


def warn(sick: Sequence[Checkup], steps: int) -> None:
    """The alarm, if it is due."""
    at = [one.step for one in sick]
    values = np.array([one.covered for one in sick], dtype=float)
    words.alarm(collapsed_at(np.array(at), values, steps // 5), "modes")


def stats(name: str, now: Checkup) -> str:
    """Four numbers of a generator."""
    return theme.row(
        theme.stat(name, f"{now.covered}", f"of {len(now.shares)} modes"),
        theme.stat("Near a mode", f"{now.near:.0%}"),
        theme.stat("Two points apart", f"{now.distance:.2f}", "on average"),
        least="8rem",
    )


# The cures ------------------------------------------------------------------------------------


def cures(asked: dict[str, Any], healthy: Sequence[Checkup], sick: Sequence[Checkup]) -> None:
    """A card a cure, and what came of those that were tried."""
    st.markdown(
        "Every cure is a **fork**: it takes over all weights of the collapsed pair at its last "
        "step and changes one thing. No treatment is the control."
    )
    names = tried()

    def foot(name: str) -> None:
        outcome(asked, name, name in names)

    words.cures(POINTS, POINTS.sick(asked["ingredients"]), foot)
    rest = [name for name in CURES if name not in names]
    if rest:
        st.button("Try all of them", icon=":material/healing:", on_click=attempt, args=rest)
    found = treated(asked, names)
    compare(healthy, sick, found)
    words.behind()


def outcome(asked: dict[str, Any], name: str, wanted: bool) -> None:
    """The end of a cure's card: what came of it, or the button that tries it."""
    if found := jobs.known("treat", **asked, cure=name):
        theme.show(words.verdict(covered(found), len(found[-1].shares), "modes"))
    elif wanted:
        theme.show(theme.chip("running", "being treated"))
    else:
        st.button("Try it", key=f"c_try_{name}", on_click=attempt, args=(name,))


def tried() -> list[str]:
    """The cures in the comparison; they stand in the address."""

    def read(text: str) -> list[str]:
        if odd := set(text.split(",")) - CURES.keys():
            raise InputError(f"There is no cure {min(odd)[:40]!r}.")
        return text.split(",")

    url.begin(TRIED, read)
    names = st.session_state.setdefault(TRIED, list(FIRST))
    url.keep(TRIED, ",".join(names), ",".join(FIRST))
    return names


def attempt(*names: str) -> None:
    """A button was pressed: treat with these too."""
    st.session_state[TRIED] = [*st.session_state[TRIED], *names]


def treated(asked: dict[str, Any], names: Sequence[str]) -> dict[str, Sequence[Checkup]]:
    """What came of each cure that is done; the first that is not is being made."""
    found = {}
    for name in names:
        answer = jobs.known("treat", **asked, cure=name)
        if answer is None:
            st.markdown(f"**{CURES[name].title}** is being tried.")
            jobs.awaited("c_treat", treating, "treat", **asked, cure=name)
            break
        found[name] = answer
    return found


def treating(items: list[Any]) -> None:
    """One cure while it is tried."""
    told = [one for one in items if isinstance(one, dict)]
    now = told[-1] if told else {"step": 0, "total": 1, "checkups": ()}
    if now["step"] < 0:
        st.progress(1 + now["step"] / now["total"], "Making the collapsed pair again …")
        return
    covered = f" · {now['checkups'][0].covered} modes covered" if now["checkups"] else ""
    st.progress(now["step"] / now["total"], f"step {now['step']:,} of {now['total']:,}{covered}")


def covered(seen: Sequence[Checkup]) -> float:
    """Modes covered in the end."""
    return ended([one.covered for one in seen])


def compare(
    healthy: Sequence[Checkup],
    sick: Sequence[Checkup],
    found: dict[str, Sequence[Checkup]],
) -> None:
    """All cures on one slider, their curves, and their numbers."""
    if not found:
        return
    st.subheader("Before and after, from the same checkpoint")
    colours = {name: i for i, name in enumerate(CURES)}
    titled = {CURES[name].title: seen for name, seen in found.items()}
    groups = {CURES[name].title: colours[name] for name in found}
    height = 400 if len(found) < 3 else 250
    still = not jobs.working("c_treat")  # the browser may need what training needs
    player(film(titled, groups), key="c_cures_film", height=height, autoplay=still, report=False)
    lines = {"Collapsed": (sick, GREY)}
    lines |= {title: (seen, groups[title]) for title, seen in titled.items()}
    curves(lines, "c_cured")
    rows = [row("Healthy twin", None, healthy)]
    rows += [row(title, sick, seen) for title, seen in titled.items()]
    st.dataframe(rows, hide_index=True)


def row(title: str, before: Sequence[Checkup] | None, after: Sequence[Checkup]) -> dict[str, Any]:
    """One line of the table."""
    now = after[-1]
    return {
        "cure": title,
        "modes before": None if before is None else covered(before),
        "modes after": covered(after),
        "of": len(now.shares),
        "near a mode": f"{now.near:.0%}",
        "two points apart": round(now.distance, 2),
    }


# Pictures -------------------------------------------------------------------------------------


def film(series: dict[str, Sequence[Checkup]], colours: dict[str, int]) -> Film:
    """Planes side by side, a frame a checkup."""
    first = next(iter(series.values()))
    real = data.load(st.session_state["c_data"], "test").x[:REAL]
    tracks = tuple(plane(title, seen, real, colours[title]) for title, seen in series.items())
    return Film(tracks, tuple(f"step {one.step:,}" for one in first), fps=10)


def plane(title: str, seen: Sequence[Checkup], real: np.ndarray, colour: int) -> Plane:
    """Generated points over real ones, on D's surface."""
    drawn = np.stack([one.points for one in seen])
    still = np.broadcast_to(real, (len(seen), *real.shape))
    return Plane(
        title,
        np.concatenate([still, drawn], axis=1),
        groups=np.repeat([GREY, colour], [len(real), drawn.shape[1]]),
        ground=np.stack([one.ground for one in seen]),
        lines=np.stack([circle(one.points) for one in seen])[:, None],
        extent=EXTENT,
    )


def circle(points: np.ndarray) -> np.ndarray:
    """Around the middle of points N 2, as wide as they are spread: a path of places P 2."""
    middle = points.mean(axis=0)
    radius = np.sqrt(((points - middle) ** 2).sum(axis=1).mean())
    turn = np.linspace(0, 2 * np.pi, 49)
    around = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return (middle + max(radius, LEAST) * around).astype(np.float32)


def curves(lines: dict[str, tuple[Sequence[Checkup], int]], key: str) -> None:
    """Modes covered over steps."""
    drawn = [
        Curve(name, np.array([o.step for o in seen]), np.array([o.covered for o in seen]), group)
        for name, (seen, group) in lines.items()
    ]
    modes = len(next(iter(lines.values()))[0][0].shares)
    figure = figures.curves(drawn, title="Modes covered", legend="above", height=320)
    figure.update_yaxes(range=[0, modes * 1.05])
    st.plotly_chart(figure, key=key, config=figures.CONFIG)
