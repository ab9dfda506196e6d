"""Why a loss trains: what it tells the generator, on its curve, in the plane, and over time."""

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer import figures
from explorer.ui import forms, jobs, loss_plots, theme, url
from explorer.ui.asking import ask, guarded
from explorer.ui.loss_reasons import WORDS, first, formulas, only, saturates, second, third
from explorer.ui.player import player

FIRST = ["minimax", "non-saturating", "least-squares", "wasserstein"]
OPENING = 12  # frame of the game that the page opens on: D is ahead of G there

# Choosing -----------------------------------------------------------------------------------------


def losses(titles: dict[str, str]) -> list[str]:
    """The losses that are shown, in the order of the table; at least one."""

    def read(text: str) -> list[str]:
        return [url.one_of(titles, "loss")(name) for name in text.split(",")]

    url.begin("l_losses", read)
    st.session_state.setdefault("l_losses", FIRST)
    told = {"format_func": titles.get, "selection_mode": "multi", "persist_state": "session"}
    picked = url.put(st.pills, "Losses", list(titles), key="l_losses", **told)
    names = [name for name in titles if name in picked] or FIRST
    url.keep("l_losses", ",".join(sorted(names)), ",".join(sorted(FIRST)))
    return names


def settings(question: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Some settings as widgets; in the address all names begin with ``l_``."""
    found = [one for one in ask(question) if one.name in names]
    columns = st.container(key=f"wrap-{question}").columns(3, gap="medium")
    values = {}
    for column, one in zip(columns, found, strict=False):
        with column:
            values[one.name] = forms.control(replace(one, name=f"l_{one.name}"), one.default)
    return values


# The games ----------------------------------------------------------------------------------------


def live(slot: str, titles: list[str]) -> Any:
    """What draws a game while it is played: how far it is, and the planes of this moment."""

    def show(items: list[dict]) -> None:
        told = [one for one in items if "total" in one]  # the answer has none
        if not told:
            st.progress(0.0, "Waiting for its turn …")
            return
        now = told[-1]
        text = f"{now['film'].labels[-1]} of {now['total']:,}"
        st.progress(now["step"] / now["total"], f"Training all five, side by side: {text}")
        player(only(now["film"], titles), key=f"{slot}_live", height=270, report=False)

    return show


@st.fragment
def moment(curves: dict[str, dict], names: list[str], found: dict[str, Any]) -> None:
    """The games on one slider, and the points of its moment on the curves."""
    titles = [curves[name]["title"] for name in names]
    film = only(found["film"], titles)
    first = min(OPENING, len(film.labels) - 1)
    frame = player(film, key="l_player", height=290, value=first) or 0
    st.caption(
        "Grey: real points. In colour: generated ones, from the same z in every game. The ground "
        "is darker where D finds a place more real. **An arrow is the way the loss pushes a "
        "point**, to one scale in all games: no arrow, nothing to learn. Play or drag; the dots "
        "below follow when you let go."
    )
    left, right = st.container(key="wrap-l-curves").columns(2, gap="large")
    fake = {name: found["fake"][name][frame] for name in names}
    real = {name: found["real"][name][frame] for name in names}
    with left:
        st.subheader("What G is told")
        figure = loss_plots.gradients(curves, names, fake)
        st.plotly_chart(figure, key="l_gradients", config=figures.CONFIG)
        st.caption(
            f"The slope L′(d) of G's loss, with the generated points of **{film.labels[frame]}** "
            "as dots. Below 0 the point is to look more real, above 0 less. Hinge has "
            "Wasserstein's slope."
        )
    with right:
        st.subheader("What D is told")
        figure = loss_plots.discriminators(curves, names, fake, real)
        st.plotly_chart(figure, key="l_discriminators", config=figures.CONFIG)
        st.caption(
            "D's loss for a real point (solid, grey dots) and for a generated one (dotted): D "
            "pulls the first to the right and the second to the left. Both cross-entropies are "
            "the same for D."
        )
    strengths(found, titles, frame)


def strengths(found: dict[str, Any], titles: list[str], frame: int) -> None:
    """How long the gradients were through training."""
    st.subheader("How strong the gradients were")
    figure = loss_plots.norms(found["norms"], titles, found["steps"][frame])
    st.plotly_chart(figure, key="l_norms", config=figures.CONFIG)
    st.caption(
        "Length of the whole gradient of each network, a mean over the rounds since the point "
        "before. The dotted line is the moment above."
    )


# The page -----------------------------------------------------------------------------------------

theme.show(
    theme.hero(
        "Why the loss trains",
        "The same two networks, five losses: what each of them tells the generator, point by "
        "point, and when it tells it nothing.",
    )
)
played = sure = None
with guarded():
    curves = ask("loss_curves")
    names = losses({name: one["title"] for name, one in curves.items()})
    values = settings("loss_settings", ("penalty", "rounds", "seed"))
    with st.expander("The words on this page", icon=":material/menu_book:"):
        st.markdown(WORDS)
    titles = [curves[name]["title"] for name in names]
    played = jobs.awaited("l_job", live("l_game", titles), "loss_game", values=values)
    if played:
        moment(curves, names, played)
    formulas(names)
with guarded():
    st.header("1 · The sigmoid saturates")
    st.markdown(
        "An experiment: G is put into a corner and **stands still**, while D alone learns. What "
        "would G be told, the surer D gets?"
    )
    own = settings("sure_settings", ("updates",)) | {"seed": values["seed"]}
    sure = jobs.awaited("l_sure_job", live("l_sure", titles), "sure_critic", values=own)
    if sure:
        saturates(curves, names, sure)
        first(curves, names, sure)
with guarded():
    if played:
        st.header("2 · Least squares pull to a target")
        second(curves, played)
    if sure:
        st.header("3 · Wasserstein with its penalty slopes evenly")
        third(curves, sure)
