"""Samples beside their nearest pictures: the wall, one sample looked at closely, the distances."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer import data, figures, recipe
from explorer.answers import Copies
from explorer.catalog import Entry
from explorer.data import Data
from explorer.palette import CATEGORICAL
from explorer.pictures import enlarge, tiles
from explorer.ui import counting, jobs, theme
from explorer.ui import memory_words as words
from explorer.ui.asking import literal
from explorer.ui.wall import wall

SLOT = "memory-job"
SPACE = "memory_space"
WALL = 100  # pictures that can be chosen
BINS = 40
LINES = (  # what is compared with what, its name and its colour
    ("to_train", "samples → training pictures", 0),
    ("to_test", "samples → test pictures", 1),
    ("unseen", "test → training pictures", 9),
)


def studied(entry: Entry, space: str, n: int, seed: int) -> Copies | None:
    """What was found of a model, or None while it is still being found."""
    asked = {"checkpoint": entry.exact, "space": space, "n": n, "seed": seed}
    return jobs.awaited(SLOT, meanwhile, "copies", **asked)


def meanwhile(items: list[Any]) -> None:
    """How far it is, and the samples as soon as there are any."""
    counting.progress(SLOT, [item for item in items if isinstance(item, tuple)])
    if st.session_state.get(SPACE) == "inception":
        stop = st.button("Cancel", icon=":material/close:", key="memory-cancel", on_click=_back)
        if stop:
            jobs.cancel(SLOT)
            st.rerun()
    if pictures := [item for item in items if isinstance(item, np.ndarray)]:
        wall(pictures[0][:WALL], key="memory-live", title="Samples")


def _back() -> None:
    """Pixels need no network."""
    st.session_state[SPACE] = "pixels"


# The wall -----------------------------------------------------------------------------------------


@st.fragment
def look(entry: Entry, found: Copies) -> None:
    """The wall, and the chosen sample beside its neighbours."""
    left, right = st.container(key="wrap-wide-memory").columns([1, 1], gap="large")
    with left:
        first = int(np.argmax(found.copied[:WALL]))
        chosen = wall(
            found.pictures[:WALL],
            key=f"memory-wall-{entry.exact}",
            title="Samples of the model",
            marked=found.copied[:WALL],
            value=first,
        )
        st.caption(
            f"{min(WALL, len(found.pictures))} of {len(found.pictures):,} samples. **Choose one**: "
            "by a click, or with the arrow keys. A bar below marks a copy."
        )
    with right:
        closely(entry, found, chosen)


def closely(entry: Entry, found: Copies, i: int) -> None:
    """One sample, its nearest training picture, what differs, and five neighbours of each kind."""
    train = recipe.learned(entry.header.recipe)
    test = data.load(train.name, "test")
    sample, nearest = found.pictures[i], shown(train, found.train[i, :1])[0]
    difference = np.abs(sample.astype(int) - nearest).astype(np.uint8)
    st.markdown(words.of_sample(found, i))
    three = (
        ("Sample", f"number {i + 1}", sample),
        ("Nearest", f"{found.train_away[i, 0]:.2f} away", nearest),
        ("Difference", f"mean {difference.mean() / 255:.3f}", difference),
    )
    theme.show(theme.row(*(theme.strip(t, n, enlarge(p, 6)) for t, n, p in three), least="7rem"))
    for title, real, places, away in (
        ("Nearest training pictures", train, found.train[i], found.train_away[i]),
        ("Nearest test pictures, never seen", test, found.test[i], found.test_away[i]),
    ):
        st.markdown(f"**{title}**")
        theme.show(neighbours(shown(real, places), away))


def shown(real: Data, places: np.ndarray) -> np.ndarray:
    """Some pictures of a set, uint8 N H W [3]."""
    return tiles(real.x[places])


def neighbours(pictures: np.ndarray, away: np.ndarray) -> str:
    """HTML of pictures with their distances."""
    pairs = zip(pictures, away, strict=True)
    return theme.row(
        *(theme.strip(f"{d:.2f}", "", enlarge(p, 4), True) for p, d in pairs), least="3.6rem"
    )


# All of them --------------------------------------------------------------------------------------


def all_of_them(found: Copies) -> None:
    """The distances of all samples, and the statistics in words."""
    st.header("All samples at once")
    if found.note:
        st.warning(literal(found.note), icon=":material/info:")
    theme.show(theme.row(*stats(found), least="11rem"))
    st.markdown(words.nearness(found))
    st.plotly_chart(histogram(found), key="memory-histogram", config=figures.CONFIG)
    st.caption(
        f"{words.UNITS[found.space]} The grey line is the yardstick: how near **unseen real** "
        "pictures come to the training pictures. Samples that stand left of it are nearer than "
        "honest pictures ever are; samples that stand right of it are not clean pictures."
    )


def stats(found: Copies) -> list[str]:
    """The figures."""
    chance = f"by chance 50 % ± {100 * found.error:.0f} %"
    told = [
        theme.stat("Nearer to training", f"{100 * found.nearer:.0f}", "%", chance),
        theme.stat(
            "Copies",
            f"{100 * found.copied.mean():.0f}",
            "%",
            "under a third of the distance to the second nearest",
        ),
        theme.stat("Z", f"{found.z:+.1f}".replace("-", "−"), "", words.of_z(found.z)),
    ]
    name = "FID" if found.space == "inception" else "Classifier distance"
    if found.distances:
        test = found.distances["test"]
        note = f"to its own training pictures; real test pictures: {test:.2f}, those themselves: 0"
        told.append(theme.stat(name, f"{found.distances['samples']:.2f}", "", note))
    return told


def histogram(found: Copies) -> go.Figure:
    """How far the nearest picture is: per cent of the samples, or of the test pictures."""
    ends = np.concatenate([getattr(found, name) for name, *_ in LINES])
    most = max(1e-6, float(np.quantile(ends, 0.99)))
    edges = np.arange(0, ends.max() + 2 * most / BINS, most / BINS)
    figure = go.Figure()
    for name, title, colour in LINES:
        values = getattr(found, name)
        share = 100 * np.histogram(values, edges)[0] / len(values)
        line = {"color": CATEGORICAL[colour], "width": 2, "shape": "hvh"}
        middle = (edges[:-1] + edges[1:]) / 2
        fill = {"fill": "tozeroy"} if name == "to_train" else {}
        figure.add_scatter(x=middle, y=share, name=title, mode="lines", line=line, **fill)
    figure.update_layout(
        title={"text": "How far the nearest one is · per cent of pictures", "font": {"size": 14}},
        height=320,
        margin={"l": 8, "r": 8, "t": 72, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="x unified",
    )
    figure.update_layout(title={"x": 0, "xref": "paper", "y": 0.97})
    figure.update_xaxes(title="distance to the nearest", range=[0, 1.05 * most], showgrid=False)
    figure.update_yaxes(automargin=True, rangemode="tozero", zeroline=False)
    return figure
