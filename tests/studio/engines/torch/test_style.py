"""Reference AdaIN: statistics by hand, and what it does to a drawing until it is closed."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest
import torch
from tests.studio.engines.torch.peers import difference

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.studio.engines.torch.besides import attach, detach
from rakkan.studio.engines.torch.engine import TorchEngine
from rakkan.studio.engines.torch.networks import Networks
from rakkan.studio.engines.torch.style import StyleReference, changed_blocks, renormalised, statistics
from rakkan.studio.references import STYLE, Shown

Built = Callable[..., Networks]


def picture(seed: int = 2) -> numpy.ndarray:
    coarse = numpy.random.default_rng(seed).integers(0, 256, (8, 8, 3), numpy.uint8)
    return coarse.repeat(8, 0).repeat(8, 1)


def drawn(networks: Networks, *besides: StyleReference) -> torch.Tensor:
    engine = TorchEngine(networks, besides=list(besides))
    pixels = engine.sample("a teapot", width=64, height=64, seed=3, steps=2, guidance=4.0)
    return torch.from_numpy(pixels.astype(numpy.float32))


def test_each_channel_takes_the_others_mean_and_spread() -> None:
    # One picture, two channels of 2 × 2: means 3 and 10, spreads √5 and 0.
    features = torch.tensor([[[[0.0, 2.0], [4.0, 6.0]], [[10.0, 10.0], [10.0, 10.0]]]])
    mean, spread = statistics(features)
    assert mean.flatten().tolist() == [3, 10]
    assert spread.flatten().tolist() == pytest.approx([5**0.5, 1e-3])
    made = renormalised(features, torch.tensor([[[[1.0]], [[-1.0]]]]), torch.tensor([[[[2.0]], [[3.0]]]]))
    share = 2 / 5**0.5
    assert made[0, 0].flatten().tolist() == pytest.approx(
        [1 - 3 * share, 1 - share, 1 + share, 1 + 3 * share]
    )
    assert made[0, 1].flatten().tolist() == pytest.approx([-1] * 4)


@pytest.mark.parametrize("family", [SD1, SDXL])
def test_the_features_of_a_guided_drawing_have_the_references_statistics(built: Built, family: str) -> None:
    networks = built(family)
    reference = StyleReference(networks, picture())
    name = changed_blocks(networks.unet)[0]
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    module = networks.unet.get_submodule(name)
    after = module.register_forward_hook(
        lambda _, given, made: seen.append(statistics(made[0] if isinstance(made, tuple) else made))
    )
    drawn(networks, reference)
    after.remove()
    reference.close()
    # For each step a pass of the reference, then one of the drawing: unprompted and prompted in some order.
    (mean, spread), (own_mean, own_spread) = seen[0], seen[1]
    alike = [
        bool(torch.allclose(mean[row], own_mean[row], atol=1e-3, rtol=1e-2))
        and bool(torch.allclose(spread[row], own_spread[row], atol=1e-3, rtol=1e-2))
        for row in range(len(own_mean))
    ]
    assert sum(alike) == 1 and len(alike) == 2


def test_a_style_changes_the_drawing_until_it_is_closed(built: Built) -> None:
    networks = built(SD1)
    plain = drawn(networks)
    (reference,) = attach(networks, lambda name: pytest.fail(name), [Shown(STYLE, picture(), 1.0)])
    assert isinstance(reference, StyleReference)
    changed = drawn(networks, reference)
    assert difference(changed, plain) > 0.1
    detach([reference])
    assert torch.equal(drawn(networks), plain)
    other = StyleReference(networks, picture(9) // 4)
    assert not torch.equal(drawn(networks, other), changed)
    other.close()


def test_strength_is_the_share_of_blocks_and_0_is_none(built: Built) -> None:
    networks = built(SD1)
    blocks = changed_blocks(networks.unet)
    half = StyleReference(networks, picture(), strength=0.5)
    assert len(half._hooks) == -(-len(blocks) // 2)
    half.close()
    assert attach(networks, lambda name: pytest.fail(name), [Shown(STYLE, picture(), 0.0)]) == []
    with pytest.raises(RakkanError, match="strength 2 is out of range"):
        StyleReference(networks, picture(), strength=2)
    with pytest.raises(RakkanError, match="multiples of 64"):
        StyleReference(networks, picture()[:60])
