"""A density fitted to latents whose true density is known finds it again."""

import pytest
import torch
from sklearn.mixture import GaussianMixture
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from explorer import priors
from explorer.device import own_randomness
from explorer.errors import InputError
from explorer.priors import Mixture

MEAN = torch.tensor([1.0, -2.0, 0.5])
COVARIANCE = torch.tensor([[2.0, 0.6, 0.0], [0.6, 0.5, -0.2], [0.0, -0.2, 1.0]])
CENTRES = 6 * torch.eye(10) + 1  # as far from each other as from all others: no local optimum
WEIGHTS = torch.arange(1, 11) / 55
SPREADS = torch.linspace(0.2, 0.5, 10)


def gaussian(n: int, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(n, 3, generator=own_randomness(seed, "test"))
    return MEAN + noise @ torch.linalg.cholesky(COVARIANCE).T


def mixture(n: int) -> torch.Tensor:
    """Ten round Gaussians with weights of 1/55 to 10/55."""
    modes = torch.repeat_interleave(torch.arange(10), (WEIGHTS * n).round().long())
    noise = torch.randn(len(modes), 10, generator=own_randomness(1, "test"))
    return CENTRES[modes] + SPREADS[modes, None] * noise


def covariances(found: Mixture) -> torch.Tensor:
    return found.factors @ found.factors.mT


def test_the_standard_normal_is_what_it_says():
    found = priors.fit("normal", gaussian(10))
    assert torch.equal(found.weights, torch.ones(1))
    assert torch.equal(found.means, torch.zeros(1, 3))
    assert torch.equal(covariances(found), torch.eye(3)[None])


def test_a_gaussian_is_found_again():
    z = gaussian(200_000)
    found = priors.fit("gaussian", z)
    assert torch.allclose(found.means[0], MEAN, atol=0.02)
    assert torch.allclose(covariances(found)[0], COVARIANCE, atol=0.02)
    moments = z.double().T.cov(correction=0).float()
    assert torch.allclose(covariances(found)[0], moments, atol=1e-4)  # of the data, exactly


def test_a_mixture_is_found_again():
    found = priors.fit("mixture", mixture(20_000))
    order = found.weights.argsort()
    assert torch.allclose(found.weights[order], WEIGHTS, atol=1e-3)
    assert torch.allclose(found.means[order], CENTRES, atol=0.05)
    expected = SPREADS[:, None, None] ** 2 * torch.eye(10)
    assert torch.allclose(covariances(found)[order], expected, atol=0.03)


def test_a_fit_is_as_likely_as_scikit_learns_own():
    """Latents are whitened first, which changes where the search begins and not what it finds."""
    z = gaussian(1_000).square()  # nothing that a mixture could hit exactly
    ours = priors.fit("mixture", z)
    parts = MultivariateNormal(ours.means, covariances(ours))
    likelihood = MixtureSameFamily(Categorical(ours.weights), parts).log_prob(z).mean()
    theirs = GaussianMixture(10, random_state=0, max_iter=50, reg_covar=1e-4).fit(z.numpy())
    assert likelihood > theirs.score(z.numpy()) - 0.2
    assert likelihood > GaussianMixture(1).fit(z.numpy()).score(z.numpy()) + 1


@pytest.mark.parametrize("kind", priors.PRIORS)
def test_samples_follow_the_density(kind):
    found = priors.fit(kind, mixture(4_000))
    drawn = found.sample(20_000, own_randomness(1, "sample"))
    spread = covariances(found) + found.means[:, :, None] * found.means[:, None]
    mean = found.weights @ found.means
    covariance = (found.weights[:, None, None] * spread).sum(0) - mean.outer(mean)
    assert torch.allclose(drawn.mean(0), mean, atol=0.06)
    assert torch.allclose(drawn.T.cov(), covariance, atol=0.15)


@pytest.mark.parametrize("kind", priors.PRIORS)
def test_the_first_samples_do_not_depend_on_how_many_are_drawn(kind):
    found = priors.fit(kind, mixture(300))
    many = found.sample(50, own_randomness(7, "sample"))
    for few in (0, 1, 9):
        assert torch.allclose(found.sample(few, own_randomness(7, "sample")), many[:few], atol=1e-5)
    assert not torch.allclose(found.sample(9, own_randomness(8, "sample")), many[:9])


def test_a_fit_depends_on_its_seed_alone():
    a, b = (priors.fit("mixture", mixture(300), seed=3) for _ in range(2))
    assert torch.equal(a.means, b.means)
    assert torch.equal(a.factors, b.factors)


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
@pytest.mark.parametrize(("n", "latent"), [(1, 2), (3, 70), (50, 70), (400, 1)])
def test_few_or_flat_latents_are_no_obstacle(kind, n, latent):
    z = torch.zeros(n, latent)
    z[:, 0] = torch.linspace(-1, 1, n)
    found = priors.fit(kind, z)
    drawn = found.sample(200, own_randomness(0, "sample"))
    assert drawn.isfinite().all()
    assert drawn[:, 1:].abs().max() < 0.05 if latent > 1 else drawn.abs().max() < 10


def test_an_unknown_prior_is_refused():
    with pytest.raises(InputError, match="normal, gaussian, mixture"):
        priors.fit("flow", gaussian(10))
