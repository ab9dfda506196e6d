"""*AE against VAE* in words: what one may expect, what was measured, and all figures as a table."""

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import Aggregate, FewShots, Ways, WayScores
from explorer.catalog import Entry
from explorer.ui import url
from explorer.ui.scope_models import latent
from explorer.ui.scope_ways import middle

QUESTION = (
    "Take two pictures, go half the way from the latents of one to those of the other, and decode. "
    "In which rows will the middle be **a thing**, and in which **a double exposure** of both ends?"
)
GUESSES = {
    "vae": "VAE: a thing. Autoencoder: a double exposure",
    "ae": "Autoencoder: a thing. VAE: a double exposure",
    "both": "A thing in every row: all of them learned clothes",
    "none": "A double exposure in every row: half and half",
    "show": "I do not know: show me",
}
RIGHT = "vae"
HAPPENS = (
    "Nothing in an autoencoder's loss speaks of the places *between* its latents, so its decoder "
    "was never there, and often shows both ends at once. A VAE decodes noisy latents while it "
    "trains, and the KL term draws them together until their clouds overlap: the way leads through "
    "places where it has learned something. At β = 0 the noise dies out and a VAE is an "
    "autoencoder again; at β = 10 every place is familiar, since all of them are much the same "
    "blurred picture. In the pictures it is a matter of degree, since every small decoder is "
    "smooth: compare the double exposures in the table. In the latents it is plain: see the "
    "figures behind the rows."
)


def guess() -> None:
    """What a person expects; the answer after that."""
    question = f"**What do you expect?** {QUESTION}"
    if chosen := url.maybe(st.radio, question, GUESSES, "scope_guess"):
        start = "Just so, as a rule." if chosen == RIGHT else "Look closely at the middles."
        icon = ":material/check:" if chosen == RIGHT else ":material/lightbulb:"
        show = st.success if chosen == RIGHT else st.info
        show(f"**{start}** {HAPPENS}", icon=icon)


def measured(scores: dict[str, WayScores]) -> str:
    """Which middles are farthest off, in numbers."""
    off = {name: float(one.off[:, middle(one)].mean()) for name, one in scores.items()}
    far, near = max(off, key=off.get), min(off, key=off.get)
    if far == near or off[far] - off[near] < 0.05:
        return "Measured: no middle is farther off than the others."
    return (
        f"Measured over all ways above: the middle of **{far}** lies {off[far]:.2f} of the usual "
        f"distance from the nearest training latent, that of **{near}** {off[near]:.2f}."
    )


def table(
    entries: dict[str, Entry],
    ways: dict[str, Ways],
    scores: dict[str, WayScores] | None,
    where: dict[str, Aggregate] | None,
    known: dict[str, FewShots],
) -> None:
    """Everything that was measured, a row each."""
    st.header("All figures")
    lines = [
        {"model": name, "latents": latent(entry)}
        | _of_ways(ways[name], scores and scores[name])
        | _of_latents(where and where[name])
        | _of_labels(known.get(name))
        for name, entry in entries.items()
    ]
    st.dataframe(lines, hide_index=True)
    st.caption(
        "**Off** and **round trip**: of the middle of the ways above, in usual distances between "
        "training latents. **Double exposure**: 1 if the middle is the average of both ends, 0 if "
        "it is as far from that as they are. **Confidence** of the classifier in the middle. "
        "**Holes**: of N(0, I). **Missed**: latents that N(0, I) hardly ever comes near. **KL** in "
        "nats, of the Gaussian with the latents' moments from N(0, I). **Votes**: per cent of test "
        "images told right by neighbours, with so many labels a class."
    )


def _of_ways(one: Ways, scores: WayScores | None) -> dict[str, Any]:
    half = one.pictures.shape[1] // 2
    sure = None if one.sure is None else round(float(one.sure[:, half].mean()), 2)
    blend = one.blend[np.isfinite(one.blend)]
    return {
        "off": _mean(scores and scores.off[:, half]),
        "round trip": _mean(scores and scores.trip[:, half]),
        "double exposure": _mean(blend if len(blend) else None),
        "confidence": sure,
    }


def _mean(values: np.ndarray | None) -> float | None:
    return None if values is None else round(float(values.mean()), 2)


def _of_latents(one: Aggregate | None) -> dict[str, Any]:
    if one is None:
        return {"holes (%)": None, "missed (%)": None, "KL": None}
    shares = (round(100 * share, 1) for share, _ in (one.holes, one.missed))
    kl = round(one.kl, 1) if np.isfinite(one.kl) else None
    return dict(zip(("holes (%)", "missed (%)"), shares, strict=True)) | {"KL": kl}


def _of_labels(one: FewShots | None) -> dict[str, Any]:
    votes = dict(zip(one.labels, one.vote, strict=True)) if one else {}
    return {
        f"votes, {n}": round(100 * votes[n][0], 1) if n in votes else None for n in (1, 10, 100)
    }
