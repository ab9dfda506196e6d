"""The scoreboard's engine: stages, shelves, what is refused, what is told.

The Inception network is replaced by a few cheap features, so that every path runs in a second.
"""

from dataclasses import replace

import numpy as np
import pytest

from explorer import competitors, data, evaluation, standings
from explorer.competitors import competitor
from explorer.errors import InputError, ResourceError
from explorer.metrics import inception
from explorer.metrics.frechet import frechet, statistics
from explorer.rulers import Asked

GAN = "pretrained:gan-fashion"
REAL = "real:fashion-mnist:test"

pytestmark = pytest.mark.usefixtures("few_features")


def last(ones, asked):
    found = {}
    for i, told in evaluation.evaluate(ones, asked):
        found[i] = told
    return [found[i] for i in range(len(ones))]


def stages(ones, asked):
    return list(dict.fromkeys((i, told.stage) for i, told in evaluation.evaluate(ones, asked)))


def asked(**more) -> Asked:
    return Asked(samples=300, **more)


def test_all_stages_are_told_and_end_in_scores():
    ones = [competitor("pretrained:vae-fashion"), competitor(REAL)]
    told = list(evaluation.evaluate(ones, asked()))
    for i in (0, 1):
        mine = [standing for k, standing in told if k == i]
        order = list(dict.fromkeys(one.stage for one in mine))
        assert order[0] == "waiting"
        assert order[-1] == "done"
        assert {"drawing", "looking", "comparing"} <= set(order)
    final = last(ones, asked())
    assert {"FID", "KID", "precision", "recall", "classifier distance"} <= final[0].scores.keys()
    assert {"parameters", "GFLOP", "images seen", "nearer to training"} <= final[0].scores.keys()
    assert "nearer to training" not in final[1].scores
    assert final[0].seconds > 0
    assert final[1].seconds is None
    assert final[1].scores["FID"].value < final[0].scores["FID"].value


def test_the_fid_is_that_of_all_features_and_the_whole_reference():
    from explorer.pictures import tiles

    (found,) = last([competitor(REAL)], asked())
    one = competitor(REAL)
    made = np.concatenate([part for c in (0, 1) for part in competitors.draw(one, c)])[:300]
    real = tiles(data.load("fashion-mnist").x)

    def seen(x):
        return statistics(np.concatenate(list(inception.features(x, ""))).astype(np.float16))

    expected = frechet(seen(made), statistics(next(inception.features(real, ""))))
    assert found.scores["FID"].value == pytest.approx(expected, rel=1e-2)
    assert found.fid[-1] == (300, found.scores["FID"].value)


def test_a_second_look_computes_nothing(few_features):
    first = last([competitor(GAN)], asked())
    few_features.clear()
    assert stages([competitor(GAN)], asked()) == [(0, "waiting"), (0, "done")]
    assert last([competitor(GAN)], asked()) == first
    assert not few_features
    assert evaluation.known([competitor(GAN), competitor(REAL)], asked())[0] == first[0]


def test_what_was_broken_off_goes_on(few_features):
    work = evaluation.evaluate([competitor(GAN)], asked())
    for _, told in work:
        if told.stage == "looking" and told.done >= 250:
            break
    work.close()
    before = sum(few_features)
    last([competitor(GAN)], asked())
    again = sum(few_features) - before
    assert again == 50 + 250  # the second chunk, and real pictures to compare with


def test_a_reference_that_was_broken_off_goes_on(few_features):
    real = np.random.default_rng(0).integers(0, 255, (1200, 8, 8)).astype(np.uint8)
    work = evaluation.against(real, "float32")
    shares = [next(work) for _ in range(20)]
    work.close()
    assert shares == sorted(shares)
    seen, whole = sum(few_features), 2 * evaluation.CHUNK
    assert whole <= seen < 1200
    *shares, found = evaluation.against(real, "float32")
    assert shares[-1] == 1
    assert sum(few_features) - seen == 1200 - seen // evaluation.CHUNK * evaluation.CHUNK
    expected = statistics(next(inception.features(real, "float32")))
    assert np.allclose(found.mean, expected.mean, rtol=1e-3)
    assert found.n == 1200
    with pytest.raises(InputError, match="at least 2"):
        list(evaluation.against(real[:1], "float32"))


def test_what_ships_is_shown_at_the_precision_it_was_measured_in(monkeypatch):
    bf16 = standings.all_shipped()[0]
    float32, fewer = (
        replace(bf16, protocol=replace(bf16.protocol, **change))
        for change in ({"precision": "float32"}, {"precision": "float32", "samples": 999})
    )
    monkeypatch.setattr(standings, "all_shipped", lambda: [bf16])
    assert standings.shipped(float32) is None
    assert standings.shipped(float32, any_precision=True) == bf16
    assert standings.shipped(fewer, any_precision=True) is None
    monkeypatch.setattr(standings, "all_shipped", lambda: [bf16, float32])
    assert standings.shipped(float32, any_precision=True) == float32


def test_who_learned_from_a_set_that_is_not_here_is_not_called_innocent(monkeypatch):
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    (found,) = last([competitor(GAN)], asked())
    assert competitor(GAN).data == "fashion-mnist-full"
    assert "nearer to training" not in found.scores


