"""*AE against VAE*: how well neighbours in each row's latents tell classes from few labels."""

import numpy as np
import streamlit as st

from explorer import few_shots, figures
from explorer.answers import Curve, FewShots
from explorer.catalog import Entry
from explorer.ui import jobs
from explorer.ui.asking import literal
from explorer.ui.source import code

SLOT = "scope-knn"
WANTED = "scope_measure"


def told(entries: dict[str, Entry]) -> dict[str, FewShots]:
    """What is known of each row, by its name; the others are measured when a person asks."""
    known = {name: few_shots.of(entry) for name, entry in entries.items()}
    missing = [name for name, one in known.items() if one is None]
    if missing and (found := _measured(missing, entries)):
        known[missing[0]] = found
        if missing[1:]:
            st.rerun()
    return {name: one for name, one in known.items() if one}


def _measured(missing: list[str], entries: dict[str, Entry]) -> FewShots | None:
    """The first of the missing ones, once a person wants them."""
    asked = tuple(entry.exact for entry in entries.values())
    if st.session_state.get(WANTED) != asked:
        names = ", ".join(missing)
        st.info(f"Not measured yet: {literal(names)}. About a minute each on two idle cores.")
        if st.button("Measure them", key="scope-knn", icon=":material/speed:"):
            st.session_state[WANTED] = asked
            st.rerun()
        return None

    def meanwhile(items: list[float | FewShots]) -> None:
        shares = [one for one in items if isinstance(one, float)]
        text = f"{literal(missing[0])}: encoding 7,000 pictures, then asking neighbours …"
        st.progress(min(shares[-1], 1.0) if shares else 0.0, text)

    found = jobs.awaited(SLOT, meanwhile, "few_shots", checkpoint=entries[missing[0]].exact)
    if found is None and jobs.working(SLOT) and st.button("Cancel", key="scope-knn-stop"):
        jobs.cancel(SLOT)
        st.session_state.pop(WANTED)
        st.rerun()
    return found


def curves(known: dict[str, FewShots], name: str) -> None:
    """Share right over labels a class; raw pixels and a trained classifier beside it."""
    lines = [_line(row, one, i) for i, (row, one) in enumerate(known.items())]
    beside = [one for one in few_shots.shipped(name) if one.family in few_shots.LINES]
    lines += [_line(one.title, one, 8 + i, True) for i, one in enumerate(beside)]
    if not lines:
        return
    title = "Told right by neighbours · per cent of test images"
    figure = figures.curves(
        lines, title=title, x_title="labels a class", log_x=True, legend="above", height=380
    )
    figure.update_traces(mode="lines+markers")
    st.plotly_chart(figure, key="scope-labels", config=figures.CONFIG)
    st.caption(
        "Some training images of each class have a label; every test image asks the nearest of "
        "them in a row's latents. Nothing is trained on labels, so the figure is the latents' own. "
        "What generates well need not know most: compare with the holes above. More, with a linear "
        "probe and the samples' quality beside it, is on the page *Few shots*."
    )
    with st.expander("The vote as code"):
        code("explorer.metrics.few_shots:few_shots")
        code("explorer.metrics.knn:knn_classes")


def _line(name: str, one: FewShots, group: int, dashed: bool = False) -> Curve:
    mean = 100 * np.array([value for value, _ in one.vote])
    return Curve(name, np.array(one.labels), mean, group, dashed)
