"""How many bits a test picture takes, at most, in a code made from the model."""

from explorer.abilities.subject import Measure, Subject
from explorer.capabilities import Cell
from explorer.errors import InputError
from explorer.likelihood import Bound, why_not
from explorer.likelihood import likelihood as bound

LIKELY = 256  # test images
WEIGHTS = 64  # importance samples K of a VAE


def likelihood(of: Subject) -> Measure:
    """An upper bound on the bits per dimension of test images."""
    if said := why_not(of.model):
        raise InputError(said)
    for told in bound(of.model, of.train, of.test, LIKELY, WEIGHTS):
        if isinstance(told, float):
            yield told
    facts = {"nats": told.nats, **told.facts, "terms": told.terms}
    error = told.error * told.unit
    yield Cell("likelihood", told.bits, error, _bound(told), facts)


def _bound(told: Bound) -> str:
    """What kind of bound it is."""
    if "samples" in told.facts:
        return f"importance-weighted bound, K\u00a0=\u00a0{told.facts['samples']}"
    return "chain in latents, then the decoder" if "decoder" in told.terms else "variational bound"
