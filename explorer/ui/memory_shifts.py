"""Why nearest neighbours in pixels mislead: a picture moved by a pixel is a stranger to them."""

import numpy as np
import streamlit as st

from explorer import data, figures
from explorer.answers import Curve, Shifts
from explorer.pictures import enlarge, tiles
from explorer.ui import counting, theme, url
from explorer.ui.source import code

DATA = "fashion-mnist"
FIRST = 12  # the training picture that is moved at first
KINDS = ("Pixels", "Classifier features")
GUESSES = {"1": "1 pixel", "2": "2 pixels", "4": "4 pixels", "never": "It is always found"}


def misleading() -> None:
    """A picture that one moves, and what a search finds."""
    st.header("Why pixels mislead")
    st.markdown(
        "Take a real training picture, move it to the right, and look for the training picture it "
        "came from. To your eyes nothing has changed. **How far must it move until a search by "
        "pixels mostly names another one of the 10,000?**"
    )
    cells = st.container(key="wrap-memory-shift").columns(2, gap="medium")
    with cells[0]:
        guess = url.maybe(st.segmented_control, "Your guess", GUESSES, "memory_far")
    if not guess:
        return
    with cells[1]:
        more = {"first": FIRST, "key": "memory_picture"}
        index = int(url.beside(st.number_input, "Training picture", 0, 9999, **more))
    what, asked = "looking for moved pictures", {"data_name": DATA, "index": index}
    if found := counting.awaited("memory-shifts", what, "Look for them", "copy_shifts", **asked):
        told(guess, found)
        moved(index, found)
        shares(found)


def told(guess: str, found: Shifts) -> None:
    """The answer, against what was guessed."""
    lost = np.flatnonzero(found.again[0] < 0.5)
    right = str(lost[0]) if len(lost) else "never"
    shares_lost = " %, ".join(f"{100 * share:.0f}" for share in found.again[0])
    said = (
        f"Moved by 0, 1, 2 … pixels, {shares_lost} % of the pictures are still found by pixels. A "
        "copy that is a pixel or two off passes for new."
    )
    show = st.success if guess == right else st.info
    show(said, icon=":material/check:" if guess == right else ":material/lightbulb:")


@st.fragment
def moved(index: int, found: Shifts) -> None:
    """The picture, moved, and what each search finds."""
    most = len(found.moved) - 1
    more = {"first": 1, "key": "memory_by", "format": "%d px"}
    by = int(url.beside(st.slider, "Moved to the right by", 0, most, **more))
    train = data.load(DATA)
    cards = [theme.strip("Moved", f"by {by} px", enlarge(found.moved[by], 6))]
    for kind, place in zip(KINDS, found.found[:, by], strict=True):
        said = "the picture itself" if place == index else "another picture"
        cards.append(theme.strip(kind, said, enlarge(tiles(train.x[[place]])[0], 6)))
    theme.show(theme.row(*cards, least="8rem"))


def shares(found: Shifts) -> None:
    """How often many pictures are found again."""
    x = np.arange(found.again.shape[1])
    lines = [
        Curve(k, x, 100 * y, i) for i, (k, y) in enumerate(zip(KINDS, found.again, strict=True))
    ]
    title = "Found again among 10,000 · per cent of 100 pictures"
    figure = figures.curves(lines, title=title, x_title="moved by pixels", legend="above")
    figure.update_traces(mode="lines+markers")
    figure.update_xaxes(dtick=1)
    st.plotly_chart(figure, key="memory-again", config=figures.CONFIG)
    st.caption(
        "Features of a classifier that was trained on moved pictures forgive more. No space is "
        "neutral: each calls near what it was made to call near. Look in several before you "
        "believe that nothing was copied."
    )
    with st.expander("The code that computes it"):
        code("explorer.copying:shifts")
