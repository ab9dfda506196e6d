"""Choose what to train and how, and watch it learn."""

from dataclasses import replace

import streamlit as st

from explorer import catalog
from explorer.films import titled
from explorer.ui import experiments, forms, pickers, shipped, theme, url
from explorer.ui.asking import ask, guarded, literal, stream
from explorer.ui.live import duration, run_view
from explorer.ui.player import player

TRAINING = ("Training", "Optimizer", "Machine")
FURTHER = 5.0  # epochs that a shipped model goes on for, unless others are asked for


def new_run(parent: catalog.Entry | None) -> None:
    """The form: family, data, every setting, what it will cost, and the Train button."""
    families = {f.name: f for f in ask("families")}
    given = _given(parent)
    left, middle, right = st.container(key="wrap-form").columns(3, gap="large")
    with left:
        family, data = _family_and_data(families, parent)
        here = _data_help(data)
    settings = {s.name: s for s in (*families[family].settings, *families[family].training)}
    there = ("auto", *(name for name, _ in ask("devices")))
    settings["device"] = replace(settings["device"], kind="choice", choices=there)
    if "autoencoder" in settings:
        settings["autoencoder"] = _any_coder(settings["autoencoder"])
    own = dict.fromkeys(
        s.hint.group for s in families[family].settings if s.hint.group != "Network"
    )
    values = {}
    for column, groups in ((left, ("Network",)), (middle, tuple(own)), (right, TRAINING)):
        with column:
            values |= _groups(settings, groups, given, values)
    if here:
        _start(family, data, values, parent)


def _any_coder(one):
    """The setting that names an autoencoder, as a choice of those that are here."""
    there = {"": "None: train one on the way"} | pickers.titles(("Encodes", "Decodes"))
    return replace(one, kind="choice", choices=tuple(there), hint=replace(one.hint, labels=there))


def _given(parent: catalog.Entry | None) -> dict:
    """The settings to begin with: those of what is forked, or the usual ones.

    A run of one's own is to go on for as long again; shipped ones took hours elsewhere.
    """
    if not parent:
        return {}
    recipe, done = parent.header.recipe, parent.header.facts["epoch"]
    again = recipe["training"]["epochs"]
    more = min(FURTHER, again) if parent.key.startswith(catalog.SHIPPED) else again
    further = {"epochs": round(done + more, 2), "steps": None}
    return recipe["model"] | recipe["training"] | further


def _family_and_data(families, parent):
    if parent:
        st.info(f"A fork of {literal(parent.title)}, from step {parent.header.facts['step']:,}.")
        if st.button("Start from nothing instead"):
            del st.query_params["fork"]
            st.rerun()
        return parent.header.family, parent.header.recipe["data"]
    family = url.choose(
        st.pills,
        "Family",
        list(families),
        "vae",
        "family",
        format_func=lambda name: families[name].title,
        required=True,
        wrap=True,
    )
    st.caption(f"{families[family].summary} {families[family].paper}.")
    return family, pickers.dataset().name


def _groups(settings, groups, given, beside) -> dict:
    values = {}
    for group in groups:
        st.subheader(group)
        members = [s for s in settings.values() if s.hint.group == group]
        values |= forms.form(members, given, beside | values)
    return values


def _data_help(name: str) -> bool:
    """A data set that is not here can be fetched; one's own images can be added."""
    info = next((d for d in pickers.datasets() if d.name == name), None)
    if info and not info.available:
        st.warning(literal(info.problem))
        if st.button(f"Download {info.title}", icon=":material/download:"):
            with guarded():
                fetch(name)
    with st.expander("Use my own images"), guarded():
        own_images()
    return info is None or info.available


def fetch(name: str) -> None:
    """Download a data set with progress."""
    bar = st.progress(0.0, "Asking for the data set …")
    for told in stream("fetch", name=name, timeout=3600):
        if told and told[1]:
            bar.progress(told[0] / told[1], f"{told[0]:,} of {told[1]:,}")
    pickers.datasets.clear()
    st.rerun()


