"""The house stays as it was built: imports point down, and what must stay light stays light."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from explorer.ui.rooms import SECTIONS

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"errors", "config", "answers", "palette", "adversarial"},
    {"ellipses"},
    {"files", "flags", "locks", "processes", "pictures", "device", "data", "schedules"},
    {"names"},
    {
        "layers",
        "unet",
        "targets",
        "sampling",
        "header",
        "shipping",
        "figures",
        "engine",
        "turns",
        "recipe",
        "map_settings",
    },
    {"forward", "levels", "game_pictures", "adversaries", "grafting", "collapse", "corrupting"},
    {"lesson", "chain_bound", "densities"},
    {"exact", "metrics", "models", "tiny"},
    {"state", "previews", "priors", "checkpoints", "runs"},
    {"probes", "mapping", "joining"},
    {"embedding"},
    {"denoising", "importance", "aligning"},
    {"inventing", "likelihood"},
    {"latents", "simple", "traversing", "attributes", "holes"},
    {"scores"},
    {"training", "archive", "history", "launch"},
    {"catalog", "films", "shelf", "standings"},
    {"oracle", "capabilities", "few_shots", "stage"},
    {"worth"},
    {"competitors", "scoring", "lessons"},
    {"rulers", "expenses"},
    {"worker", "points", "clinic", "plane_games", "gradients", "saturation"},
    {"flows", "game", "game_sight", "game_table"},
    {"races", "twins", "twin_pictures"},
    {"evaluation"},
    {"copying", "trials"},
    {"abilities"},
    {"charting", "hovering"},
    {"layouts"},
    {"wandering"},
    {"questions"},
    {"zoo"},
    {"answering", "commands", "sample_command", "classifier_command", "evaluate_command"},
    {"capability_command", "zoo_command", "lesson_command"},
    {"cli"},
    {"ui", "__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
SOURCES = sorted((ROOT / "explorer").rglob("*.py"))
EVERY = [*SOURCES, *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]


@cache
def imported(path: Path, everywhere: bool = True) -> frozenset[str]:
    """Dotted names that a file imports; only those at its top unless ``everywhere``."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if everywhere else tree.body
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def part(path: Path) -> str:
    """The room of the house a file stands in: ``explorer/data/idx.py`` -> data."""
    inside = path.relative_to(ROOT / "explorer")
    return inside.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    if path.parent == ROOT / "explorer" and path.name == "__init__.py":
        return
    own = part(path)
    for name in imported(path, everywhere=False):
        words = name.split(".")
        if words[0] != "explorer" or len(words) < 2 or words[1] == own:
            continue
        assert LEVEL[words[1]] <= LEVEL[own], f"{path.name} imports {name}, which stands above it"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_ui_imports_streamlit(path):
    if part(path) != "ui":
        assert not any(name.split(".")[0] == "streamlit" for name in imported(path))


@pytest.mark.parametrize("path", EVERY, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_unpickles(path):
    forbidden = {"pickle", "joblib", "dill", "shelve", "marshal", "cloudpickle"}
    assert not {name.split(".")[0] for name in imported(path)} & forbidden
    calls = r"torch\.(load|save)\(|allow_pickle=True|yaml\.load|(?<![.\w])(eval|exec)\("
    assert not re.search(calls, path.read_text())


@pytest.mark.parametrize("path", EVERY, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_is_written_through_publish(path):
    if path.name == "files.py":
        return
    calls = r"\.write_text\(|save_file\(|open\([^)]*[\"'][wax]b?[\"']"
    assert not re.search(calls, path.read_text())


def test_every_choice_obeys_a_lock():
    """Choices go through `url`, but for what a person writes, uploads or takes from a run."""
    free = {"url", "lesson_notes", "lesson_handin", "live", "runs", "train", "images"}
    kinds = "slider|select_slider|selectbox|number_input|toggle|checkbox|radio|multiselect|pills"
    direct = rf"st\.({kinds}|segmented_control|text_input)\("
    pages = [p for p in EVERY if p.parent.name in ("pages", "ui") and p.stem not in free]
    assert len(pages) > 100
    assert not [path.name for path in pages if re.search(direct, path.read_text())]


def loaded_by(module: str) -> set[str]:
    """The top-level packages in memory after importing ``module`` in a fresh process."""
    script = f"import {module}, sys; print(*{{m.split('.')[0] for m in sys.modules}})"
    command = [sys.executable, "-c", script]
    return set(subprocess.check_output(command, cwd=ROOT, text=True).split())


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("explorer.models", {"streamlit", "plotly", "sklearn", "umap", "torchvision"}),
        ("explorer.training", {"streamlit", "plotly", "sklearn", "umap", "torchvision"}),
        ("explorer.runs", {"torch", "streamlit", "plotly"}),
        ("explorer.launch", {"torch", "streamlit", "plotly"}),
        ("explorer.cli", {"torch", "streamlit", "plotly"}),
        ("explorer.data", {"torch", "streamlit", "plotly", "gdown"}),
        ("explorer.catalog", {"torch", "streamlit", "plotly"}),
        ("explorer.zoo.cards", {"torch", "streamlit", "plotly"}),
        ("explorer.films", {"torch", "streamlit", "plotly"}),
        ("explorer.worth", {"torch", "streamlit", "plotly"}),
        ("explorer.figures", {"torch", "streamlit"}),
        ("explorer.forward", {"torch", "streamlit", "plotly"}),
        ("explorer.sampling", {"torch", "streamlit", "plotly"}),
        ("explorer.ui.live", {"torch", "sklearn", "umap", "torchvision", "torchmetrics"}),
        ("explorer.ui.shell", {"torch", "sklearn", "umap", "torchmetrics"}),
    ],
)
def test_what_is_heavy_is_not_imported_in_passing(module, absent):
    assert not loaded_by(module) & absent


def test_every_page_is_in_the_table_and_every_file_is_a_page():
    files = {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert files == {room.page for rooms in SECTIONS.values() for room in rooms}
