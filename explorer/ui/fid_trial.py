"""FID of a corrupted set measured on this machine, in front of the person who asked."""

import time
from typing import Any

import streamlit as st

from explorer.corrupting import Corruption
from explorer.lesson import Lesson
from explorer.ui import jobs, theme, url
from explorer.ui.fid_plots import KID

SLOT = "fid-trial"
COUNTS = (500, 1000, 2000)  # pictures that a trial may take
STAGES = {
    "reference": "The reference: 10,000 training images, once",
    "real": "Real pictures for KID, once",
    "set": "These pictures",
    "done": "These pictures",
}


def trial(found: Lesson | None, one: Corruption, strength: float) -> None:
    """FID of the chosen set on this machine, with as many pictures as one waits for."""
    with st.container(border=True):
        theme.show(
            theme.note(
                "Measure it again, here",
                "The same pictures through the same network on this machine. What was seen once is "
                "kept, so that more pictures go on from there.",
            )
        )
        left, right = st.container(key="wrap-trial").columns([2, 3], vertical_alignment="bottom")
        with left:
            words = {str(n): f"{n:,}" for n in COUNTS}
            n = int(url.segmented("Pictures", words, str(COUNTS[0]), "pictures"))
        asked = {"name": one.name, "strength": strength, "n": n}
        answer = jobs.known("fid_trial", **asked)
        wanted = not answer and st.session_state.get("fid-wanted") == asked
        with right.container(horizontal=True):
            if wanted:
                st.button("Cancel", icon=":material/close:", on_click=_cancel)
            else:
                _button(asked, bool(answer))
        if wanted:
            answer = jobs.awaited(SLOT, _live(asked), "fid_trial", **asked)
        if answer:
            _told(found, asked, answer)


def _button(asked: dict[str, Any], measured: bool) -> None:
    st.button(
        "Measured" if measured else "Measure",
        type="primary",
        icon=":material/check:" if measured else ":material/play_arrow:",
        disabled=measured,
        on_click=_want,
        args=(asked,),
    )


def _want(asked: dict[str, Any]) -> None:
    st.session_state["fid-wanted"] = asked
    st.session_state["fid-stages"] = {}


def _cancel() -> None:
    jobs.cancel(SLOT)
    st.session_state.pop("fid-wanted", None)


def _live(asked: dict[str, Any]) -> Any:
    """What draws a trial while it runs."""

    def show(items: list[dict[str, Any]]) -> None:
        if not items:
            st.progress(0.0, "Waiting for its turn …")
            return
        now = items[-1]
        text = STAGES[now["stage"]]
        seen = now["fid"][-1] if now["fid"] else None
        if now["stage"] == "set":
            text += f": {now['share'] * asked['n']:,.0f} of {asked['n']:,}"
        if seen:
            text += f" · FID of the first {seen[0]:,}: {seen[1]:.1f}"
        st.progress(min(1.0, now["share"]), text + _left(now))

    return show


def _left(now: dict[str, Any]) -> str:
    """How long this stage will take, once a little of it is done."""
    stages = st.session_state.setdefault("fid-stages", {})
    since, first = stages.setdefault(now["stage"], (time.monotonic(), now["share"]))
    gone, done = time.monotonic() - since, now["share"] - first
    if done <= 0 or gone < 2:
        return ""
    return f" · about {gone * (1 - now['share']) / done:,.0f} s left"


def _told(found: Lesson | None, asked: dict[str, Any], answer: dict[str, Any]) -> None:
    """The result, beside what was measured when the program was made."""
    kid = f"± {KID * answer['kid_error']:.2f}"
    cards = [
        theme.stat("FID here", f"{answer['value']:.2f}", "", f"{asked['n']:,} pictures"),
        theme.stat("KID × 1,000 here", f"{KID * answer['kid']:.2f}", "", kid),
    ]
    point = found and found.by_set.get((asked["name"], asked["strength"]))
    if point and found.n == asked["n"]:
        note = f"{found.n:,} pictures, {found.protocol['precision']}"
        cards.append(theme.stat("FID shipped", f"{point.fid:.2f}", "", note))
        if answer["precision"] != found.protocol["precision"]:
            cards.append(theme.stat("Precision here", answer["precision"], "", "so it differs"))
    theme.show(theme.row(*cards))
    if len(answer["fid"]) > 1:
        way = " · ".join(f"FID of the first {n:,}: {fid:.1f}" for n, fid in answer["fid"])
        st.caption(f"On the way: {way}. It falls with n, whatever the pictures: see below.")
