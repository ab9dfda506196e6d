"""The perfect denoiser of a data set: it only ever draws what it was given."""

import numpy as np
import pytest
import torch

from explorer import catalog
from explorer.errors import InputError
from explorer.models.base import last
from explorer.oracle import Oracle, oracle
from explorer.questions import looking
from explorer.sampling import SampleSettings

HOW = SampleSettings(sampler="ddim", steps=50)


@pytest.fixture(scope="module")
def subject(images):
    return Oracle(images[0])


def test_every_sample_is_a_training_image_of_its_class(subject, images):
    x = last(subject.generate(8, torch.Generator().manual_seed(0), HOW)).numpy()
    known, labels = images[0].x / 255, images[0].y
    off = np.abs(x[:, None] - known[None]).max(axis=(2, 3, 4))
    assert off.min(axis=1).max() < 0.01
    assert list(labels[off.argmin(axis=1)]) == [0, 1, 2, 3, 0, 1, 2, 3]


def test_from_pure_noise_the_best_guess_is_the_mean(subject, images):
    noise = subject.start(2, torch.Generator().manual_seed(1))
    guess = subject.to_data(subject.denoise(noise, subject.schedule.T))
    assert np.allclose(guess, images[0].x.mean(0) / 255, atol=1e-4)
    of_class = subject.to_data(subject.denoise(noise, subject.schedule.T, torch.tensor([2, 2])))
    assert np.allclose(of_class, images[0].x[images[0].y == 2].mean(0) / 255, atol=1e-4)


def test_it_is_a_model_like_any_other_to_pages():
    entry = catalog.entry("exact:mnist")
    assert entry.exact == entry.key
    assert entry.header.has("Denoises")
    assert "10,000 training images" in entry.title
    assert looking.sample("exact:mnist", 4, 0).pictures.shape == (4, 28, 28)
    assert [e.key for e in catalog.oracles()] == ["exact:fashion-mnist", "exact:mnist"]


@pytest.mark.parametrize("key", ["exact:ring", "exact:../x", "exact:"])
def test_what_has_no_pictures_has_no_oracle(key):
    with pytest.raises(InputError):
        oracle(key)
