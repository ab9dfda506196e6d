"""A conditional GAN: one latent in every class, whether it obeys, and the way between classes."""

import numpy as np
import streamlit as st

from explorer import catalog, figures
from explorer.answers import Condition, Curve
from explorer.catalog import Entry
from explorer.pictures import enlarge
from explorer.ui import confusion, gans, kept, theme
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.experiments import Experiment
from explorer.ui.rows import Row, rows
from explorer.ui.sampler_form import seed
from explorer.ui.source import code

FIRST = Experiment(
    "conditional-gan",
    "A GAN that takes orders",
    "Both networks are told the class. What stays as it is when nothing but the class changes?",
    "gan",
    {"conditional": True},
)
ACROSS = 12  # latents side by side
EACH = 100  # pictures of each class that are judged
WRONG = 8  # mistakes that are shown
BETWEEN = (5, 11)  # latents and steps of the way between two classes


def obeys(entry: Entry) -> bool:
    """Whether it can be asked for a class."""
    return gans.draws_pictures(entry) and bool(gans.classes_of(entry))


# Style and class ----------------------------------------------------------------------------------


def every_class(entry: Entry, number: int) -> None:
    """Rows by class, columns by latent."""
    st.header("One latent in every class")
    found = ask("styles", checkpoint=entry.exact, n=ACROSS, seed=number)
    names = gans.classes_of(entry)
    lines = [Row(row, name) for row, name in zip(found.pictures, names, strict=True)]
    theme.show(rows(lines))
    st.caption(
        "Each row is one class, each column one latent. What a column has in common is style, "
        "which z decides; what a row has in common is the class."
    )
    shares = (
        ("The class decides", found.by_class, "of all differences: what the rows' means differ by"),
        ("The latent decides", found.by_latent, "what the columns' means differ by: style alone"),
        ("Only both together", found.by_both, "a latent that means something else in each class"),
    )
    theme.show(theme.row(*(theme.stat(t, f"{100 * s:.0f}", "%", note) for t, s, note in shares)))
    with st.expander("How a class is told, and how the shares are measured"):
        told()


def told() -> None:
    """The formulas of both players and of the shares."""
    left, right = st.columns(2, gap="large")
    with left:
        st.latex(r"G(z, y) = G\big([\,z\,;\,e_y\,]\big)")
        st.caption("The generator gets an embedding of the class beside z (Mirza & Osindero 2014).")
        code("explorer.adversaries:Generator.forward")
    with right:
        st.latex(r"D(x, y) = w^\top\varphi(x) + b + e_y^\top\varphi(x)")
        st.caption(
            "The discriminator compares the picture's features with the class's embedding: "
            "projection (Miyato & Koyama 2018)."
        )
        code("explorer.adversaries:Discriminator.forward")
    st.caption(
        "The shares are a two-way analysis of variance of the pixels over 48 latents in every "
        "class: variance of the rows' means, of the columns' means, and the rest."
    )
    code("explorer.inventing:shares")


# Does it obey? ------------------------------------------------------------------------------------


def accuracy(entry: Entry, number: int) -> None:
    """What our classifier sees in pictures of each class."""
    st.header("Does it do as it is told?")
    names = gans.classes_of(entry)
    text = f"Asking for {EACH} pictures of each class and looking what they are …"
    (found,) = kept.awaited("condition", text, checkpoint=entry.exact, each=EACH, seed=number)
    if isinstance(found, str):
        st.info(
            f"{literal(found)} The bundled digits and clothes have one.", icon=":material/help:"
        )
        return
    right = np.trace(found.counts) / found.counts.sum()
    worst = int(np.argmin(np.diag(found.counts)))
    theme.show(
        theme.row(
            theme.stat("Seen as asked", f"{100 * right:.1f}", "%", "accuracy of the condition"),
            theme.stat("Of real pictures", f"{100 * found.real:.1f}", "%", "same classifier"),
            theme.stat("Hardest", names[worst], f"{found.counts[worst, worst] / EACH:.0%}"),
        )
    )
    over_training(entry)
    left, side = st.container(key="wrap-confusion").columns([3, 2], gap="large")
    with left:
        theme.show(confusion.table(names, found.counts))
    with side:
        st.caption(
            f"Per cent of the {EACH} pictures of each class (rows) that our small classifier takes "
            "for each class (columns). It is right about real test pictures as often as the second "
            "figure says: no generator can honestly be above that by much. One that draws only "
            "typical pictures of each class can be above it all the same: accuracy does not see "
            "what is missing."
        )
        misunderstood(names, found)


def over_training(entry: Entry) -> None:
    """The same accuracy at every epoch of the run behind the model, if there is one."""
    told = catalog.past(entry)
    if told is None:
        return
    steps, shares = told.validation.curve("condition accuracy")
    there = np.isfinite(shares)
    if there.sum() < 2:
        return
    line = Curve("seen as asked", steps[there], 100 * shares[there], group=3)
    title = "Seen as asked while it trained · per cent"
    figure = figures.curves([line], title=title, x_title="round", height=220)
    st.plotly_chart(figure, key="condition-curve", config=figures.CONFIG)


def misunderstood(names: list[str], found: Condition) -> None:
    """A picture of each of the most frequent mistakes."""
    pairs = confusion.mistakes(found.counts, WRONG)
    if not pairs:
        st.caption("Not one picture was taken for another class.")
        return
    st.markdown("**Most often taken for something else**")
    cards = [
        theme.strip("", f"{names[a]} → {names[s]}", enlarge(found.examples[a, s], 3))
        for a, s in pairs
    ]
    theme.show(theme.row(*cards, least="5.5rem"))


# From class to class ------------------------------------------------------------------------------


def classes(entry: Entry, number: int) -> None:
    """One latent while its class goes from one embedding to another."""
    st.header("From one class to another")
    names = gans.classes_of(entry)
    cells = st.container(key="wrap-classes").columns(2, gap="medium")
    with cells[0]:
        first = gans.label(names, "from_class", 0, "From")
    with cells[1]:
        second = gans.label(names, "to_class", min(9, len(names) - 1), "To")
    n, steps = BETWEEN
    asked = {"first": first, "second": second, "n": n, "seed": number, "steps": steps}
    found = ask("class_paths", checkpoint=entry.exact, **asked)
    lines = [
        Row(row, after=f"{jump:.1f}", loud=bool(jump >= 2))
        for row, jump in zip(found.pictures, found.jump, strict=True)
    ]
    theme.show(rows(lines))
    st.caption(
        f"Left {names[first]}, right {names[second]}; each row is one latent, and between the ends "
        "its class is a mixture that the generator was never taught. The figure is a row's largest "
        f"step over its mean step: 1 is even, {steps - 1} a single jump from one class to the "
        "other."
    )
    with st.expander("The mixture as a formula, and the code"):
        st.latex(r"G\big([\,z\,;\,(1-t)\,e_a + t\,e_b\,]\big)")
        code("explorer.inventing:between_classes")


# The page -----------------------------------------------------------------------------------------

theme.show(
    theme.hero(
        "Conditional GAN",
        "Tell both networks the class, and the generator takes orders. The same latent in every "
        "class shows what is style and what is class; a classifier checks whether it obeys.",
    )
)
if entry := gans.choose("conditional", "gan-conditional-fashion", FIRST, obeys):
    with st.container(key="wrap-seed").columns(3)[0]:
        number = seed()
    for part in (every_class, accuracy, classes):
        with guarded():
            part(entry, number)
