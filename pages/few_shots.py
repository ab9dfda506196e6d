"""Few labels: what a model's numbers know of classes, beside what its samples are worth."""

import streamlit as st

from explorer import catalog, data, few_shots, figures
from explorer.answers import FewShots
from explorer.catalog import Entry
from explorer.ui import jobs, pickers, shots_plots, shots_view, theme, url
from explorer.ui.asking import guarded, literal
from explorer.ui.shots_plots import JUDGES, short
from explorer.ui.source import code

SLOT = "few-shots"
LABELS = ("1", "2", "5", "10", "50", "100")


def data_set() -> str:
    """One of the sets that figures came with."""
    there = {name: data.title(name) for name in few_shots.data_names()}
    if not there:
        there = {name: data.title(name) for name in ("fashion-mnist", "mnist")}
    return url.segmented("Data", there, next(iter(there)), "shots_data")


def another(name: str, found: list[FewShots]) -> list[FewShots]:
    """The figures with those of one more checkpoint, measured now if nobody did before."""
    if not url.toggle("Measure another checkpoint", "more"):
        jobs.cancel(SLOT)
        return found
    keys = {one.key for one in found}
    first = next(iter(pickers.titles(())), "")
    entry = pickers.checkpoint("Checkpoint", "shots_add", first, (), lambda e: _fits(e, name, keys))
    if entry is None:
        return found
    if not _fits(entry, name, set()):
        st.info(literal(f"{entry.title} is of other data. Choose one of {data.title(name)}."))
        return found
    known = few_shots.of(entry) or measured(entry)
    return [*found, known] if known else found


def _fits(entry: Entry, name: str, keys: set[str]) -> bool:
    """Whether it is of these pictures and stands nowhere yet."""
    shown = entry.key in keys or entry.key.startswith(catalog.EXACT)
    return entry.header.recipe["data"].removesuffix("-full") == name and not shown


def measured(entry: Entry) -> FewShots | None:
    """Measure a checkpoint, with progress and a way out; None meanwhile."""
    if st.session_state.get("shots_wanted") != entry.exact:
        st.caption("About a minute on two idle cores; a diffusion model takes several.")
        if st.button("Measure it", key="shots_measure", icon=":material/speed:"):
            st.session_state["shots_wanted"] = entry.exact
            st.rerun()
        return None

    def show(items: list[float | FewShots]) -> None:
        shares = [one for one in items if isinstance(one, float)]
        text = f"{literal(entry.title)}: looking at 7,000 pictures, then at its samples …"
        st.progress(min(shares[-1], 1.0) if shares else 0.0, text)

    bar, stop = st.columns([7, 1], vertical_alignment="bottom")
    with bar:
        found = jobs.awaited(SLOT, show, "few_shots", checkpoint=entry.exact)
    with stop:
        if jobs.working(SLOT) and st.button("Cancel", key="shots_stop", width="stretch"):
            jobs.cancel(SLOT)
            st.session_state.pop("shots_wanted")
            st.rerun()
    return found


def ways() -> tuple[str, int]:
    """Who tells the classes, and with how many labels."""
    cells = st.container(key="wrap-shots").columns(2, gap="medium")
    with cells[0]:
        judge = url.segmented("Told by", JUDGES, "vote", "judge")
    with cells[1]:
        labels = url.choose(st.segmented_control, "Labels a class", list(LABELS), "10", "labels")
    return judge, int(labels or 10)


def show(name: str, found: list[FewShots]) -> None:
    """All plots."""
    shots_view.guess(found)
    judge, labels = ways()
    st.header("Representation against generation")
    chart = shots_plots.against(found, judge, labels)
    st.plotly_chart(chart, key="shots-against", config=figures.CONFIG)
    st.caption(
        f"{shots_view.said(found, judge, labels)} Upwards: what the model's numbers tell of the "
        "class. To the right: how near its samples come to real pictures, as our classifier sees "
        "them. Filled: samples from its own prior; open: from a mixture fitted to its latents, "
        "which changes nothing about what they know. ± is the standard error over five choices of "
        "labelled pictures."
    )
    shots_view.course(found, judge, labels)
    left, right = st.container(key="wrap-wide-shots").columns(2, gap="large")
    with left:
        st.subheader("The more labels")
        curves(found, judge)
    with right:
        st.subheader("The price of β, and of size")
        chart = shots_plots.sweeps(found, judge, labels)
        st.plotly_chart(chart, key="shots-sweeps", config=figures.CONFIG)
        st.caption(
            "Above: per cent right. Below: distance of samples, dotted from the mixture. Models "
            "may differ in more than this; the table has the command of each."
        )
    shots_view.table(found)


def curves(found: list[FewShots], judge: str) -> None:
    """Some models over the number of labels, with pixels and the classifier."""
    there = shots_plots.models(found)
    first = list(map(there.index, shots_plots.best(found, judge)))
    more = {"first": first, "key": f"shots-{judge}-{len(found)}"}
    named = {i: short(one) for i, one in enumerate(there)}
    numbers = url.beside(st.multiselect, "Models", list(named), format_func=named.get, **more)
    lines = [one for one in found if one not in there]
    chart = shots_plots.over_labels([*(there[i] for i in numbers), *lines], judge)
    st.plotly_chart(chart, key="shots-labels", config=figures.CONFIG)


def told() -> None:
    """The formulas and the code."""
    left, right = st.columns(2, gap="large")
    with left:
        st.latex(r"\hat y(x) = \operatorname{mode}\{\,y_i : i \in \mathrm{kNN}(\mu(x))\,\}")
        st.caption("One neighbour votes below five labels a class, five from there on.")
        code("explorer.metrics.few_shots:chosen")
        code("explorer.metrics.knn:knn_classes")
    with right:
        st.latex(r"\hat y(x) = \arg\max_c\; w_c^\top \mu(x) + b_c")
        st.caption("Nothing but W and b is trained; the encoder stays as it is.")
        code("explorer.metrics.few_shots:probe_accuracy")
        st.caption(
            "The first 2,000 test images are told; labels are those of some of the first 5,000 "
            "training images, chosen anew five times."
        )


theme.show(
    theme.hero(
        "Few shots",
        "A model that never saw a label may still know what belongs together: a handful of labels "
        "shows how much. Does the model that knows most also invent best?",
    )
)
with guarded():
    name = data_set()
    found = few_shots.shipped(name)
    found = another(name, found)
    if found:
        show(name, found)
    else:
        st.info("No figures came with this program. Measure a checkpoint.", icon=":material/speed:")
with st.expander("The formulas and the code"):
    told()
