"""*Interpolate*: what is measured of each way, and how far it leads off a model's latents."""

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import Ways, WayScores
from explorer.catalog import Entry
from explorer.ui import counting, jobs, leaving, way_curves
from explorer.ui.wander_ends import Asked
from explorer.ui.wander_rows import STOP

SLOT = "wander-off"


def measured(entries: dict[str, Entry], found: dict[str, Ways], asked: Asked) -> None:
    """Curves along two ends' ways, and all figures as a table."""
    scores = _scores(entries, found, asked)
    if asked.count == 2:
        way_curves.curves(found, scores, "wander-along")
        st.caption(f"{way_curves.ABOUT} {ABOUT}")
    st.dataframe(
        [_line(name, one, scores.get(name)) for name, one in found.items()], hide_index=True
    )
    st.caption(COLUMNS)


ABOUT = (
    "A latent diffusion is judged where its ODE arrives in its autoencoder's latents. A GAN's "
    "latents are drawn from N(0, I) and a diffusion's noise is as large as a picture: neither has "
    "training latents to be off, so only the classifier judges them."
)
COLUMNS = (
    "**Step**: root mean square difference a pixel of two neighbours, in per cent of black to "
    "white. **Evenness**: largest step over the mean one; 1 is even, a sudden jump is large. "
    "**Double exposure**: 1 if the middle of a row is the average of its ends, 0 if it is as far "
    "from that as they are. **Confidence**: the classifier's probability of the class that it "
    "finds likeliest, on average and where it is least sure. **Off** and **round trip**: on "
    "average, in distances that are usual between training latents, and **farthest**: off where "
    "it is most so."
)


def _scores(
    entries: dict[str, Entry], found: dict[str, Ways], asked: Asked
) -> dict[str, WayScores]:
    """Of the models that have training latents, once all pictures are there; none meanwhile."""
    names = {entries[name].exact: name for name in found if entries[name].header.encodes}
    drawing = len(found) < len(entries) and not leaving.left(STOP, asked.key)
    if drawing or not names:
        jobs.cancel(SLOT)  # the rows come first
        return {}
    question = {"checkpoints": tuple(names)} | asked.arguments
    told = counting.awaited(SLOT, way_curves.OFF, "Measure it", "wander_scores", **question)
    return {names[key]: one for key, one in (told or {}).items()}


def _line(name: str, one: Ways, score: WayScores | None) -> dict[str, Any]:
    blend = one.blend[np.isfinite(one.blend)]
    sure = one.sure
    return {
        "model": name,
        "step (%)": round(100 * float(one.step.mean()), 1),
        "evenness": round(float(one.jump.mean()), 2),
        "double exposure": round(float(blend.mean()), 2) if len(blend) else None,
        "confidence": None if sure is None else round(float(sure.mean()), 2),
        "least": None if sure is None else round(float(sure.min()), 2),
        "off": None if score is None else round(float(score.off.mean()), 2),
        "farthest": None if score is None else round(float(score.off.max()), 2),
        "round trip": None if score is None else round(float(score.trip.mean()), 2),
    }
