"""One image looked at closely, or some: what the model makes of it, and who is near."""

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import LatentPoints
from explorer.data import Data
from explorer.pictures import enlarge, sheet, tiles
from explorer.ui import kept, theme, url
from explorer.ui.asking import ask, literal
from explorer.ui.latent_map import Added
from explorer.ui.map_choices import Choice
from explorer.ui.rows import Row, rows

MOST = 48  # circled images that are shown
NEAR = 8


def closely(choice: Choice, points: LatentPoints, images: Data, row: int) -> None:
    """One image of the map."""
    place = int(points.places[row])
    st.markdown(f"**{_titled(images, place)}**")
    _copy(choice, images, place)
    _neighbours(points, images, points.near[row], points.away[row])
    st.caption(_values(points, row))


def _titled(images: Data, place: int) -> str:
    kind = "Test" if images.split == "test" else "Training"
    if images.y is None or not images.classes:
        return f"{kind} image {place:,}"
    return literal(f"{images.classes[images.y[place]]} · {kind.lower()} image {place:,}")


def _values(points: LatentPoints, row: int) -> str:
    return literal(" · ".join(f"{name} {v[row]:.3g}" for name, v in points.values.items()))


def _copy(choice: Choice, images: Data, place: int) -> None:
    """The image, its copy, and what is missing; a search only when it is asked for."""
    asked = {**_asked(choice), "places": (place,)}
    original = tiles(images.x[place : place + 1])
    found = ask("map_copies", **asked) if choice.entry.header.encodes else _searched(asked)
    if found is None:
        theme.show(theme.strip("The image", "", enlarge(original[0], 6)))
        return
    made, error, way = found
    difference = np.abs(original.astype(int) - made).astype(np.uint8)
    both = np.concatenate([original, made, difference])
    note = f"squared error {error[0]:.1f} · {way}"
    theme.show(theme.strip("Image, copy, what is missing", note, enlarge(sheet(both, 3, gap=1), 4)))


def _asked(choice: Choice) -> dict[str, Any]:
    return {key: choice.cut[key] for key in ("checkpoint", "data_name", "split")}


def _searched(asked: dict[str, Any]) -> tuple | None:
    """A copy by a model without an encoder: found before, or searched for now if one wants to."""
    if found := kept.find("map_copies", asked):
        return found[0]
    st.caption(
        "This model has no encoder. A copy must be searched for: the z, or the noise, whose "
        "picture comes nearest."
    )
    if st.button("Search for it", icon=":material/manage_search:", key="map-search"):
        (found,) = kept.awaited("map_copies", "Searching …", **asked)
        return found
    return None


def _neighbours(points: LatentPoints, images: Data, near: np.ndarray, away: np.ndarray) -> None:
    """The nearest others in the latents, in two lines, each with its distance."""
    cards = []
    for other, far in list(zip(near, away, strict=True))[:NEAR]:
        picture = tiles(images.x[points.places[other] : points.places[other] + 1])[0]
        cards.append(theme.strip("", f"{far:.2f}", enlarge(picture, 3)))
    st.markdown("Nearest **in the latents**, and how far")
    theme.show(theme.row(*cards, least="3.6rem"))


def newcomer(added: Added, i: int, points: LatentPoints, images: Data) -> None:
    """A sample or an own picture."""
    st.markdown(f"**{literal(added.title)}**")
    theme.show(theme.strip("The picture", "", enlarge(added.pictures[i], 6)))
    _neighbours(points, images, added.near[i], added.away[i])
    st.caption("These real images are nearest to it in the latents. Click a point to go back.")


# Circled ------------------------------------------------------------------------------------------


def circled(choice: Choice, points: LatentPoints, images: Data, inside: np.ndarray) -> None:
    """The images inside the lasso: how many of each class, and those in its middle."""
    count = int(inside.sum())
    if not count:
        st.info("No image lies inside the lasso. Draw it around some points.")
        return
    every = " That is all of them." if count == len(inside) else ""
    st.markdown(f"**{count:,} of {len(inside):,} images circled.**{every}")
    places = points.places[inside][:MOST]
    theme.show(rows([Row(tiles(images.x[some])) for some in _lines(places)]))
    if count > MOST:
        st.caption(f"{MOST} of them; the order on the map is random.")
    if images.y is not None and images.classes:
        st.caption(_classes(images, points.places[inside]))
    for name, values in points.values.items():
        text = f"{name}: {values[inside].mean():.3g} inside, {values.mean():.3g} on the whole map"
        st.caption(literal(text))
    if not choice.entry.header.encodes:
        return
    if url.beside(st.toggle, "Show what the model makes of them", first=False, key="map-copies"):
        made, _, _ = ask("map_copies", **_asked(choice), places=tuple(map(int, places)))
        theme.show(rows([Row(some) for some in _lines(made)]))


def _lines(things: np.ndarray) -> list[np.ndarray]:
    """Lines of twelve, the last filled up with black if it is short and not the only one."""
    lines = [things[i : i + 12] for i in range(0, len(things), 12)]
    if len(lines) > 1 and len(lines[-1]) < 12:
        lines.pop()
    return lines


def _classes(images: Data, places: np.ndarray) -> str:
    counts = np.bincount(images.y[places], minlength=len(images.classes))
    order = [i for i in np.argsort(-counts) if counts[i]]
    return literal(", ".join(f"{images.classes[i]} {counts[i]:,}" for i in order))
