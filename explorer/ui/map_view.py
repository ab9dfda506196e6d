"""The map beside what is looked at closely: one image, or those that were circled."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from explorer.errors import InputError
from explorer.pictures import tiles
from explorer.ui import latent_map, map_drop, map_words, url
from explorer.ui.asking import guarded
from explorer.ui.latent_map import Shade
from explorer.ui.map_closely import circled, closely, newcomer
from explorer.ui.map_scene import Scene
from explorer.ui.wall import wall

KEY = "map-canvas"
PLACE, CLICKED, PICK = "map_place", "map-clicked", "map-pick"
FOUND = 48  # images of a class to pick from
LABEL = "label"


def begin() -> None:
    """At each run of the whole page: the map marks what is chosen, whoever chose it."""
    st.session_state.pop(CLICKED, None)
    turn, row, _ = st.session_state.get(PICK, (0, -1, None))
    st.session_state[PICK] = turn, row, None


@st.fragment
def view(scene: Scene) -> None:
    """The map and its side; a click runs this and nothing else."""
    with guarded():
        shade = _shade(scene)
        added = map_drop.dropped(scene.choice, scene.positions, scene.layout is not None)
        left, right = st.container(key="wrap-wide-map").columns([1.65, 1], gap="large")
        with right:
            row = _wanted(scene)
        with left:
            inside = _drawn(scene, shade, row, added)
        with right:
            new = _new(scene, added)
            if inside is not None:
                circled(scene.choice, scene.points, scene.images, inside)
            elif new is not None:
                newcomer(added, new, scene.points, scene.images)
            elif row is not None:
                closely(scene.choice, scene.points, scene.images, row)
    _finder(scene)


def _shade(scene: Scene) -> Shade:
    """What the points are coloured by."""
    there = {LABEL: "Label"} if scene.labels is not None else {}
    there |= {name: name[0].upper() + name[1:] for name in scene.points.values}
    first = next(iter(there))
    chosen = url.choose(
        st.pills,
        "Coloured by",
        list(there),
        first,
        "map_colour",
        format_func=there.get,
        required=True,
    )
    if chosen == LABEL:
        return Shade("Label", scene.labels, scene.images.classes)
    return Shade(there[chosen], values=scene.points.values[chosen])


def _drawn(scene: Scene, shade: Shade, row: int | None, added: latent_map.Added | None):
    """The map in the browser; what is circled."""
    pictures = tiles(scene.images.x[scene.points.places])
    inside = latent_map.latent_map(
        scene.positions,
        pictures,
        shade,
        scene.points.near,
        key=KEY,
        name=scene.choice.name,
        total=scene.points.total,
        pick=_pick(row),
        added=added,
        on_chosen=lambda: _clicked(scene, added),
    )
    st.caption(map_words.READING[scene.choice.how.dimensions])
    return inside


def _clicked(scene: Scene, added: latent_map.Added | None) -> None:
    """A point was clicked: an image of the map becomes the one that is looked at."""
    count = len(scene.points.places)
    point = latent_map.chosen(KEY, scene.choice.name, count + _count(added))
    if point is not None and point < count:
        place = int(scene.points.places[point])
        st.session_state[PLACE] = st.session_state[CLICKED] = place


def _count(added: latent_map.Added | None) -> int:
    return 0 if added is None else len(added.positions)


def _new(scene: Scene, added: latent_map.Added | None) -> int | None:
    """The newcomer that was clicked last, if one was."""
    count = len(scene.points.places)
    point = latent_map.chosen(KEY, scene.choice.name, count + _count(added))
    return point - count if point is not None and point >= count else None


def _pick(row: int | None) -> tuple[int, int]:
    """Whose turn it is and the point to mark; the same after a click, which marked it already.

    The message to the browser stays as it was then, and so need not travel again.
    """
    turn, point, last = st.session_state[PICK]
    place = st.session_state[PLACE]
    if place != last and place != st.session_state.pop(CLICKED, None):
        turn, point = turn + 1, -1 if row is None else row
    st.session_state[PICK] = turn, point, place
    return turn, point


def _wanted(scene: Scene) -> int | None:
    """The image that is looked at, by its number; its row on the map."""
    top = scene.points.total - 1
    if (wish := st.session_state.pop("map-wish", None)) is not None:
        st.session_state[PLACE] = wish
    url.begin(PLACE, whole(top))
    if not 0 <= st.session_state.setdefault(PLACE, int(scene.points.places[0])) <= top:
        st.session_state[PLACE] = int(scene.points.places[0])
    place = url.put(st.number_input, "Image number", 0, top, key=PLACE, persist_state="session")
    url.keep(PLACE, int(place))
    rows = np.flatnonzero(scene.points.places == place)
    if len(rows):
        return int(rows[0])
    st.info(
        f"Image {place:,} is not one of the {len(scene.points.places):,} on this map. "
        "Choose another number, or show more images.",
        icon=":material/search_off:",
    )
    return None


def whole(top: int) -> Callable[[str], int]:
    """A reader for the number of an image, up to ``top``."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text[:9]) <= top):
            raise InputError(f"{text[:40]!r} is no whole number from 0 to {top:,}.")
        return int(text)

    return read


@st.fragment
def _finder(scene: Scene) -> None:
    """Images to pick from, by class: a click finds the point."""
    with st.expander("Find an image on the map", icon=":material/image_search:"), guarded():
        rows = np.arange(len(scene.points.places))
        if scene.labels is not None and len(scene.images.classes):
            classes = {str(i): name for i, name in enumerate(scene.images.classes)}
            label = url.choose(
                st.pills,
                "Class",
                list(classes),
                "0",
                "map_class",
                format_func=classes.get,
                required=True,
            )
            rows = rows[scene.labels == int(label)]
        rows = rows[:FOUND]
        if not len(rows):
            st.info("No image of this class is on the map. Choose another class, or more images.")
            return
        key = f"map-wall-{len(rows)}-{rows[0]}"
        pictures = tiles(scene.images.x[scene.points.places[rows]])
        at = wall(pictures, key=key, title="Images on the map", value=-1)
        if at >= 0 and st.session_state.get("map-found") != (key, at):
            st.session_state["map-found"] = key, at
            st.session_state["map-wish"] = int(scene.points.places[rows[at]])
            st.rerun()
