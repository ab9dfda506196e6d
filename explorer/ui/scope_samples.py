"""*AE against VAE*: what each row invents, from N(0, I) and from a fitted density."""

import streamlit as st

from explorer.answers import Samples
from explorer.catalog import Entry
from explorer.ui import counting, theme
from explorer.ui.asking import ask
from explorer.ui.rows import Row, figure
from explorer.ui.sampler_form import seed

SLOT = "scope-cures"
ACROSS = 12  # samples of each row


def samples(entries: dict[str, Entry]) -> None:
    """The same noise through every row, without and with the cure."""
    st.header("What each of them invents")
    with st.container(key="wrap-scope-seed").columns(3)[0]:
        number = seed()
    asked = {"n": ACROSS, "seed": number}
    plain = {name: ask("sample", checkpoint=e.exact, **asked) for name, e in entries.items()}
    place = st.empty()
    place.html(sides(plain, None))
    keys = tuple(entry.exact for entry in entries.values())
    what = "the cure, ten Gaussians fitted to each row's latents"
    cured = counting.awaited(SLOT, what, "Fit them", "cures", checkpoints=keys, **asked)
    if cured:
        place.html(sides(plain, {name: cured[e.exact] for name, e in entries.items()}))
    st.caption(
        "Left: latents from N(0, I), which only the KL term makes right. Right: the cure for every "
        "other row. Ten Gaussians are fitted to the latents of 10,000 training images "
        "*afterwards*, and samples come from them (Ghosh et al. 2020): then an autoencoder invents "
        "as well."
    )


def sides(plain: dict[str, Samples], cured: dict[str, Samples] | None) -> str:
    """HTML: aligned rows, both ways of drawing latents beside each other."""
    told = {"From N(0, I)": plain, "From a mixture fitted to its latents": cured}
    found = [
        figure(title, "", [Row(one.pictures, name) for name, one in some.items()])
        for title, some in told.items()
        if some
    ]
    return theme.row(*found, *(["<span></span>"] if cured is None else []), least="24rem")
