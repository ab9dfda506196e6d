"""*Interpolate*: between which pictures or noises, and how."""

from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from explorer import data
from explorer.data import Data
from explorer.errors import InputError
from explorer.pictures import enlarge, tiles
from explorer.ui import url, wander_own
from explorer.ui.asking import key_of
from explorer.ui.sampler_form import seed

KINDS = {"images": "Test images", "own": "Your own pictures", "noise": "Noises"}
COUNTS = {"2": "Two", "4": "Four"}
WAYS = {"sphere": "On the sphere", "line": "Straight line"}
VIEWS = {"pictures": "Pictures", "film": "Film"}
FIRST = ((0, 0), (8, 1), (2, 3), (7, 0))  # class, and which of it
STEPS = {2: 13, 4: 7}  # pictures of a way, and of each side of a grid


class Asked(NamedTuple):
    """The engine's arguments, but for the model, and how the answer is looked at."""

    arguments: dict[str, Any]
    view: str

    @property
    def pictures(self) -> np.ndarray | None:
        """The pictures between which it goes, uint8 N C H W; None if it goes between noises."""
        return self.arguments["x"]

    @property
    def key(self) -> str:
        """Equal for equal questions."""
        return key_of(self.arguments)

    @property
    def count(self) -> int:
        """Two ends or four."""
        return len(self.arguments["seeds"] if self.pictures is None else self.pictures)


def choose(name: str) -> Asked:
    """All of it, in the address."""
    with st.container(horizontal=True, gap="large"):
        kind = url.segmented("Between", KINDS, "images", "wander_between")
        count = int(url.segmented("How many", COUNTS, "2", "wander_count"))
        way = url.segmented("The way", WAYS, "sphere", "wander_way")
        view = url.segmented("Shown as", VIEWS, "pictures", "wander_view")
    arguments = {"data_name": name, "steps": STEPS[count], "straight": way == "line"}
    if kind == "noise":
        ends = between_noises(_seeds(count))
    else:
        ends = _pictures(data.load(name, "test"), count, kind == "own")
    return Asked(arguments | ends, view)


def between_noises(seeds: tuple[int, ...]) -> dict[str, Any]:
    """The engine's arguments for the noises of two or four seeds."""
    return {"x": None, "y": (), "seeds": seeds}


def between_images(test: Data, places: list[int]) -> dict[str, Any]:
    """The engine's arguments for two or four test images, by their places, and their classes."""
    y = () if test.y is None else tuple(test.y[places].tolist())
    return {"x": test.x[places].copy(), "y": y, "seeds": ()}


def _seeds(count: int) -> tuple[int, ...]:
    cells = st.container(key="wrap-wander-seeds").columns(count, gap="medium")
    found = []
    for i, cell in enumerate(cells):
        with cell:
            found.append(seed(f"wander_seed{i + 1}", i, f"Seed of noise {i + 1}"))
    return tuple(found)


def _pictures(test: Data, count: int, own: bool) -> dict[str, Any]:
    """The pictures at the ends and their classes: test images, but where a person gave others."""
    given = wander_own.given(test, count) if own else {}
    ends = between_images(test, _images(test, count, given))
    x, y = ends["x"], ends["y"]
    for end, picture in given.items():
        x[end] = picture
    if own:
        wander_own.pads(test, count)
    if len({one.tobytes() for one in x}) < count:
        st.info(
            "The same picture stands at two ends, so nothing changes on the way between them. "
            "Choose another one to see a way.",
            icon=":material/content_copy:",
        )
    return ends | {"y": tuple(wander_own.OWN if i in given else c for i, c in enumerate(y))}


def _images(test: Data, count: int, given: dict[int, np.ndarray]) -> list[int]:
    """One test image an end, two in a row, as the corners of a grid; of labelled data by class."""
    found = []
    for i in range(count):
        if i % 2 == 0:
            cells = st.container(key=f"wrap-wander-ends-{i}").columns(2, gap="large")
        with cells[i % 2], st.container(horizontal=True, vertical_alignment="bottom"):
            if i in given:
                st.markdown(f"**End {i + 1}** · your picture", width="stretch")
            found.append(0 if i in given else _image(test, i))
            shown = given.get(i, test.x[found[-1]])
            st.image(enlarge(tiles(shown[None])[0], 3), width=72)
    return found


def _image(test: Data, end: int) -> int:
    label, which = FIRST[end]
    if test.y is None:
        return _number("Test image", f"wander_i{end + 1}", len(test), 10 * end)
    label = min(label, len(test.classes) - 1)
    numbers = [str(i) for i in range(len(test.classes)) if (test.y == i).any()]
    name = url.choose(
        st.selectbox,
        f"End {end + 1}",
        numbers,
        str(label) if str(label) in numbers else numbers[0],
        f"wander_c{end + 1}",
        format_func=lambda i: test.classes[int(i)],
    )
    there = np.flatnonzero(test.y == int(name))
    return int(there[_number("Which", f"wander_i{end + 1}", len(there), which)])


def _number(title: str, key: str, count: int, first: int) -> int:
    """One of ``count``, from 0; what is beyond them is the last."""
    url.begin(key, _whole)
    first = min(first, count - 1)
    st.session_state[key] = min(max(0, st.session_state.get(key, first)), count - 1)
    more = {"key": key, "persist_state": "session", "width": 110}
    value = url.put(st.number_input, title, 0, count - 1, **more)
    return int(url.keep(key, int(value), first))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise InputError(f"{text[:40]!r} is not the number of a picture.")
    return int(text)
