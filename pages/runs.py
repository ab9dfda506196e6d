"""Every run: find, compare, annotate, fork, delete, restore, export and import."""

import numpy as np
import streamlit as st

from explorer import archive, figures, films, runs
from explorer.answers import Curve
from explorer.data import title
from explorer.errors import ExplorerError
from explorer.history import History, history
from explorer.names import family_name
from explorer.runs import Run
from explorer.ui import theme, url
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.live import MAIN, run_view, thinned
from explorer.ui.player import player

MOST = 6  # runs compared at once
DISTANCE = "classifier distance"
COLUMNS = {
    "picture": st.column_config.ImageColumn("", width="small", help="Newest samples"),
    "test loss": st.column_config.NumberColumn(help="On held-out test images, newest"),
    DISTANCE: st.column_config.NumberColumn(help="Of samples to real pictures, newest"),
    "id": st.column_config.TextColumn(help="What the command line calls it"),
}


def row(run: Run) -> dict:
    """One line of the table; a damaged run has one too."""
    status = run.status
    line = {"picture": None, "name": run.notes["label"], "state": status.state}
    try:
        settings, told = run.settings, history(run)
        family, known = family_name(settings["family"]), title(settings["data"])
        line["name"] = line["name"] or f"{family} on {known}"
        line["step"] = status.step
        watched = told.facts.get("watched", "loss")
        losses = told.validation.curve(watched)[1]
        column = DISTANCE if watched == DISTANCE else "test loss"
        line[column] = round(float(losses[-1]), 2) if len(losses) else None
        picture = films.thumbnail(told)
        line["picture"] = None if picture is None else theme.picture_url(picture)
        line |= {"family": family, "data": known}
    except (ExplorerError, KeyError, OSError):
        line["name"] = line["name"] or "damaged"
    return line | {"id": run.id}


def table(found: list[Run]) -> list[Run]:
    """All runs with a filter; returns those selected, or those the address names."""
    more = {"placeholder": "family, data, state, name …", "key": "filter"}
    text = url.beside(st.text_input, "Filter", first="", **more)
    lines = [row(run) for run in found]
    lines = [line for line in lines if matches(line, text)]
    shown = [x["id"] for x in lines]
    asked = [i for i in _asked(found) if i in shown]
    st.caption("Tick runs to look at them; tick several to compare them.")
    chosen = st.dataframe(
        lines,
        column_config=COLUMNS,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [shown.index(i) for i in asked]}},
        row_height=56,
        key=f"table-{hash(tuple(shown))}",  # a selection is of rows: other rows, another table
    ).selection.rows
    ids = [shown[i] for i in chosen if i < len(shown)]
    url.keep("runs", ",".join(ids) or None)
    return [run for run in found if run.id in ids][:MOST]


def matches(line: dict, text: str) -> bool:
    """Whether a line holds every word of ``text``."""
    said = " ".join(str(value) for column, value in line.items() if column != "picture").lower()
    return all(word in said for word in text.lower().split())


def _asked(found: list[Run]) -> list[str]:
    """The ids of the runs that the address names; told, if it names one that is not here."""
    ids = list(filter(None, st.query_params.get("runs", "").split(",")))
    unknown = [i for i in ids if i not in [run.id for run in found]]
    if unknown:
        url.refuse("runs", f"There is no run {unknown[0][:60]!r}.", "the others are shown")
    return ids


def name(run: Run) -> str:
    """A short name that tells runs apart."""
    return f"{run.notes['label'] or family_name(run.settings['family'])} · {run.id[-4:]}"


def compare(chosen: list[Run]) -> None:
    """Curves over each other and films on one step slider."""
    told = [(name(run), history(run)) for run in chosen]
    terms = [t for t in MAIN if any(t in h.validation.terms for _, h in told)]
    st.header("Side by side")
    tracks = list(dict.fromkeys(track for _, h in told for _, track in h.previews))
    if tracks:
        more = {"first": tracks[-1], "key": f"tracks-{'-'.join(tracks)}", "required": True}
        track = url.beside(st.segmented_control, "Pictures", tracks, **more)
        with guarded():
            film = films.comparison(told, track)
            player(film, key=f"compare-{track}", value=len(film.labels) - 1, report=False)
    for column, term in zip(st.columns(max(1, len(terms))), terms, strict=False):
        column.plotly_chart(overlay(told, term), key=f"overlay-{term}", config=figures.CONFIG)
    st.caption("Curves are measured on the same held-out test images, distances on fixed samples.")
    differences(chosen)


