"""How a GAN of pictures trained: its film, the game's curves, and whether its last is its best."""

import math

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer import catalog, figures, stage
from explorer.answers import Curve
from explorer.catalog import Entry
from explorer.films import titled
from explorer.history import History
from explorer.palette import CATEGORICAL
from explorer.pictures import enlarge, sheet
from explorer.ui import gans, theme
from explorer.ui.asking import ask
from explorer.ui.live import measure_checkpoints, thinned
from explorer.ui.player import player
from explorer.ui.sampler_form import seed
from explorer.ui.source import code

DISTANCE, CLASSES = "classifier distance", "effective classes"
GREY = CATEGORICAL[-1]
EVEN = {  # loss -> D's loss, G's loss and D's output where D cannot tell; None: not determined
    "non-saturating": (2 * math.log(2), math.log(2), 0.5),
    "minimax": (2 * math.log(2), -math.log(2), 0.5),
    "least-squares": (0.25, 0.125, 0.5),
    "hinge": (2.0, None, None),
    "wasserstein": (0.0, None, None),
}
FORMULAS = {  # what each player makes small
    "non-saturating": (
        r"-\log\sigma(D(x)) - \log(1-\sigma(D(G(z))))",
        r"-\log\sigma(D(G(z)))",
    ),
    "minimax": (r"-\log\sigma(D(x)) - \log(1-\sigma(D(G(z))))", r"\log(1-\sigma(D(G(z))))"),
    "least-squares": (
        r"\tfrac12(D(x)-1)^2 + \tfrac12 D(G(z))^2",
        r"\tfrac12(D(G(z))-1)^2",
    ),
    "hinge": (r"\max(0, 1-D(x)) + \max(0, 1+D(G(z)))", r"-D(G(z))"),
    "wasserstein": (r"D(G(z)) - D(x)", r"-D(G(z))"),
}


def training(entry: Entry) -> None:
    """Everything that a run, or a shipped file, tells of a training."""
    told = catalog.past(entry)
    left, right = st.container(key="wrap-film").columns(2, gap="large")
    with left:
        show_film(entry)
    with right:
        if told:
            game(entry, told)
        else:
            shipped(entry)
    if told:
        distance(entry, told)
    ends(entry, told)
    formulas(entry.header.recipe["model"]["loss"])


def show_film(entry: Entry) -> None:
    """The previews over the training, always from the same noise."""
    if not (film := stage.film_of(entry)):
        st.info("This file carries no film of its training.", icon=":material/movie:")
        return
    player(titled(film), key=f"gan-film-{entry.key}", height=460, autoplay=True, report=False)
    st.caption(
        "The same 64 latents at every moment: a tile that keeps changing is a generator that has "
        "not settled; many tiles alike are a collapse."
    )


def shipped(entry: Entry) -> None:
    """What a shipped file knows of its training."""
    facts = entry.header.facts
    stats = [
        theme.stat("Rounds", f"{facts.get('step', 0):,}", f"epoch {facts.get('epoch', 0):.3g}")
    ]
    for name, unit in ((DISTANCE, "lower is better"), (CLASSES, "")):
        if (value := (facts.get("measured") or {}).get(name)) is not None:
            stats.append(theme.stat(name.capitalize(), f"{value:.3g}", unit))
    theme.show(theme.row(*stats, least="9rem"))
    st.caption(
        "A shipped model brings its best weights and the film on the left, not its curves. Train "
        "one yourself to see the losses of both players, what D thinks, and whether the last "
        "checkpoint is the best one."
    )
    st.page_link(
        "pages/train.py",
        label="Train a GAN",
        icon=":material/play_arrow:",
        query_params={"family": "gan"},
    )


# Curves -------------------------------------------------------------------------------------------


def game(entry: Entry, told: History) -> None:
    """The losses of both players, and what D says of real and of generated pictures."""
    model = entry.header.recipe["model"]
    even = (None,) * 3 if model["label_smoothing"] else EVEN[model["loss"]]
    losses = [
        *_both(told, "discriminator loss", "discriminator", 0, even[0]),
        *_both(told, "generator loss", "generator", 1, even[1]),
    ]
    _plot(_panel(losses, "What each player loses"))
    outputs = [
        *_both(told, "D(real)", "real pictures", 4, even[2]),
        *_both(told, "D(generated)", "generated pictures", 2, None),
    ]
    unit = told.facts.get("units", {}).get("D(real)", "")
    _plot(_panel(outputs, "How real they look to D", unit))
    dashed = "Dotted: where D can no longer tell. " if any(v is not None for v in even) else ""
    st.caption(
        f"{dashed}Neither curve falls to an end as in other trainings: each player's loss "
        "depends on how good the other one is, so a low loss says little about the pictures."
    )


def _panel(lines: list[Curve], title: str, unit: str = "") -> go.Figure:
    figure = figures.curves(
        lines, title=title, x_title="round", y_title=unit, legend="above", height=260
    )
    figure.update_yaxes(range=_settled([line.y for line in lines]))
    return figure


