"""Every page in Streamlit's own simulation: empty, furnished, and at impossible addresses."""

import os
import re
import shutil
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from workspaces import workspace

from explorer import catalog, cli, launch, runs
from explorer.errors import ResourceError
from explorer.runs import Run
from explorer.ui import kept
from explorer.ui.experiments import EXPERIMENTS
from explorer.ui.jobs import Job
from explorer.worker import work

ROOT = Path(__file__).parent.parent
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
TINY = ("--width", "4", "--latent", "2", "--steps", "20", "--batch-size", "16")
EMPTY_SENTENCES = {
    "start": "Nothing at the moment",
    "lessons": "Predict first, then look",
    "stage": "Can a GAN copy",
    "train": "parameters",
    "runs": "No runs yet",
    "zoo": "Every model that came with the program",
    "reconstruct": "per image",
    "forward": "Sampling may start from noise",
    "reverse": "every step that a model takes",
    "schedules": "Where the levels are spent",
    "latent": "Diffusion in a space",
    "simple": "One picture, one noise",
    "points": "Diffusion in the plane",
    "game": "The GAN game",
    "clinic": "Collapse clinic",
    "losses": "Why the loss trains",
    "mistakes": "Known mistakes",
    "gan_images": "GAN on images",
    "conditional": "Conditional GAN",
    "compare": "Every model under the same ruler",
    "fid": "Two Gaussians, one number",
    "memorised": "Why pixels mislead",
    "capabilities": "Capabilities",
    "traverse": "A few numbers stand for a picture",
    "ae_vae": "Where their latents are",
    "interpolate": "Each row begins and ends",
    "few_shots": "know what belongs together",
    "latent_map": "Trustworthiness",
}
ALIVE = ("forward", "schedules", "reverse", "game", "fid")  # at once and without any model


# Workspaces -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def furnished(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """Runs that are done, stopped and damaged in three ways, and an engine that knows them."""
    beside = tmp_path_factory.mktemp("furnished")
    with workspace(beside) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "MOST", 10_000)  # a page that is opened three times asks once
        patch.setattr(kept, "awaited", _of_few(kept.awaited))
        made = SimpleNamespace(folder=folder, vae=_trained("vae"), ae=_trained("autoencoder"))
        made.stopped = _stopped(made.vae)
        made.unset = _damaged(made.vae, "settings.json")
        made.unlogged = _damaged(made.vae, "events.jsonl")
        made.unseen = _damaged(made.vae, *_files(made.vae, "previews"))
        yield made


def _of_few(awaited: Callable) -> Callable:
    """The same questions, but what samples cost is told of 128."""
    return lambda question, text, **asked: awaited(
        question, text, **(asked | ({"n": 128} if question == "cost" else {}))
    )


def _trained(family: str) -> Run:
    before = {run.id for run in runs.runs()}
    assert cli.main(["train", family, *TINY]) == 0
    return next(run for run in runs.runs() if run.id not in before)


def _stopped(like: Run) -> Run:
    """A run that a person stopped after its first report."""
    settings = like.settings
    training = settings["training"] | {"steps": 100_000}
    run = runs.create(settings | {"training": training})
    assert work(run, tell=lambda event: run.stop()) == "stopped"
    return run


def _files(run: Run, folder: str) -> list[str]:
    return [f"{folder}/{path.name}" for path in (run.folder / folder).iterdir()]


def _damaged(run: Run, *names: str) -> Run:
    """A copy of a run in which every second byte of some files is flipped."""
    number = len(list(run.folder.parent.glob("20000101-*")))
    copy = Run(run.folder.with_name(f"20000101-000000-damaged{number}"))
    shutil.copytree(run.folder, copy.folder)
    for name in names:
        path = copy.folder / name
        data = bytearray(path.read_bytes())
        data[::2] = bytes(byte ^ 0xFF for byte in data[::2])
        path.write_bytes(data)
    return copy


@pytest.fixture
def empty(furnished, tmp_path, monkeypatch) -> Path:
    """A workspace without a run, and the usual engine."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    st.cache_data.clear()
    yield tmp_path
    st.cache_data.clear()


@pytest.fixture
def bare(empty, tmp_path, monkeypatch) -> Path:
    """Neither runs nor shipped models."""
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _navigation(monkeypatch):
    """AppTest forgets between two runs that app.py called st.navigation; a server does not."""
    begin = PagesManager.__init__

    def remembering(self, *arguments, **options):
        begin(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", remembering)


# Looking --------------------------------------------------------------------------------------


OPENED: weakref.WeakSet[AppTest] = weakref.WeakSet()


def opened(page: str, /, **address: str) -> AppTest:
    """A page at an address, in a new session."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.query_params.update(address)
    at.switch_page(f"pages/{page}.py").run()
    OPENED.add(at)
    if page in ("start", "stage"):  # a browser asks for the rest once it shows the film
        at.run()
    return sound(at)


