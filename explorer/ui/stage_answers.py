"""The last questions of the stage in short: detach, and what a GAN cannot do."""

import streamlit as st

from explorer import capabilities, catalog, data
from explorer.capabilities import KINDS
from explorer.catalog import Entry
from explorer.errors import ExplorerError
from explorer.ui import capability_matrix as matrix
from explorer.ui import capability_words, theme
from explorer.ui.mistake_words import MISTAKES
from explorer.ui.stage_film import Stage

TWINS = {"m_which": "detach", "m_detach_guess": MISTAKES["detach"].right}


def detach() -> None:
    """Why it is there, the two lines of code, and where both can be seen."""
    one = MISTAKES["detach"]
    left, right = st.container(key="wrap-wide-stage-detach").columns([3, 2], gap="large")
    with left:
        st.markdown(one.happens)
        st.page_link(
            "pages/mistakes.py",
            label="Train both, from the same seed, and see the difference",
            icon=":material/bug_report:",
            query_params=TWINS,
        )
    with right:
        st.code(
            f"# with the mistake\n{_first(one.wrong)}\n\n# as it should be\n{_first(one.sound)}"
        )


def _first(text: str) -> str:
    return text.partition("\n")[0]


def abilities(found: Stage) -> None:
    """The matrix in figures, and three answers about the GAN, each measured."""
    entries = _of_stage(found)
    if not answered(entries) and (others := _usual()):
        entries = others
        name = data.title("fashion-mnist")
        st.caption(f"Not measured for these models yet: here are those that learned {name}.")
    cells = {name: known(entry) for name, entry in entries.items()}
    columns = [matrix.Column(KINDS[k].title, e.title, cells[k]) for k, e in entries.items()]
    theme.show(matrix.brief(columns, ranked=True))
    if said := capability_words.of_a_gan(cells):
        theme.show(said)
    st.page_link(
        "pages/capabilities.py",
        label="How each of these is measured, and a GAN's copies by search",
        icon=":material/grid_on:",
    )


def _of_stage(found: Stage) -> dict[str, Entry]:
    """The first column of each kind."""
    entries: dict[str, Entry] = {}
    for name, kind in KINDS.items():
        if one := next((c for c in found.columns if kind.has(c.entry)), None):
            entries[name] = one.entry
    return entries


def _usual() -> dict[str, Entry]:
    """The models that Capabilities opens on, as far as they are here."""
    entries = {}
    for name, kind in KINDS.items():
        try:
            entries[name] = catalog.entry(f"{catalog.SHIPPED}{kind.first}")
        except ExplorerError:
            continue
    return entries


def known(entry: Entry) -> dict[str, capabilities.Cell]:
    """What has been measured of a model here, or came with it."""
    return capabilities.kept(entry) | capabilities.shipped(entry)


def answered(entries: dict[str, Entry]) -> bool:
    """Whether the questions about the GAN have answers for these models."""
    return bool(capability_words.of_a_gan({name: known(e) for name, e in entries.items()}))
