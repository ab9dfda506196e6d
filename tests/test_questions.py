"""What the engine answers can travel, and what it refuses is a sentence."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from explorer import data
from explorer.engine.wire import pack, unpack
from explorer.errors import ExplorerError, InputError
from explorer.questions import looking, recipes, sets


def travelled(value):
    """What arrives in the web process."""
    frame = b"".join(bytes(part) for part in pack("answer", 1, value))
    length, header = np.frombuffer(frame[:16], "<u8").tolist()
    assert length == len(frame) - 16
    return unpack(memoryview(frame[16:]), header).value()


def zipped(count: int) -> bytes:
    """A zip of small noisy pictures in two folders, and a text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(count):
            pixels = np.random.default_rng(i).integers(0, 255, (40, 50, 3), np.uint8)
            picture = io.BytesIO()
            Image.fromarray(pixels).save(picture, "PNG")
            archive.writestr(f"{'ab'[i % 2]}/{i}.png", picture.getvalue())
        archive.writestr("a/readme.txt", b"hello")
    return buffer.getvalue()


def test_own_images_become_a_data_set_that_can_be_trained_on(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    *_, report = sets.add_images(zipped(30), "Mine", 32, True)
    told = travelled(report)
    assert (told.usable, told.total) == (30, 31)
    assert told.rejected[0][0] == "a/readme.txt"
    assert data.load(told.name).classes == ("a", "b")
    assert recipes.draft("vae", told.name, {"epochs": 1}).steps == 1


def test_what_is_no_zip_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ExplorerError):
        list(sets.add_images(b"garbage", "x", 32, True))


def test_forms_travel_whole():
    assert travelled(recipes.families()) == recipes.families()


@pytest.mark.parametrize(
    ("values", "said"),
    [({"beta": 12}, "between 0 and 10"), ({"steps": 0}, "between 1"), ({"x": 1}, "no setting 'x'")],
)
def test_a_draft_refuses_with_the_limit(values, said):
    with pytest.raises(InputError, match=said):
        recipes.draft("vae", "mnist", values)


def test_a_shipped_model_answers():
    key = "pretrained:vae-fashion"
    told = travelled(looking.sample(key, 4, 0))
    assert told.pictures.shape == (4, 28, 28)
    assert list(looking.fit_prior(key, "gaussian"))[-1] == 1.0
    assert travelled(looking.sample(key, 4, 0, "gaussian")).prior == "gaussian"
    answer = travelled(looking.reconstruct(key, "fashion-mnist", (0, 5)))
    assert answer.labels.tolist() == [9, 1]
    squared, absolute = looking.errors_of(key, "fashion-mnist", 64)
    assert 5 < squared < 15 < absolute