def jobs_of(at: AppTest) -> list[Job]:
    """What the engine still works on for a page."""
    held = at.session_state.values()
    return [one[1] for one in held if isinstance(one, tuple) and isinstance(one[-1], Job)]


@pytest.fixture(autouse=True)
def _left() -> Iterator[None]:
    """Nobody looks at a page after its test: the engine, one for all, is free for the next."""
    yield
    for job in [job for at in OPENED for job in jobs_of(at)]:
        job.cancel()
    OPENED.clear()


def go(at: AppTest, page: str) -> AppTest:
    """Another page of the same session, as from the sidebar: with an address of its own."""
    at.query_params.clear()
    return sound(at.switch_page(f"pages/{page}.py").run())


def sound(at: AppTest) -> AppTest:
    """The page as it is, unless something on it failed."""
    assert not at.exception, at.exception
    for word in ("Traceback", "could not be shown", str(ROOT), os.environ["EXPLORER_RUNS"]):
        assert word not in text_of(at)
    return at


def text_of(at: AppTest) -> str:
    """Everything a person reads, without Markdown's backslashes."""
    kinds = ("html", "markdown", "header", "subheader", "caption", *ALERTS)
    said = [str(element.value) for kind in kinds for element in at.get(kind)]
    said += [str(element.label) for kind in ("button", "expander") for element in at.get(kind)]
    return re.sub(r"\\(?=[^\w\s])", "", " ".join(said))


ALERTS = ("error", "warning", "info", "success")


def told(at: AppTest, kind: str = "error") -> str:
    """All alerts of one kind."""
    return re.sub(r"\\(?=[^\w\s])", "", " ".join(str(one.value) for one in at.get(kind)))


def button(at: AppTest, label: str):
    return next(one for one in at.button if one.label == label)


def labels(at: AppTest) -> list[str]:
    return [one.label for one in at.button]


def players(at: AppTest) -> list[str]:
    """The names of the components on the page."""
    return [one.proto.component_name for one in at.get("bidi_component")]


# Opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_opens_with_runs(page, furnished):
    at = opened(page)
    assert "gm-hero" in text_of(at)
    assert not told(at)


@pytest.mark.parametrize("page", PAGES)
def test_opens_without_runs(page, empty):
    at = opened(page)
    assert EMPTY_SENTENCES[page] in text_of(at) + told(at, "info")
    assert not told(at)


@pytest.mark.parametrize("page", PAGES)
def test_opens_without_shipped_models(page, bare):
    at = opened(page)
    assert "gm-hero" in text_of(at)
    assert not told(at)
    assert bool(players(at)) == (page in ALIVE)


def test_nothing_to_look_at_is_said_with_what_to_do(bare):
    assert "no model to look at yet. Train one" in told(opened("reconstruct"), "info")


# What is on them ------------------------------------------------------------------------------


def test_the_start_page_shows_a_film_and_the_experiments(empty):
    at = opened("start")
    assert players(at) == ["explorer.player"]
    assert labels(at) == ["Train it now"] * len(EXPERIMENTS)


def test_the_table_lists_every_run_and_marks_the_damaged_ones(furnished):
    table = opened("runs").dataframe[0].value
    states = dict(zip(table["id"], table["state"], strict=True))
    assert states == {
        furnished.vae.id: "done",
        furnished.ae.id: "done",
        furnished.stopped.id: "stopped",
        furnished.unset.id: "damaged",
        furnished.unlogged.id: "damaged",
        furnished.unseen.id: "done",
    }
    losses = dict(zip(table["id"], table["test loss"], strict=True))
    assert 0 < losses[furnished.ae.id] < 300
    assert 0 < losses[furnished.vae.id] < 300


def test_the_filter_reads_words_and_not_pictures(furnished):
    at = opened("runs")
    sound(at.text_input(key="filter").set_value("AUTO done").run())
    assert list(at.dataframe[0].value["id"]) == [furnished.ae.id]
    sound(at.text_input(key="filter").set_value("png").run())
    assert at.dataframe[0].value.empty


def test_two_runs_side_by_side(furnished):
    at = opened("runs", runs=f"{furnished.vae.id},{furnished.ae.id}")
    assert "Side by side" in text_of(at)
    assert players(at) == ["explorer.player"]
    assert len(at.get("plotly_chart")) == 4  # loss, reconstruction, KL, classifier distance
    assert "β" in list(at.dataframe[1].value["setting"])
    assert "Latent size" not in list(at.dataframe[1].value["setting"])


