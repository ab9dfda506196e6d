"""Known mistakes in GAN code: guess what happens, then see it beside the healthy twin."""

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.answers import Film
from explorer.ui import forms, jobs, mistake_views, theme, url
from explorer.ui.asking import ask, guarded
from explorer.ui.mistake_words import MISTAKES, Mistake
from explorer.ui.player import player

HEALTHY = "Healthy"  # how the tracks of the healthy twin begin


def settings(which: str) -> dict[str, Any]:
    """How the twins are trained; in the address all names begin with ``m_``."""
    found = ask("twin_settings")[which]
    columns = st.container(key="wrap-m-settings").columns(3, gap="medium")
    values = {}
    for i, one in enumerate(found):
        with columns[i % 3]:
            named = replace(one, name=f"m_{which}_{one.name}")
            values[one.name] = forms.control(named, one.default)
    return values


def in_code(one: Mistake) -> None:
    """The mistake and what it should be."""
    left, right = st.container(key="wrap-wide-code").columns(2, gap="large")
    with left:
        st.caption("With the mistake")
        st.code(one.wrong, language="python")
    with right:
        st.caption("As it should be")
        st.code(one.sound, language="python")


def guess(which: str, one: Mistake) -> str | None:
    """What a person expects; None before that."""
    question = f"**What do you expect?** {one.question}"
    return url.maybe(st.radio, question, one.guesses, f"m_{which}_guess")


def verdict(one: Mistake, guessed: str) -> None:
    """The prediction in words, against what was guessed."""
    if guessed == one.right:
        st.success(f"**Just so.** {one.happens}", icon=":material/check:")
    else:
        start = "Here is what happens." if guessed == "show" else "Not quite."
        st.info(f"**{start}** {one.happens}", icon=":material/lightbulb:")


def live(which: str, revealed: bool) -> Any:
    """What draws the twins while they are trained."""

    def show(items: list[dict]) -> None:
        told = [one for one in items if "total" in one]  # the answer has none
        if not told:
            st.progress(0.0, "Waiting for its turn …")
            return
        now = told[-1]
        text = f"Training both twins: round {now['step']:,} of {now['total']:,}"
        st.progress(now["step"] / now["total"], text)
        film = now["film"] if revealed else healthy(now["film"])
        player(film, key=f"m_{which}_live", height=320, report=False)

    return show


def healthy(film: Film) -> Film:
    """The tracks of the healthy twin alone."""
    return replace(film, tracks=tuple(t for t in film.tracks if t.title.startswith(HEALTHY)))


theme.show(
    theme.hero(
        "Known mistakes",
        "Three small slips that nobody reports as an error. Guess what each does; then see it "
        "beside its healthy twin, trained from the same seed before your eyes.",
    )
)
with guarded():
    titles = {name: one.title for name, one in MISTAKES.items()}
    which = url.segmented("Mistake", titles, "detach", "m_which")
    mistake = MISTAKES[which]
    in_code(mistake)
    guessed = guess(which, mistake)
    if guessed:
        verdict(mistake, guessed)
    values = settings(which)
    show = live(which, bool(guessed))
    found = jobs.awaited("m_job", show, mistake.stream, values=values)
    if found and guessed:
        getattr(mistake_views, which)(found, values)
    elif found:
        player(healthy(found["film"]), key=f"m_{which}_healthy", height=340, report=False)
        st.info(
            "This is the healthy twin. Say what you expect, and the one with the mistake appears "
            "beside it.",
            icon=":material/help:",
        )
