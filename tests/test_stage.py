"""The stage: who stands in which column, and what one slider of epochs shows of them."""

import numpy as np
import pytest
from safetensors.numpy import save

from explorer import catalog, header, stage
from explorer.errors import InputError


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An empty folder of shipped models, and a way to put a small one there."""
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)

    def put(name, data="mnist", epochs=(0, 1), tracks=("samples",)):
        frames = np.full((len(epochs), 224, 224), 1, np.uint8) * np.uint8(len(name))
        frames = frames + np.arange(len(epochs), dtype=np.uint8)[:, None, None]
        facts = {
            "recipe": {"family": "vae", "data": data, "model": {}, "training": {"batch_size": 4}},
            "spec": {"shape": [1, 28, 28]},
            "step": 6,
            "title": name,
        }
        if epochs:
            labels = [f"step {round(8 * e)} · epoch {e:.2f}" for e in epochs]
            facts["film"] = {"tracks": list(tracks), "labels": labels}
        tensors = {header.FILM + t: frames for t in tracks} if epochs else {"w": frames[:0]}
        (tmp_path / f"{name}.safetensors").write_bytes(save(tensors, header.metadata(facts)))
        return catalog.SHIPPED + name

    return put


def test_each_column_has_the_model_of_the_table(shelf):
    for name in ("mnist-gan", "mnist-autoencoder-16", "another"):
        shelf(name)
    keys = {"ae": "pretrained:mnist-autoencoder-16", "gan": "pretrained:mnist-gan"}
    assert list(stage.shipped_keys("mnist").items()) == list(keys.items())
    assert stage.shipped_keys("fashion-mnist") == {}


def test_the_table_has_the_same_columns_for_every_data_set():
    assert all(tuple(names) == tuple(stage.NAMES) for names in stage.SHIPPED.values())
    assert set(stage.FAMILIES) < set(stage.NAMES)


def test_a_model_without_a_film_has_no_column(shelf):
    assert stage.column(shelf("mnist-vae", epochs=()), "mnist") is None
    assert stage.column(shelf("mnist-gan"), "mnist", "GAN").title == "GAN"
    assert stage.column("pretrained:nowhere", "mnist") is None


def test_a_model_of_other_pictures_is_refused(shelf):
    key = shelf("clothes", data="fashion-mnist-full")
    assert stage.checked(key, "fashion-mnist").title == "clothes"
    with pytest.raises(InputError, match="did not learn MNIST"):
        stage.checked(key, "mnist")
    with pytest.raises(InputError, match="did not learn"):
        stage.checked("exact:mnist", "mnist")


def test_real_pictures_stand_still_beside_columns_that_move(shelf):
    columns = [stage.column(shelf("quick", epochs=(0, 0.5, 2)), "mnist")]
    columns.append(stage.column(shelf("slow", epochs=(0, 2)), "mnist"))
    moments = stage.epochs(columns)
    film = stage.samples(columns, "mnist", moments, 4)
    assert moments == film.ticks == (0, 0.5, 2)
    assert film.labels == ("epoch 0", "epoch 0.5", "epoch 2")
    assert [t.title for t in film.tracks] == [stage.REAL, "quick", "slow"]
    assert {t.frames.shape for t in film.tracks} == {(3, 112, 112)}
    real, quick, slow = (t.frames[:, 0, 0].tolist() for t in film.tracks)
    assert len(set(real)) == 1
    assert (quick, slow) == ([5, 6, 7], [4, 4, 5])


def test_copies_stand_below_the_columns_that_make_them(shelf):
    columns = [stage.column(shelf("gan"), "mnist")]
    columns.append(stage.column(shelf("vae", tracks=("samples", "reconstructions")), "mnist"))
    found = stage.copies(columns, (0, 1), 4)
    assert list(found) == [1]
    assert found[1].title == "vae: copies"
    assert found[1].frames.shape == (2, 112, 112)


@pytest.mark.parametrize(("epoch", "frame"), [(0, 0), (1, 1), (9.9, 1), (10, 2), (99, 2)])
def test_an_epoch_is_shown_by_the_last_frame_that_is_not_later(epoch, frame):
    assert stage.frame_at((0, 1, 10), epoch) == frame


def test_a_short_film_keeps_both_ends_and_looks_closer_at_the_beginning():
    found = stage.spread(tuple(range(26)), 6)
    assert found == (0, 1, 4, 9, 16, 25)
    assert stage.spread((0, 1), 6) == (0, 1)