def test_damaged_pictures_leave_the_curves(furnished):
    at = opened("runs", runs=f"{furnished.unseen.id},{furnished.vae.id}")
    assert "is damaged or missing" in told(at, "warning")
    assert len(at.get("plotly_chart")) == 4


def test_a_damaged_run_beside_a_good_one(furnished):
    at = opened("runs", runs=f"{furnished.unset.id},{furnished.unlogged.id},{furnished.vae.id}")
    assert f"{furnished.unset.id} is damaged" in told(at)
    assert "settings.json" in text_of(at)
    assert f"{furnished.unlogged.id} is damaged" in told(at)
    assert "Resume" not in labels(at)
    assert "Save" in labels(at)  # the view of the good one


@pytest.mark.parametrize("name", ["unset", "unlogged", "unseen"])
@pytest.mark.parametrize("page", ["runs", "train"])
def test_a_damaged_run_alone(page, name, furnished):
    run = getattr(furnished, name)
    at = opened(page, **{"runs" if page == "runs" else "run": run.id})
    assert "damaged" in told(at) + told(at, "warning")


def test_a_label_is_text_and_nothing_else(empty, furnished):
    shutil.copytree(furnished.vae.folder, empty / furnished.vae.id)
    run = runs.runs()[0]
    run.note(label="![x](http://a.example/x.png) <b>$x$")
    run.delete()
    at = opened("runs")
    assert [one.value for one in at.markdown if "example" in one.value] == [
        r"\!\[x\]\(http\:\/\/a\.example\/x\.png\) \<b\>\$x\$"
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vae", {"Train another", "Choose settings"}),
        ("stopped", {"Train another", "Choose settings", "Resume"}),
    ],
)
def test_a_run_has_the_buttons_of_its_state(name, expected, furnished):
    at = opened("train", run=getattr(furnished, name).id)
    assert set(labels(at)) == expected
    assert "explorer.player" in players(at)


def test_a_fork_begins_with_the_settings_of_its_parent(furnished):
    at = opened("train", run=furnished.vae.id)
    sound(button(at, "Choose settings").click().run())
    assert at.query_params["fork"] == f"{furnished.vae.id}@20"
    assert at.select_slider(key="latent").value == 2
    assert at.select_slider(key="batch_size").value == 16
    assert at.select_slider(key="epochs").value > 10  # it goes further than its parent went
    assert "Train" in labels(at)
    sound(at.number_input(key="steps").set_value(15).run())
    assert "end at step 15" in told(at)
    sound(button(at, "Start from nothing instead").click().run())
    assert "fork" not in at.query_params


def test_a_shipped_model_is_trained_further(empty):
    at = sound(opened("train", fork="pretrained:vae-fashion"))
    assert "from step 3,120" in told(at, "info")
    assert at.select_slider(key="epochs").value == 45  # 40 are done
    assert (
        at.select_slider(key="beta").value
        == catalog.entry("pretrained:vae-fashion").header.recipe["model"]["beta"]
    )
    assert "Train" in labels(at)


def test_another_run_is_one_click_away(furnished):
    at = opened("train", run=furnished.vae.id)
    sound(button(at, "Train another").click().run())
    assert "run" not in at.query_params
    assert "Train" in labels(at)


def test_a_second_click_goes_on_with_the_run_of_the_first(empty, monkeypatch):
    started = []

    def start(run):
        started.append(run.id)
        if len(started) == 1:
            raise ResourceError("No worker could be started. Try again.")

    monkeypatch.setattr(launch, "start", start)
    at = opened("train", steps="5", width="4")
    sound(button(at, "Train").click().run())
    assert "No worker could be started" in told(at)
    sound(button(at, "Train").click().run())
    (run,) = runs.runs()
    assert started == [run.id, run.id]
    assert at.query_params["run"] == run.id
    assert (run.settings["training"]["steps"], run.settings["model"]["width"]) == (5, 4)


# Choices --------------------------------------------------------------------------------------


def test_choices_survive_other_pages_and_stand_in_the_address(furnished):
    at = opened("train")
    sound(at.select_slider(key="beta").set_value(2.0).run())
    sound(at.selectbox(key="loss").set_value("l1").run())
    assert at.query_params == {"beta": "2", "loss": "l1"}
    at = go(go(at, "runs"), "train")
    assert at.select_slider(key="beta").value == 2.0
    assert at.query_params == {"beta": "2", "loss": "l1"}


