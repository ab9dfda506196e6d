"""Noise schedules over each other: curves, what they do to a picture, what models make of them."""

from typing import Any

import numpy as np
import streamlit as st

from explorer import catalog, data, figures, forward, levels
from explorer.catalog import Entry
from explorer.errors import InputError
from explorer.palette import CATEGORICAL
from explorer.pictures import enlarge, sheet
from explorer.schedules import Schedule
from explorer.ui import images, noising, pickers, theme, url
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.player import player

ABLE = ("Denoises",)
COLUMNS = 11  # t = 0, 0.1 … 1
SEED = 0
ROUND = (10, 20, 50, 100, 200, 500, 1000)  # values of T on the axis
RAMP = ("#9A5F00", "#C9A05C", "#8A8D97", "#8FA3E6", "#2F4FD0")  # from noise to picture


# Which --------------------------------------------------------------------------------------------


def choose() -> tuple[dict[str, Schedule], dict[str, str], dict[str, Any]]:
    """The schedules chosen by their titles, name -> title, and the settings of all."""
    there = noising.settings()
    titles = {name: there["schedule"].label(name) for name in there["schedule"].choices}
    names = _names(titles)
    values = {"schedule": "linear"}
    row = st.container(key="wrap-schedules").columns(3, gap="medium")
    for column, name in zip(row, ("T", "beta_start", "beta_end"), strict=True):
        with column:
            values[name] = noising.control(there[name])
    shown = {name: titles[name] for name in names}
    each = {title: noising.chosen(values | {"schedule": name}) for name, title in shown.items()}
    return each, shown, values


def _names(titles: dict[str, str]) -> list[str]:
    """The schedules that are compared, in the order of the settings; at least one."""
    everything = list(titles)

    def read(text: str) -> list[str]:
        return [url.one_of(titles, "schedule")(name) for name in text.split(",")]

    url.begin("compare", read)
    st.session_state.setdefault("compare", everything)
    told = {"format_func": titles.get, "selection_mode": "multi", "persist_state": "session"}
    picked = url.put(st.pills, "Schedules", everything, key="compare", **told)
    names = [name for name in everything if name in picked] or everything
    url.keep("compare", ",".join(names), ",".join(everything))
    return names


# Curves -------------------------------------------------------------------------------------------


def curves(schedules: dict[str, Schedule], shown: dict[str, str], values: dict[str, Any]) -> None:
    """The four views of a schedule."""
    lines = levels.schedule_curves(schedules)
    figure = figures.panels(
        lines, x_title="t = k / T", columns=2, log_y=[list(lines)[-1]], height=520
    )
    st.plotly_chart(figure, key="curves", config=figures.CONFIG)
    st.caption(
        "All four pictures say the same in other words. The signal-to-noise ratio is the one to "
        "compare: two schedules with the same range of it differ only in where their steps lie."
    )


def shares(schedules: dict[str, Schedule], shown: dict[str, str], values: dict[str, Any]) -> None:
    """On which signal-to-noise ratios the levels are spent."""
    st.header("Where the levels are spent")
    table = np.array([levels.region_shares(one) for one in schedules.values()]).T
    parts = dict(zip(levels.REGIONS, table, strict=True))
    height = 120 + 46 * len(schedules)
    figure = figures.stacked(
        list(schedules), parts, colours=RAMP, x_title="share of the T levels", height=height
    )
    st.plotly_chart(figure, key="shares", config=figures.CONFIG)
    st.caption(
        "Training draws its levels from these. In pure noise there is nothing to see, and a nearly "
        "clean picture needs no help: what makes a picture is decided in between. At 0 dB there is "
        "as much picture as noise; every 10 dB is a factor of ten."
    )


def ends(schedules: dict[str, Schedule], shown: dict[str, str], values: dict[str, Any]) -> None:
    """What T changes."""
    st.header("What T changes")
    lines = levels.end_curves(shown, values["beta_start"], values["beta_end"])
    figure = figures.curves(
        lines, x_title="T, number of levels", y_title="picture left at the end, α_T", log_x=True
    )
    figure.add_vline(values["T"], line={"color": CATEGORICAL[-1], "width": 1, "dash": "dot"})
    figure.update_layout(legend={"y": 1, "yanchor": "top"}, yaxis={"range": [-0.04, 1.04]})
    figure.update_xaxes(range=[1, 3.02], tickvals=ROUND, ticktext=[f"{T:,}" for T in ROUND])
    st.plotly_chart(figure, key="ends", config=figures.CONFIG)
    theme.show(theme.row(*map(_end, schedules, schedules.values()), least="11rem"))
    st.caption(
        "Linear β fixes the noise of a single step, so fewer steps mean less noise, and with small "
        "T the picture survives. The others fix the whole way from picture to noise: T only says "
        "in how many levels it is cut."
    )
    st.page_link("pages/forward.py", label="See and mend the end of a schedule")


