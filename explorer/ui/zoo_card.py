"""One shipped model: its film, how it was made, how good it is, and what to do with it."""

import streamlit as st

from explorer import header
from explorer.answers import Standing
from explorer.catalog import Entry
from explorer.config import Setting
from explorer.errors import ExplorerError
from explorer.films import titled
from explorer.ui import theme, zoo_grid, zoo_links
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.live import duration
from explorer.ui.player import player
from explorer.zoo.cards import BAD, STATES, Card
from explorer.zoo.tables import UNKNOWN

CHIPS = {"ok": "done", "unlisted": "stopped", "new": "created"}  # state -> colour of its chip
FIGURES = {
    "reconstruction": "Reconstruction error",
    "KL": "KL",
    "x₀ error": "Error of the guessed picture",
    "classifier distance": "Classifier distance",
    "effective classes": "Classes drawn",
    "condition accuracy": "Class as asked for",
    "modes covered": "Modes covered",
}
ON_BOARD = ("FID", "FID at infinity", "KID", "precision", "recall")


def show(card: Card) -> None:
    """All there is to say of one model."""
    chip = theme.chip(CHIPS.get(card.state, "failed"), STATES[card.state])
    theme.show(theme.run_head(card.title, chip, zoo_grid.about(card)))
    st.markdown(literal(card.recipe.note))
    if card.problem:
        (st.warning if card.state in BAD else st.info)(literal(card.problem))
    left, right = st.container(key="wrap-wide-zoo-card").columns([3, 2], gap="large")
    with left, guarded():
        _pictures(card)
    with right:
        theme.show(_made(card))
        _use(card)
    with guarded():
        _measured(card)
    with guarded():
        _recipe(card)


def _pictures(card: Card) -> None:
    """The film of its training, or the samples in the index."""
    film = None
    if card.entry:
        try:
            film = header.film(card.entry.path)
        except ExplorerError as error:
            st.warning(literal(error))
    if film:
        player(titled(film), key=f"zoo-{card.name}", autoplay=True, height=520, report=False)
        st.caption("How it learned: the same pictures and the same noise at every moment.")
    elif picture := zoo_grid.picture(card):
        theme.show(picture)
        st.caption("Samples from seed 0. No film of its training was kept.")


def _made(card: Card) -> str:
    """How it was made, as a row of facts."""
    one, machine = card.shipped, card.shipped.machine if card.shipped else None
    trained = UNKNOWN if one is None or one.seconds is None else duration(one.seconds)
    threads = f", {machine.threads} thread{'s' * (machine.threads != 1)}" if machine else ""
    where = f"{machine.title}{threads}, PyTorch {machine.torch}" if machine else UNKNOWN
    facts = [
        theme.stat("Trained in", trained, help=f"On: {where}"),
        theme.stat("Seed", str(card.recipe.settings.get("seed", 0))),
    ]
    if card.entry:
        facts += _weights(card.entry)
    if one:
        when = "" if one.date is None else f"Trained on {one.date}"
        facts.append(theme.stat("File", f"{one.size / 1e6:.1f}", "MB", when))
    return theme.row(*facts, least="9rem")


def _weights(entry: Entry) -> list[str]:
    facts = entry.header.facts
    step, epoch = facts.get("step", 0), facts.get("epoch", 0.0)
    return [
        theme.stat("Step", f"{step:,}", f"epoch {epoch:.3g}"),
        theme.stat("Parameters", f"{entry.header.parameters:,}"),
    ]


def _use(card: Card) -> None:
    """The pages that can use it."""
    if not card.entry or card.state in BAD:
        return
    st.subheader("Look at it")
    with st.container(horizontal=True):
        for link, address in zoo_links.links(card.entry):
            if st.button(link.label, key=f"zoo-to-{link.page}", type="tertiary"):
                zoo_links.go(link.page, address)


# How good it is -----------------------------------------------------------------------------------


def _measured(card: Card) -> None:
    """What the file and the scoreboard tell, each with how it was measured."""
    facts = card.entry.header.facts if card.entry else {}
    known, units = facts.get("measured", {}), facts.get("units", {})
    there = [name for name in FIGURES if name in known]
    if not there and not card.standings:
        return
    st.header("How good it is")
    if there:
        stats = [theme.stat(FIGURES[n], f"{known[n]:.4g}", units.get(n, "")) for n in there]
        theme.show(theme.row(*stats, least="11rem"))
        st.caption(
            "On the first 512 test images, or on samples from fixed noise, with the weights that "
            "ship, before they were rounded to 16 bits. Measure them again: "
            f"`python -m explorer zoo check {card.name} --measure`"
        )
    if card.standings:
        _board(card.standings)


def _board(found: list[Standing]) -> None:
    """What the scoreboard measured, and its protocol."""
    lines = [
        {"samples": one.sampling or "as the model draws"}
        | {name: round(one.scores[name].value, 3) for name in ON_BOARD if name in one.scores}
        for one in found
    ]
    st.dataframe(lines, hide_index=True)
    how = found[0].protocol
    st.caption(
        literal(
            f"{how.samples:,} samples from seed {how.seed} against the {how.reference}; "
            f"{how.network}, resize {how.resize}, {how.precision}."
        )
    )


# How to make it again -----------------------------------------------------------------------------


def _recipe(card: Card) -> None:
    """What differs from the usual settings, the command, the hash, and a way to train one's own."""
    st.header("Recipe")
    family = next(f for f in ask("families") if f.name == card.recipe.family)
    settings = {one.name: one for one in (*family.settings, *family.training)}
    rows = [_row(settings[n], v) for n, v in card.recipe.settings.items() if n in settings]
    st.dataframe([row for row in rows if row["here"] != row["usually"]], hide_index=True)
    st.caption("Only what differs from the usual settings of its family.")
    with st.container(horizontal=True):
        text, icon = "Train your own from this recipe", ":material/model_training:"
        if st.button(text, key="zoo-train", icon=icon):
            zoo_links.go("train", zoo_links.training(card.recipe, settings), settings)
        if card.entry and card.state not in BAD:
            _go_on(card.entry, settings)
    with st.expander("Build and check it on the command line"):
        st.code(card.command, language="sh")
        st.code(f"python -m explorer zoo check {card.name}", language="sh")
        if card.shipped:
            st.markdown(f"SHA-256 of `{card.name}.safetensors`:")
            st.code(card.shipped.sha256, language=None, wrap_lines=True)


def _go_on(entry: Entry, settings: dict[str, Setting]) -> None:
    text, icon = "Train it further", ":material/fork_right:"
    help = "A fork: a run of your own that begins with these weights. The shipped model stays."
    if st.button(text, key="zoo-fork", icon=icon, help=help):
        zoo_links.go("train", {"fork": entry.key}, settings)


def _row(one: Setting, value: object) -> dict[str, str]:
    """A setting's title, its value in the recipe and the usual one."""
    return {"setting": one.title, "here": _said(one, value), "usually": _said(one, one.default)}


def _said(one: Setting, value: object) -> str:
    if value is None:
        return "not set"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"{value:,.6g}" if number else one.label(value)
    return f"{text} {one.hint.unit}".strip()
