"""The page of the losses in Streamlit's own simulation: alive, explained, in the address."""

from collections.abc import Iterator
from pathlib import Path

import live_pages
import numpy as np
import pytest
import test_pages
from live_pages import players, told
from streamlit.testing.v1 import AppTest
from test_pages import _navigation, sound
from workspaces import workspace

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
    with workspace(tmp_path_factory.mktemp("losses")):
        yield


def opened(**address: str) -> AppTest:
    """The page at an address, in a new session."""
    return test_pages.opened("losses", **(BRIEF | address))


def settled(at: AppTest) -> AppTest:
    """The page once nothing on it is waited for any more."""
    return live_pages.settled(at, lambda at: any(slot in at.session_state for slot in SLOTS))


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