def own_images() -> None:
    """A zip of images becomes a data set."""
    st.caption("A zip of PNG, JPEG or WebP pictures; folders inside it become classes.")
    file = st.file_uploader("Zip file", max_upload_size=50, label_visibility="collapsed")
    title = st.text_input("Name", "My images", max_chars=40)
    size = st.segmented_control("Size in pixels", [28, 32, 64], default=32, required=True)
    colour = st.toggle("Colour", True)
    if not st.button("Add", disabled=file is None):
        return
    bar = st.progress(0.0, "Looking through the pictures …")
    asked = {"content": file.getvalue(), "title": title, "size": size, "colour": colour}
    for told in stream("add_images", timeout=600, **asked):
        if isinstance(told, tuple) and told[1]:
            bar.progress(told[0] / told[1], f"{told[0]:,} of {told[1]:,} pictures")
    st.session_state["data_wish"] = told.name
    st.session_state["added"] = told
    pickers.datasets.clear()
    st.rerun()


def told_of_added() -> None:
    """What came of adding images, once."""
    report = st.session_state.pop("added", None)
    if report is None:
        return
    st.success(f"{report.usable:,} of {report.total:,} pictures can be used.")
    if report.rejected:
        with st.expander(f"{len(report.rejected):,} left out"):
            st.dataframe(report.rejected, hide_index=True)


def _start(family, data, values, parent) -> None:
    """What it means, and the button."""
    asked = {"family": family, "data_name": data, "values": values}
    if parent:
        asked["parent"] = parent.parent
    st.divider()
    draft = ask("draft", **asked)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train", type="primary", icon=":material/play_arrow:", key="train"):
            run = experiments.start(family, data, values, experiments.token("form"), parent)
            experiments.used("form")
            st.session_state["run_wish"] = run.id
            st.rerun()
        st.markdown(
            f"**{draft.parameters:,}** parameters · **{draft.steps:,}** steps, "
            f"{draft.steps_per_epoch:,} to an epoch · {draft.device}, {draft.precision}"
        )
        _estimate(asked)
    if draft.equivalents:
        told = " = ".join(f"{b:.3g} ({unit})" for unit, b in draft.equivalents.items())
        st.caption(f"The same β in other units: {told}.")


@st.fragment
def _estimate(asked: dict) -> None:
    """The time it will take, measured on a few real steps."""
    with guarded(), st.spinner("Measuring a few steps …"):
        seconds = ask("estimate", **asked).seconds
        st.markdown(f"about **{duration(seconds)}** here, measured on a few steps just now")


def set_to(name: str, usual: str) -> str:
    """What the form below says already, or the address."""
    return st.session_state.get(name, st.query_params.get(name, usual))


def preview_of_what_comes(family: str, data: str) -> None:
    """The training film of the shipped model of this family, until there is a run to watch."""
    if found := shipped.film_of(family, data) or shipped.film_of("vae", data):
        title, film = found
        st.header("What it will look like")
        st.caption(f"The training of the shipped model: {title}.")
        player(titled(film), key=f"shipped-{family}", autoplay=True, report=False)


def take_wishes() -> None:
    """What a button asked for, carried out before any widget is made."""
    if fork := st.session_state.pop("fork_wish", None):
        url.clear()
        for name in _given(catalog.entry(fork)):
            st.session_state.pop(name, None)
        st.query_params["fork"] = fork
    if run := st.session_state.pop("run_wish", None):
        url.clear()
        st.query_params["run"] = run
    if name := st.session_state.pop("data_wish", None):
        st.session_state["data"] = name


take_wishes()
if run := pickers.run_in_address():
    run_view(run)
    if st.button("Train another", icon=":material/add:"):
        del st.query_params["run"]
        st.rerun()
else:
    theme.show(theme.hero("Train", "Choose what to train; every setting tells what it does."))
    told_of_added()
    above = st.container()
    preview_of_what_comes(set_to("family", "vae"), set_to("data", "fashion-mnist"))
    with above, guarded():
        new_run(pickers.fork_in_address())
