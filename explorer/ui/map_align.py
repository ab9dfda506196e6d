"""The same images in two models laid over each other, and a run's map while it learned."""

import numpy as np
import streamlit as st

from explorer import catalog, data, runs
from explorer.answers import Alignment, Film, Plane
from explorer.catalog import Entry
from explorer.data import Data
from explorer.pictures import tiles
from explorer.ui import kept, pickers, theme
from explorer.ui.asking import literal
from explorer.ui.map_choices import Choice, seen
from explorer.ui.player import player
from explorer.ui.rows import Row, rows
from explorer.ui.source import code

OTHER = f"{catalog.SHIPPED}autoencoder-fashion"
FRAMES = 25
MOVERS = 12
EXTENT = 1.6
FILMED = 1000  # images of a film, at most


def alignment(choice: Choice) -> None:
    """Two models over each other as a film, and who moved most."""
    st.header("The same images in another model")
    entry = choice.entry

    def alike(one: Entry) -> bool:
        same = one.header.facts["spec"]["shape"] == entry.header.facts["spec"]["shape"]
        return seen(one) and same and one.exact != entry.exact

    with st.container(key="wrap-map-other").columns([1, 1])[0]:
        other = pickers.checkpoint("Other model", "map_other", OTHER, (), alike)
    if other is None:
        return
    text = f"Showing {other.title} the same images …"
    asked = choice.cut | {"other": other.exact}
    (found,) = kept.awaited("map_alignment", text, **asked)
    images = data.load(choice.images.name, choice.split)
    left, right = st.container(key="wrap-wide-align").columns([1.2, 1], gap="large")
    with left:
        player(
            crossing(found, images, (entry.title, other.title)), key="map-crossing", report=False
        )
    with right:
        _movers(found, images)
    theme.show(_told(found))
    with st.expander("How two latent spaces are laid over each other"):
        st.latex(
            r"\min_{Q^\top Q = I,\; s}\; \|A - s\,B\,Q\|^2, \qquad "
            r"B^\top A = U\Sigma V^\top,\quad Q = U V^\top"
        )
        st.caption(
            "No single latent means anything across models, but who is near whom does. So one "
            "cloud is shifted, scaled, turned and perhaps mirrored until it fits best (orthogonal "
            "Procrustes, Schönemann 1966). What is left is a real difference. Both are compared "
            "along their first 64 principal axes."
        )
        code("explorer.aligning:procrustes")


def crossing(found: Alignment, images: Data, titles: tuple[str, str]) -> Film:
    """From the first model's places to the second's; the biggest movers draw their way."""
    order = np.argsort(-found.moved)
    both = np.stack([found.first[order], found.second[order]])
    scale = 0.95 * EXTENT / max(float(np.quantile(np.abs(both), 0.998)), 1e-12)
    share = np.linspace(0, 1, FRAMES)[:, None, None]
    eased = share * share * (3 - 2 * share)
    places = (scale * ((1 - eased) * both[0] + eased * both[1])).astype(np.float32)
    groups = None if images.y is None else images.y[found.places[order]]
    plane = Plane(
        "Along the first model's two widest axes", places, groups, trails=MOVERS, extent=EXTENT
    )
    between = [f"{100 * one:.0f} % of the way" for one in share[1:-1, 0, 0]]
    return Film((plane,), (titles[0], *between, titles[1]), fps=12)


def _movers(found: Alignment, images: Data) -> None:
    """The images that moved most, and least."""
    order = np.argsort(-found.moved)
    for title, some in (("Moved most", order[:MOVERS]), ("Moved least", order[::-1][:MOVERS])):
        places = found.places[some]
        theme.show(rows([Row(tiles(images.x[places]), after=f"{found.moved[some].mean():.2f}")]))
        named = ""
        if images.y is not None and images.classes:
            named = ": " + ", ".join(dict.fromkeys(images.classes[i] for i in images.y[places]))
        st.caption(literal(f"{title}{named}"))
    st.caption(
        "The figure is how far they lie from their twins on average, in radii of the whole cloud. "
        "The film's paths are the biggest movers'."
    )


def _told(found: Alignment) -> str:
    kept_note = " and ".join(f"{100 * share:.0f} %" for share in found.kept)
    return theme.row(
        theme.stat(
            "Unexplained",
            f"{100 * found.disparity:.0f}",
            "%",
            "of the variance that no turn, scale and shift explains: 0 is one and the same space",
        ),
        theme.stat("Half of the images move", f"{np.median(found.moved):.2f}", "radii", "or less"),
        theme.stat("Compared", kept_note, "", "of each model's variance"),
    )


# While it learned ---------------------------------------------------------------------------------


def several(entry: Entry) -> bool:
    """Whether it is a run with more than one checkpoint."""
    if not seen(entry) or entry.key.startswith(catalog.SHIPPED):
        return False
    return len(runs.find(entry.key.partition("@")[0]).checkpoints()) > 1


def learning(choice: Choice) -> None:
    """The map of a run, checkpoint by checkpoint."""
    st.header("How a map forms")
    there = [entry for entry in catalog.trained() if several(entry)]
    if not there:
        st.caption(
            "A shipped model has one checkpoint. Train one here, and its map becomes a film, "
            "epoch by epoch."
        )
        st.page_link("pages/train.py", label="Train one", icon=":material/school:")
        return
    default = next((e.key for e in there if e.key == choice.entry.key), there[0].key)
    with st.container(key="wrap-map-run").columns([1, 1])[0]:
        entry = pickers.checkpoint("Run", "map_run", default, (), several)
    shape = tuple(entry.header.facts["spec"]["shape"])
    name = (
        choice.images.name
        if choice.images.shape == shape
        else data.at_hand(entry.header.recipe["data"])
    )
    asked = choice.sample | {"n": min(choice.n, FILMED)}
    text = "Showing every checkpoint the same images …"
    (film,) = kept.awaited("map_film", text, checkpoint=entry.exact, data_name=name, **asked)
    with st.container(key="wrap-wide-film").columns([1.2, 1])[0]:
        player(film, key="map-film", report=False)
    st.caption(
        "Every frame is one checkpoint, seen along the two principal axes of the last one: a "
        "coordinate means the same in all frames, so what moves is the model."
    )
