"""A picture of one's own, or a test image: noised and denoised again, or filled in."""

import numpy as np
import streamlit as st

from explorer import data
from explorer.catalog import Entry
from explorer.pictures import enlarge, tiles
from explorer.ui import images, pickers, theme, url
from explorer.ui.filming import film
from explorer.ui.sampler_form import sampling, seed
from explorer.ui.source import code

KINDS = {"again": "Noise it and denoise it", "fill": "Fill in a part"}
SOURCES = {"test": "Test image", "own": "My own"}
MISSING = {
    "bottom": "Bottom half",
    "top": "Top half",
    "left": "Left half",
    "right": "Right half",
    "centre": "Centre",
    "frame": "Everything but the centre",
}


def repair(entry: Entry) -> None:
    """Noise a picture and denoise it again, or fill in what is missing."""
    kind = url.segmented("What to do", KINDS, "again", "repair")
    left, right = st.columns([1, 2], gap="large")
    with left:
        picture = own_or_test(entry)
    with right:
        how = sampling(entry, mixed=False)
        number = seed()
        much = share() if kind == "again" else missing()
    if picture is None:
        st.info("Draw something, or upload a picture.", icon=":material/draw:")
    elif kind == "again":
        again(entry, picture, much, number, how)
    else:
        fill(entry, picture, much, number, how)


def share() -> float:
    """Up to which time a picture is noised."""
    about = "A little noise changes details only; much noise leaves the model free."
    more = {"first": 0.5, "key": "share", "step": 0.05, "help": about}
    return url.beside(st.slider, "Noise it up to t", 0.05, 1.0, **more)


def missing() -> str:
    """Which part of the picture is left out."""
    return url.segmented("Missing", MISSING, "bottom", "missing", wrap=True)


def own_or_test(entry: Entry) -> np.ndarray | None:
    """A test image or a picture of one's own, uint8 C H W."""
    shape = tuple(entry.header.facts["spec"]["shape"])
    source = url.segmented("Picture", SOURCES, "test", "source", wrap=True)
    if source == "own":
        return images.own_picture(shape[1], shape[0] == 3, key="repair-pad")
    info = pickers.dataset("images", shape, entry.header.recipe["data"])
    more = {"first": 0, "key": "which"}
    which = int(url.beside(st.slider, "Test image", 0, info.test - 1, **more))
    picture = data.load(info.name, "test").x[which]
    theme.show(theme.strip("", "", enlarge(tiles(picture[None])[0], 6)))
    return picture


def again(entry: Entry, picture: np.ndarray, share: float, number: int, how: dict) -> None:
    """To time ``share`` and back, nine times at once with different noise."""
    x = np.repeat(picture[None], 9, axis=0)
    film("repair", "repair", checkpoint=entry.exact, x=x, share=share, seed=number, how=how)
    st.caption(
        "Nine times the same picture under nine noises. What the noise has covered, the model "
        "invents anew; what still shows through, it keeps (SDEdit, Meng et al. 2022)."
    )


def fill(entry: Entry, picture: np.ndarray, missing: str, number: int, how: dict) -> None:
    """Nine ways to complete a picture."""
    asked = {"x": picture, "missing": missing, "n": 9, "seed": number, "how": how}
    film("fill", "fill", checkpoint=entry.exact, **asked)
    st.caption(
        "The known part follows its own noise exactly; the network only guesses the rest, and each "
        "noise finds another completion that fits."
    )
    with st.expander("The code that computes it"):
        code("explorer.sampling:inpainted")