def test_models_chosen_survive_other_pages(furnished):
    at = opened("reconstruct")
    sound(at.selectbox(key="b").set_value(furnished.ae.id).run())
    at = go(go(at, "start"), "reconstruct")
    assert at.selectbox(key="b").value == furnished.ae.id
    assert at.query_params["b"] == furnished.ae.id


def test_an_address_sets_the_form(furnished):
    at = opened("train", family="autoencoder", latent="5", architecture="mlp", data="mnist")
    assert at.select_slider(key="latent").value == 5
    assert at.selectbox(key="architecture").value == "mlp"
    assert at.selectbox(key="data").value == "mnist"
    assert "beta" not in at.session_state
    assert not told(at)


def test_a_setting_without_meaning_is_not_shown(furnished):
    at = opened("train")
    assert "beta_epochs" not in at.session_state
    sound(at.selectbox(key="beta_schedule").set_value("linear").run())
    assert at.select_slider(key="beta_epochs").value == 10


def test_what_training_would_mean_follows_the_form(furnished):
    first = text_of(opened("train", steps="50"))
    assert "50** steps" in first
    assert "The same β in other units" in first
    assert "β in other units" not in text_of(opened("train", family="autoencoder"))


@pytest.mark.parametrize("key", ["", "@20"])
def test_any_checkpoint_can_be_named(key, furnished):
    at = opened("reconstruct", a=furnished.vae.id + key, b=furnished.ae.id)
    assert at.selectbox(key="a").value == furnished.vae.id + key
    assert "latent 2" in text_of(at)
    assert not told(at)


def test_ready_comparisons_choose_models(empty):
    at = opened("reconstruct", a="pretrained:vae-fashion")
    sound(button(at, "AE or VAE").click().run())
    assert at.selectbox(key="a").value == "pretrained:autoencoder-fashion"
    assert at.selectbox(key="b").value == "pretrained:vae-fashion"


# Impossible addresses -------------------------------------------------------------------------

IMPOSSIBLE = [
    ("train", "beta", "12", "β (beta) is '12', but must be a number between 0 and 10"),
    ("train", "beta", "nan", "must be a number between 0 and 10"),
    ("train", "beta", "-inf", "must be a number between 0 and 10"),
    ("train", "latent", "3.5", "must be a whole number between 2 and 1024"),
    ("train", "learning_rate", "1e400", "must be a number between 1e-07 and 100"),
    ("train", "loss", "<b>", "must be one of l2, l1, bce"),
    ("train", "sampling", "maybe", "must be true or false"),
    ("train", "family", "x", "There is no family 'x'. There are: autoencoder, gan"),
    ("train", "data", "../../etc", "There is no data '../../etc'. There are: "),
    ("train", "device", "cuda:99", "must be one of auto, cpu"),
    ("train", "run", "../x", "There is no run '../x'"),
    ("train", "run", "![x](http://a.example)", "There is no run '![x](http://a.example)'"),
    ("train", "fork", "nonsense", "There is no run 'nonsense'"),
    ("train", "fork", "exact:mnist", "was never trained. Fork a run or a shipped model."),
    ("runs", "runs", "<script>alert(1)</script>", "There is no run '<script>alert(1)</script>'"),
    ("reconstruct", "a", "pretrained:../../x", "There is no shipped model '../../x'. There are: "),
    ("reconstruct", "b", "../x", "There is no run '../x'"),
    ("reconstruct", "prior", "x", "There are: normal, gaussian, mixture"),
    ("reconstruct", "images", "cifar10", "There is no data 'cifar10'. There are: "),
    ("reconstruct", "third", "x", "neither true nor false"),
]


@pytest.mark.parametrize(("page", "name", "value", "sentence"), IMPOSSIBLE)
def test_an_impossible_address_is_told_and_the_page_works(page, name, value, sentence, furnished):
    at = opened(page, **{name: value})
    assert sentence in told(at)
    assert "The address asked for it" in told(at)
    assert name not in at.query_params
    assert EMPTY_SENTENCES[page] in text_of(at) or page == "runs"
    assert not told(sound(at.run()))  # once is enough
    for alert in at.error:
        assert not re.search(r"(?<!\\)[<\[!]", alert.value)  # no word of it is Markdown


def test_a_step_that_was_never_saved(furnished):
    at = opened("reconstruct", a=f"{furnished.vae.id}@7")
    assert "7" in told(at)
    assert "a" not in at.query_params


def test_a_part_of_an_id_that_several_runs_share(furnished):
    assert "Say more of it" in told(opened("train", run="2"))
