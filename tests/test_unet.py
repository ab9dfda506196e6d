"""The denoising networks: any size goes in and comes out, and they begin by saying nothing."""

import pytest
import torch
from torch import Tensor, nn

from explorer.device import own_randomness
from explorer.unet import MLP, Attention, Block, Conditioning, Stage, UNet, norm, sinusoids


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=own_randomness(0))


def awake(network: nn.Module) -> nn.Module:
    """Every weight moved a little, so that nothing is zero any more."""
    with torch.no_grad():
        for i, weights in enumerate(network.parameters()):
            weights += 0.1 * torch.randn(weights.shape, generator=own_randomness(1, i))
    return network.eval()


def unet(shape: tuple[int, ...] = (1, 16, 16), **options) -> UNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return UNet(shape, 8, **{"blocks": 1, "classes": 3} | options)


def mlp(**options) -> MLP:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return MLP(2, 16, **{"blocks": 2, "classes": 3} | options)


@pytest.mark.parametrize("patch", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [28, 32, 64])
def test_pictures_of_every_size_come_out_as_they_went_in(side, channels, patch):
    network = awake(unet((channels, side, side), patch=patch))
    x = noise(2, channels, side, side)
    with torch.no_grad():
        found = network(x, torch.tensor([0.1, 0.9]), torch.tensor([0, 2]))
    assert found.shape == x.shape
    assert found.isfinite().all()
    assert found.std() > 1e-3


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_points_and_latents_come_out_as_they_went_in(blocks):
    for size in (2, 16):
        network = awake(MLP(size, 16, blocks=blocks))
        assert network(noise(5, size), torch.linspace(0, 1, 5)).shape == (5, size)


@pytest.mark.parametrize("network", [unet(), unet(attention="all", patch=1), mlp()])
def test_at_first_nothing_is_said(network):
    x = noise(4, 2) if isinstance(network, MLP) else noise(4, 1, 16, 16)
    assert not network(x, torch.rand(4), torch.tensor([0, 1, 2, -1])).any()


def test_residuals_begin_as_the_identity():
    x, condition = noise(2, 16, 6, 6), noise(2, 12)
    assert torch.equal(Block(16, 16, 12)(x, condition), x)
    assert torch.equal(Attention(16)(x), x)


@pytest.mark.parametrize("network", [awake(unet()), awake(mlp())], ids=["unet", "mlp"])
class TestConditions:
    """What a network is told changes what it says, and each example hears only its own."""

    def x(self, network: nn.Module) -> Tensor:
        return noise(4, 2) if isinstance(network, MLP) else noise(4, 1, 16, 16)

    def said(self, network: nn.Module, t: Tensor, y: Tensor | None) -> Tensor:
        with torch.no_grad():
            return network(self.x(network), t, y)

    def test_minus_one_is_no_class(self, network):
        t = torch.rand(4, generator=own_randomness(2))
        none = self.said(network, t, None)
        assert torch.equal(self.said(network, t, torch.full((4,), -1)), none)

    def test_classes_differ_from_each_other_and_from_none(self, network):
        t = torch.full((4,), 0.5)
        answers = [self.said(network, t, torch.full((4,), y)) for y in (-1, 0, 1, 2)]
        for i, a in enumerate(answers):
            for b in answers[:i]:
                assert (a - b).abs().max() > 1e-3

    def test_each_example_has_its_own_time_and_class(self, network):
        t, y = torch.tensor([0.1, 0.4, 0.7, 1.0]), torch.tensor([0, -1, 2, 1])
        together = self.said(network, t, y)
        for i in range(4):
            alone = self.said(network, t[i].expand(4), y[i].expand(4))[i]
            assert torch.allclose(together[i], alone, atol=1e-5)

    def test_time_is_heard(self, network):
        early, late = (self.said(network, torch.full((4,), t), None) for t in (0.2, 0.8))
        assert (early - late).abs().max() > 1e-3

    def test_every_weight_learns(self, network):
        """A weight that no gradient reaches would be a part that is never used."""
        t, y = torch.rand(4, generator=own_randomness(3)), torch.tensor([0, 1, 2, -1])
        network.zero_grad()
        network(self.x(network), t, y).square().sum().backward()
        silent = [n for n, w in network.named_parameters() if w.grad is None or not w.grad.any()]
        assert silent == []


