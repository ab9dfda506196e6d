"""How much several checkpoints copy: networks of few and many pictures, or one run as it trains."""

from typing import Any

import numpy as np
import streamlit as st

from explorer import catalog, figures
from explorer.answers import CopyRate, Curve
from explorer.runs import Run
from explorer.ui import counting, theme
from explorer.ui import memory_words as words
from explorer.ui.asking import literal
from explorer.ui.memory_model import shipped

SAMPLES = 250
MOST = 12  # checkpoints of a run


def rewarded() -> None:
    """What a Fréchet distance says of copies."""
    st.header("FID does not see copying")
    st.markdown(
        "FID compares samples with the training pictures and asks nothing else. So **the training "
        "pictures themselves have the best FID of all, 0**. The small models below leave noise on "
        "what they draw, which costs each of them about the same distance, whether it copies or "
        "not: the distance does not tell them apart, the share of copies does. It is that of "
        "classifier features, which works like FID and takes seconds."
    )
    sizes = shipped()
    if not sizes:
        st.info(
            "No model on few pictures came with this copy of the program. Train one below and "
            "count its copies: its distances stand there.",
            icon=":material/school:",
        )
        return
    rates = measured("memory-sizes", tuple(sizes.values()))
    if not rates:
        return
    if said := words.rewarded(rates):
        st.markdown(said)
    theme.show(theme.row(*map(_card, rates), least="13rem"))
    with st.expander("All figures"):
        st.dataframe([_line(rate) for rate in rates], hide_index=True)


def measured(slot: str, keys: tuple[str, ...]) -> tuple[CopyRate, ...] | None:
    """The rates of some checkpoints, or None while they are being measured."""

    def meanwhile(done: list[tuple[CopyRate, ...]]) -> None:
        if done:
            theme.show(theme.row(*map(_card, done[-1]), least="13rem"))

    what, asked = "counting copies", {"checkpoints": keys, "n": SAMPLES, "seed": 0}
    return counting.awaited(slot, what, "Count them", "copy_rates", show=meanwhile, **asked)


def _card(rate: CopyRate) -> str:
    """One model: copies, and its distance beside that of unseen real pictures."""
    note = f"Z = {rate.z:+.1f}".replace("-", "−")
    if rate.distance is not None:
        note += (
            f". Distance to its own pictures {rate.distance:.2f} (unseen real ones "
            f"{rate.floor:.2f}), to test pictures {rate.unseen:.2f}"
        )
    return theme.stat(f"{rate.images:,} pictures", f"{100 * rate.copied:.0f}", "% copies", note)


def _line(rate: CopyRate) -> dict[str, Any]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 3)

    return {
        "model": rate.title,
        "training pictures": rate.images,
        "step": rate.step,
        "copies (%)": round(100 * rate.copied, 1),
        "nearer to training (%)": round(100 * rate.nearer, 1),
        "± (%)": round(100 * rate.error, 1),
        "Z": round(rate.z, 2),
        "distance to its pictures": rounded(rate.distance),
        "test pictures to its pictures": rounded(rate.floor),
        "distance to test pictures": rounded(rate.unseen),
    }


# One run ------------------------------------------------------------------------------------------


def of_run(run: Run) -> None:
    """How the copies of a run appear, checkpoint by checkpoint."""
    keys = checkpoints(run)
    if not keys:
        st.caption("Copies can be counted once the first checkpoint is saved.")
        return
    rates = measured("memory-run-rates", keys)
    if not rates:
        return
    steps = np.array([rate.step for rate in rates])
    lines = [
        Curve("copies", steps, np.array([100 * rate.copied for rate in rates]), 0),
        Curve("nearer to training", steps, np.array([100 * rate.nearer for rate in rates]), 1),
    ]
    title = "Copies among 250 samples · per cent"
    figure = figures.curves(lines, title=title, legend="above", height=300)
    figure.update_traces(mode="lines+markers")
    figure.update_yaxes(range=[0, 102])
    st.plotly_chart(figure, key="memory-run-curve", config=figures.CONFIG)
    st.caption(
        literal(
            f"After {steps[-1]:,} steps {100 * rates[-1].copied:.0f} % of the samples are copies "
            f"of one of the {rates[-1].images:,} training pictures."
        )
    )
    if said := words.rewarded(rates[-1:]):
        st.markdown(said)


def checkpoints(run: Run) -> tuple[str, ...]:
    """The keys of at most `MOST` checkpoints of a run, evenly chosen, the newest among them."""
    steps = [one.step for one in run.checkpoints()]
    steps = [step for step in steps if step] or steps
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(MOST, len(steps))).round().astype(int))
    keys = (f"{run.id}@{steps[i]}" for i in chosen) if steps else ()
    return tuple(catalog.entry(key).exact for key in keys)
