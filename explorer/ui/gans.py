"""Choosing a GAN of pictures, and what it is in one line."""

from collections.abc import Callable

import streamlit as st

from explorer import catalog
from explorer.catalog import Entry
from explorer.ui import pickers, theme, url
from explorer.ui.asking import guarded, literal
from explorer.ui.experiments import Experiment, start_and_show

ABLE = ("Decodes", "Judges")
LABEL = "gan_class"


def draws_pictures(entry: Entry) -> bool:
    """Whether it draws pictures, not points."""
    return len(entry.header.facts["spec"]["shape"]) == 3


def classes_of(entry: Entry) -> list[str]:
    """The classes that it can be asked for; none if it was told none."""
    conditional = entry.header.recipe["model"].get("conditional", False)
    return entry.header.facts["spec"]["classes"] if conditional else []


def choose(
    key: str,
    default: str,
    experiment: Experiment,
    only: Callable[[Entry], bool] = draws_pictures,
) -> Entry | None:
    """One GAN; where there is none, a way to train one with a click."""
    found = pickers.checkpoint("Model", key, f"{catalog.SHIPPED}{default}", ABLE, only)
    if found is None:
        _offer(experiment)
        return None
    st.caption(described(found))
    return found


def _offer(experiment: Experiment) -> None:
    with st.container(border=True), guarded():
        theme.show(theme.note(experiment.title, experiment.question, kicker="Train one"))
        st.caption(
            "Some minutes on two idle cores without a GPU. Its pictures appear while it trains; "
            "this page can show it as soon as its first epoch is over."
        )
        if st.button("Train it now", key=experiment.name, icon=":material/play_arrow:"):
            start_and_show(experiment)


def described(entry: Entry) -> str:
    """What tells GANs apart, on one line."""
    model, facts = entry.header.recipe["model"], entry.header.facts
    parts = [loss_title(model["loss"]), f"latent {model['latent']}"]
    parts += ["knows its classes"] if classes_of(entry) else []
    parts += [f"{entry.header.parameters:,} parameters", f"epoch {facts.get('epoch', 0):.3g}"]
    return literal(" · ".join(parts))


def loss_title(loss: str) -> str:
    """What people call a loss: least-squares -> Least squares."""
    return loss.replace("least-", "least ").capitalize() + " loss"


def label(names: list[str], key: str = LABEL, first: int = 0, title: str = "Class") -> int:
    """One of the classes, by number; it stands in the address."""
    numbers = [str(i) for i in range(len(names))]
    return int(
        url.choose(
            st.selectbox,
            title,
            numbers,
            numbers[first],
            key,
            format_func=lambda i: names[int(i)],
        )
    )


def is_shipped(entry: Entry) -> bool:
    """Whether there is no run behind it."""
    return entry.key.startswith(catalog.SHIPPED)
