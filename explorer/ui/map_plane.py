"""Point anywhere in a plane of the latent space: its picture follows the pointer."""

from typing import Any

import streamlit as st

from explorer import data
from explorer.answers import LatentPlane
from explorer.pictures import enlarge, tiles
from explorer.ui import gans, kept, theme, url
from explorer.ui.asking import ask
from explorer.ui.latent_pad import latent_pad
from explorer.ui.map_choices import Choice
from explorer.ui.map_view import whole
from explorer.ui.source import code

SIDE = 33  # pictures along each direction
REAL = {"widest": "Where latents vary most", "chosen": "Through two images"}
INVENTED = {"steepest": "Where the picture changes most", "random": "Two random directions"}
AXES = {
    "widest": ("first axis", "second axis"),
    "chosen": ("towards A", "the rest of B"),
    "steepest": ("first direction", "second direction"),
    "random": ("first direction", "second direction"),
}


def pointing(choice: Choice) -> None:
    """The plane, the picture under the pointer, and the true one where it was lifted."""
    st.header("Point anywhere")
    if not choice.entry.header.decodes:
        st.info(
            "This model has no decoder from a few numbers to a picture: its noise is as large as "
            "the picture. An autoencoder, a VAE, a GAN or a latent diffusion has one.",
            icon=":material/block:",
        )
        return
    asked = _asked(choice)
    text = f"Decoding {SIDE} × {SIDE} pictures once, so that the pointer need not wait …"
    (found,) = kept.awaited("map_plane", text, **asked)
    _pad(asked, found)
    with st.expander("The plane and the blend as formulas, and the code"):
        st.latex(r"z(s,t) = c + s\,u + t\,v, \qquad u^\top v = 0,\; \|u\| = \|v\| = 1")
        st.caption(
            "c is the mean of the test images' latents, or what the chosen z has beside the two "
            "directions; u and v are principal axes, or lead to two images."
        )
        code("explorer.hovering:around")
        code("explorer.hovering:looked")


def _asked(choice: Choice) -> dict[str, Any]:
    """Which plane, as the engine's arguments."""
    kinds = REAL if choice.entry.header.encodes else INVENTED
    cells = st.container(key="wrap-map-plane").columns([1.6, 1, 1], gap="medium")
    with cells[0]:
        kind = url.segmented("Plane", kinds, next(iter(kinds)), "plane_kind")
    chosen, seed, label = (), 0, None
    if kind == "chosen":
        top = choice.images.test - 1
        pair = zip(cells[1:], "AB", (0, min(2, top)), strict=True)
        chosen = tuple(
            _number(cell, f"Test image {n}", f"plane_{n}", first, top) for cell, n, first in pair
        )
    elif kinds is INVENTED:
        seed = _number(cells[1], "Seed", "plane_seed", 0, 2**31 - 1)
        if names := gans.classes_of(choice.entry):
            with cells[2]:
                label = gans.label(names, "plane_class")
    about = {"checkpoint": choice.entry.exact, "data_name": choice.images.name, "kind": kind}
    return about | {"chosen": chosen, "seed": seed, "side": SIDE, "label": label}


def _number(cell: Any, label: str, key: str, first: int, top: int) -> int:
    url.begin(key, whole(top))
    st.session_state.setdefault(key, first)
    st.session_state[key] = min(st.session_state[key], top)
    value = url.put(cell.number_input, label, 0, top, key=key, persist_state="session")
    return url.keep(key, int(value), first)


@st.fragment
def _pad(asked: dict[str, Any], found: LatentPlane) -> None:
    left, right = st.container(key="wrap-wide-plane").columns([2.4, 1], gap="large")
    name = repr(sorted(asked.items()))
    test = data.load(asked["data_name"], "test")
    groups = None if test.y is None else test.y[: len(found.points)]
    letters = "AB" if asked["kind"] == "chosen" else "z"
    with left:
        first = tuple(map(float, found.marks[0])) if len(found.marks) else (0.0, 0.0)
        at = latent_pad(
            found,
            groups,
            key="map-pad",
            name=name,
            axes=AXES[asked["kind"]],
            letters=letters,
            first=first,
        )
        points = (
            "Points are real test images, seen from above the plane. " if len(found.points) else ""
        )
        st.caption(
            f"Move the pointer: the picture on the right is blended from the nearest four of "
            f"{SIDE} × {SIDE} that were decoded before. {points}Click to decode the very place."
        )
    with right:
        _sight(asked, at, test)


def _sight(asked: dict[str, Any], at: tuple[float, float], test: data.Data) -> None:
    """The true picture, and how far off the blend was."""
    place = tuple(round(value, 4) for value in at)
    seen = ask("map_sight", at=place, **asked)
    note = f"blend off by {100 * seen.off:.1f} % a pixel"
    pictures = [theme.strip("Decoded there", note, enlarge(seen.picture, 6))]
    if not len(seen.near):
        theme.show(theme.row(*pictures, "<span></span>", least="9rem"))
        return
    real = enlarge(tiles(test.x[seen.near[:1]])[0], 6)
    pictures.append(theme.strip("Nearest real", f"{seen.away[0]:.2f} away in the latents", real))
    theme.show(theme.row(*pictures, least="9rem"))
    cards = [
        theme.strip("", f"{far:.2f}", enlarge(tiles(test.x[i : i + 1])[0], 3))
        for i, far in list(zip(seen.near, seen.away, strict=True))[1:]
    ]
    st.markdown("The next ones")
    theme.show(theme.row(*cards, least="3.6rem"))
    st.caption(
        "A plane is thin: even the nearest image mostly lies beside it, in the other directions."
    )