def _end(title: str, one: Schedule) -> str:
    left = one.alpha[-1]
    text = "< 0.0001" if 0 < left < 1e-4 else f"{left:.4f}".rstrip("0").rstrip(".")
    return theme.stat(title, text, help="of the picture left at the end")


# Pictures -----------------------------------------------------------------------------------------


def at_equal_times(
    schedules: dict[str, Schedule], shown: dict[str, str], values: dict[str, Any]
) -> None:
    """The same picture with the same noise at the same t under each schedule."""
    st.header("The same picture, the same noise, the same t")
    with st.container(key="wrap-images").columns(3)[0]:
        test = data.load(images.image_set().name, "test").x
    one, four = forward.signal(test[:1]), forward.signal(test[:4])
    times = np.linspace(0, 1, COLUMNS)
    theme.show(_scale(times))
    for title, each in schedules.items():
        at = [round(t * each.T) for t in times]
        row = forward.strip(one, forward.noise(one.shape, SEED), each, at)
        theme.show(theme.strip(title, "", enlarge(row, 3), quiet=True))
    film = forward.race(four, forward.noise(four.shape, SEED), schedules)
    player(film, key="race", report=False)


def _scale(times: np.ndarray) -> str:
    """The row of times above the rows of pictures."""
    cells = "".join(f"<span>{'t = ' * (i == 0)}{t:.1f}</span>" for i, t in enumerate(times))
    style = f"display:grid;grid-template-columns:repeat({len(times)},1fr);text-align:center"
    return f'<div style="{style};font-size:0.85rem;color:var(--gm-muted)">{cells}</div>'


# Models -------------------------------------------------------------------------------------------


def before_and_after() -> None:
    """Samples of two models that were trained with different schedules."""
    st.header("What models make of it")
    there = [key for key in pickers.titles(ABLE) if trained(catalog.entry(key))]
    if not there:
        st.write("No diffusion model has been trained here yet. Train two that differ in this one:")
    else:
        columns = st.container(key="wrap-models").columns(2, gap="large")
        for column, key, default in zip(columns, ("before", "after"), _pair(there), strict=True):
            with column, guarded():
                _samples(key, default)
    with st.container(horizontal=True):
        for name, title in (("linear", "linear β"), ("cosine", "the cosine schedule")):
            address = {"family": "diffusion", "schedule": name}
            st.page_link("pages/train.py", label=f"Train with {title}", query_params=address)


def trained(entry: catalog.Entry) -> bool:
    """Whether a network was trained with a schedule at all."""
    return not entry.key.startswith(catalog.EXACT)


def _pair(there: list[str]) -> tuple[str, str]:
    """Two models to begin with, of different schedules if there are such."""
    first = there[0]
    own = _model(catalog.entry(first))["schedule"]
    others = (k for k in there[1:] if _model(catalog.entry(k))["schedule"] != own)
    return first, next(others, there[min(1, len(there) - 1)])


def _samples(key: str, default: str) -> None:
    entry = pickers.checkpoint(key.capitalize(), key, default, ABLE, trained)
    st.caption(described(entry))
    with st.spinner("Drawing samples …"):
        found = ask("sample", checkpoint=entry.exact, n=16, seed=SEED).pictures
    theme.show(
        theme.strip("Samples", f"seed {SEED}", enlarge(sheet(found, min(8, len(found)), 2), 3))
    )


def _model(entry: Entry) -> dict[str, Any]:
    """The settings a diffusion model was trained with.  Raises InputError for other families."""
    model = entry.header.recipe["model"]
    if "schedule" not in model:
        raise InputError("This model has no noise schedule. Choose a diffusion model.")
    return model


def described(entry: Entry) -> str:
    """The process that a model was trained with, on one line."""
    model = _model(entry)
    label = noising.settings()["schedule"].label(model["schedule"])
    parts = [label, f"T = {model['T']}", f"predicts {model['target']}"]
    if model["schedule"] == "linear":
        parts.insert(2, f"β {model['beta_start']:g} to {model['beta_end']:g}")
    parts.append(f"α_T = {noising.chosen(model).alpha[-1]:.3f}")
    return literal(" · ".join(parts))


theme.show(
    theme.hero(
        "Schedules",
        "How fast the noise comes decides what a network spends its time on.",
    )
)
with guarded():
    compared = choose()
    for part in (curves, at_equal_times, shares, ends):
        with guarded():
            part(*compared)
with guarded():
    before_and_after()
