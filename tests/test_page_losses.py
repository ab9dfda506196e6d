"""The page of the losses in Streamlit's own simulation: alive, explained, in the address."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from test_pages import _navigation

from explorer.engine import engine
from explorer.ui import loss_plots, loss_reasons

__all__ = ["_navigation"]  # an autouse fixture: without it AppTest forgets app.py's table
ROOT = Path(__file__).parent.parent
BRIEF = {"l_rounds": "20", "l_updates": "20"}
SLOTS = ("l_job", "l_sure_job")
REASONS = [
    "1 · The sigmoid saturates",
    "2 · Least squares pull to a target",
    "3 · Wasserstein with its penalty slopes evenly",
]


@pytest.fixture(scope="module", autouse=True)
def _place(tmp_path_factory) -> Iterator[None]:
    """An empty workspace and an engine of its own."""
    folder = tmp_path_factory.mktemp("losses")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_RUNS", str(folder))
        patch.setenv("EXPLORER_LOCKS", str(folder / ".locks"))
        patch.setenv("OMP_NUM_THREADS", "1")
        engine().close()  # the next one is started with this environment
        yield
        engine().close()
        st.cache_resource.clear()


def opened(**address: str) -> AppTest:
    """The page at an address, in a new session."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.query_params.update(BRIEF | address)
    return sound(at.switch_page("pages/losses.py").run())


def settled(at: AppTest) -> AppTest:
    """The page once nothing on it is waited for any more."""
    for _ in range(1000):
        if not any(slot in at.session_state for slot in SLOTS):
            return at
        time.sleep(0.1)
        sound(at.run())
    raise AssertionError("the page never came to rest")


def sound(at: AppTest) -> AppTest:
    assert not at.exception, at.exception
    assert "could not be shown" not in told(at)
    return at


def told(at: AppTest, kind: str = "error") -> str:
    return " ".join(str(one.value) for one in at.get(kind)).replace("\\", "")


def players(at: AppTest) -> int:
    names = [one.proto.component_name for one in at.get("bidi_component")]
    return names.count("explorer.player")


def test_it_opens_alive_and_shows_all_three_explanations():
    at = opened()
    assert any(slot in at.session_state for slot in SLOTS)
    settled(at)
    assert not told(at)
    assert [one.value for one in at.header] == REASONS
    assert players(at) == 2
    assert len(at.get("plotly_chart")) == 7
    code = " ".join(one.value for one in at.code)
    assert "lambda d: -F.softplus(d)" in code  # minimax
    assert "(d - 1).square() / 2" in code
    assert "torch.autograd.grad(term(d).sum(), x)" in code
    assert "create_graph=True" in code


def test_losses_stand_in_the_address():
    at = settled(opened(l_losses="hinge,minimax"))
    assert at.button_group(key="l_losses").value == ["hinge", "minimax"]
    formulas = told(at, "latex")
    assert "logbig(1 - sigma(d)big)" in formulas
    assert at.query_params["l_losses"] in ("hinge,minimax", ["hinge,minimax"])
    sound(at.button_group(key="l_losses").set_value([]).run())  # none is as the page opens
    assert len(at.get("plotly_chart")) == 7


def test_other_settings_play_other_games():
    at = settled(opened())
    at.selectbox(key="l_penalty").set_value("r1")
    sound(at.run())
    assert "l_job" in at.session_state
    assert "l_sure_job" not in at.session_state
    settled(at)
    assert at.query_params["l_penalty"] in ("r1", ["r1"])


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("l_losses", "hinge,foo", "There is no loss 'foo'"),
        ("l_rounds", "5", "between 20 and 3000"),
        ("l_updates", "100000", "between 20 and 2000"),
        ("l_penalty", "most", "own, r1"),
    ],
)
def test_an_impossible_address_is_told(name, value, sentence):
    at = opened(**{name: value})
    assert sentence in told(at)
    assert "The address asked for it" in told(at)


# Plots and source -----------------------------------------------------------------------------


@pytest.fixture
def curves() -> dict:
    d = np.linspace(-10, 10, 41)
    minimax = {"title": "Minimax", "d": d, "gradient": -1 / (1 + np.exp(-d))}
    hinge = {"title": "Hinge", "d": d, "gradient": -np.ones(41)}
    both = {"minimax": minimax, "hinge": hinge}
    return {name: one | {"real": -d, "fake": d} for name, one in both.items()}


def test_dots_lie_on_their_curve_and_far_ones_at_its_edge(curves):
    figure = loss_plots.gradients(curves, ["minimax"], {"minimax": np.array([0.0, -50.0])})
    line, dots = figure.data
    assert line.name == "Minimax"
    assert dots.x.tolist() == [0, -loss_plots.SEEN]
    assert dots.y[0] == pytest.approx(-0.5, abs=1e-6)
    assert dots.customdata.tolist() == [0, -50]


def test_only_the_chosen_losses_are_drawn_in_colours_of_their_own(curves):
    d = {name: np.zeros(3) for name in curves}
    one = loss_plots.gradients(curves, ["hinge"], d).data[0]
    both = loss_plots.gradients(curves, ["hinge", "minimax"], d).data
    assert one.line.color == both[1].line.color != both[0].line.color
    assert len(loss_plots.discriminators(curves, ["hinge"], d, d).data) == 4


def test_bars_tell_tiny_numbers():
    figure = loss_plots.bars({"A": 3e-9, "B": 1.25}, [0, 1], "norm")
    assert list(figure.data[0].text) == ["3.0e-09", "1.25"]
    low, high = figure.layout.xaxis.range
    assert low <= np.log10(3e-9) < np.log10(1.25) < high


def test_a_row_of_the_table_is_read_where_it_stands():
    row = loss_reasons._row("wasserstein")
    text = (ROOT / row.path).read_text().splitlines()[row.line - 1]
    assert text.strip() == row.text.strip()
    assert '"wasserstein": Loss(' in row.text
    with pytest.raises(LookupError):
        loss_reasons._row("none")
