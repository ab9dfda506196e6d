"""What models are worth: figures of an epoch, and where each stands best and worst."""

import pytest

from explorer import catalog, worth
from explorer.history import unpacked


def told(*reports):
    """A run that was validated at (epoch, classifier distance or None) each."""
    terms = [(e, {} if d is None else {"classifier distance": d}) for e, d in reports]
    events = [
        {"event": "validation", "step": int(10 * e), "epoch": e, "terms": t, "learning_rate": 0.1}
        for e, t in terms
    ]
    return unpacked([{"event": "start", "seconds": 90}, *events])


@pytest.mark.parametrize(
    ("epoch", "expected"), [(0.5, None), (1, 8.0), (2.5, 8.0), (3, 4.0), (99, 4.0)]
)
def test_figures_are_those_of_the_last_time_they_were_measured(epoch, expected):
    run = told((1, 8.0), (2, None), (3, 4.0))
    assert worth.at_epoch(run, epoch).get("classifier distance") == expected


def test_of_a_model_that_tells_nothing_nothing_is_known():
    assert worth.at_epoch(None, 3) == {}
    assert len(worth.course(None)) == 0


def test_a_training_in_figures():
    entry = catalog.entry("pretrained:gan-fashion")
    found = worth.of_training(entry, told((1, 8.0), (2, 2.0), (3, 5.0), (4, 1.0)))
    assert found["swing"] == 2.5
    assert found["seconds"] == 90
    assert found["images seen"] > 1_000_000


def test_what_an_autoencoder_learned_before_is_part_of_a_latent_diffusions_training():
    entry = catalog.entry("pretrained:latent-diffusion-spatial-fashion")
    found, alone = worth.of_training(entry, None), catalog.entry("pretrained:gan-fashion")
    before = worth.seen_by(worth.foundation(entry).header.facts)
    assert found["images seen before"] == before > 0
    assert found["images seen"] == before + worth.seen_by(entry.header.facts)
    assert "images seen before" not in worth.of_training(alone, None)


def test_what_a_sample_takes_is_what_was_measured():
    found = worth.of_a_sample(catalog.entry("pretrained:gan-fashion"))
    assert found["evaluations"] == 1
    assert found["operations"] > 1_000_000
    assert found["ms"] > 0


def test_the_fid_is_that_of_the_very_weights():
    entry = catalog.entry("pretrained:gan-fashion")
    found = worth.fid(entry)
    assert found.protocol.checkpoint_sha256 == entry.digest
    assert worth.fid(catalog.entry("pretrained:ring-gan")) is None


def test_the_fid_is_of_the_models_own_prior():
    assert not worth.fid(catalog.entry("pretrained:vae-fashion")).sampling


def test_weights_without_a_history_tell_what_they_are_worth_at_their_end():
    entry = catalog.entry("pretrained:vae-fashion")
    found, ranked = worth.of_weights(entry, 40), worth.fid(entry).scores
    assert found.pop("reconstruction") == pytest.approx(11.42, abs=0.01)
    assert set(found) == set(worth.AT_AN_EPOCH) - {"reconstruction"}
    assert found == {term: ranked[term].value for term in found}
    assert worth.of_weights(entry, 39) == {}


def test_where_each_stands_best_and_worst():
    sharp = {"classifier distance": 1.0, "operations": 9e6, "swing": 2.0}
    cheap = {"classifier distance": 5.0, "operations": 1e6, "swing": 2.0}
    first, second = worth.verdicts([sharp, cheap])
    assert first == (
        "samples like real pictures (classifier distance 1: place 1 of 2)",
        "a costly sample (9 M operations: place 2 of 2)",
    )
    assert second[0] == "a cheap sample (1 M operations: place 1 of 2)"
    assert second[1].startswith("samples unlike real pictures")


def test_higher_is_better_where_it_is():
    few, many = worth.verdicts(
        [{"effective classes": 2.0, "swing": 1.0}, {"effective classes": 9.5, "swing": 3.0}]
    )
    assert many[0] == "all classes in turn (9.5 effective classes: place 1 of 2)"
    assert few[1] == "some classes hardly ever (2.0 effective classes: place 2 of 2)"


def test_where_all_are_alike_nothing_follows():
    assert worth.verdicts([{"swing": 1.0}, {"swing": 1.0}, {}]) == [("", "")] * 3
    near = [{"images seen": 249_600.0}, {"images seen": 250_000.0}]
    assert worth.verdicts(near) == [("", "")] * 2
    assert worth.verdicts([{"swing": 1.0}]) == [("", "")]
    assert worth.verdicts([]) == []


@pytest.mark.parametrize(
    ("number", "text"), [(2_231_364_864, "2.23 G"), (18_489_856, "18.5 M"), (999, "999")]
)
def test_large_numbers_are_short(number, text):
    assert worth.short(number) == text
