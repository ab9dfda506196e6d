"""Training in the plane: it begins by itself once, then waits to be asked."""

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers import Film, Plane
from explorer.ui import jobs, url
from explorer.ui.live import duration
from explorer.ui.plane_choices import EXTENT
from explorer.ui.player import player


def train(asked: dict[str, Any]) -> bool:
    """Train if that was wished for; whether the model is there."""
    url.note("p_wish")
    if jobs.known("train_points", **asked):
        st.session_state.setdefault("p_wish", asked_for(asked))
        return True
    wish = st.session_state.setdefault("p_wish", None)
    if wish is None:  # on opening, or after a one-click fix: begin by itself, once
        wish = st.session_state["p_wish"] = asked_for(asked)
    if wish != asked_for(asked):
        offer(asked)
        return False
    place = st.container(border=True)
    with place:
        if st.button("Cancel", icon=":material/stop:", key="p_cancel"):
            jobs.cancel("p_job")
            st.session_state["p_wish"] = "cancelled"
            st.rerun()
        jobs.awaited("p_job", learning, "train_points", **asked)
    return False


def asked_for(asked: dict[str, Any]) -> str:
    """Equal for equal settings and points."""
    points = asked["points"]
    return repr((asked["name"], sorted(asked["values"].items()))) + str(
        None if points is None else hash(points.tobytes())
    )


def offer(asked: dict[str, Any]) -> None:
    """The button that trains."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train", type="primary", icon=":material/play_arrow:", key="p_train"):
            st.session_state["p_wish"] = asked_for(asked)
            st.rerun()
        st.caption("Takes seconds. Until then you see the exact field, which needs no training.")


def learning(items: list[dict]) -> None:
    """How a training goes: progress, loss, and the samples so far as a film that grows."""
    told = [one for one in items if isinstance(one, dict)]
    if not told:
        st.progress(0.0, "Waiting for its turn …")
        return
    now = told[-1]
    left = (now["total"] - now["step"]) / now["rate"] if now["rate"] else 0.0
    told_now = f"step {now['step']:,} of {now['total']:,}"
    if now["rate"]:
        told_now += f" · loss {now['loss']:.3f} · {now['rate']:.0f} steps/s · "
        told_now += f"{duration(left)} left"
    st.progress(now["step"] / now["total"], told_now)
    seen = [(one["step"], one["points"]) for one in told if one["points"] is not None]
    track = Plane("Samples while it learns", np.stack([p for _, p in seen]), extent=EXTENT)
    film = Film((track,), tuple(f"step {step:,}" for step, _ in seen))
    player(film, key="p_live", height=360, value=len(seen) - 1, report=False)