def overlay(told: list[tuple[str, History]], term: str):
    """One term of several runs on held-out images."""
    lines = [Curve(n, *thinned(h.validation, term), group=i) for i, (n, h) in enumerate(told)]
    lines = [line for line in lines if np.isfinite(line.y).any()]
    return figures.curves(lines, title=term, log_y=MAIN[term])


def differences(chosen: list[Run]) -> None:
    """Only the settings in which the runs differ."""
    flat = {name(r): r.settings["model"] | r.settings["training"] for r in chosen}
    names = dict.fromkeys(key for values in flat.values() for key in values)
    kinds = [f for f in ask("families") if f.name in {r.settings["family"] for r in chosen}]
    titles = {s.name: s.title for kind in kinds for s in (*kind.settings, *kind.training)}
    told = {n: titles.get(n, n) for n in names}
    rows = [{"setting": told[n]} | {r: str(v.get(n, "")) for r, v in flat.items()} for n in names]
    rows = [x for x in rows if len({v for k, v in x.items() if k != "setting"}) > 1]
    if rows:
        st.subheader("Where their settings differ")
        st.dataframe(rows, hide_index=True)


def one(run: Run) -> None:
    """A single run: its view, notes, and what can be done with its folder."""
    run_view(run)
    st.page_link("pages/train.py", label="Open on the Train page", query_params={"run": run.id})
    with st.expander("Name and notes", expanded=bool(run.notes["text"])):
        label = st.text_input("Name", run.notes["label"], max_chars=80, key=f"label-{run.id}")
        text = st.text_area("Notes", run.notes["text"], max_chars=5000, key=f"text-{run.id}")
        if st.button("Save", key=f"save-{run.id}"):
            run.note(label, text)
            st.rerun()
    with st.container(horizontal=True):
        export(run)
        if st.button("Delete", icon=":material/delete:", disabled=run.status.live):
            run.delete()
            st.query_params.pop("runs", None)
            st.toast("Moved to the trash, where it stays for seven days.")
            st.rerun()


def export(run: Run) -> None:
    """The whole run as one zip; made when it is asked for."""
    st.download_button(
        "Export as zip",
        lambda: archive.export_bytes(run),
        f"{run.id}.zip",
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
    )


def damaged(run: Run) -> None:
    """What is wrong with a run that cannot be read."""
    st.error(f"{run.id} is damaged. All other runs are fine.")
    for problem in run.verify():
        st.write(literal(problem))


def bring_in() -> None:
    """Import a run that was exported elsewhere."""
    with st.expander("Import a run", icon=":material/upload:"):
        st.caption("A zip file made by Export. Every file in it is checked before it is taken in.")
        file = st.file_uploader("Run as zip", max_upload_size=50, label_visibility="collapsed")
        if file and st.button("Import"):
            with guarded():
                found = archive.import_zip(file)
                st.query_params["runs"] = found.id
                st.rerun()


def trash() -> None:
    """Deleted runs, for a while."""
    if not (gone := runs.trashed()):
        return
    with st.expander(f"Trash ({len(gone)})", icon=":material/delete:"):
        for run in gone:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.write(literal(run.notes["label"] or run.id))
                if st.button("Restore", key=f"restore-{run.id}"):
                    run.restore()
                    st.rerun()


theme.show(theme.hero("Runs", "Everything trained here. Each run is a folder that you can keep."))
found = runs.runs()
if not found:
    st.info("No runs yet. Start one with one click.", icon=":material/school:")
    st.page_link("pages/start.py", label="To the start page")
else:
    chosen = table(found)
    bad = [run for run in chosen if run.status.damaged]
    with guarded():
        for run in bad:
            damaged(run)
        if len(chosen) - len(bad) == 1:
            one(next(run for run in chosen if run not in bad))
        elif len(chosen) > 1:
            compare([run for run in chosen if run not in bad])
bring_in()
trash()
