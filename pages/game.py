"""The adversarial game in the plane, live: both players, their losses, and one round slowly."""

from typing import Any

import streamlit as st

from explorer import figures
from explorer.answers import Course, Curve
from explorer.game_pictures import PHASES, slow_film
from explorer.palette import CATEGORICAL
from explorer.ui import game_board, game_rules, game_seat, game_words, theme, url
from explorer.ui.asking import guarded, literal
from explorer.ui.game_seat import Seat
from explorer.ui.plane_subject import distribution
from explorer.ui.player import player
from explorer.ui.source import code

BOARD = "g_board"
CURVES = {
    "D's opinion": ("D(real)", "D(generated)"),
    "Losses": ("D loss", "G loss"),
    "Modes covered": ("modes",),
}
VIEWS = {"live": "The game, live", "slow": "One round, slowly", "past": "Look back"}


# Live -----------------------------------------------------------------------------------------


@st.fragment
def live(subject: dict[str, Any], values: dict[str, Any], rules: set[str]) -> None:
    """The board: a picture a run of this fragment."""
    with guarded():
        seat = game_seat.taken(subject, values, rules)
        game_seat.act(seat, subject, game_board.wish(BOARD))
        game_board.board(
            seat.board,
            seat.course,
            key=BOARD,
            turn=seat.turn,
            playing=seat.playing,
            probability=values["loss"] in game_words.SIGMOID,
        )
        say(seat)


def say(seat: Seat) -> None:
    """What went wrong, if something did; live it stands there until the next move."""
    if seat.said:
        st.warning(literal(seat.said), icon=":material/error:")


# Slowly ---------------------------------------------------------------------------------------


@st.fragment
def slowly(subject: dict[str, Any], values: dict[str, Any], rules: set[str]) -> None:
    """A round as seven pictures, each with its words, its formula and our line of code."""
    with guarded():
        seat = game_seat.taken(subject, values, rules)
        seat.until, seat.said = 0, ""
        again = st.button("Play the next round", icon=":material/skip_next:", key="g_next")
        slow = None if again else seat.slow
        if slow is None or slow.after.round != seat.board.round:
            slow = game_seat.slow(seat, subject)
        say(seat)
        if slow is None:
            return
        left, right = st.container(key="wrap-wide-slow").columns([1.2, 1], gap="large")
        with left:
            at = player(slow_film(slow), key=f"g_slow_{slow.after.round}", height=480, value=0)
        with right:
            explain(at or 0, slow, values["loss"])


def explain(number: int, slow, loss: str) -> None:
    """One phase beside its picture."""
    told = game_words.phase(number, slow, loss)
    theme.show(theme.note(PHASES[number], "", f"Round {slow.after.round:,}"))
    st.markdown(told.text)
    st.latex(told.formula)
    code(told.code, told.find)


# Looking back ---------------------------------------------------------------------------------


@st.fragment
def past(subject: dict[str, Any], values: dict[str, Any], rules: set[str]) -> None:
    """The whole game on the film player's slider, and its curves."""
    with guarded():
        seat = game_seat.taken(subject, values, rules)
        seat.until, seat.said = 0, ""
        found = game_seat.attempt(seat, subject, "game_film", game=seat.game)
        say(seat)
        if found is None:
            return
        film, course = found
        left, right = st.container(key="wrap-wide-past").columns([1.2, 1], gap="large")
        with left:
            last = len(film.labels) - 1
            at = player(film, key="g_past", height=480, value=last)
        with right:
            curves(course, int(film.ticks[last if at is None else at]))


def curves(course: Course, now: int) -> None:
    """The course of the game with the round that the film shows."""
    for title, names in CURVES.items():
        lines = [
            Curve(name, course.rounds, course.terms[name], i)
            for i, name in enumerate(names)
            if name in course.terms
        ]
        if not lines:  # modes that nobody knows
            continue
        figure = figures.curves(lines, title=title, x_title="round", legend="above", height=250)
        figure.add_vline(x=now, line_dash="dot", line_width=1, line_color=CATEGORICAL[-1])
        st.plotly_chart(figure, key=f"g_{title}", config=figures.CONFIG)


# The page -------------------------------------------------------------------------------------

theme.show(
    theme.hero(
        "The GAN game",
        "A generator invents points, a discriminator tells them from real ones, and each learns "
        "from the other. In two dimensions you see all of it: what D thinks of every place, and "
        "where that pushes G.",
    )
)
subject = distribution()
view = url.segmented("Watch", VIEWS, "live", "g_view")
above = st.container()
st.header("The rules")
st.caption("They act at once, also while the game goes on.")
with guarded():
    values, rules = game_rules.rules()
    with above:
        if subject is not None:
            {"live": live, "slow": slowly, "past": past}[view](subject, values, rules)
    st.header("What they mean")
    left, right = st.container(key="wrap-wide-meaning").columns(2, gap="large")
    with left:
        st.markdown("**D minimises**, over its own weights only:")
        st.latex("L_D = " + game_words.FORMULAS[values["loss"]][0])
        code("explorer.models.gan:GAN.judgement", "value = loss.discriminator")
    with right:
        st.markdown("**G minimises**, over its own weights only:")
        st.latex("L_G = " + game_words.FORMULAS[values["loss"]][1])
        code("explorer.models.gan:GAN.forgery", "value =")
