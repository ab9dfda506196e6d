"""Does a model invent or remember?  Its samples beside the pictures it learned from."""

import streamlit as st

from explorer.catalog import Entry
from explorer.ui import memory_model, memory_training, memory_view, theme, url
from explorer.ui import memory_words as words
from explorer.ui.asking import guarded
from explorer.ui.memory_rates import rewarded
from explorer.ui.memory_shifts import misleading
from explorer.ui.sampler_form import seed
from explorer.ui.source import code

SAMPLES = {"250": "250", "500": "500", "1000": "1,000"}


def guess() -> None:
    """What a person expects; the answer after that."""
    question = f"**What do you expect?** {words.QUESTION}"
    if chosen := url.maybe(st.radio, question, words.GUESSES, "memory_guess"):
        right = chosen == words.RIGHT
        start = "Just so." if right else "It copies."
        icon = ":material/check:" if right else ":material/lightbulb:"
        (st.success if right else st.info)(f"**{start}** {words.HAPPENS}", icon=icon)


def samples(entry: Entry) -> None:
    """The wall, and all samples at once."""
    cells = st.container(key="wrap-memory-how").columns([1.6, 1, 1], gap="medium")
    with cells[0]:
        space = url.segmented("Compared by", words.SPACES, "pixels", memory_view.SPACE, wrap=True)
    with cells[1]:
        n = url.segmented("Samples", SAMPLES, "250", "memory_samples")
    with cells[2]:
        number = seed()
    found = memory_view.studied(entry, space, int(n), number)
    if found is None:
        return
    memory_view.look(entry, found)
    memory_view.all_of_them(found)
    with st.expander("How it is measured"):
        measured()


def measured() -> None:
    """The statistics and where they come from."""
    st.markdown(
        "**Nearer to training**: training and test pictures are of one kind, so a sample that owes "
        "nothing to a single picture is as often nearer to the one as to the other, provided that "
        "there are as many of each. The error counts that samples near one picture are one "
        "finding, not many.\n\n"
        "**Copies**: the nearest training picture is less than a third as far as the second "
        "nearest (Yoon et al. 2023). Twins among the training pictures hide copies from it.\n\n"
        "**Z** (Meehan, Chaudhuri & Dasgupta 2020) asks whether samples are nearer to the training "
        "pictures than *unseen real* pictures are: a Mann-Whitney test of both sets of distances."
    )
    code("explorer.metrics.memorised:memorised")


memory_training.take_wish()
theme.show(
    theme.hero(
        "Memorised or made?",
        "A model that handed out its training pictures would look wonderful and score best of all. "
        "Put each sample beside the pictures it learned from, and see.",
    )
)
with guarded():
    guess()
entry = None
with guarded():
    st.header("Samples and their nearest pictures")
    if entry := memory_model.choose():
        samples(entry)
with guarded():
    rewarded()
with guarded():
    misleading()
with guarded():
    memory_training.train_one(entry)
