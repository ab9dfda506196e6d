"""Forms, addresses and pickers: every setting can be shown, written into a link and read back."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer import catalog
from explorer.config import Setting
from explorer.errors import InputError
from explorer.questions.recipes import families
from explorer.ui import forms, pickers, url
from explorer.ui.asking import key_of, literal

GROUPS = [group for family in families() for group in (family.settings, family.training)]
SETTINGS = {one.name: one for settings in GROUPS for one in settings}
BESIDE = {one.name: {s.name: s for s in settings} for settings in GROUPS for one in settings}
LOGARITHMIC = [one for one in SETTINGS.values() if one.hint.log]
every_setting = pytest.mark.parametrize("one", SETTINGS.values(), ids=list(SETTINGS))


@pytest.fixture(autouse=True)
def _no_session(monkeypatch):
    """Streamlit's state as plain dictionaries."""
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(st, "query_params", {})


def some_values(one: Setting) -> list:
    """Values that must be possible: the usual one, the limits, every choice."""
    kinds = {"switch": [True, False], "choice": list(one.choices), "text": ["auto", "cuda:1"]}
    kind = int if one.kind == "integer" else float
    numbers = [one.default, one.low, one.high]
    return kinds.get(one.kind) or [kind(value) for value in numbers if value is not None]


# Widgets --------------------------------------------------------------------------------------


def show(settings, given) -> None:
    """A page with one form on it."""
    import streamlit as st

    from explorer.ui import forms

    st.session_state["values"] = forms.form(settings, given)


def form(settings: list[Setting], given: dict, **address: str) -> AppTest:
    at = AppTest.from_function(show, kwargs={"settings": settings, "given": given})
    at.query_params.update(address)
    at.run(timeout=30)
    assert not at.exception
    return at


@every_setting
def test_a_control_shows_any_possible_value(one, monkeypatch):
    monkeypatch.undo()  # a real session
    other, allowed = one.hint.when or ("", ())
    before = [BESIDE[one.name][other]] if other else []
    for value in some_values(one):
        at = form([*before, one], {one.name: value, other: allowed[0] if allowed else ""})
        assert at.session_state["values"][one.name] == value
        at.run(timeout=30)  # the widget's own answer
        assert at.session_state["values"][one.name] == value


def test_settings_that_are_not_set_are_left_out(monkeypatch):
    monkeypatch.undo()
    assert "steps" not in form(list(families()[0].training), {}).session_state["values"]


def test_a_form_reads_its_address_and_tells_what_is_impossible(monkeypatch):
    monkeypatch.undo()
    vae = next(family for family in families() if family.name == "vae")
    at = form(list(vae.settings), {"latent": 8}, beta="2.5", latent="1", loss="l1")
    values = at.session_state["values"]
    assert (values["beta"], values["latent"], values["loss"]) == (2.5, 8, "l1")
    assert at.query_params == {"beta": "2.5", "latent": "8", "loss": "l1"}
    (notice,) = at.session_state["notices"]
    assert "must be a whole number between 2 and 1024" in notice


@pytest.mark.parametrize("one", LOGARITHMIC, ids=lambda one: one.name)
def test_a_logarithmic_scale_has_its_ends_and_every_value_asked_for(one):
    for value in some_values(one):
        stops = forms.scale(one, value)
        assert stops == sorted(set(stops))
        assert {one.low, one.high, one.default, value} <= set(stops)
        assert len(stops) < 80
    kinds = {type(stop) for stop in stops}
    assert kinds == {int if one.kind == "integer" else float}


def test_a_logarithmic_scale_keeps_a_value_between_its_stops():
    assert 37 in forms.scale(SETTINGS["latent"], 37)


@every_setting
def test_a_slider_stands_only_where_its_grid_holds_the_usual_value(one):
    if one.kind == "number" and forms.slides(one):
        steps = (one.default - one.low) / forms.slider_step(one)
        assert steps == pytest.approx(round(steps))
    if one.kind == "integer" and forms.slides(one):
        assert one.high - one.low <= 1000  # a pixel a step, more or less


# Addresses ------------------------------------------------------------------------------------


@every_setting
def test_a_value_in_an_address_is_read_as_it_was(one):
    for value in some_values(one):
        st.query_params.clear()
        st.session_state.clear()
        url.keep("x", value, default=object())
        url.begin("x", one.read)
        assert st.session_state["x"] == value
        assert url.notices() == []


def test_the_usual_value_does_not_stand_in_the_address():
    url.keep("x", 1.0, default=1.0)
    assert st.query_params == {}
    url.keep("x", 2.0, default=1.0)
    assert st.query_params == {"x": "2"}
    url.keep("x", None, default=1.0)
    assert st.query_params == {}


def test_an_address_counts_only_before_the_widget_has_a_value():
    st.query_params["x"] = "from the address"
    st.session_state["x"] = "chosen"
    url.begin("x")
    assert st.session_state["x"] == "chosen"


@pytest.mark.parametrize("text", ["", "yes", "True", "1 ", "../x"])
def test_what_is_no_switch_is_told_and_dropped(text):
    st.query_params["x"] = text
    url.begin("x", url.switch)
    assert "x" not in st.session_state
    assert "x" not in st.query_params
    assert "neither true nor false" in url.notices()[0]


def test_an_unknown_option_is_told_with_those_there_are():
    with pytest.raises(InputError, match=r"There is no colour 'pink'\. There are: red, green\."):
        url.one_of(["red", "green"], "colour")("pink")


def test_long_nonsense_is_shortened():
    with pytest.raises(InputError) as told:
        url.one_of(["a"], "thing")("x" * 10_000)
    assert len(str(told.value)) < 200


def test_a_choice_that_is_gone_gives_way_to_one_that_is_there():
    st.session_state["x"] = "deleted meanwhile"
    assert url.choose(lambda label, options, **rest: st.session_state["x"], "X", ["a"], "a", "x")
    assert st.session_state["x"] == "a"


# Pickers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run", "fork"])
def test_an_unknown_run_in_the_address_is_told_and_dropped(name, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    find = {"run": pickers.run_in_address, "fork": pickers.fork_in_address}[name]
    assert find() is None
    assert url.notices() == []
    st.query_params[name] = "../../etc/passwd"
    assert find() is None
    assert name not in st.query_params
    assert "There is no run" in url.notices()[0]


def test_a_shipped_model_is_forked_and_a_perfect_one_is_not():
    st.query_params["fork"] = catalog.shipped()[0].key
    assert pickers.fork_in_address() == catalog.shipped()[0]
    st.query_params["fork"] = catalog.oracles()[0].key
    assert pickers.fork_in_address() is None
    assert "was never trained" in url.notices()[0]


# Asking ---------------------------------------------------------------------------------------


def test_equal_questions_have_equal_keys_and_others_do_not(images):
    x = images[0].x[:2]
    assert key_of({"x": x, "n": 1}) == key_of({"n": 1, "x": x.copy()})
    other = x.copy()
    other[0, 0, 0, 0] ^= 1
    different = [{"x": other, "n": 1}, {"x": x, "n": 2}, {"x": x.reshape(-1), "n": 1}]
    assert all(key_of(one) != key_of({"x": x, "n": 1}) for one in different)
    assert key_of({"x": b"a"}) != key_of({"x": b"b"})


def test_text_that_is_to_be_literal_has_no_markdown_left():
    assert literal("β = 0.3 …") == r"β \= 0\.3 …"
    assert literal("![a](b) <i> `c` :red[d] $e$ _f_") == (
        r"\!\[a\]\(b\) \<i\> \`c\` \:red\[d\] \$e\$ \_f\_"
    )