def test_more_samples_begin_with_the_same_ones(few_features):
    one = competitor(GAN)
    few = np.concatenate(list(competitors.draw(one, 0)))
    last([one], asked())
    kept = evaluation.Shelf(one.shelf).get("pictures-0000")["pictures"]
    assert np.array_equal(few, kept)
    assert not np.array_equal(few, next(competitors.draw(one, 1)))
    assert not np.array_equal(few, next(competitors.draw(replace(one, seed=1), 0)))


def test_ways_of_sampling_have_shelves_of_their_own():
    key = "pretrained:diffusion-fashion"
    usual, same = competitor(key), competitor(key, {"steps": 10, "sampler": "heun"})
    other = competitor(key, {"steps": 11})
    assert usual.shelf == same.shelf != other.shelf
    assert usual.sampling == "Heun, 10 steps"
    assert other.sampling == "Heun, 11 steps"
    for how, said in (
        ({"spacing": "quadratic"}, "Heun, 10 steps, spacing quadratic"),
        ({"sampler": "ddim", "eta": 0.3}, "DDIM, 10 steps, eta 0.3"),
        ({"sampler": "ddim", "eta": 1}, "DDPM, 10 steps"),
        ({"guidance": 1.5, "spacing": "log-snr"}, "Heun, 10 steps, spacing log-snr, guidance 1.5"),
    ):
        assert competitor("pretrained:diffusion-fashion", how).sampling == said
    assert competitor(key, seed=1).shelf != usual.shelf


def test_other_data_too_few_pictures_and_nothing_are_refused():
    with pytest.raises(InputError, match="different data"):
        last([competitor(GAN), competitor("real:mnist:test")], asked())
    with pytest.raises(InputError, match="Nothing is chosen"):
        last([], asked())
    with pytest.raises(InputError, match="100"):
        Asked.read({"samples": 100})
    with pytest.raises(InputError, match="real:DATA:test"):
        competitor("real:mnist")
    with pytest.raises(InputError, match="no pictures"):
        competitor("real:ring:test")
    with pytest.raises(InputError, match="prior"):
        competitor(GAN, {"steps": 3})
    with pytest.raises(InputError, match="no prior can be fitted"):
        last([competitor(GAN, {"prior": "mixture"})], asked())


def test_pictures_that_are_all_alike_get_no_number(monkeypatch):
    monkeypatch.setattr(
        competitors, "draw", lambda one, chunk: iter([np.full((250, 28, 28), 7, np.uint8)])
    )
    with pytest.raises(InputError, match="are the same"):
        last([competitor(GAN)], asked())


def test_without_the_network_the_quick_measures_stand(monkeypatch):
    monkeypatch.setattr(inception, "problem", lambda: "It is missing. Restore it.")
    (found,) = last([competitor(GAN)], asked())
    assert found.problem.startswith("It is missing")
    assert not found.fid
    assert "classifier distance" in found.scores
    assert "FID" not in found.scores
    monkeypatch.setattr(inception, "problem", lambda: "")
    (found,) = last([competitor(GAN)], asked())  # it is back: nothing unmeasured was kept
    assert not found.problem
    assert "FID" in found.scores


def test_protocols_tell_rulers_apart():
    bf16, exact = (
        last([competitor(REAL)], asked(precision=name))[0].protocol for name in ("bf16", "float32")
    )
    assert bf16.ruler != exact.ruler
    assert last([competitor(GAN)], asked(precision="bf16"))[0].protocol.ruler == bf16.ruler


def test_standings_are_json_and_back_and_nothing_else_counts():
    (found,) = last([competitor(GAN)], asked())
    assert standings.from_json(standings.to_json(found)) == found
    assert standings.kept(standings.to_json(found), found) == found
    other = replace(found, protocol=replace(found.protocol, seed=9))
    assert standings.kept(standings.to_json(found), other) is None
    for odd in ({}, None, {"scores": 3}, standings.to_json(found) | {"scores": {"FID": 3}}):
        assert standings.kept(odd, found) is None


def test_the_line_to_infinity_ends_below_the_curve():
    (found,) = last([competitor(REAL)], Asked(samples=1000))
    values = [value for _, value in found.fid]
    assert [n for n, _ in found.fid] == [250, 500, 750, 1000]
    assert values[0] > values[-1] > found.scores["FID at infinity"].value


def test_a_reference_of_all_training_images_is_the_full_set(monkeypatch):
    load, whole = data.load, data.load("fashion-mnist").take(np.arange(3000))
    full = replace(whole, name="fashion-mnist-full", x=np.concatenate([whole.x] * 4), y=None)
    monkeypatch.setattr(
        data, "load", lambda name, split="train": full if "full" in name else load(name, split)
    )
    (found,) = last([competitor(REAL)], asked(reference="all"))
    how = found.protocol
    assert how.reference == "all 12,000 training images of Fashion-MNIST"
    assert (how.reference_size, how.reference_sha256) == (12_000, full.digest)
    (first,) = last([competitor(REAL)], asked())
    assert how.ruler != first.protocol.ruler
    assert first.protocol.reference_size == 10_000


def test_all_training_images_that_are_not_here_are_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))
    with pytest.raises(ResourceError, match="which works offline"):
        last([competitor(REAL)], asked(reference="all"))
