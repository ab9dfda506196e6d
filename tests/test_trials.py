"""FID of sets of known pictures while it is measured; the network is replaced by a quick one."""

import numpy as np
import pytest

from explorer import answering, competitors, corrupting, trials
from explorer.errors import InputError, StoreError
from explorer.metrics import inception
from explorer.metrics.frechet import frechet_of, statistics
from explorer.metrics.kernel import kid
from explorer.questions import fid

SIZE = 6  # features
AXES = np.random.default_rng(0).normal(size=(28 * 28, SIZE)) / 2000


def seen(pictures: np.ndarray) -> np.ndarray:
    """What the quick network sees, rounded as a shelf keeps it."""
    found = pictures.reshape(len(pictures), -1) @ AXES
    return found.astype(np.float16).astype(np.float32)


@pytest.fixture
def looks(tmp_path, monkeypatch) -> list[int]:
    """How many pictures the quick network looked at, call by call."""
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    calls: list[int] = []

    def features(pictures, precision):
        calls.append(len(pictures))
        yield seen(pictures)

    def against(pictures, precision):
        yield 0.5
        yield statistics(seen(pictures))

    monkeypatch.setattr(inception, "features", features)
    monkeypatch.setattr(inception, "FEATURES", SIZE)
    monkeypatch.setattr(trials, "against", against)
    return calls


def reference():
    return statistics(seen(corrupting.data.load(corrupting.DATA).x))


def test_a_trial_tells_its_stages_and_ends_with_the_true_numbers(looks):
    items = list(trials.measured("noise", 15, 500))
    stages = [one["stage"] for one in items]
    assert list(dict.fromkeys(stages)) == ["reference", "real", "set", "done"]
    for stage in ("real", "set"):
        shares = [one["share"] for one in items if one["stage"] == stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1
    x = seen(corrupting.corrupted("noise", 15, 500))
    real = seen(corrupting.corrupted("train", 0, 500))
    last = items[-1]
    assert last["value"] == pytest.approx(frechet_of(x, reference()), rel=1e-6)
    assert last["kid"] == pytest.approx(kid(x, real).full)
    assert [n for n, _ in last["fid"]] == [250, 500]
    assert last["fid"][0][1] == pytest.approx(frechet_of(x[:250], reference()), rel=1e-6)
    assert sum(looks) == 1000


def test_nothing_is_looked_at_twice(looks):
    *_, first = trials.measured("noise", 15, 500)
    before = sum(looks)
    *_, again = trials.measured("noise", 15, 500)
    assert again == first
    assert sum(looks) == before
    list(trials.measured("noise", 15, 1000))
    assert sum(looks) == before + 2 * 500  # of the set, and of the real pictures for KID


def test_a_choice_of_real_pictures_shares_what_was_seen_of_them(looks):
    list(trials.measured("real", 0, 500))
    before = sum(looks)
    *_, last = trials.measured("repeated", 100, 500)
    assert sum(looks) == before
    x = seen(corrupting.corrupted("repeated", 100, 500))
    assert last["value"] == pytest.approx(frechet_of(x, reference()), rel=1e-6)
    *_, last = trials.measured("classes", 2, 500)
    x = seen(corrupting.corrupted("classes", 2, 500))
    assert last["value"] == pytest.approx(frechet_of(x, reference()), rel=1e-6)


def test_strengths_and_splits_are_kept_apart():
    shelves = [("noise", 2), ("noise", 5), ("blur", 2.0), ("real", 0), ("train", 0)]
    assert len({trials.shelf_of(*one).folder for one in shelves}) == len(shelves)
    assert trials.shelf_of("classes", 5).folder == trials.shelf_of("real", 0).folder
    assert trials.shelf_of("noise", 2).folder == trials.shelf_of("noise", 2.0).folder


def test_a_trial_that_was_left_goes_on_where_it_was(looks):
    for one in trials.measured("blur", 1.0, 500):
        if one["fid"]:
            break  # after the first chunk
    before = sum(looks)
    list(trials.measured("blur", 1.0, 500))
    assert sum(looks) == before + 250


def test_other_numbers_are_refused(looks):
    with pytest.raises(InputError, match="Take one of 500, 1000, 2000"):
        next(trials.measured("noise", 5, 499))


def test_a_missing_network_is_told(looks, tmp_path, monkeypatch):
    monkeypatch.setattr(inception, "FILE", tmp_path / "network.safetensors")
    with pytest.raises(StoreError, match="missing from pretrained"):
        next(trials.measured("noise", 5, 500))


def test_the_classifier_minds_noise():
    assert trials.quick("noise", 50, 250) > 3 * trials.quick("real", 0, 250)


# What pages ask -----------------------------------------------------------------------------------


def test_a_wall_shows_the_samples_that_are_measured():
    shown = fid.fid_wall("pretrained:gan-fashion", 12)
    chunk = next(competitors.draw(competitors.competitor("pretrained:gan-fashion"), 0))
    np.testing.assert_array_equal(shown, chunk[:12])


@pytest.mark.parametrize("n", [0, 101])
def test_a_wall_has_its_limits(n):
    with pytest.raises(InputError, match="1 to 100"):
        fid.fid_wall("pretrained:gan-fashion", n)


def test_the_page_asks_by_these_names(looks):
    *_, last = fid.fid_trial("real", 0, 500)
    assert last["stage"] == "done"
    assert {fid.fid_quick, fid.fid_wall} <= set(answering.QUICK)
    assert fid.fid_trial in answering.HEAVY