def _settled(courses: list[np.ndarray]) -> list[float] | None:
    """Where curves are after their first steps, whose heights would flatten all that follows."""
    values = np.concatenate([y[len(y) // 20 :] for y in courses] or [np.empty(0)])
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = np.percentile(values, [0.5, 99.5])
    room = 0.15 * (high - low) or 0.5
    return [float(low - room), float(high + room)]


def _both(told: History, term: str, name: str, group: int, even: float | None) -> list[Curve]:
    """A curve of the training and, dotted, the value where D cannot tell."""
    if not told.train.steps:
        return []
    x, y = thinned(told.train, term)
    lines = [Curve(name, x, y, group)]
    if even is not None:
        lines.append(Curve("cannot tell", x[[0, -1]], np.array([even, even]), group, dashed=True))
    return lines


def _plot(figure: go.Figure) -> None:
    for line in figure.data:
        line.showlegend = line.name != "cannot tell"
    st.plotly_chart(figure, key=f"gan-{figure.layout.title.text}", config=figures.CONFIG)


def distance(entry: Entry, told: History) -> None:
    """The distance to real pictures over the training, with the best checkpoint marked."""
    st.header("Is the last one the best?")
    floor = ask("real_distance", checkpoint=entry.exact)
    if not np.isfinite(told.validation.curve(DISTANCE)[1]).any():
        st.caption(
            "This is measured at the end of every epoch, and the first is not over yet."
            if floor
            else "There is no classifier for these data, so nothing measures how far the pictures "
            "are from real ones, and no checkpoint can be called the best."
        )
        return
    st.markdown(verdict(told))
    left, right = st.container(key="wrap-distance").columns(2, gap="large")
    with left:
        _plot(_marked(_measured(told, DISTANCE, "Classifier distance", True), told.best))
        st.caption(
            "Fréchet distance of 2,000 samples to the real training pictures in the features of "
            "our own small classifier: lower is better"
            + (f", and real test pictures are at {floor:.2g}" if floor else "")
            + ". It is no FID: it only compares with itself."
        )
    with right:
        _plot(_marked(_measured(told, CLASSES, "Effective number of classes", False), told.best))
        st.caption(
            "exp(entropy) of the classes that our classifier sees in generated pictures: as many "
            "as there are classes if all are drawn equally often, 1 if only one is left."
        )
    measure_checkpoints(told)


def _measured(told: History, term: str, title: str, log: bool) -> go.Figure:
    x, y = thinned(told.validation, term)
    there = np.isfinite(y)  # it is measured at whole epochs only
    line = Curve(title, x[there], y[there], group=3)
    return figures.curves([line], title=title, x_title="round", log_y=log, height=260)


def _marked(figure: go.Figure, best: int | None) -> go.Figure:
    """With the best checkpoint."""
    figure.update_layout(showlegend=False)
    if best is not None:
        line = {"line_dash": "dot", "line_width": 1, "line_color": GREY}
        figure.add_vline(best, annotation_text=f"best: {best:,}", **line)
    return figure


def verdict(told: History) -> str:
    """Which checkpoint is the best, and what became of it, in a sentence."""
    steps, values = told.validation.curve(DISTANCE)
    there = np.isfinite(values)
    last, value = int(steps[there][-1]), values[there][-1]
    if told.best is None:
        return f"No checkpoint is there yet. At round {last:,} the distance is {value:.3g}."
    least = told.validation.at(told.best)[DISTANCE]
    if told.best == last:
        return f"So far the last checkpoint is the best: {least:.3g} at round {last:,}."
    return (
        f"**Best at {told.best:,}, then worse:** {least:.3g} there, {value:.3g} at round "
        f"{last:,}. The best checkpoint is kept, however long the run goes on."
    )


# Samples ------------------------------------------------------------------------------------------


def ends(entry: Entry, told: History | None) -> None:
    """The same latents in the best and in the last checkpoint."""
    st.header("Best and last" if told and told.run else "What it draws")
    with st.container(key="wrap-seed").columns(3)[0]:
        number = seed()
    found = checkpoints(entry, told)
    columns = len(gans.classes_of(entry)) or 8
    drawn = st.container(key="wrap-ends").columns(2, gap="large")
    for column, (title, key) in zip(drawn, found.items(), strict=False):
        answer = ask("sample", checkpoint=key, n=6 * columns, seed=number)
        picture = enlarge(sheet(answer.pictures, columns, gap=1), 2)
        with column:
            theme.show(theme.strip(title, "", picture))
    if gans.classes_of(entry):
        st.caption("Each column is one class.")


def checkpoints(entry: Entry, told: History | None) -> dict[str, str]:
    """What to show, by title: the key of the best and of the last checkpoint of a run."""
    if not (told and told.run):  # a shipped file holds the best one only
        return {entry.title: entry.exact}
    steps = [one.step for one in told.run.checkpoints()]
    last, best = steps[-1], told.best if told.best in steps else None
    if best == last:
        return {f"Best and last: round {last:,}": f"{told.run.id}@{last}"}
    found = {} if best is None else {f"Best: round {best:,}": f"{told.run.id}@{best}"}
    return found | {f"Last: round {last:,}": f"{told.run.id}@{last}"}


def formulas(loss: str) -> None:
    """The losses of this model's two players, and the lines that compute them."""
    with st.expander("The game as formulas, and the code that plays it"):
        left, right = st.columns(2, gap="large")
        judged, forged = FORMULAS[loss]
        with left:
            st.latex(rf"L_D = \mathbb{{E}}\,[\,{judged}\,]")
            code("explorer.models.gan:GAN.judgement", "value = loss.discriminator")
        with right:
            st.latex(rf"L_G = \mathbb{{E}}\,[\,{forged}\,]")
            code("explorer.models.gan:GAN.forgery", "value = LOSSES")
