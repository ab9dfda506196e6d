"""Weights of a trained network in one whose inputs are more: how a fork may change its network.

A larger latent and a discriminator that also sees the minibatch standard deviation both add inputs
to a layer and leave its outputs as they are.  The idea is Net2Net's (Chen et al. 2016): the larger
network begins where the smaller one stood.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor

NEW = 0.1  # share of its random value that a new weight begins with

Shapes = Mapping[str, Sequence[int]]


def graft(old: dict[str, Tensor], fresh: dict[str, Tensor], new: float = NEW) -> dict[str, Tensor]:
    """``old`` weights for a network like ``fresh``: what fits is taken over as it is.

    A tensor that grew takes the old one into its corner and keeps ``new`` of its random values
    elsewhere; with 0 the network computes exactly what the old one did.  Raises ValueError where
    more than inputs differ.
    """
    before, after = shapes(old), shapes(fresh)
    if odd := ungraftable(before, after):
        raise ValueError(f"{odd} has other outputs than before")
    blocks = _blocks(before, after)
    return {name: _grown(old[name], t, blocks[name], new) for name, t in fresh.items()}


def shapes(tensors: Mapping[str, Tensor]) -> Shapes:
    """The shape of each tensor."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def ungraftable(old: Shapes, fresh: Shapes) -> str:
    """The first tensor that stands in the way of a `graft`, or nothing.

    One dimension of a weight may grow: its inputs.  Outputs would change a bias or a norm as well.
    """
    for name in sorted(old.keys() | fresh.keys()):
        if name not in old or name not in fresh or len(old[name]) != len(fresh[name]):
            return name
        by = [b - a for a, b in zip(old[name], fresh[name], strict=True) if a != b]
        weighs_inputs = len(fresh[name]) > 1 or name.endswith("._v")  # of a spectral norm
        if by and (len(by) > 1 or by[0] < 0 or not weighs_inputs):
            return name
    return ""


def _blocks(old: Shapes, fresh: Shapes) -> dict[str, int]:
    """How many vectors lie side by side in the dimension that grew: each is to grow in its place.

    A generator of classes takes z and an embedding of the same length.  Of all that grew in its
    network, the embedding grew by least: by once the new length.
    """
    by = {name: sum(fresh[name]) - sum(old[name]) for name in fresh}
    least = {
        _network(n): min(g for m, g in by.items() if g and _network(m) == _network(n))
        for n in by
        if by[n]
    }
    return {name: growth // least[_network(name)] if growth else 1 for name, growth in by.items()}


def _network(name: str) -> str:
    return name.partition(".")[0]


def _grown(old: Tensor, fresh: Tensor, blocks: int, new: float) -> Tensor:
    if old.shape == fresh.shape:
        return old
    (dim,) = (i for i, (a, b) in enumerate(zip(old.shape, fresh.shape, strict=True)) if a != b)
    grown = fresh.detach() * new
    corner = grown.unflatten(dim, (blocks, -1)).narrow(dim + 1, 0, old.shape[dim] // blocks)
    corner.copy_(old.unflatten(dim, (blocks, -1)))
    return grown