def test_without_classes_a_label_has_nowhere_to_go():
    network = awake(unet(classes=0))
    x, t = noise(3, 1, 16, 16), torch.rand(3, generator=own_randomness(4))
    assert torch.equal(network(x, t, torch.tensor([0, 1, 2])), network(x, t, None))
    assert Conditioning(8, 0).label is None


def test_levels_are_halved_to_about_eight_pixels():
    """28 on patches of 2: 14 and 7; 64 on patches of 1: 64, 32, 16, 8."""
    assert len(unet((1, 28, 28)).down) == 2
    assert len(unet((3, 64, 64), patch=1).down) == 4
    assert len(unet((3, 64, 64), patch=4).down) == 2


@pytest.mark.parametrize(
    ("attention", "looking"), [("none", [0, 0, 0]), ("lowest", [0, 0, 1]), ("all", [1, 1, 1])]
)
def test_attention_stands_where_it_is_asked_for(attention, looking):
    def looks(stages: nn.ModuleList) -> list[int]:
        return [sum(isinstance(one, Attention) for one in stage.attention) for stage in stages]

    network = unet((1, 32, 32), patch=1, attention=attention)
    assert looks(network.down) == looks(network.up)[::-1] == looking


def test_attention_sees_every_position():
    """Moving one pixel moves every other one, and the order of the others does not matter."""
    network = awake(Attention(32))
    x = noise(1, 32, 3, 4)
    other = x.clone()
    other[..., 0, 0] += 1
    with torch.no_grad():
        assert ((network(other) - network(x)).abs().amax(1) > 1e-4).all()
        assert torch.allclose(network(x.flip(3)), network(x).flip(3), atol=1e-5)


def test_attention_is_that_of_torch():
    """One head of 16 channels against nn.MultiheadAttention with the same weights."""
    network = awake(Attention(16))
    x = noise(2, 16, 3, 5)
    reference = nn.MultiheadAttention(16, 1, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(network.qkv.weight[:, :, 0, 0])
        reference.in_proj_bias.copy_(network.qkv.bias)
        reference.out_proj.weight.copy_(network.out.weight[:, :, 0, 0])
        reference.out_proj.bias.copy_(network.out.bias)
        h = network.norm(x).flatten(2).transpose(1, 2)
        expected = x + reference(h, h, h)[0].transpose(1, 2).reshape(x.shape)
        assert torch.allclose(network(x), expected, atol=1e-5)


def test_sinusoids_have_periods_from_two_pi_to_a_thousandth_of_it():
    found = sinusoids(torch.tensor([0.0, 0.3]), 4)
    scales = torch.tensor([1.0, 10.0, 100.0, 1000.0])
    assert torch.allclose(found[0], torch.tensor([0.0, 0, 0, 0, 1, 1, 1, 1]))
    assert torch.allclose(found[1], torch.cat([(0.3 * scales).sin(), (0.3 * scales).cos()]))
    levels = sinusoids(torch.arange(1, 1001) / 1000, 16)
    assert torch.pdist(levels).min() > 0.1  # all thousand levels can be told apart


def test_norms_divide_their_channels_evenly():
    for channels in range(1, 200):
        assert channels % norm(channels).num_groups == 0
    assert norm(48).num_groups == 3
    assert norm(8).num_groups == 1


def test_a_stage_has_attention_after_every_block_or_none():
    assert sum(isinstance(m, Attention) for m in Stage([(8, 8)] * 3, 4, True).attention) == 3
    assert sum(isinstance(m, Attention) for m in Stage([(8, 8)] * 3, 4, False).attention) == 0
