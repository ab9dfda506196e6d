"""What the collapse clinic says: the alarm, the recipe, and a card for every cure."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.collapse import CURES, INGREDIENTS, LOW, Ground
from explorer.ui import theme
from explorer.ui.source import code

ACROSS = 3  # cards side by side


def key(name: str) -> str:
    """The name of one of this page's choices, here and in the address."""
    return f"c_{name}"


def alarm(step: int | None, what: str) -> None:
    """Say that it collapsed, and when; ``what`` is counted: "modes" or "effective classes"."""
    if step is not None:
        when = f"at step {step:,}" if step else "from step 0 on"
        st.error(
            f"**Collapsed {when}.** G reaches at most {LOW:g} {what}, and stays there.",
            icon=":material/notifications_active:",
        )


def recipe(ground: Ground, chosen: tuple[str, ...]) -> None:
    """Each ingredient: what it changes and what that does."""
    cards = [
        theme.card(
            one.title,
            one.why,
            kicker=changes(ground.healthy, ground.recipe[name]),
            foot=theme.chip("failed", "in the recipe")
            if name in chosen
            else theme.chip("stopped", "left out"),
        )
        for name, one in INGREDIENTS.items()
    ]
    theme.show(theme.row(*cards, least="14rem"))


def cures(ground: Ground, sick: dict[str, Any], foot: Callable[[str], None]) -> None:
    """A card a cure: what it changes, how it works, what to expect; ``foot`` ends each card."""
    names = list(CURES)
    for i in range(0, len(names), ACROSS):
        columns = st.container(key=f"wrap-cures-{i}").columns(ACROSS)
        for name, column in zip(names[i : i + ACROSS], columns, strict=False):
            with column, st.container(border=True, height="stretch"):
                one, changed = CURES[name], changes(sick, ground.cures[name])
                theme.show(theme.note(one.title, one.why, kicker=changed or "nothing changes"))
                st.markdown(f"**Expect:** {ground.expect.get(name, one.expect)}")
                foot(name)


def changes(before: dict[str, Any], change: dict[str, Any]) -> str:
    """Which settings take which values: "latent 16 → 4"; the rates of G and D are one."""
    told = {
        name.removeprefix("d_").replace("_", " "): f"{_plain(before[name])} → {_plain(value)}"
        for name, value in change.items()
        if before[name] != value
    }
    return ", ".join(f"{name} {change}" for name, change in told.items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def verdict(after: float, whole: float, what: str) -> str:
    """A chip: what came of a cure, by how much of the ``whole`` is reached ``after`` it."""
    reached = f"{after:.3g} of {whole:g} {what}"
    if after >= 0.75 * whole:
        return theme.chip("done", f"cured: {reached}")
    if after > LOW:
        return theme.chip("waiting", f"better: {reached}")
    return theme.chip("failed", f"still collapsed: {reached}")


def behind() -> None:
    """The lines of ours that fork, and the one cure that changes what D sees."""
    with st.expander("How a fork takes over the weights of a smaller network"):
        st.markdown(
            "A larger latent and the minibatch standard deviation add inputs to a layer. The old "
            "weights stand in a corner of the new ones; what is new begins small, so the fork "
            "begins (almost) exactly where the collapsed network stood: the idea of Net2Net "
            "(Chen et al. 2016)."
        )
        code("explorer.grafting:_grown")
    with st.expander("How D sees that a batch repeats itself"):
        st.latex(r"s = \frac{1}{F} \sum_{f=1}^{F} \sqrt{\tfrac1B \sum_b (h_{bf} - \bar h_f)^2}")
        st.markdown(
            "One more feature beside the others: the standard deviation of each feature over the "
            "batch, averaged (Karras et al. 2018)."
        )
        code("explorer.adversaries:Spread.forward", "spread =")
